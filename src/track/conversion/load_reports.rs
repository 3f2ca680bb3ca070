//! What the evidence sources report about the load, and whether they contradict each other.
//!
//! Nothing that a phone reports is signed, and no source is more trusted than another, so the
//! latest report counts. A contradiction within one boot is kept as evidence, once.

use crate::{phone::LoadName, track::observation::EvidenceSource};

/// The last report of each source, oldest first. There are fewer than ten sources.
#[derive(Debug, Clone, Default)]
pub(in crate::track) struct LoadReports(Vec<(EvidenceSource, LoadName)>);

impl LoadReports {
    /// The phone started or was written to, so later reports do not contradict earlier ones.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds a report. Returns the newest report of another source that contradicts it.
    pub(super) fn add(
        &mut self,
        source: EvidenceSource,
        load: &LoadName,
    ) -> Option<(EvidenceSource, LoadName)> {
        self.0.retain(|(earlier, _)| *earlier != source);
        let differs = |(_, reported): &&(EvidenceSource, LoadName)| !is_same(reported, load);
        let other = self.0.iter().rev().find(differs).cloned();
        self.0.push((source, load.clone()));
        other
    }
}

fn is_same(one: &LoadName, other: &LoadName) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}

/// The name of a source in the middle of a sentence.
pub(crate) fn source_name(source: EvidenceSource) -> &'static str {
    match source {
        EvidenceSource::Requests => "its requests",
        EvidenceSource::Neighbour => "ARP",
        EvidenceSource::Cdp => "CDP",
        EvidenceSource::Lldp => "LLDP",
        EvidenceSource::Dhcp => "DHCP",
        EvidenceSource::Sip => "SIP",
        EvidenceSource::Sccp => "SCCP",
        EvidenceSource::Web => "its web page",
        EvidenceSource::Person => "the operator",
    }
}
