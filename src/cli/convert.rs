//! `reflash convert`: stage, serve, track, report.

use std::{net::Ipv4Addr, path::PathBuf, time::Duration};

use super::{
    Failure, Globals, Outcome,
    add::{self, AddArgs},
    beforehand::CheckArgs,
    bridge::{self, BridgeArgs},
    bundles::{self, TrustArgs},
    configurations::{self, Beside, Made},
    dhcp::{self, DhcpArgs},
    doors::Doors,
    inventory::{InventoryArgs, ListFile},
    journal::{self, Earlier, ResumeArgs, Serving},
    listen::Ears,
    named::{self, Named},
    network::NetworkArgs,
    run::{self, Servers},
    web::WebArgs,
    witness::{Registers, WitnessArgs},
};
use crate::{
    bundle::Bundle,
    inventory::Inventory,
    journal::Arguments,
    phone::MacAddress,
    preflight::SelectedInterface,
    session::Source,
    stage::{ExtraFile, Stage},
    text::clock,
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
  The same with `pbx` in the list: each phone gets its configuration too, and registers:
    sudo reflash convert BUNDLE --inventory office.toml
  Phones that are to register at once, with configurations that you wrote:
    sudo reflash convert BUNDLE --add SEP001D45AABB0C.cnf.xml --add dialplan.xml
  After a power cut at this desk, with the phones as they are:
    sudo reflash convert --resume
  On a switch of their own, without another DHCP server:
    sudo reflash convert BUNDLE --interface eth0 --dhcp isolated
  Phones that are in use: listen for 5 minutes which load each runs, then plan its way:
    sudo reflash convert BUNDLE --bridge BRIDGE --survey 5m
  Old phones, which take 8.5(2) first and the target then:
    sudo reflash convert BUNDLE --bridge cmterm-7945_7965-sccp.8-5-2.zip")]
pub(crate) struct Args {
    /// The firmware bundles: cmterm-….zip, as they were downloaded.
    #[arg(required_unless_present = "resume", value_name = "BUNDLE")]
    pub(super) bundles: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) trust: TrustArgs,
    #[command(flatten)]
    pub(super) bridge: BridgeArgs,
    #[command(flatten)]
    pub(super) add: AddArgs,
    #[command(flatten)]
    pub(super) network: NetworkArgs,
    #[command(flatten)]
    check: CheckArgs,
    #[command(flatten)]
    web: WebArgs,
    #[command(flatten)]
    pub(super) dhcp: DhcpArgs,
    #[command(flatten)]
    witness: WitnessArgs,
    /// The call manager that XMLDefault.cnf.xml names; default: the serving address.
    #[arg(long, value_name = "ADDRESS")]
    pub(super) call_manager: Option<Ipv4Addr>,
    /// Convert these phones alone.
    #[arg(long, value_name = "MAC,…", value_delimiter = ',')]
    pub(super) only: Vec<MacAddress>,
    #[command(flatten)]
    pub(super) inventory: InventoryArgs,
    /// End when this many phones are done.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with_all = ["only", "inventory"])]
    pub(super) expect: Option<u32>,
    /// End after this long: 90s, 10m, 1h30m.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(super) timeout: Option<Duration>,
    /// First only listen this long, so that running phones tell their load: 5m.
    ///
    /// In that time no load is named and none is handed out but to a phone in its boot loader.
    /// Then the way of each phone is planned: whether it needs the bridge, the target or nothing.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(super) survey: Option<Duration>,
    /// End when this many phones have failed.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_failures: Option<u32>,
    #[command(flatten)]
    pub(super) journal: ResumeArgs,
}

pub(crate) fn run(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    run_with(args, globals, run::Guest::default())
}

/// The same with a guide beside it.
pub(crate) fn run_with(
    args: &Args,
    globals: &Globals,
    guest: run::Guest,
) -> Result<Outcome, Failure> {
    let isolated = judged(args)?;
    let folder = args.network.state_folder()?;
    let earlier = args.journal.earlier(folder.as_deref())?;
    let named = completed(args, earlier.as_ref());
    let Material {
        bundles,
        bridges,
        added,
        list,
        made,
    } = material(&named, &args.only, earlier.as_ref(), globals)?;
    let inventory = list.as_ref().map(|list| &list.inventory);
    let both = [&bundles[..], &bridges].concat();
    let own = [&added[..], &made.files].concat();
    let has_made = !made.files.is_empty();
    let chosen = args.network.choose()?;
    let recorded = earlier.as_ref().and_then(Earlier::call_manager);
    let given = args.call_manager.or(recorded);
    let call_manager = call_manager(given, &chosen)?;
    let look = args.check.look(&args.network, isolated, &chosen);
    let doors = Doors::open(&args.network, args.web, &chosen)?;
    let dhcp = args.dhcp.open(&chosen)?;
    let witnesses = args.witness.bind(chosen.address, call_manager)?;
    let registers = Registers::of(&own, chosen.address);
    let ears = Ears::open(&chosen, registers.port(), witnesses.sip());
    let rights = args.network.drop_privileges()?;
    let dhcp_words = dhcp.as_ref().map(dhcp::Waiting::words);
    // Ends with this function, and so with the run. It comes before the stage: a signal in the
    // seconds that it takes leaves nothing behind.
    let mut dhcp = dhcp.map(dhcp::Waiting::start).transpose()?;
    let stage = Stage::temporary_with_files(&bundles, &bridges, &own, call_manager.into())
        .map_err(run::stage_failure)?;
    let plan = Plan {
        registering: registers.at(&witnesses.hears(&chosen, &ears)),
        registrations: registers.registrations,
        ..planned(args, &stage, &chosen, inventory)
    };
    let plan = match &earlier {
        Some(earlier) => earlier.plan(plan)?,
        None => plan,
    };
    let mut words = opening(&chosen, call_manager, dhcp_words);
    words.extend(match plan.survey {
        Some(survey) => earlier.is_none().then(|| survey_words(survey)),
        None => Some(RESET.to_owned()),
    });
    words.extend(rights);
    words.extend(ears.words());
    words.extend(doors.words());
    words.extend(witnesses.words.iter().cloned());
    words.extend(args.network.words());
    words.extend(made.words);
    let mut stages = bundles::started(&bundles, &plan);
    stages.extend(bridge::started(&bridges, &plan.bridge));
    let serving = Serving {
        network: doors.network(),
        command: command(&named, &added, list.as_ref().filter(|_| has_made), given),
        bundles: &both,
        plan: &plan,
    };
    let record = args
        .journal
        .record(earlier.as_ref(), folder.as_deref(), serving, globals)?;
    let (before, after) = journal::words(record.journal.as_ref(), true);
    words.extend(before);
    let started = doors.started(stage.root(), record.journal.as_ref(), stages, words);
    let mut afterwards = args.network.words();
    afterwards.extend(run::afterwards(&plan));
    afterwards.extend(after);
    afterwards.extend(dhcp.as_ref().map(|_| LEASES_END.to_owned()));
    // The listeners live as long as the run.
    let (_listening, heard) = witnesses.start()?.unzip();
    run::run(
        Source::Stage(stage),
        plan,
        Servers {
            doors,
            witnesses: heard
                .into_iter()
                .chain(
                    dhcp.as_mut()
                        .and_then(crate::dhcp::RunningServer::observations),
                )
                .collect(),
            poller: args.witness.poller(),
            ears,
            found: Some(look.told(globals.quiet)),
        },
        started,
        afterwards,
        record,
        run::Audience { globals, guest },
    )
}

/// What the command line alone shows to be wrong; whether this program gives the addresses.
fn judged(args: &Args) -> Result<bool, Failure> {
    let times = args.timeout.zip(args.survey);
    if times.is_some_and(|(end, survey)| end <= survey) {
        return Err(Failure::usage(
            "--timeout ends the run before --survey is over: no phone would be told of a load",
            "The timeout counts from the beginning, the survey included: give a longer one",
        ));
    }
    args.dhcp.isolated()
}

/// What is served and whom the run expects.
fn planned(
    args: &Args,
    stage: &Stage,
    chosen: &SelectedInterface,
    inventory: Option<&Inventory>,
) -> Plan {
    Plan {
        stages: stage.plan(),
        bridge: stage.bridge_plan(),
        only: (!args.only.is_empty()).then(|| args.only.clone()),
        expected: inventory.map(Inventory::macs),
        names: inventory.map(Inventory::names).unwrap_or_default(),
        expect: args.expect.map(|count| count as usize),
        max_failures: args.max_failures.map(|count| count as usize),
        timeout: args.timeout,
        survey: args.survey,
        network: chosen.network(),
        ..Plan::default()
    }
}

/// What becomes of the addresses of `--dhcp isolated`.
const LEASES_END: &str = "The addresses that phones have from this program end within 10 minutes: \
    connect them to the network whose DHCP server they are to use.";

/// Whom phones are told of: who was given, or else this machine.
fn call_manager(given: Option<Ipv4Addr>, chosen: &SelectedInterface) -> Result<Ipv4Addr, Failure> {
    if chosen.address.is_unspecified() && given.is_none() {
        return Err(Failure::usage(
            "--listen 0.0.0.0 serves on every interface, so none of them can be named to phones",
            "Add --call-manager ADDRESS, or listen on one address",
        ));
    }
    Ok(given.unwrap_or(chosen.address))
}

/// What is served, as it is named now or was before.
fn completed(args: &Args, earlier: Option<&Earlier>) -> Named {
    let mut named = Named::new(
        &args.bundles,
        &args.bridge,
        &args.trust,
        &args.add,
        &args.inventory,
    );
    if let Some(earlier) = earlier {
        earlier.complete(&mut named);
    }
    named
}

/// The same for the record; `list`: what configurations were made from.
fn command(
    named: &Named,
    added: &[ExtraFile],
    list: Option<&ListFile>,
    call_manager: Option<Ipv4Addr>,
) -> Arguments {
    Arguments {
        added: named::given_files(added),
        inventory: list.map(named::given_list),
        ..journal::command(
            &named.bundles,
            &named.bridge.bridges,
            &named.trust,
            call_manager,
        )
    }
}

/// What phones are served.
struct Material {
    bundles: Vec<Bundle>,
    bridges: Vec<Bundle>,
    added: Vec<ExtraFile>,
    list: Option<ListFile>,
    made: Made,
}

/// Reads and judges everything that is named, before a port is opened.
fn material(
    named: &Named,
    only: &[MacAddress],
    earlier: Option<&Earlier>,
    globals: &Globals,
) -> Result<Material, Failure> {
    let list = named.inventory.read_whole(globals)?;
    let added = named.add.read()?;
    named.is_unchanged(&added, list.as_ref())?;
    let (bundles, bridges) = named.bridge.select(&named.bundles, &named.trust, globals)?;
    if let Some(earlier) = earlier {
        earlier.is_served(&[&bundles[..], &bridges].concat())?;
    }
    add::judge(&added, &[&bundles, &bridges], globals)?;
    let only = (!only.is_empty()).then_some(only);
    let beside = Beside {
        targets: &bundles,
        bridges: &bridges,
        only: only.or(earlier.and_then(Earlier::only)),
        added: &added,
    };
    let made = configurations::made(list.as_ref(), beside, globals)?;
    Ok(Material {
        bundles,
        bridges,
        added,
        list,
        made,
    })
}

/// What a person needs to know before the first phone comes.
fn opening(
    chosen: &SelectedInterface,
    call_manager: Ipv4Addr,
    dhcp: Option<String>,
) -> Vec<String> {
    vec![
        match &chosen.interface {
            Some(name) => format!("interface {name}: {}", chosen.reason),
            None => format!("address {}: {}", chosen.address, chosen.reason),
        },
        dhcp.unwrap_or_else(|| {
            format!("DHCP must tell the phones this address: option 150 (or 66) = {call_manager}")
        }),
    ]
}

/// How a phone comes into its boot loader, which asks for the target by itself. Not in a survey:
/// a phone that was reset has no load left to tell.
const RESET: &str = "to start a phone: hold # while it gets power, until the line lamps walk; then \
                     type 123456789*0#";

/// What a person does while the run only listens. One that is gone on with was told.
fn survey_words(survey: Duration) -> String {
    let seconds = i64::try_from(survey.as_secs()).unwrap_or(i64::MAX);
    format!(
        "survey: until {} of this run no load is named and none handed out. Restart running phones \
         now (Settings, then **#**): they tell which load they run",
        clock(seconds)
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
