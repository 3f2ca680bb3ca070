//! Reports of other sources about a phone: its load, MAC, model and firmware.

use std::net::Ipv4Addr;

use super::{context::Context, core::Conversion, load_reports::source_name};
use crate::{
    phone::{LoadName, MacAddress, Model, Protocol},
    track::{
        change::Change,
        diagnosis::text,
        event::{Evidence, State, StepDetails},
        observation::{EvidenceSource, RunTime},
        route::{BridgeProgress, StageRole},
    },
};

impl Conversion {
    /// A source reported the load that the phone runs.
    pub(in crate::track) fn on_load_report(
        &mut self,
        cx: Context<'_>,
        load: &LoadName,
        source: EvidenceSource,
        detail: &str,
        out: &mut Vec<Change>,
    ) {
        self.activity.last = cx.at;
        if let Some(family) = load.family() {
            self.device.set_family(family);
        }
        let detail = format!(
            "{} ({})",
            text::printable(load.as_str()),
            text::printable(detail)
        );
        // The names that a boot loader writes do not show which load was installed.
        if load.is_recovery() || load.as_str().eq_ignore_ascii_case("79XX_default_load") {
            self.note(source, detail, out);
            return;
        }
        let is_target = cx.catalog.is_target(load) && load.protocol() != Some(Protocol::Sccp);
        if is_target && self.sets_aside(cx, source, &detail, out) {
            return;
        }
        if self.loads.from.is_none() && !self.delivery.fetched {
            self.loads.from = Some(load.clone());
        }
        self.loads.reported = Some(load.clone());
        self.check_contradiction(load, source, out);
        self.check_supported(cx, load, out);
        self.on_early_report(load);
        if cx.catalog.is_bridge(load)
            && matches!(self.routing.stage, StageRole::Bridge(_))
            && !self.is_in_open_pass(cx.at)
        {
            // The phone has the bridge, from this run or from before.
            self.routing.leave_bridge(BridgeProgress::Installed);
        }
        self.loads.was_on_sccp |= load.protocol() == Some(Protocol::Sccp);
        if source == EvidenceSource::Sccp {
            self.on_running(cx.at, out);
        }
        if is_target {
            let evidence = Evidence {
                source,
                detail,
                disputed: false,
            };
            self.on_target_report(load, evidence, out);
            return;
        }
        let is_known = self.state == State::Already && cx.catalog.is_empty();
        if load.is_universal_loader() || is_known || self.may_be_target(cx, load) {
            self.note(source, detail, out);
        } else {
            self.on_other_load(source, detail, Some(load.clone()), out);
        }
        self.check_route(cx, out);
    }

    /// A source reported the target load.
    fn on_target_report(&mut self, load: &LoadName, evidence: Evidence, out: &mut Vec<Change>) {
        self.clear_stall(out);
        let is_same = |from: &LoadName| from.as_str().eq_ignore_ascii_case(load.as_str());
        let was_before = !self.delivery.fetched && self.loads.from.as_ref().is_none_or(is_same);
        let state = if was_before {
            State::Already
        } else {
            self.loads.to = Some(load.clone());
            State::Confirmed
        };
        let details = StepDetails {
            load: Some(load.clone()),
            ..StepDetails::of_evidence(evidence.clone())
        };
        self.withdraw_final(out);
        self.loads.shown_by(evidence.source, self.state != state);
        if self.state != state {
            self.findings.add_deciding_evidence(evidence);
            self.transition_to(state, details, out);
        } else if self.findings.add_evidence(evidence) {
            self.step(details, out);
        }
    }

    /// Whether the recovery manifest may have installed this load. Only a replay without bundles
    /// has recovery manifests whose load is not known.
    fn may_be_target(&self, cx: Context<'_>, load: &LoadName) -> bool {
        load.protocol() == Some(Protocol::Sip)
            && self.loads.from.as_ref() != Some(load)
            && load
                .family()
                .is_some_and(|family| cx.catalog.is_unnamed(family))
    }

    fn check_supported(&mut self, cx: Context<'_>, load: &LoadName, out: &mut Vec<Change>) {
        if load.is_multiplatform() {
            return self.on_multiplatform(cx, load.as_str(), out);
        }
        let is_staged = |family| cx.catalog.families.contains(&family);
        let unsupported = load
            .family()
            .filter(|family| !family.has_recovery_manifest() && !is_staged(*family));
        if let Some(family) = unsupported {
            let diagnosis = text::unsupported(load.as_str(), Some(family), cx.at);
            self.raise("", diagnosis, out);
        }
    }

    /// Whether another source reported another load in this boot.
    fn check_contradiction(
        &mut self,
        load: &LoadName,
        source: EvidenceSource,
        out: &mut Vec<Change>,
    ) {
        // A 7940 reports its universal loader besides its load.
        if load.is_universal_loader() {
            return;
        }
        if let Some((other, reported)) = self.loads.reports.add(source, load) {
            let detail = format!(
                "{}, but {} reported {} earlier and no restart was observed since: the later \
                 report counts",
                text::printable(load.as_str()),
                source_name(other),
                text::printable(reported.as_str())
            );
            self.note(source, detail, out);
        }
    }

    /// A source reported the phone's MAC at this address. A DHCP request after the last image
    /// is a restart; an entry of the neighbour table is not.
    pub(in crate::track) fn on_mac_report(
        &mut self,
        at: RunTime,
        source: EvidenceSource,
        out: &mut Vec<Change>,
    ) {
        self.activity.last = at;
        self.clear_unleased(out);
        if source == EvidenceSource::Sip {
            self.on_any_register(out);
        }
        if self.state == State::Writing && source == EvidenceSource::Dhcp {
            let evidence = Evidence {
                source,
                detail: "it requested an address by DHCP after the last image: it restarts"
                    .to_owned(),
                disputed: false,
            };
            self.findings.add_evidence(evidence.clone());
            self.transition_to(State::Rebooted, StepDetails::of_evidence(evidence), out);
        }
    }

    /// A source reported the phone's model. What the phone requests outweighs it.
    pub(in crate::track) fn on_model_report(
        &mut self,
        model: &str,
        source: EvidenceSource,
        out: &mut Vec<Change>,
    ) {
        let Some(model) = Model::by_number(model) else {
            return;
        };
        match self.device.family {
            Some(family) if family != model.family => {
                let detail = format!(
                    "reported as a {}, whose firmware differs from what this phone requested",
                    model.plain_number()
                );
                self.note(source, detail, out);
            }
            _ if self.device.model.is_none() => self.device.set_model(model),
            _ => {}
        }
    }

    /// SIP firmware reported its release and no load. A release other than the one that the phone
    /// was given does not come from this run.
    pub(in crate::track) fn on_user_agent(
        &mut self,
        release: Option<&str>,
        source: EvidenceSource,
        detail: &str,
        out: &mut Vec<Change>,
    ) {
        let detail = format!("{}, which is SIP firmware", text::printable(detail));
        let given = self.loads.to.as_ref().and_then(LoadName::release);
        let is_other = match (given, release.and_then(release_numbers)) {
            (Some(given), Some(reported)) => {
                reported != [given.major, given.minor, given.maintenance]
            }
            _ => false,
        };
        if is_other {
            self.note(source, detail, out);
        } else {
            self.on_sip_firmware(source, detail, out);
        }
    }

    /// Another phone answered at this phone's address.
    pub(in crate::track) fn on_address_conflict(
        &mut self,
        address: Ipv4Addr,
        other: MacAddress,
        source: EvidenceSource,
        out: &mut Vec<Change>,
    ) {
        let detail = format!(
            "SEP{} answered at {address}, the last known address of this phone: this counts for \
             neither phone",
            other.upper_hex()
        );
        self.note(source, detail, out);
    }
}

/// The numbers of a release as a User-Agent gives it: `9.3.1`.
fn release_numbers(release: &str) -> Option<[u16; 3]> {
    let mut parts = release.splitn(3, '.').map(|part| part.parse().ok());
    Some([parts.next()??, parts.next()??, parts.next()??])
}
