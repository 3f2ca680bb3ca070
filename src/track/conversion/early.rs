//! A 7940 or 7960 whose firmware is from before the loader.
//!
//! Each of its starts begins with `OS79XX.TXT`. It installs one image per start: `.bin` up to 4.x,
//! `.sbn` from 5.0 on, named by `OS79XX.TXT` (if it begins with other characters than the phone's own
//! load), `image_version`, or a load in XML. It is given the bridges that lead to the loader of the
//! target, one per start, and then that loader. The loader's first start begins with CTLSEP.

use super::{
    context::{Context, FileRequest},
    core::Conversion,
};
use crate::{
    diagnose::Code,
    phone::{
        EarlyFirmware, EarlyProtocol, EarlyStep, Family, Generation79x0, LoadName, RequestedFile,
        is_image_name, load_of_image_79x0, normalized_name,
    },
    track::{
        catalog::Catalog,
        change::Change,
        diagnosis::text,
        event::{Evidence, State, StepDetails},
        file_outcome::FileOutcome,
        history::{FetchAttempt, FileRole},
        observation::{EvidenceSource, TransferEnd},
        route::StageRole,
    },
};

impl Conversion {
    /// What a request shows about firmware from before the loader.
    pub(super) fn check_early(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        // Another host may use the address of a phone of another family.
        if self.known_family().is_some_and(|own| own != Family::P3) {
            return;
        }
        let is_start = is_image_name(request.name);
        // The loader took all of a manifest: only another host requests such names from its address.
        let pass = self.delivery.current.as_ref();
        let has_loader = pass.is_some_and(|pass| pass.stepwise && pass.has_manifest);
        if has_loader && !self.early.is_present() {
            return;
        }
        match request.file {
            _ if is_start => self.on_early_start(cx, request, out),
            RequestedFile::TrustList(_) if self.early.is_present() && !self.early.in_start() => {
                self.on_loader_start(request, out);
            }
            RequestedFile::Manifest(_) if self.early.is_present() => {
                self.on_loader_start(request, out);
            }
            RequestedFile::Image => self.on_early_image(request),
            _ if self.early.is_present() => {
                if self.early.reads_load(request.file) && request.served.is_some() {
                    self.early.named = Some(self.routing.stage);
                }
                if let Some(protocol) = protocol_of(request)
                    && self.early.speaks(protocol)
                {
                    self.plan_early(cx, request.name, out);
                }
            }
            _ => {}
        }
        if *request.file != RequestedFile::Image {
            self.early.has_begun = is_start;
        }
    }

    /// `OS79XX.TXT`: the phone starts.
    fn on_early_start(&mut self, cx: Context<'_>, request: FileRequest<'_>, out: &mut Vec<Change>) {
        self.device.family.get_or_insert(Family::P3);
        self.early.begin();
        self.configuration.requested_at = None;
        if let Some((name, evidence)) = self.take_arrived(cx) {
            let (load, _) = load_of_image_79x0(&name).unzip();
            let known = load.as_ref().and_then(EarlyFirmware::of);
            self.check_early_loops(cx, &name, out);
            if let Some(firmware) = known
                && !self.has_diagnosis(Code::ImageRejected)
            {
                self.early.firmware = firmware;
                self.loads.on_overwritten();
            }
            let detail = format!("{evidence}; then it started and requested OS79XX.TXT");
            self.step_to_configuring(detail, request, out);
        } else if matches!(
            self.state,
            State::Images | State::Writing | State::Rebooted | State::Manifest
        ) {
            let details = StepDetails::of_file(request.file_name());
            self.transition_to(State::Configuring, details, out);
        }
        self.plan_early(cx, request.name, out);
    }

    /// The image that arrived since the last start, and what shows it.
    fn take_arrived(&mut self, cx: Context<'_>) -> Option<(String, String)> {
        if let Some(name) = self.early.arrived.take() {
            let evidence = format!("fetched all of '{}'", text::printable(&name));
            return Some((name, evidence));
        }
        let newest = self.delivery.attempts.iter().next_back()?;
        let is_image =
            matches!(newest.role, FileRole::Image(_)) && newest.outcome != FileOutcome::NotFound;
        let is_implied = newest.all_sent || cx.requests_only;
        if !is_image || !is_implied || self.state != State::Images {
            return None;
        }
        let name = newest.name.clone();
        let evidence = format!("requested '{}' last", text::printable(&name));
        self.early.count(&name);
        Some((name, evidence))
    }

    /// CTLSEP without `OS79XX.TXT` before it, or a manifest: the phone has the loader.
    fn on_loader_start(&mut self, request: FileRequest<'_>, out: &mut Vec<Change>) {
        let arrived = self.early.arrived.take();
        self.early.end();
        self.loads.on_overwritten();
        self.routing.stage = StageRole::Target;
        for code in [
            Code::BridgeNeeded,
            Code::ImageRejected,
            Code::UpgradeLoop,
            Code::MissingImage,
        ] {
            self.withdraw(code, None, out);
        }
        let before = arrived.map_or_else(String::new, |name| {
            format!("fetched all of '{}'; then ", text::printable(&name))
        });
        let detail = format!(
            "{before}requested {} and not OS79XX.TXT: its loader runs",
            text::printable(request.file_name())
        );
        self.step_to_configuring(detail, request, out);
    }

    fn step_to_configuring(
        &mut self,
        detail: String,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        let evidence = Evidence {
            source: EvidenceSource::Requests,
            detail,
            disputed: false,
        };
        self.findings.add_evidence(evidence.clone());
        let details = StepDetails {
            file: Some(text::printable(request.file_name())),
            ..StepDetails::of_evidence(evidence)
        };
        self.transition_to(State::Configuring, details, out);
    }

    /// An image of these phones: its extension shows whether the firmware is signed.
    fn on_early_image(&mut self, request: FileRequest<'_>) {
        let Some((load, end)) = load_of_image_79x0(request.name) else {
            return;
        };
        // The loader requests no .bin.
        let is_unsigned = end.eq_ignore_ascii_case("bin");
        if !is_unsigned && (!self.early.is_present() || !end.eq_ignore_ascii_case("sbn")) {
            return;
        }
        self.device.family.get_or_insert(Family::P3);
        // OS79XX.TXT applies to phones whose own load begins with other characters.
        if self.early.has_begun && self.early.firmware.protocol.is_none() {
            let named_skinny = load.as_str().to_ascii_uppercase().starts_with("P003");
            self.early.speaks(if named_skinny {
                EarlyProtocol::Sip
            } else {
                EarlyProtocol::Skinny
            });
        }
        // After an image, the next file is the first of another start, or of the same firmware.
        self.early.has_begun &= request.served.is_none();
        self.early.shows(if is_unsigned {
            Generation79x0::Unsigned
        } else {
            Generation79x0::Signed
        });
    }

    /// Whether a missing image needs no other diagnosis: the phone looks for a step that is not for
    /// it.
    pub(super) fn is_expected_miss(&self, cx: Context<'_>, request: FileRequest<'_>) -> bool {
        let Some((load, _)) = load_of_image_79x0(request.name) else {
            return false;
        };
        *request.file == RequestedFile::Image
            && self.early.is_present()
            && has_target(cx)
            && !cx.catalog.is_bridge(&load)
    }

    /// Images that arrive again and again.
    fn check_early_loops(&mut self, cx: Context<'_>, name: &str, out: &mut Vec<Change>) {
        // Steps of this run that were not installed are offered again, one after the other.
        let is_step = |name: &str| has_target(cx) && cx.catalog.role_of_file(name).is_some();
        let other = self.early.in_turn_with(name);
        if let Some(other) = other.filter(|other| !is_step(other) || !is_step(name)) {
            let diagnosis = text::upgrade_loop([&other, name], cx.at);
            self.raise(name, diagnosis, out);
        } else if let Some(count) = self.early.repeated(name) {
            self.raise(name, text::image_rejected(name, count, cx.at), out);
        }
    }

    /// A transfer of an image ended.
    pub(super) fn on_early_image_end(
        &mut self,
        attempt: &FetchAttempt,
        end: &TransferEnd,
        out: &mut Vec<Change>,
    ) {
        let is_early = self.early.is_present() && load_of_image_79x0(&attempt.name).is_some();
        if !is_early || *end != TransferEnd::Delivered {
            return;
        }
        self.early.count(&attempt.name);
        self.early.arrived = Some(attempt.name.clone());
        if self.state == State::Images {
            let details = StepDetails::of_file(&attempt.name);
            self.transition_to(State::Writing, details, out);
        }
    }

    /// A source reported the phone's load.
    pub(super) fn on_early_report(&mut self, load: &LoadName) {
        if let Some(firmware) = EarlyFirmware::of(load) {
            self.device.family.get_or_insert(Family::P3);
            self.early.report(firmware);
        } else if load.generation_79x0().is_some() {
            self.early.end();
        }
    }

    /// Chooses what the phone is given at its next start. `seen`: what was observed.
    pub(super) fn plan_early(&mut self, cx: Context<'_>, seen: &str, out: &mut Vec<Change>) {
        if !self.early.is_present() || cx.excluded || self.is_held(cx) || !has_target(cx) {
            return;
        }
        let bridges = cx.catalog.bridges_of(Family::P3);
        let loads: Vec<_> = bridges.iter().map(|(_, load)| load.clone()).collect();
        let firmware = self.early.firmware;
        match firmware.next_step(&loads) {
            EarlyStep::Bridge(at) => {
                let (step, load) = &bridges[at];
                self.withdraw(Code::BridgeNeeded, None, out);
                if self.routing.stage != StageRole::Bridge(*step) {
                    self.routing.stage = StageRole::Bridge(*step);
                    // The next configuration is the first that names this bridge.
                    self.configuration.requested_at = None;
                    let detail = format!(
                        "'{}': {}; it is offered the bridge {load} first",
                        text::printable(seen),
                        text::early_firmware(firmware)
                    );
                    self.note(EvidenceSource::Requests, detail, out);
                }
            }
            EarlyStep::Loader => {
                self.routing.stage = StageRole::Target;
                self.withdraw(Code::BridgeNeeded, None, out);
            }
            EarlyStep::Missing(images) => {
                self.routing.stage = StageRole::Target;
                let evidence = format!("'{}'", text::printable(seen));
                let diagnosis = text::early_bridges_needed(&evidence, firmware, &images);
                self.raise("", diagnosis, out);
            }
        }
    }

    /// The role of the bundle whose load `OS79XX.TXT` names if the phone starts now. Its answer comes
    /// before the phone's request counts.
    pub(in crate::track) fn role_at_start(&self, catalog: &Catalog) -> StageRole {
        let bridges = catalog.bridges_of(Family::P3);
        let has_target = catalog.for_family(StageRole::Target, Family::P3).is_some();
        let loads: Vec<_> = bridges.iter().map(|(_, load)| load.clone()).collect();
        match self.early.firmware_at_start().next_step(&loads) {
            EarlyStep::Bridge(at) if has_target => StageRole::Bridge(bridges[at].0),
            _ => StageRole::Target,
        }
    }

    /// The phone read the name of a bridge and did not request it: it runs that load.
    pub(super) fn on_early_bridge_not_requested(&mut self, cx: Context<'_>, out: &mut Vec<Change>) {
        self.configuration.requested_at = None;
        let bridges = cx.catalog.bridges_of(Family::P3);
        let is_named = self.early.named == Some(self.routing.stage);
        let own = bridges
            .iter()
            .find(|(step, _)| is_named && StageRole::Bridge(*step) == self.routing.stage);
        let Some((load, firmware)) =
            own.and_then(|(_, load)| Some((load, EarlyFirmware::of(load)?)))
        else {
            return;
        };
        self.early.firmware = firmware;
        let detail = format!(
            "read a configuration that names the bridge {load} and did not request it: it runs \
             that load already; restart it for the next step"
        );
        self.note(EvidenceSource::Requests, detail, out);
        self.plan_early(cx, load.as_str(), out);
    }
}

/// Whether the run converts such phones.
fn has_target(cx: Context<'_>) -> bool {
    cx.catalog
        .for_family(StageRole::Target, Family::P3)
        .is_some()
}

/// The protocol of firmware from before the loader that requests this file after `OS79XX.TXT`.
fn protocol_of(request: FileRequest<'_>) -> Option<EarlyProtocol> {
    let name = normalized_name(request.name);
    let base = name.rsplit('/').next().unwrap_or(&name);
    Some(match request.file {
        RequestedFile::LegacyConfig(_) | RequestedFile::LegacyDefault => {
            if base.starts_with("mgc") {
                EarlyProtocol::Mgcp
            } else if base.starts_with("sep") {
                EarlyProtocol::SkinnyWithoutXml
            } else {
                EarlyProtocol::Sip
            }
        }
        RequestedFile::Config { .. } | RequestedFile::DefaultConfig => EarlyProtocol::Skinny,
        _ => return None,
    })
}
