//! One phone's conversion as a state machine. docs/states.md has the table it follows.

use std::time::Duration;

use super::{
    Evidence, EvidenceSource, FileOutcome, RegistrationTarget, RunTime, ServedFile, State,
    StepDetails, Subnet, TransferEnd, TransferId, Transport,
    catalog::{Catalog, Leg},
    history::{Kind, MAX_ROWS, Row, Rows, kept},
    pass::Pass,
};
use crate::{
    diagnose::{Code, Diagnosis},
    phone::{Family, LoadName, Model, Protocol, RequestedFile, normalized_name},
    track::diagnosis::{rules, text},
};

mod application;
mod expected;
mod images;
mod inferred;
mod judge;
mod lease;
mod loader;
mod overlay;
mod registering;
mod route;
mod said;
mod survey;
mod transfer;
mod trouble;
mod vlan;

pub use expected::ExpectedActivity;
pub use overlay::silence_limit;
pub(super) use overlay::{MAX_KEPT, Standing};
use registering::Registering;
pub(crate) use route::BridgeProgress;
use said::Said;
pub use survey::PlannedRoute;
use trouble::{Boot, Unheard};

/// After its configuration a converted phone that wants another load asks for its manifest
/// within seconds; this long without asking, it is settled.
pub const SETTLED_AFTER: Duration = Duration::from_mins(1);

/// What a conversion is told with every observation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    pub at: RunTime,
    pub catalog: &'a Catalog,
    /// The phone is none of `--only`: it is refused loads on purpose.
    pub excluded: bool,
    /// The phone is to register here, and it is heard if it does.
    pub registers: bool,
    /// Where its own configuration sends its REGISTERs.
    pub registration: Option<&'a RegistrationTarget>,
    /// Nothing but requests is seen.
    pub requests_only: bool,
    /// When the survey is over, or was; `None`: there is none.
    pub survey: Option<RunTime>,
    /// The network that is served.
    pub network: Option<Subnet>,
}

/// A request, read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    pub transfer: TransferId,
    pub transport: Transport,
    pub name: &'a str,
    pub port: u16,
    pub request: &'a RequestedFile,
    pub served: Option<&'a ServedFile>,
}

impl Ask<'_> {
    /// The name as staged, or as asked.
    pub(super) fn file(&self) -> &str {
        self.served.map_or(self.name, |served| &served.name)
    }
}

/// What came of a observation; an event once the phone's name is on it.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Step {
        state: State,
        pass: u32,
        details: StepDetails,
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

/// One phone's conversion.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about one phone, not a state in disguise"
)]
pub(super) struct Conversion {
    pub first: RunTime,
    pub last: RunTime,
    /// Its last request or acknowledgement; a witness's word is none.
    pub(super) active: RunTime,
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
    pub(super) config_at: Option<RunTime>,
    pub settled: bool,
    pub evidence: Vec<Evidence>,
    pub(super) standing: Vec<Standing>,
    pub withdrawn: Vec<Diagnosis>,
    pub(super) takes: Vec<rules::Take>,
    pub(super) sequence: u64,
    /// The stage that it is shown.
    pub leg: Leg,
    pub(super) bridge: BridgeProgress,
    /// It fetched the target too often: its `XMLDefault` names no load any more.
    pub quiet: bool,
    /// The load that a witness named last, until something is written over it.
    pub(super) runs: Option<LoadName>,
    /// What each witness named since it last started or was written to.
    pub(super) said: Said,
    /// Its hardware classes, where somebody named them.
    pub(super) hardware: Option<u32>,
    pub(super) boot: Boot,
    pub(super) unheard: Option<Unheard>,
    /// Images that broke off, and how often since they were last delivered.
    pub(super) failing: Vec<(String, u16)>,
    /// What it was torn out of before an episode began.
    pub(super) cut: Option<String>,
    pub(super) registering: Registering,
    /// What the survey found to be its way, once it was over.
    pub way: Option<PlannedRoute>,
    /// It was heard in another network, and never asked here.
    pub(super) elsewhere: Option<vlan::Elsewhere>,
    /// Its lease leads elsewhere, and it asked for nothing here since.
    pub(super) astray: Option<lease::Astray>,
    /// Leases that are kept as evidence.
    pub(super) leases: u8,
}

impl Conversion {
    pub(super) fn new(at: RunTime) -> Self {
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
            leg: Leg::Target,
            bridge: BridgeProgress::Untried,
            quiet: false,
            runs: None,
            said: Said::default(),
            hardware: None,
            boot: Boot::default(),
            unheard: None,
            failing: Vec::new(),
            cut: None,
            registering: Registering::default(),
            way: None,
            elsewhere: None,
            astray: None,
            leases: 0,
        }
    }

    /// A file was asked for.
    pub(super) fn asked(&mut self, scene: Scene<'_>, ask: Ask<'_>, out: &mut Vec<Change>) {
        self.touch(scene.at, out);
        self.comes_here(out);
        self.comes_by_its_lease(out);
        self.sequence += 1;
        self.count_unheard(scene, ask, out);
        self.judge_config(scene, ask, out);
        let is_http = ask.transport == Transport::Http
            && !matches!(
                ask.request,
                RequestedFile::Image | RequestedFile::Manifest(_) | RequestedFile::Recovery(_)
            );
        if ask.request.is_from_application() || is_http {
            self.application_asked(scene, ask, out);
        }
        match ask.request {
            RequestedFile::Recovery(model) => {
                self.in_recovery = true;
                if let Some(model) = model {
                    self.learn(model);
                }
                self.judge_recovery(scene, ask, out);
                self.manifest_asked(scene, ask, true, out);
            }
            RequestedFile::Manifest(_) => self.manifest_asked(scene, ask, false, out),
            RequestedFile::Image => self.image_asked(scene, ask, out),
            _ => {
                self.record(scene, ask, Kind::Other);
                if is_dial_plan(ask.name) {
                    let detail = "asked for dialplan.xml: it accepted a configuration".to_owned();
                    self.note(EvidenceSource::Requests, detail, out);
                }
            }
        }
        if ask.served.is_none() {
            self.judge_not_found(scene, ask, out);
        } else {
            self.refute(Code::MissingImage, Some(ask.file()), out);
            self.refute(Code::NameMismatch, Some(ask.file()), out);
        }
        self.judge_loader(scene, ask, out);
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
            size: ask
                .served
                .map(|served| served.size)
                .filter(|size| *size != ServedFile::UNKNOWN_SIZE),
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
            killed: false,
        });
    }
}

/// Whether this is the dial plan, which a configuration names and only a phone that took
/// that configuration asks for.
fn is_dial_plan(name: &str) -> bool {
    let name = normalized_name(name);
    name.rsplit('/').next() == Some("dialplan.xml")
}
