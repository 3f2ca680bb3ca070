//! `reflash rehearse`: a whole conversion with simulated phones, on loopback.

mod against;
mod synthetic;

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddrV4},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use self::synthetic::Synthetic;
use super::{
    bundles::{BridgeArgs, TrustArgs},
    convert::duration,
    globals::{Globals, Outcome},
    heading,
    inventory::InventoryArgs,
    journal::JournalArgs,
    network::Engine,
    run,
    web::WebArgs,
};
use crate::{
    bundle::Bundle,
    display,
    failure::Failure,
    inputs::{
        bundles::{self, Selection},
        configurations::{self, ConfigurationInputs},
        run_inputs::RunInputs,
        stage_failure,
    },
    inventory::Inventory,
    journal::{Header, Journal, Network},
    phone::Model,
    reporter::Started,
    resume,
    services::runtime,
    session::{self, Setup, Source},
    simulator::{
        Fault, FaultSpec,
        fleet::{self, FleetConfig, PhoneResult, Route},
    },
    stage::Stage,
    tftp,
    track::{DRAIN_LIMIT, Plan},
    web,
};

/// The address of the rehearsal's server: loopback, any free port.
const SERVER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);

/// How long simulated phones wait between transfers, compared with real ones: minutes of
/// writing become seconds.
const PACE: f64 = 0.02;

/// The same with `--fault loss`. A phone retries a request after 4 s at any pace, and several
/// in a row may be lost.
const PACE_WITH_LOSS: f64 = 0.12;

/// The session's clock runs slower than the phones' by this factor. A lost and repeated
/// request then stays below the shortest stall limit (3 minutes), and two boots 87 s apart
/// stay above the 60 s that make them two.
const CLOCK_LAG: f64 = 0.72;

/// The default timeout: a phone that is stuck must not keep the rehearsal running for ever.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(5);

/// Rehearse a whole conversion with simulated phones
///
/// Needs no privileges and no network, and leaves nothing behind. The phones use loopback
/// addresses (from 127.20.0.0 on) and fetch a synthetic bundle, or yours, from the real server.
/// Half of them are reset to their boot loader, the others are running and get a new load from
/// their configuration.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  reflash rehearse
  reflash rehearse --phones 200 --json
  reflash rehearse --fault power-cut=apps:40@2 --fault wrong-hardware@1
  reflash rehearse cmterm-7945_7965-sip.9-3-1SR4-1.zip --model 7965
  Only the phones, with a server of yours:
    reflash rehearse --phones 20 --against 127.0.0.1:6969")]
pub(crate) struct Args {
    /// Bundles to rehearse with; default: a synthetic one
    #[arg(value_name = "BUNDLE", conflicts_with = "against")]
    bundles: Vec<PathBuf>,
    #[command(flatten)]
    bridge: BridgeArgs,
    #[command(flatten)]
    trust: TrustArgs,
    /// Engine: native or async-tftp
    #[arg(
        long,
        value_name = "ENGINE",
        default_value = "native",
        hide_possible_values = true,
        conflicts_with = "against",
        help_heading = heading::NETWORK
    )]
    engine: Engine,
    /// Only run the phones, with this server
    ///
    /// The server must listen on loopback.
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = loopback,
          conflicts_with_all = ["bridges", "inventory", "journal", "web"],
          help_heading = heading::NETWORK)]
    against: Option<SocketAddrV4>,
    /// Number of phones, 1 to 1000
    #[arg(long, value_name = "N", default_value_t = 4,
          value_parser = clap::value_parser!(u16).range(1..=1000), help_heading = heading::PHONES)]
    phones: u16,
    /// Model of the phones
    ///
    /// Default: every model of the bundle in turn.
    #[arg(long, value_name = "M", value_parser = model, help_heading = heading::PHONES)]
    model: Option<&'static Model>,
    /// Fault of the phones, or of N of them (repeatable)
    ///
    /// refuses-manifest, wrong-hardware, needs-bridge, power-cut=IMAGE:PERCENT, address-change,
    /// no-witness, no-second-pass, loss=PERCENT or config-refused.
    #[arg(long = "fault", value_name = "KIND[@N]", help_heading = heading::PHONES)]
    faults: Vec<FaultSpec>,
    /// Seed of the phones and the bundle
    ///
    /// The same seed gives the same phones and the same synthetic bundle.
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = heading::PHONES)]
    seed: u64,
    #[command(flatten)]
    inventory: InventoryArgs,
    /// End after this time: 90s, 10m, 1h30m
    ///
    /// Default: 5 minutes.
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = heading::PHONES)]
    timeout: Option<Duration>,
    #[command(flatten)]
    journal: JournalArgs,
    #[command(flatten)]
    web: WebArgs,
}

fn model(text: &str) -> Result<&'static Model, String> {
    match Model::by_number(text) {
        Some(model) if model.family.is_convertible() => Ok(model),
        Some(_) => {
            Err("this model cannot be converted; `reflash models` lists those that can".into())
        }
        None => Err("no such model; `reflash models` lists the models".into()),
    }
}

fn loopback(text: &str) -> Result<SocketAddrV4, String> {
    let address: SocketAddrV4 = text
        .parse()
        .map_err(|_| "expected an address and a port, such as 127.0.0.1:6969".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("simulated phones stay on this machine: expected an address 127.x.y.z".into())
    }
}

pub(crate) fn run(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    match args.against {
        Some(server) => against::run(args, server, globals),
        None => with_server(args, globals),
    }
}

/// Runs phones and server in one process.
fn with_server(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    let inventory_file = args.inventory.read(globals)?;
    let inventory = inventory_file.as_ref().map(|file| &file.inventory);
    // Each lost datagram costs a tenth of a second, and 10 MB are 20,000 of them.
    let synthetic = || Synthetic::new(args.model, args.seed, has_loss(args));
    let synthetic = args.bundles.is_empty().then(synthetic).transpose()?;
    let selection = select(args, synthetic.as_ref(), globals.quiet)?;
    let server = args.engine.bind(&tftp::Config::new(SERVER))?;
    let web = args.web.bind()?;
    let inputs = ConfigurationInputs {
        selection: &selection,
        only: None,
        extra_files: &[],
    };
    let made = configurations::make(inventory_file.as_ref(), inputs, globals.quiet)?;
    let Selection { targets, bridges } = &selection;
    let call_manager = (*SERVER.ip()).into();
    let stage = Stage::temporary_with_files(targets, bridges, &made.files, call_manager)
        .map_err(stage_failure)?;
    let plan = Plan {
        stages: stage.plan(),
        bridge: stage.bridge_plan(),
        expected: inventory.map(Inventory::macs),
        names: inventory.map(Inventory::names).unwrap_or_default(),
        expect: Some(args.phones.into()),
        timeout: Some(args.timeout.unwrap_or(DEFAULT_TIMEOUT)),
        ..Plan::default()
    };
    let mut stages = bundles::started_stages(&selection, &plan);
    if let (Some(synthetic), Some(first)) = (&synthetic, stages.first_mut()) {
        first.bundle.clone_from(&synthetic.name);
    }
    let all = || plan.stages.iter().flat_map(|stage| stage.models.clone());
    let models = args
        .model
        .map_or_else(|| all().collect(), |model| vec![model]);
    let sizes = stage
        .entries()
        .iter()
        .map(|file| (file.name.clone(), file.size))
        .collect();
    let phones = fleet_config(args, models, sizes);
    let mut messages = messages(args);
    messages.extend(made.messages);
    let network = Network {
        tftp: server.local_addr(),
        http: None,
    };
    let journal = args.journal.create(|| {
        let bundles = recorded(&selection, synthetic.as_ref());
        header(args, network, &bundles, &plan)
    })?;
    let (before, after) = resume::messages(journal.as_ref(), false);
    messages.extend(before);
    let mut afterwards = args.engine.messages();
    afterwards.extend(after);
    let started = Started {
        tftp: network.tftp,
        http: None,
        web: web.as_ref().map(web::Server::local_addr),
        root: stage.root(),
        journal: journal.as_ref().map(Journal::path).map(ToOwned::to_owned),
        stages,
        words: messages,
    };
    let setup = Setup {
        source: Source::Stage(stage),
        journal,
        recorded: None,
        speed: speed(args),
        plan,
        server,
        http: None,
        metrics: None,
        web,
        witnesses: Vec::new(),
        found: None,
        poller: None,
        started,
        reporter: display::reporter(globals.json, globals.quiet, globals.color),
        afterwards,
    };
    let (ended, results) = run_session(setup, phones, network.tftp)?;
    drop(synthetic);
    check_results(&results)?;
    run::outcome(ended)
}

/// Runs the session and the phones until the session ends.
fn run_session(
    setup: Setup,
    phones: FleetConfig,
    server: SocketAddrV4,
) -> Result<(session::Ended, Vec<PhoneResult>), Failure> {
    runtime::runtime()?.block_on(async {
        let mut signals = runtime::signals()?;
        let (over, is_over) = tokio::sync::oneshot::channel::<()>();
        let phones = tokio::spawn(async move {
            let stop = async {
                // An error means that the session is gone, which also means "stop".
                let _ = is_over.await;
            };
            fleet::run(&phones, server, stop).await
        });
        let ended = session::run(setup, &mut signals).await;
        drop(over);
        let results = phones
            .await
            .map_err(|error| Failure::new(format!("the simulated phones stopped: {error}"), ""))?
            .map_err(|error| Failure::new(error, ""))?;
        Ok((ended, results))
    })
}

/// Targets and bridges.
fn select(args: &Args, synthetic: Option<&Synthetic>, quiet: bool) -> Result<Selection, Failure> {
    let trust = args.trust.trust();
    let Some(synthetic) = synthetic else {
        let bridges = &args.bridge.bridges;
        return bundles::select_with_bridges(&args.bundles, bridges, &trust, quiet);
    };
    let targets = vec![synthetic.bundle.clone()];
    let (bridges, _) = bundles::examine_bridges(&args.bridge.bridges, &trust, quiet)?;
    bundles::check_bridges(&bridges, &targets, trust.accept_unknown)?;
    Ok(Selection { targets, bridges })
}

/// Targets and bridges as the journal names them.
fn recorded(selection: &Selection, synthetic: Option<&Synthetic>) -> Vec<Bundle> {
    let mut all = selection.all();
    if let (Some(synthetic), Some(first)) = (synthetic, all.first_mut()) {
        first.path.clone_from(&synthetic.name);
    }
    all
}

/// The header of the journal. `bundles`: targets and bridges.
fn header(args: &Args, network: Network, bundles: &[Bundle], plan: &Plan) -> Header {
    let inputs = RunInputs {
        bundles: args.bundles.clone(),
        bridges: args.bridge.bridges.clone(),
        trust: args.trust.trust(),
        ..RunInputs::default()
    };
    let command = inputs.to_record(&[], None, Some(*SERVER.ip()));
    Header {
        speed: session::fitting_speed(speed(args)),
        ..Header::new("rehearse", network, command, bundles, plan)
    }
}

/// What the operator must know about the rehearsal.
fn messages(args: &Args) -> Vec<String> {
    let mut messages = vec![format!(
        "{} simulated phones, seed {}; nothing leaves this machine",
        args.phones, args.seed
    )];
    for spec in &args.faults {
        let count = spec
            .phones
            .map_or_else(|| "all".to_owned(), |phones| phones.to_string());
        messages.push(format!("fault of {count} phones: {}", spec.fault));
    }
    if has_loss(args) && args.bundles.is_empty() {
        messages.push("the synthetic images are short, because losses slow transfers".to_owned());
    }
    messages.push(format!(
        "simulated time runs {:.0}x faster; times in evidence are simulated",
        speed(args)
    ));
    messages.extend(args.engine.messages());
    messages
}

fn has_loss(args: &Args) -> bool {
    let is_loss = |spec: &FaultSpec| matches!(spec.fault, Fault::Loss(_));
    args.faults.iter().any(is_loss)
}

fn pace(args: &Args) -> f64 {
    if has_loss(args) { PACE_WITH_LOSS } else { PACE }
}

/// How much faster than real time the session's clock runs.
fn speed(args: &Args) -> f64 {
    CLOCK_LAG / pace(args)
}

fn fleet_config(
    args: &Args,
    models: Vec<&'static Model>,
    sizes: BTreeMap<String, u64>,
) -> FleetConfig {
    FleetConfig {
        phones: args.phones.into(),
        models,
        route: Route::Mixed,
        pace: pace(args),
        seed: args.seed,
        faults: args.faults.clone(),
        sizes: Arc::new(sizes),
        addresses: Vec::new(),
        // A run that ends waits for phones that are between two images: they must still run.
        deadline: args.timeout.unwrap_or(DEFAULT_TIMEOUT) + DRAIN_LIMIT,
    }
}

/// A phone that failed for lack of this machine's resources is no result about the server.
fn check_results(results: &[PhoneResult]) -> Result<(), Failure> {
    let trouble = results.iter().find_map(|phone| phone.trouble.as_ref());
    trouble.map_or(Ok(()), |trouble| {
        Err(Failure::new(
            format!("a simulated phone could not continue: {trouble}"),
            "Try fewer phones (--phones), or raise the limit of open files (ulimit -n)",
        ))
    })
}
