//! What a running application's requests and witnesses say of the load.

use super::loader::is_sip_default;
use super::{
    Ask, BridgeProgress, Change, Conversion, Evidence, EvidenceSource, LoadName, Protocol,
    RequestedFile, RunTime, Scene, State, StepDetails, text,
};
use crate::{diagnose::Code, track::catalog::Leg};

impl Conversion {
    /// A running application asks: the phone is not in its boot loader.
    pub(super) fn application_asked(
        &mut self,
        scene: Scene<'_>,
        ask: Ask<'_>,
        out: &mut Vec<Change>,
    ) {
        // The first file of every boot; nothing asks for it later.
        let is_boot = matches!(ask.request, RequestedFile::TrustList(_));
        let is_config = matches!(
            ask.request,
            RequestedFile::Config { .. }
                | RequestedFile::DefaultConfig
                | RequestedFile::LegacyDefault
        );
        let may_be_boot = is_boot
            || matches!(
                ask.request,
                RequestedFile::IdentityList(_) | RequestedFile::Config { .. }
            );
        if may_be_boot && let Some(take) = self.takes.last_mut() {
            take.booted_since = true;
        }
        if may_be_boot || is_sip_default(ask) {
            self.infer_last(scene, ask, out);
        }
        if is_boot {
            self.judge_start(scene, ask, false, out);
            self.interrupt(out);
            self.said.clear();
        }
        match self.state {
            State::Seen => self.enter(State::Configuring, StepDetails::file(ask.file()), out),
            // It gave up on a further pass, or starts without one: the last one counts.
            _ if self.is_stepwise() => self.loader_or_application(ask, out),
            State::Manifest
                if self.has_everything()
                    && (may_be_boot
                        || matches!(
                            ask.request,
                            RequestedFile::SipLocale | RequestedFile::SccpLocale
                        )) =>
            {
                self.came_back(Some(ask.file()), out);
            }
            State::Manifest if may_be_boot => {
                self.enter(State::Configuring, StepDetails::file(ask.file()), out);
            }
            State::Images if is_boot => {
                self.enter(State::Configuring, StepDetails::file(ask.file()), out);
            }
            State::Writing | State::Rebooted => {
                self.config_at = None;
                self.came_back(Some(ask.file()), out);
            }
            _ => {}
        }
        // One that names no load asks for nothing.
        if is_config && self.config_at.is_none() && !self.is_held(scene) {
            self.config_at = Some(scene.at);
        }
        match ask.request {
            RequestedFile::Config { signed: true, .. } => {
                self.raise("", text::trust_list(ask.name, scene.at), out);
            }
            RequestedFile::Config { signed: false, .. } => self.refute(Code::TrustList, None, out),
            RequestedFile::SipLocale => self.on_sip_locale(ask.file(), out),
            RequestedFile::SccpLocale => self.on_sccp_locale(ask.file(), out),
            _ => {}
        }
    }

    /// An application starts: a pass that is not complete will not be.
    fn interrupt(&mut self, out: &mut Vec<Change>) {
        self.config_at = None;
        self.manifest = None;
        let Some(pass) = &mut self.current else {
            return;
        };
        if pass.complete || pass.interrupted || pass.stepwise {
            return;
        }
        pass.interrupted = true;
        if pass.lacks_only_the_last_ack() {
            let detail = format!(
                "pass {}: only the final ACK of the last image is missing, and an application \
                 started; no proof that the image arrived",
                pass.number
            );
            self.note(EvidenceSource::Requests, detail, out);
        }
    }

    /// Every image is there and an application asked: flashed.
    pub(super) fn came_back(&mut self, file: Option<&str>, out: &mut Vec<Change>) {
        if let Some(pass) = &self.current
            && pass.leg == Leg::Bridge
        {
            return self.bridged(file, out);
        }
        let about = |evidence| StepDetails {
            file: file.map(str::to_owned),
            evidence,
            ..StepDetails::default()
        };
        if self.state != State::Rebooted {
            self.enter(State::Rebooted, about(None), out);
        }
        let evidence = Evidence {
            source: EvidenceSource::Requests,
            detail: format!(
                "{}; then an application asked for {}",
                self.images_accounted(),
                file.map_or_else(|| "a file".to_owned(), text::shown),
            ),
        };
        self.keep(evidence.clone());
        // One that comes back a third time may come back a fourth.
        self.settled = self.complete == 2;
        self.enter(State::Flashed, about(Some(evidence)), out);
    }

    fn on_sip_locale(&mut self, file: &str, out: &mut Vec<Change>) {
        let detail = format!("asked for {}, as only SIP firmware does", text::shown(file));
        self.speaks_sip(EvidenceSource::Requests, detail, out);
    }

    /// SIP firmware shows itself, without its load's name. Whose firmware came whole in this run,
    /// and who was not on SIP before, has it from here.
    pub(super) fn speaks_sip(
        &mut self,
        source: EvidenceSource,
        detail: String,
        out: &mut Vec<Change>,
    ) {
        let proven = self.in_full && (self.on_sccp || self.in_recovery);
        if self.state == State::Flashed && proven {
            let evidence = Evidence { source, detail };
            self.keep(evidence.clone());
            let about = StepDetails {
                evidence: Some(evidence),
                ..StepDetails::default()
            };
            self.enter(State::Confirmed, about, out);
        } else {
            self.note(source, detail, out);
        }
    }

    fn on_sccp_locale(&mut self, file: &str, out: &mut Vec<Change>) {
        self.on_sccp = true;
        let detail = format!(
            "asked for {}, as only SCCP firmware does",
            text::shown(file)
        );
        self.still_on_another(EvidenceSource::Requests, detail, None, out);
    }

    /// Something says that the phone runs another load than it was given.
    fn still_on_another(
        &mut self,
        source: EvidenceSource,
        detail: String,
        load: Option<LoadName>,
        out: &mut Vec<Change>,
    ) {
        if matches!(
            self.state,
            State::Flashed | State::Confirmed | State::Already
        ) {
            let evidence = Evidence { source, detail };
            self.keep_as_newest(evidence.clone());
            let about = StepDetails {
                load,
                evidence: Some(evidence),
                ..StepDetails::default()
            };
            self.enter(State::Configuring, about, out);
        } else {
            self.note(source, detail, out);
        }
    }

    /// Whether this load may be what a record's recovery manifest brought, which the record does
    /// not name. A bundle's is always named.
    fn may_be_target(&self, scene: Scene<'_>, load: &LoadName) -> bool {
        let family = load.family();
        load.protocol() == Some(Protocol::Sip)
            && self.from.as_ref() != Some(load)
            && family.is_some_and(|family| scene.catalog.is_unnamed(family))
    }

    /// Somebody names the load that the phone runs.
    pub(in super::super) fn load(
        &mut self,
        scene: Scene<'_>,
        load: &LoadName,
        source: EvidenceSource,
        detail: &str,
        out: &mut Vec<Change>,
    ) {
        self.last = scene.at;
        if let Some(family) = load.family() {
            self.learn_family(family);
        }
        let detail = format!("{} ({})", text::shown(load.as_str()), text::shown(detail));
        // Names of a boot loader's doing say nothing of the load behind them.
        if load.is_recovery() || load.as_str().eq_ignore_ascii_case("79XX_default_load") {
            if self.state == State::Writing && load.is_recovery() {
                self.enter(State::Rebooted, StepDetails::default(), out);
            }
            self.note(source, detail, out);
            return;
        }
        if self.from.is_none() && !self.fetched {
            self.from = Some(load.clone());
        }
        self.runs = Some(load.clone());
        self.judge_words(load, source, out);
        let is_staged = |family| scene.catalog.families.contains(&family);
        if let Some(family) = load
            .family()
            .filter(|family| !family.is_convertible() && !is_staged(*family))
        {
            let diagnosis = text::unsupported(load.as_str(), Some(family), scene.at);
            self.raise("", diagnosis, out);
        }
        if scene.catalog.is_bridge(load) && self.leg == Leg::Bridge && !self.is_owed_images() {
            // It has the bridge, from this run or from elsewhere.
            self.leg = Leg::Target;
            self.bridge = BridgeProgress::Taken;
        }
        self.on_sccp |= load.protocol() == Some(Protocol::Sccp);
        if !scene.catalog.is_target(load) {
            if load.is_universal_loader() || self.may_be_target(scene, load) {
                self.note(source, detail, out);
            } else {
                self.still_on_another(source, detail, Some(load.clone()), out);
            }
            self.judge_route(scene, out);
            return;
        }
        self.unstall(out);
        let was_before = !self.fetched
            && self
                .from
                .as_ref()
                .is_none_or(|from| from.as_str().eq_ignore_ascii_case(load.as_str()));
        let state = if was_before {
            State::Already
        } else {
            self.to = Some(load.clone());
            State::Confirmed
        };
        let evidence = Evidence { source, detail };
        let about = StepDetails {
            load: Some(load.clone()),
            evidence: Some(evidence.clone()),
            ..StepDetails::default()
        };
        self.withdraw_final(out);
        if self.state != state {
            self.keep_as_newest(evidence);
            self.enter(state, about, out);
        } else if self.keep(evidence) {
            self.step(about, out);
        }
    }

    /// Somebody else than its requests says where the phone is. A lease asked for after
    /// the last image is a boot; a neighbour's table entry is not.
    pub(in super::super) fn named_by(
        &mut self,
        at: RunTime,
        source: EvidenceSource,
        out: &mut Vec<Change>,
    ) {
        self.last = at;
        if source == EvidenceSource::Sip {
            self.register_heard(out);
        }
        if self.state == State::Writing && source == EvidenceSource::Dhcp {
            let evidence = Evidence {
                source,
                detail: "an address was asked for after the last image: it starts".to_owned(),
            };
            self.keep(evidence.clone());
            let about = StepDetails {
                evidence: Some(evidence),
                ..StepDetails::default()
            };
            self.enter(State::Rebooted, about, out);
        }
    }
}
