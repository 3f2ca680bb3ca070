//! A run: a source of files, the engine that serves them, the fleet that tracks who
//! fetches what, and the display, held together from the first request to the report.
//!
//! The engine has a thread of its own, and HTTP another, so that a slow terminal never makes
//! a phone wait. They call the desk for every request; what the fleet makes of it goes
//! through the events to this side.

mod clock;
mod dispatch;
mod event_queue;
mod operator;
mod service;
mod signals;
mod sources;
mod survey;
mod web_polling;

use std::{
    fmt, io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU64},
    task::{Context, Poll},
    thread,
    time::{Duration, Instant},
};

use tokio::{
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval},
};

use self::{
    clock::Clock, event_queue::EventQueue, operator::Operator, service::TftpHandler,
    sources::Sources, web_polling::WebPolling,
};
pub use self::{
    clock::{valid_speed, wall_clock},
    operator::OperatorPrompt,
    signals::Signals,
};
use crate::{
    diagnose::Finding,
    discovery::{ArpTable, poll::Poller},
    http,
    journal::{Finished, Journal, RecordedRun, Sessions},
    metrics::{self, Counters, Exporter},
    reporter::{Reporter, Started},
    stage::{ServedFolder, Stage, StagedFile},
    text::escape,
    tftp,
    track::{EvidenceSource, Fleet, Observation, ObservationKind, PhoneRef, Plan, Report, View},
    web::{self, SharedView, TeeReporter},
};

/// How often time is passed to the fleet. Its limits are seconds and minutes.
const TICK: Duration = Duration::from_millis(200);

/// How often the ARP table is read while the MAC of an address is not known.
const ARP_INTERVAL: Duration = Duration::from_secs(2);

/// Where the files of a run come from.
#[derive(Debug)]
pub enum Source {
    /// Verified bundles.
    Stage(Stage),
    /// A plain folder.
    ServedFolder(ServedFolder),
}

impl Source {
    fn resolve(&self, view: View, name: &str) -> Option<StagedFile> {
        match self {
            Self::Stage(stage) => stage.resolve(view, name),
            // Why a file cannot be had is for the person here, not for the wire.
            Self::ServedFolder(folder) => folder.resolve(name).unwrap_or_else(|error| {
                tracing::warn!("{}", escape(&error.to_string()));
                None
            }),
        }
    }
}

/// What a run is made of.
pub struct Setup {
    /// What is served.
    pub source: Source,
    /// Of whom what is expected.
    pub plan: Plan,
    /// The engine, bound and not yet running.
    pub server: tftp::Bound,
    /// The same for HTTP; `None`: it is not served.
    pub http: Option<http::Server>,
    /// Where what is counted can be read; `None`: nowhere.
    pub metrics: Option<http::Server>,
    /// Where the run is shown on a page; `None`: nowhere.
    pub web: Option<web::Server>,
    /// What others hear of phones, and when; each ends when its sender is gone.
    pub observations: Vec<mpsc::Receiver<(Instant, Observation)>>,
    /// What is found to be wrong with this machine or its network, the worst first; ends when
    /// its sender is gone.
    pub findings: Option<mpsc::Receiver<Finding>>,
    /// Asks phones for their web pages; `None`: nobody does.
    pub poller: Option<Poller>,
    /// How many times as fast as real phones these live: 1, but in a rehearsal. What the
    /// tracking counts in minutes then passes as fast.
    pub speed: f64,
    /// Where the run is recorded.
    pub journal: Option<Journal>,
    /// What was recorded of it before, if it is resumed.
    pub recorded: Option<RecordedRun>,
    /// What is said when serving begins.
    pub started: Started,
    /// Who says it.
    pub reporter: Box<dyn Reporter>,
    /// What is said at the end.
    pub next_steps: Vec<String>,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup")
            .field("started", &self.started)
            .finish_non_exhaustive()
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct RunOutcome {
    /// What became of every phone.
    pub report: Report,
    /// Whether all expected phones are done, and at least one came.
    pub succeeded: bool,
    /// The number of the signal that ended it.
    pub signal: Option<u8>,
    /// The engine's own fault, where it stopped by one.
    pub server_error: Option<io::Error>,
}

/// What all threads of a run share.
#[derive(Debug)]
struct Shared {
    source: Source,
    fleet: Mutex<Fleet>,
    events: Arc<EventQueue>,
    clock: Clock,
    /// The next transfer's number, over all transports.
    transfers: AtomicU64,
    journal: Option<Journal>,
    counters: Counters,
}

impl Shared {
    /// A panic of the other thread leaves a fleet that is still good for a report.
    fn fleet(&self) -> MutexGuard<'_, Fleet> {
        self.fleet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What became of every phone so far, with times of day and names.
    fn report(&self) -> Report {
        let mut report = self.fleet().report(self.clock.began());
        self.clock.to_wall_clock(&mut report);
        report
    }
}

/// Serves until every expected phone is done or has failed, the time is up, or a signal
/// comes; drains; reports. The source is gone when this returns.
pub async fn run(setup: Setup, signals: &mut Signals) -> RunOutcome {
    run_with_operator(setup, None, signals).await
}

/// The same with somebody who is asked before it ends by itself.
pub async fn run_with_operator(
    setup: Setup,
    prompt: Option<Box<dyn OperatorPrompt>>,
    signals: &mut Signals,
) -> RunOutcome {
    let Setup {
        source,
        plan,
        server,
        http,
        metrics,
        web,
        observations,
        findings,
        poller,
        speed,
        journal,
        recorded,
        started,
        mut reporter,
        mut next_steps,
    } = setup;
    let sessions = match &journal {
        Some(journal) => journal.sessions().clone(),
        None => Sessions::new(wall_clock(), valid_speed(speed)),
    };
    let clock = Clock::start(sessions, speed);
    // Counts from the beginning of this sitting.
    let timeout = plan.timeout.map(|timeout| clock.moment(timeout));
    let plan = Plan { timeout, ..plan };
    let (fleet, transfers) = match &recorded {
        Some(recorded) => (recorded.refold(plan), recorded.next_transfer()),
        None => (Fleet::new(plan), 0),
    };
    let shared = Arc::new(Shared {
        source,
        fleet: Mutex::new(fleet),
        events: Arc::default(),
        clock,
        transfers: AtomicU64::new(transfers),
        journal,
        counters: Counters::default(),
    });
    if let Some(journal) = &shared.journal {
        let events = Arc::clone(&shared.events);
        journal.on_change(move || events.wake());
    }
    let (web, board) = web.map(|server| show(&shared, server)).unzip();
    if let Some(board) = board {
        reporter = Box::new(TeeReporter::new(reporter, board));
    }
    reporter.started(shared.clock.wall_now(), &started);
    if let Some(recorded) = recorded {
        shared.restore(&recorded);
    }
    let desk = TftpHandler::new(Arc::clone(&shared));
    let mut threads = vec![ServerThread::start("tftp", move |stop| {
        server.run(desk, stop)
    })];
    if let Some(http) = http {
        let desk = service::HttpHandler::new(Arc::clone(&shared));
        threads.push(ServerThread::start("http", move |stop| {
            http.run_here(desk, stop)
        }));
    }
    let metrics = metrics.map(|server| count(&shared, server));
    let over = || threads.iter().any(ServerThread::is_over);
    let inputs = Inputs {
        witnesses: Sources::new(observations),
        pages: WebPolling::new(poller),
        findings,
    };
    let operator = Operator::new(prompt, timeout);
    let signal = event_loop(&shared, reporter.as_mut(), signals, inputs, operator, over).await;
    // All are told before one is waited for.
    let threads: Vec<_> = threads.into_iter().map(ServerThread::stop).collect();
    let faults = threads.into_iter().map(|ended| ended().err());
    let server_error = faults.fold(None, Option::or);
    if let Some(Err(error)) = metrics.map(|running| running.stop()()) {
        tracing::warn!("metrics could not be served: {error}");
    }
    let report = shared.report();
    let fleet = shared.fleet();
    if let Some(journal) = &shared.journal {
        let finished = Finished {
            totals: report.totals,
            succeeded: server_error.is_none() && fleet.succeeded(),
            signal,
        };
        next_steps.extend(journal.finish(fleet.now(), finished));
    }
    drop(fleet);
    shared.report_all_events(reporter.as_mut());
    reporter.finished(shared.clock.wall_now(), &report, &next_steps);
    if let Some(Err(error)) = web.map(|running| running.stop()()) {
        tracing::warn!("the page could not be served: {error}");
    }
    let succeeded = server_error.is_none() && shared.fleet().succeeded();
    RunOutcome {
        report,
        succeeded,
        signal,
        server_error,
    }
}

/// Lets what is counted be read. Not one of the servers without which a run is over.
fn count(shared: &Arc<Shared>, server: http::Server) -> ServerThread {
    let shared = Arc::clone(shared);
    let page = move || {
        let phones = shared.fleet().counts();
        metrics::render(&shared.counters, &phones)
    };
    ServerThread::start("metrics", move |stop| {
        server.run_here(Exporter::new(page), stop)
    })
}

/// Shows on a page what the board is told. Nor is a run over without this.
fn show(shared: &Arc<Shared>, server: web::Server) -> (ServerThread, Arc<SharedView>) {
    let shared = Arc::clone(shared);
    let board = Arc::new(SharedView::new(wall_clock, move || shared.report()));
    let told = Arc::clone(&board);
    let running = ServerThread::start("web", move |stop| server.run_here(told, stop));
    (running, board)
}

/// One server on a thread of its own.
struct ServerThread {
    stop: oneshot::Sender<()>,
    thread: io::Result<thread::JoinHandle<io::Result<()>>>,
}

impl ServerThread {
    /// Starts it. `serve` is given what tells it to stop.
    fn start(name: &str, serve: impl FnOnce(Stop) -> io::Result<()> + Send + 'static) -> Self {
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(Stop(stopped)));
        Self { stop, thread }
    }

    /// Whether it ended, or never began.
    fn is_over(&self) -> bool {
        self.thread
            .as_ref()
            .map_or(true, thread::JoinHandle::is_finished)
    }

    /// Tells it to stop; what is given back waits for its end.
    fn stop(self) -> impl FnOnce() -> io::Result<()> {
        // The other end is gone only where it ended first; then it has stopped.
        let _ = self.stop.send(());
        move || {
            let panicked = |_| Err(io::Error::other("a thread that serves files panicked"));
            self.thread?.join().unwrap_or_else(panicked)
        }
    }
}

/// Resolves when a server is to stop.
struct Stop(oneshot::Receiver<()>);

impl Future for Stop {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // An error means that the run is gone, which says "stop" as well.
        Pin::new(&mut self.0).poll(context).map(drop)
    }
}

/// What a run is told beside requests.
struct Inputs {
    witnesses: Sources,
    pages: WebPolling,
    findings: Option<mpsc::Receiver<Finding>>,
}

/// The next finding. Once there are no more, it never comes.
async fn next(found: &mut Option<mpsc::Receiver<Finding>>) -> Finding {
    if let Some(queue) = found {
        if let Some(finding) = queue.recv().await {
            return finding;
        }
        *found = None;
    }
    std::future::pending().await
}

/// The run's own side: tells events, lets time pass, minds signals. Returns the signal that
/// ended the run.
async fn event_loop(
    shared: &Shared,
    reporter: &mut dyn Reporter,
    signals: &mut Signals,
    mut inputs: Inputs,
    mut operator: Operator,
    engine_is_over: impl Fn() -> bool,
) -> Option<u8> {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut arp = interval(ARP_INTERVAL);
    arp.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut signal = None;
    let mut draining = false;
    let mut survey = survey::SurveyNotice::default();
    loop {
        let mut ticked = false;
        tokio::select! {
            () = shared.events.changed() => {}
            _ = ticks.tick() => {
                ticked = true;
                shared.tick();
                if let Some(words) = shared.journal.as_ref().and_then(Journal::disk_warning) {
                    reporter.notice(&words);
                }
            }
            _ = seconds.tick() => {
                let now = shared.clock.now();
                let wanted = shared.fleet().poll_candidates();
                inputs.pages.look(now, &wanted);
                for (phone, expected) in shared.fleet().expected_activity() {
                    let left = expected.until.saturating_sub(now);
                    reporter.waiting(phone, expected.what, left);
                }
            }
            _ = arp.tick() => shared.read_arp_table(),
            found = next(&mut inputs.findings) => reporter.finding(shared.clock.wall_now(), &found),
            observations = inputs.witnesses.next() => {
                for (at, observation) in observations {
                    shared.observe(shared.clock.at(at), &observation);
                }
            }
            told = inputs.pages.next(|| shared.clock.now()) => {
                for observation in told.observations {
                    shared.observe(shared.clock.now(), &observation);
                }
                if let Some(words) = told.notice {
                    reporter.notice(&words);
                }
            }
            number = signals.next() => {
                let fragile = shared.fleet().must_stay_powered();
                if signal.is_some() {
                    reporter.notice(&leaving(&fragile));
                    return signal;
                }
                signal = Some(number);
                reporter.notice(&stopping(&fragile));
            }
        }
        shared.report_events(reporter);
        survey.look(shared, reporter);
        if ticked {
            let awaited = shared.fleet().missing_count();
            reporter.tick(shared.clock.tick(awaited));
        }
        let now = shared.clock.now();
        let goes_on = !draining && signal.is_none();
        let is_over = goes_on && shared.is_over(&mut operator, reporter);
        if is_over && let Some(mut prompt) = operator.prompt.take() {
            shared.ask(prompt.as_mut());
            // Who pressed Ctrl-C there meant the run.
            signal = tokio::time::timeout(TICK, signals.next()).await.ok();
            continue;
        }
        let mut fleet = shared.fleet();
        if !draining && (signal.is_some() || is_over) {
            fleet.drain(now);
            draining = true;
        }
        if (draining && fleet.drained(now)) || engine_is_over() {
            return signal;
        }
    }
}

impl Shared {
    /// Phones in their boot loader do not report their MAC; the kernel's ARP table may have it.
    fn read_arp_table(&self) {
        let unnamed = self.fleet().unidentified_addresses();
        if unnamed.is_empty() {
            return;
        }
        let table = match ArpTable::read() {
            Ok(table) => table,
            Err(error) => {
                tracing::debug!("cannot read the kernel's ARP table: {error}");
                return;
            }
        };
        for (address, mac) in table.unique_macs(&unnamed) {
            let source = EvidenceSource::Neighbour;
            let seen = ObservationKind::MacReported { mac, source };
            self.observe(self.clock.now(), &Observation { address, seen });
        }
    }
}

fn stopping(fragile: &[PhoneRef]) -> String {
    if fragile.is_empty() {
        return "stopping".to_owned();
    }
    format!(
        "stopping: no new phone is served; waiting for {}. Do not unplug. Press Ctrl-C again \
         to leave now",
        phone_list(fragile)
    )
}

fn leaving(fragile: &[PhoneRef]) -> String {
    if fragile.is_empty() {
        return "leaving now".to_owned();
    }
    format!(
        "leaving now. DO NOT UNPLUG {}: start this run again to finish them",
        phone_list(fragile)
    )
}

fn phone_list(phones: &[PhoneRef]) -> String {
    let name = |phone: &PhoneRef| {
        let named = phone.name.as_ref().map(|name| format!(" {}", escape(name)));
        match phone.mac {
            Some(mac) => format!("SEP{}{}", mac.upper_hex(), named.unwrap_or_default()),
            None => phone.address.to_string(),
        }
    };
    phones.iter().map(name).collect::<Vec<_>>().join(", ")
}
