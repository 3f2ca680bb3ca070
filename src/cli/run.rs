//! A session with its runtime, its signals and its words at the end.

use std::time::Instant;

use tokio::sync::mpsc;

use super::{Failure, Globals, Outcome, doors::Doors, listen::Ears};
use crate::{
    diagnose::Finding,
    discovery::poll::Poller,
    display, http,
    journal::{Journal, RecordedRun},
    reporter::{Reporter, Started},
    session::{self, OperatorPrompt, Setup, Signals, Source},
    stage::StageError,
    track::{Observation, Plan},
};

/// A runtime of one thread: the display's, the signals' and, in a rehearsal, the phones'.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::new(
                format!("no runtime could be built: {error}"),
                "Is the machine out of memory?",
            )
        })
}

/// Catches the signals that end a run.
pub(crate) fn signals() -> Result<Signals, Failure> {
    Signals::catch()
        .map_err(|error| Failure::new(format!("signals cannot be caught: {error}"), String::new()))
}

/// What is put around a display.
pub(crate) type Wrap = Box<dyn FnOnce(Box<dyn Reporter>) -> Box<dyn Reporter>>;

/// What a guided run has beside the display.
#[derive(Default)]
pub(crate) struct Guest {
    /// Tells the person what to do while the run is shown.
    pub(crate) guide: Option<Wrap>,
    /// Who is asked before the run ends by itself.
    pub(crate) attendant: Option<Box<dyn OperatorPrompt>>,
    /// The signals, where they are caught already.
    pub(crate) signals: Option<Signals>,
}

/// Whom a run is told to.
pub(crate) struct Audience<'a> {
    pub(crate) globals: &'a Globals,
    pub(crate) guest: Guest,
}

/// What serves, bound and not yet running.
pub(crate) struct Servers {
    pub(crate) doors: Doors,
    /// Who tells what is seen beside requests.
    pub(crate) witnesses: Vec<mpsc::Receiver<(Instant, Observation)>>,
    /// Who asks phones what they run; `None`: nobody.
    pub(crate) poller: Option<Poller>,
    /// What is heard of phones beside.
    pub(crate) ears: Ears,
    /// What is found to be wrong with this machine or its network.
    pub(crate) found: Option<mpsc::Receiver<Finding>>,
}

/// What is known before the first phone is heard, and where what follows is recorded.
pub(crate) struct Record {
    pub(crate) journal: Option<Journal>,
    /// Of the same run, where it is resumed.
    pub(crate) recorded: Option<RecordedRun>,
}

/// Serves until the run is over, and says how it went.
pub(crate) fn run(
    source: Source,
    plan: Plan,
    servers: Servers,
    started: Started,
    afterwards: Vec<String>,
    record: Record,
    audience: Audience<'_>,
) -> Result<Outcome, Failure> {
    let Audience { globals, guest } = audience;
    let reporter = display::reporter(globals.json, globals.quiet, globals.color);
    let reporter = match guest.guide {
        Some(guide) => guide(reporter),
        None => reporter,
    };
    let (mut witnesses, listening) = servers.ears.start();
    witnesses.extend(servers.witnesses);
    let setup = Setup {
        source,
        journal: record.journal,
        recorded: record.recorded,
        speed: 1.0,
        plan,
        server: servers.doors.tftp,
        http: servers.doors.http,
        metrics: servers.doors.metrics,
        web: servers.doors.web,
        observations: witnesses,
        findings: servers.found,
        poller: servers.poller,
        started,
        reporter,
        next_steps: afterwards,
    };
    let ended = runtime()?.block_on(async {
        let mut signals = match guest.signals {
            Some(signals) => signals,
            None => signals()?,
        };
        Ok::<_, Failure>(session::run_with_operator(setup, guest.attendant, &mut signals).await)
    })?;
    listening.end();
    outcome(ended)
}

/// The exit code of an ended run.
pub(crate) fn outcome(ended: session::RunOutcome) -> Result<Outcome, Failure> {
    match ended {
        session::RunOutcome {
            server_error: Some(fault),
            ..
        } => Err(Failure::new(
            format!("the server stopped by itself: {fault}"),
            "Start the run again: phones ask again by themselves",
        )),
        session::RunOutcome {
            signal: Some(number),
            ..
        } => Ok(Outcome::Signal(number)),
        session::RunOutcome {
            succeeded: true, ..
        } => Ok(Outcome::Done),
        _ => Ok(Outcome::Problems),
    }
}

/// Why nothing could be laid out.
pub(crate) fn stage_failure(error: StageError) -> Failure {
    let cure = error.cure();
    Failure::new(error, cure)
}

/// Where what is counted can be read.
pub(crate) fn metrics_words(server: Option<&http::Server>) -> Option<String> {
    server.map(|server| format!("metrics on http://{}/metrics", server.local_addr()))
}

/// What must happen when this server goes away.
pub(crate) fn afterwards(plan: &Plan) -> Vec<String> {
    let loads: Vec<&str> = plan
        .stages
        .iter()
        .map(|stage| stage.load.as_str())
        .collect();
    vec![
        format!(
            "Put DHCP option 150 (or 66) back, or point it at a permanent TFTP server: at every \
             start a phone asks for SEP<MAC>.cnf.xml there. If that configuration names a load \
             ({}), the server must hold its .loads file and every image; a configuration \
             without loadInformation needs neither.",
            loads.join(", ")
        ),
        "There is no way back to SCCP without an SCCP bundle for the same phones: keep one."
            .to_owned(),
    ]
}
