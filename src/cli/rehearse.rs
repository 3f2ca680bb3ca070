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
    bundles::{self, TrustArgs},
    convert::duration,
    network, run,
};
use crate::{
    bundle::Bundle,
    display::{self, Started, escape},
    phone::{LoadName, MacAddress, Model},
    rehearse::{
        MadeUp,
        fleet::{self, FleetConfig, FleetError, PhoneResult, Route},
    },
    session::{self, Setup, Source},
    stage::Stage,
    tftp,
    track::Plan,
};

/// Where the rehearsal's server listens: loopback, any free port.
const SERVER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);

/// How much faster than real phones the scripted ones are between their transfers: minutes
/// of writing become seconds.
const PACE: f64 = 0.02;

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
  reflash rehearse cmterm-7945_7965-sip.9-3-1SR4-1.zip --model 7965
  reflash rehearse --phones 20 --against 127.0.0.1:6969   only the phones, for a server of yours")]
pub(crate) struct Args {
    /// Bundles to rehearse with; default: one that is made up.
    #[arg(value_name = "BUNDLE", conflicts_with = "against")]
    bundles: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// How many phones.
    #[arg(long, value_name = "N", default_value_t = 4)]
    phones: usize,
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
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = loopback)]
    against: Option<SocketAddrV4>,
    /// End after this long: 90s, 10m, 1h30m.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    timeout: Option<Duration>,
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
    let made_up = args
        .bundles
        .is_empty()
        .then(|| made_up(args, globals))
        .transpose()?;
    let bundles = match &made_up {
        Some((_, _, bundle)) => vec![bundle.clone()],
        None => bundles::select(&args.bundles, &args.trust, false, globals)?,
    };
    let server = network::bind(args.engine, &tftp::Config::new(SERVER))?;
    let stage = Stage::temporary(&bundles, (*SERVER.ip()).into()).map_err(run::stage_failure)?;
    let plan = Plan {
        stages: stage.plan(),
        expect: Some(args.phones),
        timeout: Some(args.timeout.unwrap_or(PATIENCE)),
        ..Plan::default()
    };
    let mut stages = bundles::started(&bundles, &plan);
    if let (Some((name, ..)), [stage]) = (&made_up, stages.as_mut_slice()) {
        stage.bundle.clone_from(name);
    }
    let models: Vec<_> = match args.model {
        Some(model) => vec![model],
        None => plan
            .stages
            .iter()
            .flat_map(|stage| stage.models.clone())
            .collect(),
    };
    let sizes = stage
        .entries()
        .iter()
        .map(|file| (file.name.clone(), file.size))
        .collect();
    let phones = phones(args, models, sizes);
    let mut words = vec![format!(
        "{} scripted phones, seed {}; nothing leaves this machine",
        args.phones, args.seed
    )];
    words.extend(args.engine.words());
    let started = Started {
        tftp: server.local_addr(),
        http: None,
        root: stage.root(),
        stages,
        words,
    };
    let address = server.local_addr();
    let setup = Setup {
        source: Source::Stage(stage),
        plan,
        server,
        http: None,
        started,
        reporter: display::reporter(globals.json, globals.quiet, globals.color),
        afterwards: args.engine.words(),
    };
    let (ended, results) = run::runtime()?.block_on(async {
        let mut signals = run::signals()?;
        let (over, is_over) = tokio::sync::oneshot::channel::<()>();
        let phones = tokio::spawn(async move {
            let stop = async {
                // An error means that the run is gone, which says "stop" as well.
                let _ = is_over.await;
            };
            fleet::run(&phones, address, stop).await
        });
        let ended = session::run(setup, &mut signals).await;
        drop(over);
        let results = phones
            .await
            .map_err(|error| Failure::new(format!("the phones stopped: {error}"), ""))?
            .map_err(phones_failure)?;
        Ok::<_, Failure>((ended, results))
    })?;
    drop(made_up);
    troubles(&results)?;
    run::outcome(ended)
}

/// A made-up bundle in a file without a name, so that nothing is ever left behind; the
/// name that it would be published under; and what `verify` says of it.
fn made_up(args: &Args, globals: &Globals) -> Result<(PathBuf, std::fs::File, Bundle), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(
            format!("the made-up bundle cannot be written: {error}"),
            "It needs 12 MB below the temporary folder (TMPDIR)",
        )
    };
    let model = args.model.or_else(|| Model::by_number("7965"));
    let Some(bundle) = model.and_then(|model| MadeUp::new(model.family, args.seed)) else {
        return Err(Failure::usage(
            "no bundle can be made up for this model",
            "",
        ));
    };
    let file = tempfile::tempfile().map_err(failed)?;
    // Through /proc, so that everything that follows sees an ordinary file.
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    bundle.write_zip(&path).map_err(failed)?;
    // Nobody but this program made it.
    let trust = TrustArgs {
        accept_unknown: true,
        ..TrustArgs::default()
    };
    let quiet = Globals {
        quiet: true,
        ..globals.clone()
    };
    let examined = bundles::select(&[path], &trust, false, &quiet)?;
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
            .map_err(phones_failure)
    })?;
    troubles(&results)?;
    for phone in &results {
        super::print(&line(phone, globals.json)?)?;
    }
    let converted = |phone: &PhoneResult| phone.finished && !phone.holding.images.is_empty();
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
    let load = phone.holding.load.as_ref();
    if json {
        let line = PhoneLine {
            kind: "phone",
            mac: phone.mac,
            address: phone.address,
            model: phone.model.plain_number(),
            load,
            images: &phone.holding.images,
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
    let images = phone.holding.images.len();
    let end = if phone.finished {
        "finished"
    } else {
        "switched off before its end"
    };
    Ok(format!(
        "SEP{} ({}) {}: runs {runs}, {images} images came over the wire, {end}\n",
        phone.mac.wire(),
        phone.model.number,
        phone.address,
    ))
}

fn phones(args: &Args, models: Vec<&'static Model>, sizes: BTreeMap<String, u64>) -> FleetConfig {
    FleetConfig {
        phones: args.phones,
        models,
        route: Route::Mixed,
        pace: PACE,
        seed: args.seed,
        faults: Vec::new(),
        sizes: Arc::new(sizes),
        addresses: Vec::new(),
        deadline: args.timeout.unwrap_or(PATIENCE),
    }
}

fn phones_failure(error: FleetError) -> Failure {
    let usage = matches!(error, FleetError::Phones(_));
    if usage {
        Failure::usage(error, "")
    } else {
        Failure::new(error, "")
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
