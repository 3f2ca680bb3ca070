//! `reflash convert`: stage, serve, track, report.

use std::{net::Ipv4Addr, path::PathBuf, time::Duration};

use super::{
    Failure, Globals, Outcome,
    add::{self, AddArgs},
    bridge::{self, BridgeArgs},
    bundles::{self, TrustArgs},
    inventory::InventoryArgs,
    journal::{self, ResumeArgs, Serving},
    listen::Ears,
    network::NetworkArgs,
    run::{self, Servers},
};
use crate::{
    bundle::Bundle, display::Started, http, inventory::Inventory, journal::Network,
    phone::MacAddress, preflight::Chosen, session::Source, stage::Stage, track::Plan,
};

/// Converts phones: one or a building full.
///
/// Verifies the bundles, lays them out in a temporary folder, serves it over TFTP and says
/// of every phone how far it is. Nothing of this machine is changed, and the folder is
/// gone at the end.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  One phone on the kitchen table, until Ctrl-C:
    sudo reflash convert cmterm-7945_7965-sip.9-3-1SR4-1.zip
  Twenty phones, two hours at most, for a script:
    sudo reflash convert BUNDLE --expect 20 --timeout 2h --json
  The phones of a list (mac, model, name, extension, secret: a header line, then a line each),
  until each of them is done:
    sudo reflash convert BUNDLE --inventory phones.csv
  Phones that are to register at once, with configurations that you wrote:
    sudo reflash convert BUNDLE --add SEP001D45AABB0C.cnf.xml --add dialplan.xml
  After a power cut at this desk, with the phones as they are:
    sudo reflash convert --resume
  Old phones, which take 8.5(2) first and the target then:
    sudo reflash convert BUNDLE --bridge cmterm-7945_7965-sccp.8-5-2.zip")]
pub(crate) struct Args {
    /// The firmware bundles: cmterm-….zip, as they were downloaded.
    #[arg(required_unless_present = "resume", value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    bridge: BridgeArgs,
    #[command(flatten)]
    add: AddArgs,
    #[command(flatten)]
    network: NetworkArgs,
    /// The call manager that XMLDefault.cnf.xml names; default: the serving address.
    #[arg(long, value_name = "ADDRESS")]
    call_manager: Option<Ipv4Addr>,
    /// Convert these phones alone.
    #[arg(long, value_name = "MAC,…", value_delimiter = ',')]
    only: Vec<MacAddress>,
    #[command(flatten)]
    inventory: InventoryArgs,
    /// End when this many phones are done.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with_all = ["only", "inventory"])]
    expect: Option<u32>,
    /// End after this long: 90s, 10m, 1h30m.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    timeout: Option<Duration>,
    /// End when this many phones have failed.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_failures: Option<u32>,
    #[command(flatten)]
    journal: ResumeArgs,
}

pub(crate) fn run(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    let inventory = args.inventory.read(globals)?;
    let own = args.add.read()?;
    let folder = args.network.state_folder()?;
    let earlier = args.journal.earlier(folder.as_deref())?;
    let (mut named, mut bridge, mut trust) = (
        args.bundles.clone(),
        args.bridge.clone(),
        args.trust.clone(),
    );
    if let Some(earlier) = &earlier {
        earlier.complete(&mut named, &mut bridge, &mut trust);
    }
    let (bundles, bridges) = bridge.select(&named, &trust, globals)?;
    let both: Vec<Bundle> = bundles.iter().chain(&bridges).cloned().collect();
    if let Some(earlier) = &earlier {
        earlier.is_served(&both)?;
    }
    add::judge(&own, &[&bundles, &bridges], globals)?;
    let chosen = args.network.choose()?;
    let recorded = earlier.as_ref().and_then(journal::Earlier::call_manager);
    let given = args.call_manager.or(recorded);
    if chosen.address.is_unspecified() && given.is_none() {
        return Err(Failure::usage(
            "--listen 0.0.0.0 serves on every interface, so none of them can be named to phones",
            "Add --call-manager ADDRESS, or listen on one address",
        ));
    }
    let server = args.network.bind(chosen.address)?;
    let http = args.network.bind_http(chosen.address)?;
    let metrics = args.network.bind_metrics()?;
    let ears = Ears::open(&chosen);
    let rights = args.network.drop_privileges()?;
    let call_manager = given.unwrap_or(chosen.address);
    let stage = Stage::temporary_with(&bundles, &bridges, &own, call_manager.into())
        .map_err(run::stage_failure)?;
    let plan = Plan {
        stages: stage.plan(),
        bridge: stage.bridge_plan(),
        only: (!args.only.is_empty()).then(|| args.only.clone()),
        expected: inventory.as_ref().map(Inventory::macs),
        expect: args.expect.map(|count| count as usize),
        max_failures: args.max_failures.map(|count| count as usize),
        timeout: args.timeout,
        ..Plan::default()
    };
    let plan = match &earlier {
        Some(earlier) => earlier.plan(plan)?,
        None => plan,
    };
    let mut words = opening(&chosen, call_manager);
    words.extend(rights);
    words.extend(ears.words());
    words.extend(run::metrics_words(metrics.as_ref()));
    words.extend(args.network.words());
    let mut stages = bundles::started(&bundles, &plan);
    stages.extend(bridge::started(&bridges, &plan.bridge));
    let network = Network {
        tftp: server.local_addr(),
        http: http.as_ref().map(http::Server::local_addr),
    };
    let serving = Serving {
        network,
        command: journal::command(&named, &bridge.bridges, &trust, given),
        bundles: &both,
        plan: &plan,
        inventory: inventory.as_ref(),
    };
    let record = args
        .journal
        .record(earlier.as_ref(), folder.as_deref(), serving, globals)?;
    let (before, after) = journal::words(record.journal.as_ref(), true);
    words.extend(before);
    let started = Started {
        tftp: network.tftp,
        http: network.http,
        root: stage.root(),
        journal: record
            .journal
            .as_ref()
            .map(|journal| journal.path().to_owned()),
        stages,
        words,
    };
    let mut afterwards = args.network.words();
    afterwards.extend(run::afterwards(&plan));
    afterwards.extend(after);
    run::run(
        Source::Stage(stage),
        plan,
        Servers {
            tftp: server,
            http,
            metrics,
            ears,
        },
        started,
        afterwards,
        record,
        globals,
    )
}

/// What a person needs to know before the first phone comes.
fn opening(chosen: &Chosen, call_manager: Ipv4Addr) -> Vec<String> {
    vec![
        match &chosen.interface {
            Some(name) => format!("interface {name}: {}", chosen.reason),
            None => format!("address {}: {}", chosen.address, chosen.reason),
        },
        format!("DHCP must tell the phones this address: option 150 (or 66) = {call_manager}"),
        "to start a phone: hold # while it gets power, until the line lamps walk; then type \
         123456789*0#"
            .to_owned(),
    ]
}

/// `90s`, `10m`, `1h30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let expected = || format!("'{text}' is no duration: expected one like 90s, 10m or 1h30m");
    let parsed: jiff::SignedDuration = text.parse().map_err(|_| expected())?;
    Duration::try_from(parsed)
        .ok()
        .filter(|duration| !duration.is_zero())
        .ok_or_else(expected)
}
