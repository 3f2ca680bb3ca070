//! Who may be asked which load runs, and what is made of words that contradict each other.
//!
//! Nothing that a phone says is signed, and no witness is more trusted than another: each says
//! what it says at its moment, so the later word counts. That another one said otherwise in the
//! same boot is kept as evidence, once.

use std::net::Ipv4Addr;

use super::{Change, Conversion, EvidenceSource, LoadName, State, text};
use crate::phone::{MacAddress, Model};

/// What each witness named last, oldest first. There are fewer witnesses than ten.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Said(Vec<(EvidenceSource, LoadName)>);

impl Said {
    /// The phone starts, or was written to: what it was called before is no contradiction.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes a witness's word. Returns the newest word of another one that says otherwise.
    fn learn(
        &mut self,
        source: EvidenceSource,
        load: &LoadName,
    ) -> Option<(EvidenceSource, LoadName)> {
        self.0.retain(|(who, _)| *who != source);
        let differs = |(_, said): &&(EvidenceSource, LoadName)| !is_same(said, load);
        let other = self.0.iter().rev().find(differs).cloned();
        self.0.push((source, load.clone()));
        other
    }
}

fn is_same(one: &LoadName, other: &LoadName) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}

impl Conversion {
    /// A witness names a load: whether another one contradicts it.
    pub(super) fn judge_words(
        &mut self,
        load: &LoadName,
        source: EvidenceSource,
        out: &mut Vec<Change>,
    ) {
        // A 7940 says this of itself beside its load.
        if load.is_universal_loader() {
            return;
        }
        if let Some((other, said)) = self.said.learn(source, load) {
            let detail = format!(
                "{}, but {} said {} before, and no start was seen since: the later word counts",
                text::shown(load.as_str()),
                called(other),
                text::shown(said.as_str())
            );
            self.note(source, detail, out);
        }
    }

    /// Somebody says which model it is. What it asks for outweighs that.
    pub(in super::super) fn model_named(
        &mut self,
        model: &str,
        source: EvidenceSource,
        out: &mut Vec<Change>,
    ) {
        let Some(model) = Model::by_number(model) else {
            return;
        };
        match self.family {
            Some(family) if family != model.family => {
                let detail = format!(
                    "a {}, which takes other firmware than this phone asked for",
                    model.plain_number()
                );
                self.note(source, detail, out);
            }
            _ if self.model.is_none() => self.learn(model),
            _ => {}
        }
    }

    /// SIP firmware names itself and its release, and no load. Another release than the one that
    /// it was given is none of this run's doing.
    pub(in super::super) fn agent_named(
        &mut self,
        release: Option<&str>,
        source: EvidenceSource,
        detail: &str,
        out: &mut Vec<Change>,
    ) {
        let detail = format!("{}, which is SIP firmware", text::shown(detail));
        let given = self.to.as_ref().and_then(LoadName::release);
        let said = release.and_then(numbers);
        let is_other = match (given, said) {
            (Some(given), Some(said)) => said != [given.major, given.minor, given.maintenance],
            _ => false,
        };
        if is_other {
            self.note(source, detail, out);
        } else {
            self.speaks_sip(source, detail, out);
        }
    }

    /// At its address somebody else answers.
    pub(in super::super) fn disputed(
        &mut self,
        address: Ipv4Addr,
        other: MacAddress,
        source: EvidenceSource,
        out: &mut Vec<Change>,
    ) {
        let detail = format!(
            "SEP{} at {address}, where this phone was last seen: nothing of that counts for either",
            other.upper_hex()
        );
        self.note(source, detail, out);
    }

    /// Whether it can be asked which load it runs: its application is up, and nobody said.
    pub(in super::super) fn is_unproven(&self) -> bool {
        let is_up = match self.state {
            State::Flashed => true,
            State::Configuring => self.runs.is_none(),
            _ => false,
        };
        is_up && !self.is_failed()
    }
}

/// The numbers of a release as a User-Agent has it: `9.3.1`.
fn numbers(release: &str) -> Option<[u16; 3]> {
    let mut parts = release.splitn(3, '.').map(|part| part.parse().ok());
    Some([parts.next()??, parts.next()??, parts.next()??])
}

/// A witness in the middle of a sentence.
fn called(source: EvidenceSource) -> &'static str {
    match source {
        EvidenceSource::Requests => "its requests",
        EvidenceSource::Neighbour => "ARP",
        EvidenceSource::Cdp => "CDP",
        EvidenceSource::Lldp => "LLDP",
        EvidenceSource::Dhcp => "DHCP",
        EvidenceSource::Sip => "SIP",
        EvidenceSource::Sccp => "SCCP",
        EvidenceSource::Web => "its web page",
        EvidenceSource::Person => "a person",
    }
}
