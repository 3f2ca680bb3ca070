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
    session::{self, OperatorPrompt, Setup, Signals, Source},
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
    /// What the operator has to do after a conversion.
    pub(crate) after_conversion: Vec<String>,
    /// Findings of the preflight.
    pub(crate) findings: Option<mpsc::Receiver<Finding>>,
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
    let setup = Setup {
        source,
        journal: record.journal,
        recorded: record.recorded,
        speed: 1.0,
        plan,
        server: services.servers.tftp,
        http: services.servers.http,
        metrics: services.servers.metrics,
        web: services.servers.web,
        observations,
        findings: services.findings,
        poller: services.poller,
        started,
        reporter,
        advice: session::Advice {
            wire: services.wire,
            after_conversion: services.after_conversion,
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

/// What the operator has to do after the server is gone.
pub(crate) fn afterwards(plan: &Plan) -> Vec<String> {
    let loads: Vec<&str> = plan
        .stages
        .iter()
        .map(|stage| stage.load.as_str())
        .collect();
    vec![
        format!(
            "Restore DHCP option 150 (or 66), or point it at a permanent TFTP server. At every \
             start a phone requests SEP<MAC>.cnf.xml there. If that configuration names a load \
             ({}), the server must have its .loads file and every image; a configuration without \
             loadInformation needs neither.",
            loads.join(", ")
        ),
        "Keep an SCCP bundle for these phones: it is the only way back to SCCP.".to_owned(),
    ]
}
