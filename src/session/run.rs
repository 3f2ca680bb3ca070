//! Runs a session, from its setup to its outcome.

use std::{
    io,
    sync::{Arc, Mutex, atomic::AtomicU64},
    time::Instant,
};

use super::{
    clock::{RunClock, valid_speed, wall_clock},
    event_loop::{Inputs, event_loop},
    hints::WaitingHints,
    messages::unregistered,
    next_steps::{PhonesAtEnd, after_conversion},
    operator::{Operator, OperatorPrompt},
    restarts::Restarts,
    secrets::SecretGuard,
    senders::Senders,
    server_thread::ServerThread,
    service::{HttpHandler, TftpHandler},
    setup::{Advice, Setup},
    shared::RunShared,
    signals::Signals,
    sources::ObservationSources,
    web_polling::WebPolling,
};
use crate::{
    http,
    journal::{RunFinished, Sessions},
    metrics::{self, Counters, Exporter},
    reporter::TeeReporter,
    run_view,
    track::{Fleet, ObservationLimiter, Plan, Report},
    web::{self, SharedView},
};

/// How a run ended.
#[derive(Debug)]
pub struct RunOutcome {
    /// The state of every phone.
    pub report: Report,
    /// Whether all expected phones are done and at least one phone was observed.
    pub succeeded: bool,
    /// The number of the signal that ended the run.
    pub signal: Option<u8>,
    /// The error that stopped a server, if one did.
    pub server_error: Option<io::Error>,
}

/// Serves until every expected phone is done or has failed, the time is up, or a signal comes;
/// then drains and reports. The source is dropped when this returns.
pub async fn run(setup: Setup, signals: &mut Signals) -> RunOutcome {
    run_with_operator(setup, None, signals).await
}

/// Like [`run`], and prompts the operator once before the run ends by itself.
#[expect(
    clippy::too_many_lines,
    reason = "the order of starts and ends of one run, in one place"
)]
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
        sources,
        speed,
        journal,
        recorded,
        started,
        mut reporter,
        advice,
    } = setup;
    let Advice {
        wire,
        resume,
        network,
        next_steps: always,
    } = advice;
    let sessions = match &journal {
        Some(journal) => journal.sessions().clone(),
        None => Sessions::new(wall_clock(), valid_speed(speed)),
    };
    let clock = RunClock::start(sessions, speed);
    let secrets = SecretGuard::new(*server.local_addr().ip(), plan.routed.clone());
    // The timeout counts from the beginning of this session.
    let timeout = plan.timeout.map(|timeout| clock.run_time(timeout));
    let plan = Plan { timeout, ..plan };
    let mut resumed = None;
    let (fleet, transfers) = match &recorded {
        Some(recorded) => {
            let mut fleet = Fleet::new(plan);
            let wall = |at| clock.wall(at);
            let view = run_view::fold(&mut fleet, &recorded.observations, recorded.last, wall);
            resumed = Some(view);
            (fleet, recorded.next_transfer())
        }
        None => (Fleet::new(plan), 0),
    };
    let shared = Arc::new(RunShared {
        source,
        fleet: Mutex::new(fleet),
        limiter: Mutex::new(ObservationLimiter::new(Instant::now())),
        events: Arc::default(),
        clock,
        transfers: AtomicU64::new(transfers),
        journal,
        secrets,
        counters: Counters::default(),
        senders: Senders::default(),
    });
    if let Some(journal) = &shared.journal {
        let events = Arc::clone(&shared.events);
        journal.on_change(move || events.wake());
    }
    let (web, view) = web.map(|server| start_web(&shared, server)).unzip();
    if let Some(view) = view {
        // The page first: a terminal may be slow.
        reporter = Box::new(TeeReporter::new(Box::new(view), reporter));
    }
    reporter.started(shared.clock.wall_now(), &started);
    if let Some(view) = resumed {
        reporter.resumed(&view);
    }
    if let Some(recorded) = recorded {
        shared.restore(&recorded);
    }
    let handler = TftpHandler::new(Arc::clone(&shared));
    let mut servers = vec![ServerThread::start("tftp", move |stop| {
        server.run(handler, stop)
    })];
    if let Some(http) = http {
        let handler = HttpHandler::new(Arc::clone(&shared));
        servers.push(ServerThread::start("http", move |stop| {
            http.run_here(handler, stop)
        }));
    }
    let metrics = metrics.map(|server| start_metrics(&shared, server));
    let is_over = || servers.iter().any(ServerThread::is_over);
    let mut inputs = Inputs {
        sources: ObservationSources::new(sources.observations),
        pages: WebPolling::new(sources.poller),
        findings: sources.findings,
        hints: WaitingHints::new(wire),
        restarts: Restarts::new(sources.restarts, &shared),
    };
    let operator = Operator::new(prompt, timeout);
    let signal = event_loop(
        &shared,
        reporter.as_mut(),
        signals,
        &mut inputs,
        operator,
        is_over,
    )
    .await;
    // All servers are stopped before the first is waited for.
    let servers: Vec<_> = servers.into_iter().map(ServerThread::stop).collect();
    let errors = servers.into_iter().map(|wait| wait().err());
    let server_error = errors.fold(None, Option::or);
    if let Some(Err(error)) = metrics.map(|server| server.stop()()) {
        tracing::warn!("the metrics server stopped: {error}");
    }
    let report = shared.report();
    let fleet = shared.fleet();
    let mut next_steps = if report.phones.is_empty() {
        inputs.hints.hints()
    } else if is_conversion(&network) {
        let phones = PhonesAtEnd::of(&fleet, &report);
        after_conversion(&phones, resume.as_deref(), &network)
    } else {
        Vec::new()
    };
    let lines = fleet.registrations();
    next_steps.extend(lines.and_then(|lines| unregistered(lines.not_registered)));
    next_steps.extend(inputs.restarts.summary(&report));
    next_steps.extend(always);
    let succeeded = server_error.is_none() && fleet.succeeded();
    if let Some(journal) = &shared.journal {
        journal.count(fleet.now(), shared.limiter().take_counted());
        let finished = RunFinished {
            totals: report.totals,
            succeeded,
            signal,
        };
        next_steps.extend(journal.finish(fleet.now(), finished));
    }
    drop(fleet);
    shared.report_all_events(reporter.as_mut());
    reporter.finished(shared.clock.wall_now(), &report, &next_steps);
    if let Some(Err(error)) = web.map(|server| server.stop()()) {
        tracing::warn!("the web page server stopped: {error}");
    }
    RunOutcome {
        report,
        succeeded,
        signal,
        server_error,
    }
}

/// Whether the run converts phones.
fn is_conversion(network: &str) -> bool {
    !network.is_empty()
}

/// Starts the metrics server. If that server stops, the run continues.
fn start_metrics(shared: &Arc<RunShared>, server: http::HttpServer) -> ServerThread {
    let shared = Arc::clone(shared);
    let page = move || {
        let phones = shared.fleet().counts();
        metrics::render(&shared.counters, &phones)
    };
    ServerThread::start("metrics", move |stop| {
        server.run_here(Exporter::new(page), stop)
    })
}

/// Starts the server of the web page. If that server stops, the run continues.
fn start_web(shared: &Arc<RunShared>, server: web::WebServer) -> (ServerThread, Arc<SharedView>) {
    let shared = Arc::clone(shared);
    let view = Arc::new(SharedView::new(wall_clock, move || shared.report()));
    let page_view = Arc::clone(&view);
    let thread = ServerThread::start("web", move |stop| server.run_here(page_view, stop));
    (thread, view)
}
