//! `reflash rehearse`: the whole conversion with scripted phones, on loopback.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddrV4},
    os::fd::AsRawFd,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use serde::Serialize;

use super::{
    Failure, Globals, Outcome,
    bridge::{self, BridgeArgs},
    bundles::{self, TrustArgs},
    configurations::{self, Beside},
    convert::duration,
    inventory::InventoryArgs,
    journal::{self, JournalArgs},
    network, run,
    web::WebArgs,
};
use crate::{
    bundle::{Bundle, ExamineOptions},
    display,
    inventory::Inventory,
    journal::{Header, Journal, Network},
    phone::{LoadName, MacAddress, Model},
    reporter::Started,
    session::{self, Setup, Source},
    simulator::{
        FaultSpec, PhoneFault, Sizes, SyntheticBundle,
        fleet::{self, FleetConfig, PhoneResult, StartMix},
        test_key,
    },
    stage::{AcceptPolicy, Stage},
    text::escape,
    tftp,
    track::{DRAIN_LIMIT, Plan},
    web,
};

/// Where the rehearsal's server listens: loopback, any free port.
const SERVER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);

/// How much faster than real phones the scripted ones are between their transfers: minutes
/// of writing become seconds.
const PACE: f64 = 0.02;

/// The same where datagrams are lost on purpose. A phone repeats a request after 4 s
/// whatever the pace, and several of a row may be lost.
const PACE_WITH_LOSS: f64 = 0.12;

/// The session lives a little slower than the phones, so that one request that is lost and
/// repeated stays below the shortest silence that counts as a stall (3 minutes), and two
/// boots that are 87 s apart stay above the 60 s that make them two.
const BEHIND: f64 = 0.72;

/// How long a rehearsal may take where nothing was said. A phone that stands still must
/// not keep it for ever.
const PATIENCE: Duration = Duration::from_mins(5);

/// Rehearses the whole conversion with scripted phones.
///
/// No privileges, no network, nothing left behind: the phones live on loopback addresses
/// (127.20.0.0 and up) and fetch a made-up bundle, or one of yours, from the real server.
/// Half of them come by factory reset, half are told a new load by their configuration.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  reflash rehearse
  reflash rehearse --phones 200 --json
  reflash rehearse --fault power-cut=apps:40@2 --fault wrong-hardware@1
  reflash rehearse cmterm-7945_7965-sip.9-3-1SR4-1.zip --model 7965
  reflash rehearse --phones 20 --against 127.0.0.1:6969   only the phones, for a server of yours")]
pub(crate) struct Args {
    /// Bundles to rehearse with; default: one that is made up.
    #[arg(value_name = "BUNDLE", conflicts_with = "against")]
    bundles: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    bridge: BridgeArgs,
    #[command(flatten)]
    inventory: InventoryArgs,
    /// What is wrong with the phones, or with N of them: refuses-manifest, wrong-hardware,
    /// needs-bridge, power-cut=IMAGE:PERCENT, address-change, no-witness, no-second-pass,
    /// loss=PERCENT, config-refused. May be given several times.
    #[arg(long = "fault", value_name = "KIND[@N]")]
    faults: Vec<FaultSpec>,
    /// How many phones: 1 to 1000.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1000))]
    phones: u16,
    /// Which model they are; default: every model of the bundle in turn.
    #[arg(long, value_name = "M", value_parser = model)]
    model: Option<&'static Model>,
    /// The same seed gives the same phones and the same made-up bundle.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The engine that serves.
    #[arg(
        long,
        value_name = "ENGINE",
        default_value = "native",
        conflicts_with = "against"
    )]
    engine: network::Engine,
    /// Only the phones, against a server that runs elsewhere on loopback.
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = loopback, conflicts_with_all = ["bridges", "inventory", "journal", "web"])]
    against: Option<SocketAddrV4>,
    /// End after this long: 90s, 10m, 1h30m.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    timeout: Option<Duration>,
    #[command(flatten)]
    web: WebArgs,
    #[command(flatten)]
    journal: JournalArgs,
}

fn model(text: &str) -> Result<&'static Model, String> {
    match Model::by_number(text) {
        Some(model) if model.family.is_convertible() => Ok(model),
        Some(_) => Err("this model is not converted; `reflash models` lists those that are".into()),
        None => Err("no such model; `reflash models` lists them".into()),
    }
}

fn loopback(text: &str) -> Result<SocketAddrV4, String> {
    let address: SocketAddrV4 = text
        .parse()
        .map_err(|_| "expected an address and a port, 127.0.0.1:6969".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("scripted phones stay on this machine: expected an address 127.x.y.z".into())
    }
}

pub(crate) fn run(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    match args.against {
        Some(server) => against(args, server, globals),
        None => with_server(args, globals),
    }
}

/// Phones and a server, in one process.
fn with_server(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    let list = args.inventory.read_whole(globals)?;
    let inventory = list.as_ref().map(|list| &list.inventory);
    let made_up = args.bundles.is_empty().then(|| made_up(args)).transpose()?;
    let (bundles, bridges) = served(args, made_up.as_ref().map(|(.., bundle)| bundle), globals)?;
    let server = network::bind(args.engine, &tftp::Config::new(SERVER))?;
    let web = args.web.bind()?;
    let beside = Beside {
        targets: &bundles,
        bridges: &bridges,
        only: None,
        added: &[],
    };
    let made = configurations::made(list.as_ref(), beside, globals)?;
    let stage = Stage::temporary_with_files(&bundles, &bridges, &made.files, (*SERVER.ip()).into())
        .map_err(run::stage_failure)?;
    let plan = Plan {
        stages: stage.plan(),
        bridge: stage.bridge_plan(),
        expected: inventory.map(Inventory::macs),
        names: inventory.map(Inventory::names).unwrap_or_default(),
        expect: Some(args.phones.into()),
        timeout: Some(args.timeout.unwrap_or(PATIENCE)),
        ..Plan::default()
    };
    let mut stages = bundles::started(&bundles, &plan);
    if let (Some((name, ..)), [stage]) = (&made_up, stages.as_mut_slice()) {
        stage.bundle.clone_from(name);
    }
    stages.extend(bridge::started(&bridges, &plan.bridge));
    let all = || plan.stages.iter().flat_map(|stage| stage.models.clone());
    let models = args
        .model
        .map_or_else(|| all().collect(), |model| vec![model]);
    let sizes = stage
        .files()
        .iter()
        .map(|file| (file.name.to_string(), file.size()))
        .collect();
    let phones = phones(args, models, sizes);
    let mut words = words(args);
    words.extend(made.words);
    let network = Network {
        tftp: server.local_addr(),
        http: None,
    };
    let journal = args.journal.begin(|| {
        let both = recorded(&bundles, &bridges, made_up.as_ref().map(|(name, ..)| name));
        header(args, network, &both, &plan)
    })?;
    let (before, after) = journal::words(journal.as_ref(), false);
    words.extend(before);
    let mut afterwards = args.engine.words();
    afterwards.extend(after);
    let started = Started {
        tftp: network.tftp,
        http: None,
        web: web.as_ref().map(web::Server::local_addr),
        root: stage.root(),
        journal: journal.as_ref().map(Journal::path).map(ToOwned::to_owned),
        stages,
        words,
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
        observations: Vec::new(),
        findings: None,
        poller: None,
        started,
        reporter: display::reporter(globals.json, globals.quiet, globals.color),
        next_steps: afterwards,
    };
    let (ended, results) = run::runtime()?.block_on(async {
        let mut signals = run::signals()?;
        let (over, is_over) = tokio::sync::oneshot::channel::<()>();
        let phones = tokio::spawn(async move {
            let stop = async {
                // An error means that the run is gone, which says "stop" as well.
                let _ = is_over.await;
            };
            fleet::run(&phones, network.tftp, stop).await
        });
        let ended = session::run(setup, &mut signals).await;
        drop(over);
        let results = phones
            .await
            .map_err(|error| Failure::new(format!("the phones stopped: {error}"), ""))?
            .map_err(|error| Failure::new(error, ""))?;
        Ok::<_, Failure>((ended, results))
    })?;
    drop(made_up);
    troubles(&results)?;
    run::outcome(ended)
}

/// Targets and bridges.
fn served(
    args: &Args,
    made_up: Option<&Bundle>,
    globals: &Globals,
) -> Result<(Vec<Bundle>, Vec<Bundle>), Failure> {
    let Some(bundle) = made_up else {
        return args.bridge.select(&args.bundles, &args.trust, globals);
    };
    let targets = vec![bundle.clone()];
    let (bridges, _) = args.bridge.examine(&args.trust, globals)?;
    bridge::judge(&bridges, &targets, args.trust.accept_unknown)?;
    Ok((targets, bridges))
}

/// Targets and bridges as the record names them; `made_up`: what the first would be published as.
fn recorded(targets: &[Bundle], bridges: &[Bundle], made_up: Option<&PathBuf>) -> Vec<Bundle> {
    let mut both = [targets, bridges].concat();
    if let (Some(name), Some(first)) = (made_up, both.first_mut()) {
        first.path.clone_from(name);
    }
    both
}

/// The first line of the record; `both`: targets and bridges.
fn header(args: &Args, network: Network, both: &[Bundle], plan: &Plan) -> Header {
    let call_manager = Some(*SERVER.ip());
    let bridges = &args.bridge.bridges;
    let command = journal::command(&args.bundles, bridges, &args.trust, call_manager);
    Header {
        speed: session::valid_speed(speed(args)),
        ..Header::new("rehearse", network, command, both, plan)
    }
}

/// What a person needs to know beside the bundles.
fn words(args: &Args) -> Vec<String> {
    let mut words = vec![format!(
        "{} scripted phones, seed {}; nothing leaves this machine",
        args.phones, args.seed
    )];
    for spec in &args.faults {
        let whose = spec
            .phones
            .map_or_else(|| "all".to_owned(), |phones| phones.to_string());
        words.push(format!("on purpose, {whose} of them: {}", spec.fault));
    }
    if loses(args) && args.bundles.is_empty() {
        words.push("the made-up images are short, as losses make everything slow".to_owned());
    }
    words.push(format!(
        "minutes pass like seconds: times in evidence are the phones', {:.0} times as fast",
        speed(args)
    ));
    words.extend(args.engine.words());
    words
}

fn loses(args: &Args) -> bool {
    let loses = |spec: &FaultSpec| matches!(spec.fault, PhoneFault::Loss(_));
    args.faults.iter().any(loses)
}

fn pace(args: &Args) -> f64 {
    if loses(args) { PACE_WITH_LOSS } else { PACE }
}

fn speed(args: &Args) -> f64 {
    BEHIND / pace(args)
}

/// A made-up bundle in a file without a name, so that nothing is ever left behind; the
/// name that it would be published under; and what `verify` says of it.
fn made_up(args: &Args) -> Result<(PathBuf, std::fs::File, Bundle), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(
            format!("the made-up bundle cannot be written: {error}"),
            "It needs 12 MB below the temporary folder (TMPDIR)",
        )
    };
    let model = args.model.or_else(|| Model::by_number("7965"));
    let Some(bundle) = model.and_then(|model| SyntheticBundle::new(model.family, args.seed)) else {
        return Err(Failure::usage(
            "no bundle can be made up for this model",
            "",
        ));
    };
    // Each datagram that is lost costs a tenth of a second, and 10 MB are 20,000 of them.
    let bundle = if loses(args) {
        bundle.sizes(Sizes::Small)
    } else {
        bundle
    };
    let file = tempfile::tempfile().map_err(failed)?;
    // Through /proc, so that everything that follows sees an ordinary file.
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    bundle.write_zip(&path).map_err(failed)?;
    // Signed with the rehearsal's own key, which only the rehearsal trusts.
    let expectation = ExamineOptions {
        trusted: vec![test_key()],
        ..ExamineOptions::default()
    };
    let examined = bundles::examined(&[path], &expectation, AcceptPolicy::default(), true)?;
    let Ok([examined]) = <[Bundle; 1]>::try_from(examined) else {
        return Err(Failure::new("the made-up bundle is not one bundle", ""));
    };
    Ok((PathBuf::from(bundle.file_name()), file, examined))
}

/// Only the phones.
fn against(args: &Args, server: SocketAddrV4, globals: &Globals) -> Result<Outcome, Failure> {
    let models = args
        .model
        .or_else(|| Model::by_number("7965"))
        .into_iter()
        .collect();
    let phones = phones(args, models, BTreeMap::new());
    let results = run::runtime()?.block_on(async {
        let mut signals = run::signals()?;
        let stop = async {
            signals.next().await;
        };
        fleet::run(&phones, server, stop)
            .await
            .map_err(|error| Failure::new(error, ""))
    })?;
    troubles(&results)?;
    for phone in &results {
        super::print(&line(phone, globals.json)?)?;
    }
    let converted = |phone: &PhoneResult| phone.finished && !phone.contents.images.is_empty();
    Ok(if results.iter().all(converted) {
        Outcome::Done
    } else {
        Outcome::Problems
    })
}

/// What one phone has in the end, by its own account.
#[derive(Serialize)]
struct PhoneLine<'a> {
    kind: &'static str,
    mac: MacAddress,
    address: Ipv4Addr,
    model: &'static str,
    load: Option<&'a LoadName>,
    images: &'a BTreeMap<String, String>,
    finished: bool,
}

fn line(phone: &PhoneResult, json: bool) -> Result<String, Failure> {
    let load = phone.contents.load.as_ref();
    if json {
        let line = PhoneLine {
            kind: "phone",
            mac: phone.mac,
            address: phone.address,
            model: phone.model.plain_number(),
            load,
            images: &phone.contents.images,
            finished: phone.finished,
        };
        let text = serde_json::to_string(&line)
            .map_err(|error| Failure::new(format!("cannot write JSON: {error}"), ""))?;
        return Ok(text + "\n");
    }
    let runs = load.map_or_else(
        || "its boot loader".to_owned(),
        |load| escape(load.as_str()),
    );
    let images = phone.contents.images.len();
    let end = if phone.finished {
        "finished"
    } else {
        "switched off before its end"
    };
    Ok(format!(
        "SEP{} ({}) {}: runs {runs}, {images} images came over the wire, {end}\n",
        phone.mac.upper_hex(),
        phone.model.number,
        phone.address,
    ))
}

fn phones(args: &Args, models: Vec<&'static Model>, sizes: BTreeMap<String, u64>) -> FleetConfig {
    FleetConfig {
        phones: args.phones.into(),
        models,
        start: StartMix::Mixed,
        pace: pace(args),
        seed: args.seed,
        faults: args.faults.clone(),
        sizes: Arc::new(sizes),
        addresses: Vec::new(),
        // A run that ends waits for phones between two images: they must be there.
        deadline: args.timeout.unwrap_or(PATIENCE) + DRAIN_LIMIT,
    }
}

/// A phone that this machine's own sockets stopped says nothing about the server.
fn troubles(results: &[PhoneResult]) -> Result<(), Failure> {
    let trouble = results.iter().find_map(|phone| phone.trouble.as_ref());
    trouble.map_or(Ok(()), |trouble| {
        Err(Failure::new(
            format!("a scripted phone could not go on: {trouble}"),
            "Try fewer phones (--phones), or raise the limit of open files (ulimit -n)",
        ))
    })
}
