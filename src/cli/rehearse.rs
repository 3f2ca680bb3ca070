//! `reflash rehearse`: a whole conversion with simulated phones, on loopback.

mod against;
mod args;
mod faults;
mod phones;
mod restarts;
mod synthetic;

use std::net::{Ipv4Addr, SocketAddrV4};

pub(crate) use self::args::Args;
use self::{
    phones::{
        DEFAULT_TIMEOUT, ListedPhones, check_claims, check_results, fleet_config, has_loss, speed,
    },
    synthetic::SyntheticBundles,
};
use super::{
    globals::{CommandOutcome, Globals},
    run,
};
use crate::{
    bundle::Bundle,
    display,
    failure::Failure,
    http,
    inputs::{
        bundles::{self, Selection, Trust},
        configurations::{self, ConfigurationInputs},
        run_inputs::RunInputs,
        stage_failure,
    },
    inventory::Inventory,
    journal::{JournalHeader, Network},
    phone::{MacAddress, Model},
    reporter::Started,
    resume::{self, RunRecord},
    services::{runtime, servers::bind_http},
    session::{self, Setup, Source},
    simulator::fleet::{self, FleetConfig, PhoneResult},
    stage::Stage,
    tftp,
    track::Plan,
    web,
};

/// The address of the rehearsal's server: loopback, any free port.
const SERVER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);

pub(crate) fn run(args: &Args, globals: &Globals) -> Result<CommandOutcome, Failure> {
    match args.against {
        Some(server) => against::run(args, server, globals),
        None => with_server(args, globals),
    }
}

/// Runs phones and server in one process.
fn with_server(args: &Args, globals: &Globals) -> Result<CommandOutcome, Failure> {
    let inventory_file = args.inventory.read(globals)?;
    let inventory = inventory_file.as_ref().map(|file| &file.inventory);
    // With losses the images are small: each lost datagram costs a tenth of a second, and 10 MB are
    // 20,000 datagrams.
    let model = first_model(args, inventory)?;
    let synthetic = || SyntheticBundles::new(model, args.from.as_ref(), args.seed, has_loss(args));
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
    let models = models(args, &stage);
    let ListedPhones {
        phones: listed,
        messages: list_messages,
    } = listed_phones(args, inventory, &models)?;
    let plan = plan(args, &stage, inventory, &listed);
    let fault_messages = faults::checked(args, &models, &listed, &plan)?;
    let tries_http = models.iter().any(|model| {
        let slots = model.family.slots();
        slots.is_some_and(|slots| slots.tries_http)
    });
    let http = tries_http.then(|| bind_http(SERVER, 0)).transpose()?;
    let mut stages = bundles::started_stages(&selection, &plan);
    for stage in &mut stages {
        let name = synthetic.as_ref().and_then(|made| made.name(&stage.bundle));
        if let Some(name) = name.map(ToOwned::to_owned) {
            stage.bundle = name;
        }
    }
    let sizes = stage
        .files()
        .iter()
        .map(|file| (file.name.to_string(), file.size()))
        .collect();
    let network = Network {
        tftp: server.local_addr(),
        http: http.as_ref().map(http::HttpServer::local_addr),
    };
    let (listeners, restarts) = restarts::open(args, SERVER)?;
    let phones = fleet_config(args, models, network.http, listeners.sccp(), sizes, listed);
    let plan = restarts::expect(args, plan, &phones, network.tftp)?;
    let mut messages = messages(args, phones.phones, fault_messages);
    messages.extend(list_messages);
    messages.extend(made.messages);
    let record = RunRecord {
        journal: args.journal.create(|| {
            let bundles = recorded(&selection, synthetic.as_ref());
            header(args, network, &bundles, &plan)
        })?,
        recorded: None,
    };
    let (before, after) = resume::messages(record.path(), None);
    messages.extend(before);
    let mut afterwards = args.engine.messages();
    afterwards.extend(after);
    let started = Started {
        tftp: network.tftp,
        http: network.http,
        web: web.as_ref().map(web::WebServer::local_addr),
        root: stage.root(),
        journal: record.path().map(ToOwned::to_owned),
        stages,
        messages,
    };
    let (journal, recorded) = record.start()?;
    let setup = Setup {
        source: Source::Stage(stage),
        journal,
        recorded,
        speed: speed(args),
        plan,
        server,
        http,
        metrics: None,
        web,
        sources: session::SetupSources {
            restarts,
            ..session::SetupSources::default()
        },
        started,
        reporter: display::reporter(globals.json, globals.quiet, globals.color),
        advice: session::Advice {
            next_steps: afterwards,
            ..session::Advice::default()
        },
    };
    // The listeners live as long as the run.
    let _listening = restarts::start(listeners)?;
    let (ended, results) = run_session(setup, phones, network.tftp)?;
    drop(synthetic);
    check_results(&results)?;
    check_claims(&ended.report, &results)?;
    run::outcome(ended)
}

/// The model of the arguments, or the first one of the list that has a synthetic bundle.
fn first_model(
    args: &Args,
    inventory: Option<&Inventory>,
) -> Result<Option<&'static Model>, Failure> {
    faults::check_from(args, inventory)?;
    let listed = inventory.into_iter().flat_map(|list| &list.phones);
    let models = listed.filter_map(|phone| phone.model);
    let mut supported = models.filter(|model| model.family.is_supported());
    Ok(args.model.or_else(|| supported.next()))
}

/// The models of the simulated phones.
fn models(args: &Args, stage: &Stage) -> Vec<&'static Model> {
    match args.model {
        Some(model) => vec![model],
        None => stage.plan().into_iter().flat_map(|of| of.models).collect(),
    }
}

/// The phones of the list that are simulated; none without a list.
fn listed_phones(
    args: &Args,
    inventory: Option<&Inventory>,
    models: &[&'static Model],
) -> Result<ListedPhones, Failure> {
    let Some(inventory) = inventory else {
        return Ok(ListedPhones::default());
    };
    let listed = ListedPhones::of(inventory, models, args.phones.into());
    if listed.phones.is_empty() {
        return Err(Failure::new(
            "no phone of the list can be simulated: the bundle serves none of their models",
            "Name a bundle for these models, or rehearse without --inventory",
        ));
    }
    Ok(listed)
}

/// What is served, and which phones are expected: those that are simulated.
fn plan(
    args: &Args,
    stage: &Stage,
    inventory: Option<&Inventory>,
    listed: &[(MacAddress, Option<&'static Model>)],
) -> Plan {
    Plan {
        stages: stage.plan(),
        bridge: stage.bridge_plan(),
        expected: inventory.map(|_| listed.iter().map(|(mac, _)| *mac).collect()),
        names: inventory.map(Inventory::names).unwrap_or_default(),
        models: inventory.map(Inventory::models).unwrap_or_default(),
        expect: Some(args.phones.into()),
        timeout: Some(args.timeout.unwrap_or(DEFAULT_TIMEOUT)),
        ..Plan::default()
    }
}

/// Runs the session and the phones until the session ends.
fn run_session(
    setup: Setup,
    phones: FleetConfig,
    server: SocketAddrV4,
) -> Result<(session::RunOutcome, Vec<PhoneResult>), Failure> {
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
fn select(
    args: &Args,
    synthetic: Option<&SyntheticBundles>,
    quiet: bool,
) -> Result<Selection, Failure> {
    // No phone is reset here.
    let trust = Trust {
        without_recovery: true,
        ..args.trust.trust()
    };
    let Some(synthetic) = synthetic else {
        let bridges = &args.bridge.bridges;
        return bundles::select_with_bridges(&args.bundles, bridges, &trust, quiet);
    };
    let targets = vec![synthetic.target.bundle.clone()];
    let (mut bridges, _) = bundles::examine_bridges(&args.bridge.bridges, &trust, quiet)?;
    let mut unknown = trust.accept_unknown;
    if bridges.is_empty() {
        // The images up to 4.x have no signature.
        unknown = true;
        let made = synthetic.bridges.iter();
        bridges = made.map(|one| one.bundle.clone()).collect();
    }
    let bridges = bundles::check_bridges(bridges, &targets, unknown, quiet)?;
    Ok(Selection { targets, bridges })
}

/// Targets and bridges as the journal names them.
fn recorded(selection: &Selection, synthetic: Option<&SyntheticBundles>) -> Vec<Bundle> {
    let mut all = selection.all();
    for bundle in &mut all {
        let name = synthetic.and_then(|made| made.name(&bundle.path));
        if let Some(name) = name.map(ToOwned::to_owned) {
            bundle.path = name;
        }
    }
    all
}

/// The header of the journal. `bundles`: targets and bridges.
fn header(args: &Args, network: Network, bundles: &[Bundle], plan: &Plan) -> JournalHeader {
    let inputs = RunInputs {
        bundles: args.bundles.clone(),
        bridges: args.bridge.bridges.clone(),
        trust: args.trust.trust(),
        ..RunInputs::default()
    };
    let command = inputs.to_record(&[], None, Some(*SERVER.ip()));
    JournalHeader {
        speed: session::valid_speed(speed(args)),
        ..JournalHeader::new("rehearse", network, command, bundles, plan)
    }
}

/// What the operator must know about the rehearsal.
fn messages(args: &Args, phones: usize, faults: Vec<String>) -> Vec<String> {
    let plural = if phones == 1 { "" } else { "s" };
    let mut messages = vec![format!(
        "{phones} simulated phone{plural}, seed {}; nothing leaves this machine",
        args.seed
    )];
    messages.extend(faults);
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
