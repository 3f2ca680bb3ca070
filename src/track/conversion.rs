//! One phone's conversion as a state machine. docs/states.md has the table it follows.

use std::time::Duration;

use super::{
    End, Evidence, FileOutcome, Moment, Served, State, TransferId, Transport, Witness,
    catalog::Catalog,
    history::{Kind, MAX_ROWS, Row, Rows, kept},
    pass::{Image, Pass},
};
use crate::{
    diagnose::{Code, Diagnosis, rules, text},
    phone::{Family, LoadName, Model, Protocol, Request, normal},
};

mod overlay;
mod transfer;

pub use overlay::silence_limit;
pub(super) use overlay::{MAX_KEPT, Standing};

/// After its configuration a converted phone that wants another load asks for its manifest
/// within seconds; this long without asking, it is settled.
pub const SETTLED_AFTER: Duration = Duration::from_mins(1);

/// What a conversion is told with every sighting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    pub at: Moment,
    pub catalog: &'a Catalog,
    /// The phone is none of `--only`: it is refused loads on purpose.
    pub excluded: bool,
}

/// A request, read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    pub transfer: TransferId,
    pub transport: Transport,
    pub name: &'a str,
    pub request: &'a Request,
    pub served: Option<&'a Served>,
}

impl Ask<'_> {
    /// The name as staged, or as asked.
    pub(super) fn file(&self) -> &str {
        self.served.map_or(self.name, |served| &served.name)
    }
}

/// What came of a sighting; an event once the phone's name is on it.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Step {
        state: State,
        pass: u32,
        file: Option<String>,
        bytes: Option<u64>,
        load: Option<LoadName>,
        evidence: Option<Evidence>,
    },
    Progress {
        file: String,
        bytes: u64,
        size: u64,
        pass: u32,
        place: (u32, u32),
    },
    Raised(Diagnosis),
    Withdrawn(Diagnosis),
}

/// What a step is about.
#[derive(Debug, Default)]
pub(super) struct About {
    pub file: Option<String>,
    pub bytes: Option<u64>,
    pub load: Option<LoadName>,
    pub evidence: Option<Evidence>,
}

/// One phone's conversion.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about one phone, not a state in disguise"
)]
pub(super) struct Conversion {
    pub first: Moment,
    pub last: Moment,
    /// Its last request or acknowledgement; a witness's word is none.
    pub(super) active: Moment,
    /// The state under `stalled` and `failed`.
    pub(super) state: State,
    pub(super) stalled: bool,
    pub model: Option<&'static Model>,
    pub(super) family: Option<Family>,
    pub from: Option<LoadName>,
    pub to: Option<LoadName>,
    /// The newest pass's number.
    pub pass: u32,
    pub(super) current: Option<Pass>,
    /// The newest manifest request that a pass can begin with.
    pub(super) manifest: Option<TransferId>,
    pub rows: Rows,
    pub(super) on_sccp: bool,
    pub(super) in_recovery: bool,
    /// Anything of a manifest or image was delivered.
    pub(super) fetched: bool,
    /// Complete passes.
    pub(super) complete: u32,
    /// One of them had every final ACK.
    pub(super) in_full: bool,
    pub(super) config_at: Option<Moment>,
    pub settled: bool,
    pub evidence: Vec<Evidence>,
    pub(super) standing: Vec<Standing>,
    pub withdrawn: Vec<Diagnosis>,
    pub(super) takes: Vec<rules::Take>,
    pub(super) sequence: u64,
}

impl Conversion {
    pub(super) fn new(at: Moment) -> Self {
        Self {
            first: at,
            last: at,
            active: at,
            state: State::Seen,
            stalled: false,
            model: None,
            family: None,
            from: None,
            to: None,
            pass: 0,
            current: None,
            manifest: None,
            rows: Rows::new(MAX_ROWS),
            on_sccp: false,
            in_recovery: false,
            fetched: false,
            complete: 0,
            in_full: false,
            config_at: None,
            settled: false,
            evidence: Vec::new(),
            standing: Vec::new(),
            withdrawn: Vec::new(),
            takes: Vec::new(),
            sequence: 0,
        }
    }

    /// A file was asked for.
    pub(super) fn asked(&mut self, scene: Scene<'_>, ask: Ask<'_>, out: &mut Vec<Change>) {
        self.touch(scene.at, out);
        self.sequence += 1;
        let is_http = ask.transport == Transport::Http
            && !matches!(
                ask.request,
                Request::Image | Request::Manifest(_) | Request::Recovery(_)
            );
        if ask.request.is_application() || is_http {
            self.application_asked(scene, ask, out);
        }
        match ask.request {
            Request::Recovery(model) => {
                self.in_recovery = true;
                if let Some(model) = model {
                    self.learn(model);
                }
                self.manifest_asked(scene, ask, true, out);
            }
            Request::Manifest(_) => self.manifest_asked(scene, ask, false, out),
            Request::Image => self.image_asked(scene, ask, out),
            _ => {
                self.record(scene, ask, Kind::Other);
                if is_dial_plan(ask.name) {
                    let detail = "asked for dialplan.xml: it accepted a configuration".to_owned();
                    self.note(Witness::Requests, detail, out);
                }
            }
        }
        if ask.served.is_none() {
            self.judge_not_found(scene, ask, out);
        } else {
            self.refute(Code::MissingImage, Some(ask.file()), out);
            self.refute(Code::NameMismatch, Some(ask.file()), out);
        }
    }

    pub(super) fn learn(&mut self, model: &'static Model) {
        self.model = Some(model);
        self.family = Some(model.family);
    }

    fn learn_family(&mut self, family: Family) {
        if self.family == Some(family) {
            return;
        }
        self.family = Some(family);
        let mut models = family.models();
        // Where one model is the family, the family says which it is.
        self.model = models.next().filter(|_| models.next().is_none());
    }

    fn record(&mut self, scene: Scene<'_>, ask: Ask<'_>, kind: Kind) {
        self.rows.push(Row {
            transfer: ask.transfer,
            at: scene.at,
            sequence: self.sequence,
            name: kept(ask.file()),
            bytes: 0,
            size: ask.served.map(|served| served.size),
            pass: self.pass,
            transport: ask.transport,
            outcome: if ask.served.is_some() {
                FileOutcome::Asked
            } else {
                FileOutcome::NotFound
            },
            kind,
            open: ask.served.is_some(),
            sent: false,
        });
    }

    /// A running application asks: the phone is not in its boot loader.
    fn application_asked(&mut self, scene: Scene<'_>, ask: Ask<'_>, out: &mut Vec<Change>) {
        // The first file of every boot; nothing asks for it later.
        let is_boot = matches!(ask.request, Request::TrustList(_));
        let is_config = matches!(ask.request, Request::Config { .. } | Request::DefaultConfig);
        let may_be_boot = is_boot
            || matches!(
                ask.request,
                Request::IdentityList(_) | Request::Config { .. }
            );
        if may_be_boot && let Some(take) = self.takes.last_mut() {
            take.booted_since = true;
        }
        if is_boot {
            self.interrupt(out);
        }
        match self.state {
            State::Seen => self.enter(State::Configuring, About::file(ask.file()), out),
            State::Manifest if may_be_boot && self.has_everything() => {
                self.came_back(Some(ask.file()), out);
            }
            State::Manifest if may_be_boot => {
                self.enter(State::Configuring, About::file(ask.file()), out);
            }
            State::Images if is_boot => {
                self.enter(State::Configuring, About::file(ask.file()), out);
            }
            State::Writing | State::Rebooted => {
                self.config_at = None;
                self.came_back(Some(ask.file()), out);
            }
            _ => {}
        }
        if is_config && self.config_at.is_none() {
            self.config_at = Some(scene.at);
        }
        match ask.request {
            Request::Config { signed: true, .. } => {
                self.raise("", text::trust_list(ask.name, scene.at), out);
            }
            Request::Config { signed: false, .. } => self.refute(Code::TrustList, None, out),
            Request::SipLocale => self.on_sip_locale(ask.file(), out),
            Request::SccpLocale => self.on_sccp_locale(ask.file(), out),
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
        if pass.complete || pass.interrupted {
            return;
        }
        pass.interrupted = true;
        if pass.lacks_only_the_last_ack() {
            let detail = format!(
                "pass {}: only the final ACK of the last image is missing, and an application \
                 started; no proof that the image arrived",
                pass.number
            );
            self.note(Witness::Requests, detail, out);
        }
    }

    /// Every image is there and an application asked: flashed.
    pub(super) fn came_back(&mut self, file: Option<&str>, out: &mut Vec<Change>) {
        let about = |evidence| About {
            file: file.map(str::to_owned),
            evidence,
            ..About::default()
        };
        if self.state != State::Rebooted {
            self.enter(State::Rebooted, about(None), out);
        }
        let images = self.current.as_ref().map_or(&[][..], |pass| &pass.images);
        let delivered = images.iter().filter(|image| image.delivered).count();
        let implied = match images.len() - delivered {
            0 => String::new(),
            implied => format!(", {implied} implied"),
        };
        let evidence = Evidence {
            witness: Witness::Requests,
            detail: format!(
                "pass {}: {delivered} images delivered{implied}, none missing; then an application \
                 asked for {}",
                self.pass,
                file.map_or_else(|| "a file".to_owned(), text::shown),
            ),
        };
        self.keep(evidence.clone());
        self.settled = self.complete >= 2;
        self.enter(State::Flashed, about(Some(evidence)), out);
    }

    fn on_sip_locale(&mut self, file: &str, out: &mut Vec<Change>) {
        let detail = format!("asked for {}, as only SIP firmware does", text::shown(file));
        let proven = self.in_full && (self.on_sccp || self.in_recovery);
        if self.state == State::Flashed && proven {
            let evidence = Evidence {
                witness: Witness::Requests,
                detail,
            };
            self.keep(evidence.clone());
            let about = About {
                evidence: Some(evidence),
                ..About::default()
            };
            self.enter(State::Confirmed, about, out);
        } else {
            self.note(Witness::Requests, detail, out);
        }
    }

    fn on_sccp_locale(&mut self, file: &str, out: &mut Vec<Change>) {
        self.on_sccp = true;
        let detail = format!(
            "asked for {}, as only SCCP firmware does",
            text::shown(file)
        );
        self.still_on_another(Witness::Requests, detail, None, out);
    }

    /// Something says that the phone runs another load than it was given.
    fn still_on_another(
        &mut self,
        witness: Witness,
        detail: String,
        load: Option<LoadName>,
        out: &mut Vec<Change>,
    ) {
        if matches!(
            self.state,
            State::Flashed | State::Confirmed | State::Already
        ) {
            let evidence = Evidence { witness, detail };
            self.keep(evidence.clone());
            let about = About {
                load,
                evidence: Some(evidence),
                ..About::default()
            };
            self.enter(State::Configuring, about, out);
        } else {
            self.note(witness, detail, out);
        }
    }

    fn manifest_asked(
        &mut self,
        scene: Scene<'_>,
        ask: Ask<'_>,
        recovery: bool,
        out: &mut Vec<Change>,
    ) {
        let entry = scene.catalog.manifest(ask.file());
        self.record(scene, ask, Kind::Manifest(entry));
        if ask.served.is_some() {
            self.manifest = Some(ask.transfer);
            if let Some(family) = entry.and_then(|at| scene.catalog.entry(at).family) {
                if !recovery {
                    self.learn_family(family);
                }
                self.refute(Code::WrongModelBundle, None, out);
                self.refute(Code::TrustList, None, out);
            }
        }
        // An application that is refused a load runs on as before; a boot loader does not.
        let waits = recovery
            || ask.served.is_some()
            || matches!(self.state, State::Seen | State::Configuring);
        if waits && self.state != State::Manifest {
            self.enter(State::Manifest, About::file(ask.file()), out);
        }
    }

    fn image_asked(&mut self, scene: Scene<'_>, ask: Ask<'_>, out: &mut Vec<Change>) {
        self.takes.clear();
        self.refute(Code::ManifestRefused, None, out);
        if ask.served.is_none() {
            self.record(scene, ask, Kind::Image(None));
            return;
        }
        if let Some(row) = self.manifest.and_then(|id| self.rows.get(id))
            && let Kind::Manifest(Some(entry)) = row.kind
            && let Some(place) = scene.catalog.entry(entry).place(ask.file())
            && (row.open || row.sent)
        {
            let row = row.clone();
            if self.begins_pass(&row, entry, Some(place)) {
                self.begin(scene, &row, entry);
            }
        }
        let place = self
            .current
            .as_ref()
            .filter(|pass| !pass.interrupted)
            .and_then(|pass| scene.catalog.entry(pass.entry).place(ask.file()));
        self.record(scene, ask, Kind::Image(place));
        if let Some(place) = place
            && let Some(pass) = &mut self.current
        {
            let implied = pass.asked(place, ask.transfer, self.sequence);
            let attempts = pass.images[place].attempts;
            let delivered = pass.images[place].delivered;
            for transfer in implied {
                self.imply(transfer);
            }
            self.imply_manifest();
            if attempts >= rules::BROKEN_ATTEMPTS && !delivered {
                self.judge_broken(scene, ask, attempts, out);
            }
        }
        if self.state != State::Images {
            self.enter(State::Images, About::file(ask.file()), out);
        }
        if !self.has_everything() {
            self.check_complete(About::default(), out);
        }
    }

    /// Whether the current pass is complete.
    fn has_everything(&self) -> bool {
        self.current
            .as_ref()
            .is_some_and(|pass| pass.complete && !pass.interrupted)
    }

    /// Whether the manifest of this row begins another pass.
    pub(super) fn begins_pass(&self, row: &Row, entry: usize, place: Option<usize>) -> bool {
        self.current
            .as_ref()
            .is_none_or(|pass| pass.ends_with(row, entry, place))
    }

    pub(super) fn begin(&mut self, scene: Scene<'_>, row: &Row, entry: usize) {
        // A manifest that led to no image was no pass through the images.
        let unused = self.current.as_ref().is_some_and(|pass| !pass.any_asked());
        if !unused {
            self.pass += 1;
        }
        let staged = scene.catalog.entry(entry);
        self.to = Some(staged.load.clone());
        self.current = Some(Pass {
            number: self.pass,
            entry,
            transfer: row.transfer,
            at: row.at,
            manifest: row.outcome == FileOutcome::Delivered,
            images: vec![Image::default(); staged.count],
            sequence: 0,
            complete: false,
            interrupted: false,
        });
        let pass = self.pass;
        if let Some(row) = self.rows.find(row.transfer) {
            row.pass = pass;
        }
    }

    /// The pass is complete once everything is accounted for: then the phone writes.
    pub(super) fn check_complete(&mut self, about: About, out: &mut Vec<Change>) -> bool {
        let Some(pass) = &mut self.current else {
            return false;
        };
        if !pass.is_whole() {
            return false;
        }
        let newly = !pass.complete;
        if newly {
            pass.complete = true;
            self.complete += 1;
            self.in_full |= pass.images.iter().all(|image| image.delivered);
        }
        // What was missing came in after the application had started.
        if pass.interrupted {
            if newly && self.state == State::Configuring {
                self.came_back(None, out);
                return true;
            }
            return false;
        }
        // A duplicate of the manifest may have been asked for beside the last images.
        if self.state == State::Images || newly && self.state == State::Manifest {
            self.enter(State::Writing, about, out);
            return true;
        }
        false
    }

    /// Somebody names the load that the phone runs.
    pub(super) fn load(
        &mut self,
        scene: Scene<'_>,
        load: &LoadName,
        witness: Witness,
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
                self.enter(State::Rebooted, About::default(), out);
            }
            self.note(witness, detail, out);
            return;
        }
        if self.from.is_none() && !self.fetched {
            self.from = Some(load.clone());
        }
        self.on_sccp |= load.protocol() == Some(Protocol::Sccp);
        if !scene.catalog.is_target(load) {
            self.still_on_another(witness, detail, Some(load.clone()), out);
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
        let evidence = Evidence { witness, detail };
        let is_new = self.keep(evidence.clone());
        let about = About {
            load: Some(load.clone()),
            evidence: Some(evidence),
            ..About::default()
        };
        self.withdraw_final(out);
        if self.state != state {
            self.enter(state, about, out);
        } else if is_new {
            self.step(about, out);
        }
    }

    /// Somebody else than its requests says where the phone is. A lease asked for after
    /// the last image is a boot; a neighbour's table entry is not.
    pub(super) fn named_by(&mut self, at: Moment, witness: Witness, out: &mut Vec<Change>) {
        self.last = at;
        if self.state == State::Writing && witness == Witness::Dhcp {
            self.enter(State::Rebooted, About::default(), out);
        }
    }
}

/// Whether this is the dial plan, which a configuration names and only a phone that took
/// that configuration asks for.
fn is_dial_plan(name: &str) -> bool {
    let name = normal(name);
    name.rsplit('/').next() == Some("dialplan.xml")
}
