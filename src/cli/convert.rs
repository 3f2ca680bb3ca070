//! `reflash convert`: stage, serve, track, report.

use std::{net::Ipv4Addr, path::PathBuf, time::Duration};

use super::{
    Failure, Globals, Outcome,
    bridge::{self, BridgeArgs},
    bundles::{self, TrustArgs},
    dhcp::{self, DhcpArgs},
    inventory::InventoryArgs,
    network::NetworkArgs,
    run::{self, Servers},
};
use crate::{
    display::Started, http, inventory::Inventory, phone::MacAddress, session::Source, stage::Stage,
    track::Plan,
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
  On a switch of their own, without another DHCP server:
    sudo reflash convert BUNDLE --interface eth0 --dhcp isolated
  Old phones, which take 8.5(2) first and the target then:
    sudo reflash convert BUNDLE --bridge cmterm-7945_7965-sccp.8-5-2.zip")]
pub(crate) struct Args {
    /// The firmware bundles: cmterm-….zip, as they were downloaded.
    #[arg(required = true, value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    bridge: BridgeArgs,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    dhcp: DhcpArgs,
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
}

pub(crate) fn run(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    args.dhcp.isolated()?;
    let inventory = args.inventory.read(globals)?;
    let (bundles, bridges) = args.bridge.select(&args.bundles, &args.trust, globals)?;
    let chosen = args.network.choose()?;
    if chosen.address.is_unspecified() && args.call_manager.is_none() {
        return Err(Failure::usage(
            "--listen 0.0.0.0 serves on every interface, so none of them can be named to phones",
            "Add --call-manager ADDRESS, or listen on one address",
        ));
    }
    let server = args.network.bind(chosen.address)?;
    let http = args.network.bind_http(chosen.address)?;
    let dhcp = args.dhcp.open(&chosen)?;
    let rights = args.network.drop_privileges()?;
    let dhcp_words = dhcp.as_ref().map(dhcp::Waiting::words);
    // Ends with this function, and so with the run. It comes before the stage: a signal in the
    // seconds that it takes leaves nothing behind.
    let dhcp = dhcp.map(dhcp::Waiting::start).transpose()?;
    let call_manager = args.call_manager.unwrap_or(chosen.address);
    let stage =
        Stage::temporary(&bundles, &bridges, call_manager.into()).map_err(run::stage_failure)?;
    let plan = Plan {
        stages: stage.plan(),
        bridge: stage.bridge_plan(),
        only: (!args.only.is_empty()).then(|| args.only.clone()),
        expected: inventory.as_ref().map(Inventory::macs),
        expect: args.expect.map(|count| count as usize),
        max_failures: args.max_failures.map(|count| count as usize),
        timeout: args.timeout,
    };
    let mut words = vec![match &chosen.interface {
        Some(name) => format!("interface {name}: {}", chosen.reason),
        None => format!("address {}: {}", chosen.address, chosen.reason),
    }];
    words.push(dhcp_words.unwrap_or_else(|| {
        format!("DHCP must tell the phones this address: option 150 (or 66) = {call_manager}")
    }));
    words.push(
        "to start a phone: hold # while it gets power, until the line lamps walk; then type \
         123456789*0#"
            .to_owned(),
    );
    words.extend(rights);
    words.extend(args.network.words());
    let mut stages = bundles::started(&bundles, &plan);
    stages.extend(bridge::started(&bridges, &plan.bridge));
    let started = Started {
        tftp: server.local_addr(),
        http: http.as_ref().map(http::Server::local_addr),
        root: stage.root(),
        stages,
        words,
    };
    let mut afterwards = args.network.words();
    afterwards.extend(run::afterwards(&plan));
    if dhcp.is_some() {
        afterwards.push(
            "The addresses that phones have from this program end within 10 minutes: connect them \
             to the network whose DHCP server they are to use."
                .to_owned(),
        );
    }
    run::run(
        Source::Stage(stage),
        plan,
        Servers { tftp: server, http },
        started,
        afterwards,
        inventory.as_ref(),
        globals,
    )
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
