//! What follows from a refused manifest and from the phone's load and hardware: the bridge, or
//! a diagnosis.

use super::{context::Context, core::Conversion, status::SETTLED_AFTER};
use crate::{
    diagnose::Code,
    phone::{Family, LoadName, Route, supports_hardware},
    track::{
        catalog::{Catalog, ManifestEntry},
        change::Change,
        diagnosis::{
            rules::{self, RefusalCause},
            text,
        },
        event::{Evidence, State, StepDetails},
        observation::{EvidenceSource, RunTime},
        route::{BridgeProgress, StageRole},
    },
};

impl Conversion {
    /// The bundle, target or bridge, from which the phone is to get the image `name`: that of the
    /// manifest that it was given, if the manifest lists the image; else the one that it is offered
    /// now.
    pub(in crate::track) fn role_of_image(&self, catalog: &Catalog, name: &str) -> StageRole {
        let early = self.early.is_present().then(|| catalog.role_of_file(name));
        early
            .flatten()
            .or_else(|| self.delivery.role_of_image(catalog, name))
            .unwrap_or(self.routing.stage)
    }

    /// The bundle that the phone is offered: the target too, if it has every image of the bridge and
    /// its start is not proven yet.
    pub(in crate::track) fn offered_stage(&self) -> StageRole {
        let has_bridge = self.configuration.pending_start.is_some()
            && self
                .delivery
                .current
                .as_ref()
                .is_some_and(|pass| matches!(pass.role, StageRole::Bridge(_)) && pass.complete);
        if has_bridge {
            StageRole::Target
        } else {
            self.routing.stage
        }
    }

    /// The bridge, if this phone can still be offered it. Those of the 7940 and 7960 are for phones
    /// without a loader, which refuse no manifests.
    fn available_bridge<'a>(&self, cx: Context<'a>) -> Option<&'a ManifestEntry> {
        let family = self.known_family().filter(|family| *family != Family::P3)?;
        let entry = cx.catalog.for_family(StageRole::Bridge(0), family)?;
        let unsupported = self.device.hardware.is_some_and(|hardware| {
            supports_hardware(&entry.load, entry.hardware, hardware) == Some(false)
        });
        let is_available =
            self.routing.bridge == BridgeProgress::Untried && !unsupported && !cx.excluded;
        is_available.then_some(entry)
    }

    fn offer_bridge(&mut self, load: &LoadName, reason: &str, out: &mut Vec<Change>) {
        self.routing.offer_bridge();
        self.delivery.manifest_deliveries.clear();
        // The configuration of the next boot is the first that names the bridge.
        self.configuration.requested_at = None;
        let detail = format!("{reason}; it is offered the bridge {load} first");
        self.note(EvidenceSource::Requests, detail, out);
    }

    /// The phone refuses a manifest: offers the bridge, or raises a diagnosis.
    pub(super) fn on_refusal(&mut self, cx: Context<'_>, out: &mut Vec<Change>) {
        let boots = std::mem::take(&mut self.delivery.manifest_deliveries);
        let family = self.known_family();
        if matches!(self.routing.stage, StageRole::Bridge(_)) {
            self.routing.leave_bridge(BridgeProgress::Refused);
            let diagnosis = text::refused(&boots, family, self.routing.bridge);
            self.raise("", diagnosis, out);
            return;
        }
        let target = family.and_then(|family| cx.catalog.for_family(StageRole::Target, family));
        // Requests alone do not show that it is a refusal.
        let is_inferred = boots.iter().all(|delivery| !delivery.whole);
        let reason = target
            .filter(|_| !is_inferred)
            .map_or(RefusalCause::Either, |target| self.refusal_reason(target));
        if reason != RefusalCause::Hardware
            && let Some(bridge) = self.available_bridge(cx)
        {
            let evidence = text::boots_without_images(&boots);
            return self.offer_bridge(&bridge.load, &evidence, out);
        }
        let bridge = self.routing.bridge;
        if let Some(family) = family.filter(|family| family.slots().is_some()) {
            let load = target.map(|target| &target.load);
            let diagnosis = text::refused_by_slots(&boots, family, load);
            self.delivery.manifest_deliveries = boots;
            return self.raise("", diagnosis, out);
        }
        let diagnosis = match reason {
            RefusalCause::Key => {
                text::bridge_needed(&text::boots_without_images(&boots), family, bridge)
            }
            RefusalCause::Hardware => text::hardware_mismatch(
                &text::boots_without_images(&boots),
                self.loads.reported.as_ref(),
                self.device.hardware,
            ),
            RefusalCause::Either => text::refused(&boots, family, bridge),
        };
        // Kept, so that a later boot with the same refusal does not count as a new one.
        self.delivery.manifest_deliveries = boots;
        self.raise("", diagnosis, out);
    }

    fn refusal_reason(&self, target: &ManifestEntry) -> RefusalCause {
        rules::refusal(
            self.loads.reported.as_ref(),
            self.device.hardware,
            &target.load,
            target.hardware,
        )
    }

    /// When an application that read the name of the bridge should have requested it.
    pub(super) fn bridge_request_due(&self) -> Option<RunTime> {
        let waits =
            matches!(self.routing.stage, StageRole::Bridge(_)) && self.state == State::Configuring;
        self.configuration
            .requested_at
            .filter(|_| waits)
            .map(|at| at + SETTLED_AFTER)
    }

    /// The application read the name of the bridge and did not request it. Most likely it runs
    /// the bridge's load.
    pub(super) fn on_bridge_not_requested(&mut self, cx: Context<'_>, out: &mut Vec<Change>) {
        if self.early.is_present() {
            return self.on_early_bridge_not_requested(cx, out);
        }
        self.routing.leave_bridge(BridgeProgress::NotRequested);
        let since = self
            .configuration
            .requested_at
            .unwrap_or(self.activity.last);
        let diagnosis = text::bridge_not_requested(since, self.routing.bridge);
        self.raise("", diagnosis, out);
    }

    /// The load or the hardware became known: whether the phone can install the target in one
    /// step.
    pub(super) fn check_route(&mut self, cx: Context<'_>, out: &mut Vec<Change>) {
        let Some(target) = self
            .known_family()
            .and_then(|family| cx.catalog.for_family(StageRole::Target, family))
        else {
            return;
        };
        if self.early.is_present() {
            let seen = self.loads.reported.clone();
            let seen = seen.as_ref().map_or("", LoadName::as_str);
            return self.plan_early(cx, seen, out);
        }
        // The rule does not interrupt a phone that fetches or writes images.
        let is_busy =
            self.is_owed_images() || self.state == State::Images || self.state.may_be_writing();
        if is_busy && !self.is_failed()
            || matches!(self.routing.stage, StageRole::Bridge(_))
            || self.slots().is_some()
        {
            return;
        }
        let reason = self.refusal_reason(target);
        if reason == RefusalCause::Key
            && let Some(reported) = self.loads.reported.clone()
            && Route::between(Some(&reported), &target.load) == Route::ViaBridge
        {
            return self.on_old_load(cx, &reported, target, out);
        }
        self.withdraw(Code::BridgeNeeded, None, out);
        // The reason of an active refusal may be known better now.
        let improves = match reason {
            RefusalCause::Key | RefusalCause::Hardware => Code::ManifestRefused,
            RefusalCause::Either => Code::HardwareMismatch,
        };
        let deliveries = &self.delivery.manifest_deliveries;
        if self.has_diagnosis(improves) && deliveries.iter().any(|delivery| delivery.whole) {
            self.withdraw(Code::ManifestRefused, None, out);
            self.withdraw(Code::HardwareMismatch, None, out);
            self.on_refusal(cx, out);
        }
    }

    /// The phone runs a load that does not know the target's key.
    fn on_old_load(
        &mut self,
        cx: Context<'_>,
        reported: &LoadName,
        target: &ManifestEntry,
        out: &mut Vec<Change>,
    ) {
        let evidence = format!(
            "runs {}, which is older than 8.3(3); {} is newer than 8.5(2)",
            text::printable(reported.as_str()),
            target.load
        );
        if let Some(bridge) = self.available_bridge(cx) {
            self.offer_bridge(&bridge.load, &evidence, out);
        } else if !cx.excluded {
            self.withdraw(Code::ManifestRefused, None, out);
            let diagnosis =
                text::bridge_needed(&evidence, self.known_family(), self.routing.bridge);
            self.raise("", diagnosis, out);
        }
    }

    /// An application started after the bridge's images: the target is next.
    pub(super) fn on_bridge_installed(&mut self, file: Option<&str>, out: &mut Vec<Change>) {
        self.routing.leave_bridge(BridgeProgress::Installed);
        self.delivery.manifest_deliveries.clear();
        self.delivery.current = None;
        self.loads.on_overwritten();
        let evidence = Evidence {
            source: EvidenceSource::Requests,
            detail: format!(
                "pass {}: every image of the bridge delivered or implied; then an application \
                 requested {}: the target is next",
                self.delivery.pass,
                file.map_or_else(|| "a file".to_owned(), text::printable)
            ),
            disputed: false,
        };
        self.findings.add_evidence(evidence.clone());
        let details = StepDetails {
            file: file.map(str::to_owned),
            ..StepDetails::of_evidence(evidence)
        };
        self.transition_to(State::Configuring, details, out);
    }

    /// A source reported the phone's hardware classes.
    pub(in crate::track) fn on_hardware_report(
        &mut self,
        cx: Context<'_>,
        classes: u32,
        source: EvidenceSource,
        detail: &str,
        out: &mut Vec<Change>,
    ) {
        self.activity.last = cx.at;
        self.device.hardware = Some(classes);
        let detail = format!(
            "hardware classes {classes:#x} ({})",
            text::printable(detail)
        );
        self.note(source, detail, out);
        self.check_route(cx, out);
    }
}
