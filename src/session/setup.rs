//! The parts of a run.

use std::{fmt, sync::Arc, time::Instant};

use tokio::sync::mpsc;

use super::restart_setup::RestartSetup;
use crate::{
    diagnose::Finding,
    discovery::{WireActivity, poll::Poller},
    http,
    journal::{Journal, RecordedRun},
    reporter::{Reporter, Started},
    stage::{OpenFile, ServedFolder, Stage},
    text::escape,
    tftp,
    track::{Observation, Plan, View},
    web,
};

/// Where the served files come from.
#[derive(Debug)]
pub enum Source {
    /// Verified bundles.
    Stage(Stage),
    /// A plain folder.
    ServedFolder(ServedFolder),
}

impl Source {
    pub(super) fn resolve(&self, view: View, name: &str) -> Option<OpenFile> {
        match self {
            Self::Stage(stage) => stage.resolve(view, name).map(OpenFile::from),
            // Only the operator sees why a file cannot be read; the phone gets "not found".
            Self::ServedFolder(folder) => folder.resolve(name).unwrap_or_else(|error| {
                tracing::warn!("{}", escape(&error.to_string()));
                None
            }),
        }
    }
}

/// What the operator is advised while no phone comes, and at the end.
#[derive(Debug, Default)]
pub struct Advice {
    /// What the interfaces receive while no phone comes; `None`: no hints are given.
    pub wire: Option<Arc<WireActivity>>,
    /// The command that continues the run, as lines to copy; `None`: it cannot be continued.
    pub resume: Option<String>,
    /// What to do in the network when no more phones are to be converted. Empty: this is no
    /// conversion.
    pub network: String,
    /// What to know after any run, reported at its end.
    pub next_steps: Vec<String>,
}

/// Where observations come from besides requests.
#[derive(Debug, Default)]
pub struct SetupSources {
    /// Queues of observations from captures and listeners, each with its time. A queue ends when
    /// its sender is dropped.
    pub observations: Vec<mpsc::Receiver<(Instant, Observation)>>,
    /// Problems of this machine or its network, the most severe first. The queue ends when its
    /// sender is dropped.
    pub findings: Option<mpsc::Receiver<Finding>>,
    /// Polls the web pages of phones; `None`: they are not polled.
    pub poller: Option<Poller>,
    /// What restarts phones that register by SCCP; `None`: none is restarted.
    pub restarts: Option<RestartSetup>,
}

/// The parts of a run.
pub struct Setup {
    /// The files to serve.
    pub source: Source,
    /// What is staged, and which phones are expected.
    pub plan: Plan,
    /// The TFTP server, bound and not yet running.
    pub server: tftp::Bound,
    /// The HTTP server for phones, bound; `None`: HTTP is off.
    pub http: Option<http::HttpServer>,
    /// The server of the metrics; `None`: metrics are off.
    pub metrics: Option<http::HttpServer>,
    /// The server of the web page; `None`: the page is off.
    pub web: Option<web::WebServer>,
    /// Where observations come from besides requests.
    pub sources: SetupSources,
    /// The speed of simulated phones relative to real ones; 1 for real phones. The time limits of
    /// tracking are scaled by it.
    pub speed: f64,
    /// Where the run is recorded.
    pub journal: Option<Journal>,
    /// What the journal held before, if the run is resumed.
    pub recorded: Option<RecordedRun>,
    /// What is reported when serving begins.
    pub started: Started,
    /// Where the run is reported.
    pub reporter: Box<dyn Reporter>,
    /// What the operator is advised.
    pub advice: Advice,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup")
            .field("started", &self.started)
            .finish_non_exhaustive()
    }
}
