//! `reflash convert`: stage, serve, track, report.

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::ArgMatches;

use super::{
    bundles::{BridgeArgs, RecoveryArgs, TrustArgs},
    dhcp::DhcpArgs,
    extra_files::ExtraFilesArgs,
    globals::{CommandOutcome, Globals},
    heading,
    inventory::{self, InventoryArgs},
    journal::ResumeArgs,
    metrics::MetricsArgs,
    network::NetworkArgs,
    number::{duration, number},
    observers::Observers,
    opening::{after_conversion, opening, survey_message},
    preflight::PreflightArgs,
    registrar::RegistrarArgs,
    resets,
    restarts::RestartArgs,
    run::{self, RunServices},
    served_files::{ServedFiles, served_files},
    web::WebArgs,
};
use crate::{
    bundle::Bundle,
    failure::Failure,
    inputs::{
        bundles::{self, Selection, Trust},
        run_inputs::RunInputs,
    },
    inventory::Inventory,
    journal::Arguments,
    phone::MacAddress,
    preflight::SelectedInterface,
    privileges,
    resume::{self, PreviousRun, RunRecord, RunStart},
    services::dhcp::{BoundDhcp, ProbedDhcp},
    session::Source,
    stage::Stage,
    text::command_lines,
    track::Plan,
    wizard::{CommandLine, Syntax, resume_words},
};

/// Convert phones: one, or a whole site
///
/// Verifies the bundles, stages them in a temporary folder, serves it over TFTP and HTTP, and
/// reports the progress of every phone. This machine is not changed; the folder is removed at
/// the end.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  Every phone that comes, until Ctrl-C:
    sudo reflash convert cmterm-7945_7965-sip.9-3-1SR4-1.zip
  Twenty phones, at most two hours, from a script:
    sudo reflash convert BUNDLE --expect 20 --timeout 2h --json
  The phones of a list, until each is done:
    sudo reflash convert BUNDLE --inventory phones.csv
  A list that sets `pbx`: the phones are also configured, and register:
    sudo reflash convert BUNDLE --inventory office.toml
  With configurations that you wrote:
    sudo reflash convert BUNDLE --add SEP001D45AABB0C.cnf.xml --add dialplan.xml
  On a separate switch without a DHCP server:
    sudo reflash convert BUNDLE --interface eth0 --dhcp isolated
  Phones in use: listen for 5 minutes first, to learn which load each runs:
    sudo reflash convert BUNDLE --bridge BRIDGE --survey 5m
  Old phones, which need 8.5(2) before the target:
    sudo reflash convert BUNDLE --bridge cmterm-7945_7965-sccp.8-5-2.zip
  Restart the phones of the list in waves, so that no key is pressed:
    sudo reflash convert BUNDLE --inventory phones.csv --restart --dry-run
    sudo reflash convert BUNDLE --inventory phones.csv --restart
  After this machine crashed or lost power:
    sudo reflash convert --resume")]
pub(crate) struct Args {
    /// Firmware bundles, as downloaded from Cisco (cmterm-….zip)
    #[arg(required_unless_present = "resume", value_name = "BUNDLE")]
    pub(super) bundles: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) bridge: BridgeArgs,
    #[command(flatten)]
    pub(super) trust: TrustArgs,
    #[command(flatten)]
    recovery: RecoveryArgs,
    #[command(flatten)]
    pub(super) network: NetworkArgs,
    #[command(flatten)]
    pub(super) dhcp: DhcpArgs,
    #[command(flatten)]
    preflight: PreflightArgs,
    /// Convert only these phones
    #[arg(long, value_name = "MAC,…", value_delimiter = ',', help_heading = heading::PHONES)]
    pub(super) only: Vec<MacAddress>,
    #[command(flatten)]
    pub(super) inventory: InventoryArgs,
    /// Convert only the phones of --inventory
    ///
    /// Without it, other phones that come are converted too; the run does not wait for them.
    #[arg(long, requires = "inventory", conflicts_with = "only", help_heading = heading::PHONES)]
    only_listed: bool,
    /// End when this many phones are done
    #[arg(long, value_name = "N", value_parser = number(1..=u32::MAX),
          conflicts_with_all = ["only", "inventory"], help_heading = heading::PHONES)]
    pub(super) expect: Option<u32>,
    /// End after this time: 90s, 10m, 1h30m
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = heading::PHONES)]
    pub(super) timeout: Option<Duration>,
    /// End when this many phones have failed
    #[arg(long, value_name = "N", value_parser = number(1..=u32::MAX),
          help_heading = heading::PHONES)]
    max_failures: Option<u32>,
    #[command(flatten)]
    pub(super) extra_files: ExtraFilesArgs,
    /// Call manager in XMLDefault.cnf.xml
    ///
    /// The processNodeName. Default: the serving address.
    #[arg(long, value_name = "ADDRESS", help_heading = heading::CONFIGURATION)]
    pub(super) call_manager: Option<Ipv4Addr>,
    /// Listen for this time before firmware is offered: 5m
    ///
    /// Running phones report their load when they restart. During the survey no firmware is
    /// offered, except to phones in their boot loader. Then each phone's route is planned: via
    /// the bridge, directly to the target, or nothing to do.
    #[arg(long, value_name = "DURATION", value_parser = duration,
          help_heading = heading::DISCOVERY)]
    pub(super) survey: Option<Duration>,
    #[command(flatten)]
    registrar: RegistrarArgs,
    #[command(flatten)]
    restarts: RestartArgs,
    #[command(flatten)]
    pub(super) journal: ResumeArgs,
    #[command(flatten)]
    metrics: MetricsArgs,
    #[command(flatten)]
    web: WebArgs,
}

impl Args {
    /// How bundles are verified, and what is accepted.
    pub(super) fn trust(&self) -> Trust {
        Trust {
            without_recovery: self.recovery.without_recovery,
            ..self.trust.trust()
        }
    }
}

pub(crate) fn run(
    args: &Args,
    matches: (&ArgMatches, Syntax),
    globals: &Globals,
) -> Result<CommandOutcome, Failure> {
    run_with(args, matches, globals, run::WizardHooks::default())
}

/// Runs with what the wizard adds.
pub(crate) fn run_with(
    args: &Args,
    (matches, syntax): (&ArgMatches, Syntax),
    globals: &Globals,
    hooks: run::WizardHooks,
) -> Result<CommandOutcome, Failure> {
    let isolated = check_flags(args)?;
    // Before the switch to another user, after which sudo is not known.
    let program = format!("{} convert", privileges::call());
    let options = CommandLine::given(matches, syntax).options_of_machine();
    let folder = privileges::state_folder();
    let previous = args.journal.previous(folder.as_deref())?;
    let inputs = inputs(args, previous.as_ref());
    let ServedFiles {
        selection,
        extra_files,
        inventory: inventory_file,
        made,
    } = served_files(&inputs, &args.only, previous.as_ref(), globals.quiet)?;
    let inventory = inventory_file.as_ref().map(|file| &file.inventory);
    let all_bundles = selection.all();
    let own_files = [&extra_files[..], &made.files].concat();
    let chosen = args.network.choose()?.because(hooks.reason.as_deref());
    let recorded = || previous.as_ref()?.call_manager();
    let given = args.call_manager.or_else(recorded);
    let call_manager = call_manager(given, &chosen)?;
    let preflight = args
        .preflight
        .run(&args.network.check_options(isolated), &chosen);
    let servers = args.network.bind(args.metrics, args.web, &chosen)?;
    let dhcp = args.dhcp.open(&chosen)?;
    let ports = args.registrar.ports(args.restarts.restart);
    let mut observers = Observers::open(ports, &own_files, &chosen, call_manager)?;
    let dhcp_message = dhcp.as_ref().map(BoundDhcp::message);
    // The probe takes seconds, so it comes before staging: a signal in this time leaves no files
    // behind.
    let dhcp = dhcp.map(BoundDhcp::probe).transpose()?;
    let Selection { targets, bridges } = &selection;
    // Files are opened before the drop, as the user who started the program.
    let (stage, temporary_message) = args.network.lay_out(|| {
        Stage::temporary_with_files(targets, bridges, &own_files, call_manager.into())
    })?;
    let plan = plan(args, &stage, &chosen, inventory);
    let (plan, registration_messages) = observers.complete(plan, &chosen);
    let plan = agreed_plan(args, plan, previous.as_ref())?;
    let made_from = inventory_file.as_ref().filter(|_| !made.files.is_empty());
    let start = RunStart {
        network: servers.network(),
        command: Arguments {
            options: options.clone(),
            ..inputs.to_record(&extra_files, made_from, given)
        },
        bundles: &all_bundles,
        plan: &plan,
    };
    let record = record(args, previous, folder.as_deref(), start, globals.quiet)?;
    let dropped = args.network.drop_privileges(None)?;
    // The DHCP server stops when it is dropped at the end of this function.
    let mut dhcp = dhcp.map(ProbedDhcp::start).transpose()?;
    let mut messages = opening(&chosen, call_manager, dhcp_message);
    messages.extend(reset_messages(args, &plan, targets, bridges));
    messages.extend(dropped.into_iter().chain(temporary_message));
    messages.extend_from_slice(observers.captures.messages());
    messages.extend(servers.metrics_message());
    messages.extend(registration_messages);
    messages.extend(args.network.messages());
    messages.extend(made.messages);
    messages.extend(inventory::unlisted_message(&plan));
    let stages = bundles::started_stages(&selection, &plan);
    let journal = record.path();
    let continued = |journal| command_lines(&program, &resume_words(journal, &options), 6);
    let resume = journal.map(continued);
    let (before, after) = resume::messages(journal, resume.as_deref());
    messages.extend(before);
    let started = servers.started(stage.root(), journal, stages, messages);
    let afterwards = [args.network.messages(), after].concat();
    let after_conversion = run::AfterConversion {
        resume,
        network: after_conversion(&plan, isolated),
    };
    let restarts = args.restarts.setup(&mut observers.registrar);
    // The listeners live as long as the run.
    let (_listening, observations) = observers.registrar.start()?.unzip();
    let outcome = run::run(
        Source::Stage(stage),
        plan,
        RunServices {
            servers,
            observations: observations
                .into_iter()
                .chain(
                    dhcp.as_mut()
                        .and_then(crate::dhcp::RunningServer::observations),
                )
                .collect(),
            poller: args.registrar.poller(),
            wire: Some(observers.captures.activity()),
            captures: observers.captures,
            after_conversion,
            findings: Some(preflight.start(globals.quiet)),
            restarts,
        },
        started,
        afterwards,
        record,
        run::Ui { globals, hooks },
    )?;
    Ok(args.restarts.outcome(outcome))
}

/// Checks the flags against each other. Returns whether this program serves addresses.
fn check_flags(args: &Args) -> Result<bool, Failure> {
    let times = args.timeout.zip(args.survey);
    if times.is_some_and(|(end, survey)| end <= survey) {
        return Err(Failure::usage(
            "--timeout ends the run before --survey is over: no phone would be offered firmware",
            "Give a longer --timeout; it counts from the start of the run, including the survey",
        ));
    }
    let is_listed =
        !args.only.is_empty() || args.inventory.inventory.is_some() || args.journal.resume;
    args.restarts.check(is_listed, args.registrar.has_sccp())?;
    args.dhcp.isolated()
}

/// The plan, completed from the run that is resumed, with the operator's consent to restarts.
fn agreed_plan(args: &Args, plan: Plan, previous: Option<&PreviousRun>) -> Result<Plan, Failure> {
    let plan = match previous {
        Some(previous) => previous.plan(plan)?,
        None => plan,
    };
    let plan = args.restarts.adapt(plan);
    args.restarts.agree(&plan)?;
    Ok(plan)
}

/// Records the run, unless it is a dry run.
fn record(
    args: &Args,
    previous: Option<PreviousRun>,
    state_folder: Option<&Path>,
    start: RunStart<'_>,
    quiet: bool,
) -> Result<RunRecord, Failure> {
    if args.restarts.dry_run {
        return Ok(RunRecord::default());
    }
    args.journal.record(previous, state_folder, start, quiet)
}

/// What the operator does so that phones fetch firmware, or what the run only listens for.
fn reset_messages(args: &Args, plan: &Plan, targets: &[Bundle], bridges: &[Bundle]) -> Vec<String> {
    match plan.survey {
        _ if args.restarts.dry_run => vec![RestartArgs::dry_run_message(plan)],
        Some(_) if args.journal.resume => Vec::new(),
        Some(survey) => vec![survey_message(survey)],
        None => resets::messages(targets, bridges),
    }
}

/// What is served, and which phones are expected.
fn plan(
    args: &Args,
    stage: &Stage,
    chosen: &SelectedInterface,
    inventory: Option<&Inventory>,
) -> Plan {
    Plan {
        stages: stage.plan(),
        bridge: stage.bridge_plan(),
        only: match inventory {
            Some(inventory) if args.only_listed => Some(inventory.macs()),
            _ => (!args.only.is_empty()).then(|| args.only.clone()),
        },
        expected: inventory.map(Inventory::macs),
        names: inventory.map(Inventory::names).unwrap_or_default(),
        models: inventory.map(Inventory::models).unwrap_or_default(),
        expect: args.expect.map(|count| count as usize),
        max_failures: args.max_failures.map(|count| count as usize),
        timeout: args.timeout,
        registration_wait: args.registrar.registration_wait(),
        survey: args.survey,
        network: chosen.network(),
        routed: args.network.routed(),
        ..Plan::default()
    }
}

/// The call manager that phones get: the given one, or else this machine.
fn call_manager(given: Option<Ipv4Addr>, chosen: &SelectedInterface) -> Result<Ipv4Addr, Failure> {
    if chosen.address.is_unspecified() && given.is_none() {
        return Err(Failure::usage(
            "--listen 0.0.0.0 serves on every interface, so there is no one address to give to \
             phones as their call manager",
            "Add --call-manager ADDRESS, or listen on one address",
        ));
    }
    Ok(given.unwrap_or(chosen.address))
}

/// The inputs of the command line, completed from the run that is resumed.
fn inputs(args: &Args, previous: Option<&PreviousRun>) -> RunInputs {
    let mut inputs = RunInputs {
        bundles: args.bundles.clone(),
        bridges: args.bridge.bridges.clone(),
        trust: args.trust(),
        extra_files: args.extra_files.files.clone(),
        inventory: args.inventory.inventory.clone(),
        secrets: args.inventory.secrets.clone(),
        ..RunInputs::default()
    };
    if let Some(previous) = previous {
        previous.complete(&mut inputs);
    }
    inputs
}
