//! Runs a session with its display, its signals and its exit code.

use std::{sync::Arc, time::Instant};

use tokio::sync::mpsc;

use super::globals::{CommandOutcome, Globals};
use crate::{
    diagnose::Finding,
    discovery::{WireActivity, poll::Poller},
    display,
    failure::Failure,
    reporter::Started,
    resume::RunRecord,
    services::{captures::Captures, runtime, servers::BoundServers},
    session::{self, OperatorPrompt, RestartSetup, Setup, Signals, Source},
    track::{Observation, Plan},
    wizard::DecorateReporter,
};

/// What the wizard adds to a run.
#[derive(Default)]
pub(crate) struct WizardHooks {
    /// Adds instructions for the operator to the display.
    pub(crate) decorate: Option<DecorateReporter>,
    /// Asks the operator before the run ends.
    pub(crate) operator_prompt: Option<Box<dyn OperatorPrompt>>,
    /// The signals, if they are caught already.
    pub(crate) signals: Option<Signals>,
    /// Why the wizard chose the interface.
    pub(crate) reason: Option<String>,
}

/// How a run interacts with the operator.
pub(crate) struct Ui<'a> {
    pub(crate) globals: &'a Globals,
    pub(crate) hooks: WizardHooks,
}

/// Everything that serves or observes, opened and not yet running.
pub(crate) struct RunServices {
    pub(crate) servers: BoundServers,
    /// Observations of services that are already running.
    pub(crate) observations: Vec<mpsc::Receiver<(Instant, Observation)>>,
    /// Polls phones' web pages.
    pub(crate) poller: Option<Poller>,
    pub(crate) captures: Captures,
    /// What the interfaces receive while no phone comes; `None`: no hints are given.
    pub(crate) wire: Option<Arc<WireActivity>>,
    /// What the operator has to do after the phones of a conversion came.
    pub(crate) after_conversion: AfterConversion,
    /// Findings of the preflight.
    pub(crate) findings: Option<mpsc::Receiver<Finding>>,
    /// What restarts phones.
    pub(crate) restarts: Option<RestartSetup>,
}

/// What the operator has to do after phones came.
#[derive(Debug, Default)]
pub(crate) struct AfterConversion {
    /// The command that continues the run, as lines to copy; `None`: it cannot be continued.
    pub(crate) resume: Option<String>,
    /// What to do in the network.
    pub(crate) network: String,
}

/// Serves until the run is over.
pub(crate) fn run(
    source: Source,
    plan: Plan,
    services: RunServices,
    started: Started,
    afterwards: Vec<String>,
    record: RunRecord,
    ui: Ui<'_>,
) -> Result<CommandOutcome, Failure> {
    let Ui { globals, hooks } = ui;
    let reporter = display::reporter(globals.json, globals.quiet, globals.color);
    let reporter = match hooks.decorate {
        Some(decorate) => decorate(reporter),
        None => reporter,
    };
    let (mut observations, capturing) = services.captures.start();
    observations.extend(services.observations);
    let (journal, recorded) = record.start()?;
    let setup = Setup {
        source,
        journal,
        recorded,
        speed: 1.0,
        plan,
        server: services.servers.tftp,
        http: services.servers.http,
        metrics: services.servers.metrics,
        web: services.servers.web,
        sources: session::SetupSources {
            observations,
            findings: services.findings,
            poller: services.poller,
            restarts: services.restarts,
        },
        started,
        reporter,
        advice: session::Advice {
            wire: services.wire,
            resume: services.after_conversion.resume,
            network: services.after_conversion.network,
            next_steps: afterwards,
        },
    };
    let ended = runtime::runtime()?.block_on(async {
        let mut signals = match hooks.signals {
            Some(signals) => signals,
            None => runtime::signals()?,
        };
        Ok::<_, Failure>(
            session::run_with_operator(setup, hooks.operator_prompt, &mut signals).await,
        )
    })?;
    capturing.end();
    outcome(ended)
}

/// The exit code of an ended run.
pub(crate) fn outcome(ended: session::RunOutcome) -> Result<CommandOutcome, Failure> {
    match ended {
        session::RunOutcome {
            server_error: Some(fault),
            ..
        } => Err(Failure::new(
            format!("the server stopped unexpectedly: {fault}"),
            "Start the run again; phones retry on their own",
        )),
        session::RunOutcome {
            signal: Some(number),
            ..
        } => Ok(CommandOutcome::Signal(number)),
        session::RunOutcome {
            succeeded: true, ..
        } => Ok(CommandOutcome::Done),
        _ => Ok(CommandOutcome::Problems),
    }
}
