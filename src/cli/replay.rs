//! `reflash replay`: another server's log, a capture or a journal through the same tracking.

use std::path::PathBuf;

use serde_json::json;

use super::{
    Failure, Globals, Outcome,
    bundles::{self, TrustArgs},
    paper::{Paper, PaperArgs},
    run,
};
use crate::{
    replay::{self, DamagedPacket, Format, ReplayError, Trace},
    report::html::Heading,
    run_view,
    stage::{self, AcceptPolicy},
    text::escape,
    track::{Fleet, Plan, RunTime, StagePlan},
};

/// Says the same from another server's log, or from a capture.
///
/// Reads logs of tftpd-hpa and dnsmasq, captures (pcap, pcapng) with TFTP, HTTP on port 6970
/// and what phones say of themselves (CDP, LLDP, DHCP, SIP, SCCP), and journals of this
/// program; what a file is, its content says. Log times without a zone count as UTC. With
/// requests alone, "flashed" is inferred, and says so.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  reflash replay /var/log/syslog
  reflash replay phones.pcap --bundle cmterm-7945_7965-sip.9-3-1SR4-1.zip
  reflash replay old-tftpd.log --year 2020 --format html --to phones.html")]
pub(super) struct Args {
    /// The log, capture or journal.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A bundle that was served: its manifests and sizes then judge what was fetched. May be
    /// given several times.
    #[arg(long = "bundle", value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// The year of a log's first line, where its times have none; default: by the time of the
    /// file itself.
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i16).range(1970..=2261))]
    year: Option<i16>,
    #[command(flatten)]
    paper: PaperArgs,
}

/// Runs the verb.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    args.paper.check(globals)?;
    let stages = stages(args, globals)?;
    let opened = replay::open(&args.file).map_err(|error| failed(&error))?;
    if opened.format == Format::Journal {
        return super::report::replayed(&args.file, stages, &args.paper, globals);
    }
    let mut record = opened.read(args.year).map_err(|error| failed(&error))?;
    let plan = replay::plan(&mut record, stages);
    let requests_only = plan.requests_only;
    let conversation = record.observations(&plan);
    let loads = loads(&plan);
    let mut fleet = Fleet::new(plan);
    let began = conversation.began;
    let wall = |at| began.checked_add(at).unwrap_or(began);
    let mut view = run_view::fold(&mut fleet, &conversation.observations, RunTime::ZERO, wall);
    view.finish(&fleet.report(began));
    let words = words(args, &record, requests_only, &loads, fleet.dropped());
    let paper = Paper {
        view: &view,
        heading: Heading {
            title: format!("Phones of {}", escape(&args.file.display().to_string())),
            words,
        },
        json: json!({
            "report": view.report(),
            "record": {
                "path": args.file,
                "kind": record.what,
                "read": record.tally.read,
                "understood": record.tally.understood,
                "unknown": record.tally.unknown,
                "damaged": record.tally.damaged,
                "cut": record.tally.cut,
                "requests": record.len(),
                "requests_only": requests_only,
                "loads": loads,
            },
        }),
    };
    args.paper.write(&paper, globals)?;
    Ok(Outcome::Done)
}

/// The plan of the bundles that were named.
fn stages(args: &Args, globals: &Globals) -> Result<Vec<StagePlan>, Failure> {
    if args.bundles.is_empty() {
        return Ok(Vec::new());
    }
    // Nothing is served, so it need not be proven where they come from.
    let accept = AcceptPolicy {
        unknown: true,
        sccp: true,
    };
    let expectation = args.trust.expectation()?;
    let bundles = bundles::examined(&args.bundles, &expectation, accept, globals.quiet)?;
    stage::stage_plans(&bundles).map_err(run::stage_failure)
}

fn loads(plan: &Plan) -> Vec<String> {
    let mut loads: Vec<String> = plan
        .stages
        .iter()
        .map(|stage| stage.load.to_string())
        .collect();
    loads.sort();
    loads.dedup();
    loads
}

/// What a person has to know of the record.
fn words(
    args: &Args,
    record: &Trace,
    requests_only: bool,
    loads: &[String],
    dropped: u64,
) -> Vec<String> {
    let tally = record.tally;
    let is_capture = record.what == "capture";
    let unit = if is_capture { "packets" } else { "lines" };
    let mut words = vec![format!(
        "{}: {}; {unit}: {}, telling of phones: {}, requests: {}",
        args.file.display(),
        record.what,
        tally.read,
        tally.understood,
        record.len(),
    )];
    match tally.unknown {
        0 => {}
        unknown if is_capture => words.push(format!(
            "packets of an unknown link layer: {unknown}; Ethernet, Linux cooked and raw IP are \
             known"
        )),
        unknown => words.push(format!("lines that were not understood: {unknown}")),
    }
    if let Some(DamagedPacket { packet, fault }) = record.damage {
        words.push(format!(
            "damaged packets: {}; the first is packet {packet} ({fault})",
            tally.damaged
        ));
    }
    if tally.cut {
        words.push(
            "the record goes on after what was read: it breaks off, is damaged or is too long"
                .to_owned(),
        );
    }
    if dropped > 0 {
        words.push(format!("{dropped} addresses found no place: too many"));
    }
    if requests_only {
        words.push(
            "it tells requests alone and no acknowledgement: what a phone has is inferred from \
             what it asked for next"
                .to_owned(),
        );
    }
    if args.bundles.is_empty() && !loads.is_empty() {
        words.push(format!(
            "loads as the record shows them: {}; --bundle says it for sure",
            loads.join(", ")
        ));
    }
    words
}

fn failed(error: &ReplayError) -> Failure {
    let cure = error.cure();
    Failure::new(escape(&error.to_string()), cure)
}
