//! `reflash replay`: another server's log, a packet capture or a journal through the same
//! tracking.

use std::path::PathBuf;

use serde_json::json;

use super::{
    bundles::TrustArgs,
    globals::{CommandOutcome, Globals},
    heading,
    number::number,
    report_output::{ReportArgs, ReportOutput},
};
use crate::{
    failure::Failure,
    inputs::{bundles, shown, stage_failure},
    journal,
    replay::{self, DamagedPacket, ReplayError, ReplayFormat, Trace, TraceNote},
    report::html::Heading,
    run_view,
    stage::{self, AcceptPolicy},
    text::escape,
    track::{Fleet, Plan, RunTime, StagePlan},
};

/// Analyse another TFTP server's log, a packet capture or a journal
///
/// Reads logs of tftpd-hpa, dnsmasq, atftpd, Tftpd32 and Tftpd64, the tftpd of netkit and BSD, web
/// servers, wazo-provd, routers (debug tftp) and tcpdump, also from journalctl, docker or a syslog
/// server; captures (pcap, pcapng) with TFTP, HTTP on port 6970, CDP, LLDP, DHCP, SIP and SCCP; and
/// journals of reflash. The type is detected from the content; gzip is unpacked. Log times without
/// a zone count as UTC. If a log has requests only, the state "flashed" is inferred, and its
/// evidence says so.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  reflash replay /var/log/syslog
  reflash replay /var/log/syslog.2.gz
  journalctl -o json -t in.tftpd | reflash replay -
  reflash replay phones.pcap --bundle cmterm-7945_7965-sip.9-3-1SR4-1.zip
  reflash replay old-tftpd.log --year 2020 --format html --to phones.html")]
pub(super) struct Args {
    /// Log, capture or journal; - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Bundle that was served (repeatable)
    ///
    /// Files that phones fetched are compared with its manifests and sizes.
    #[arg(long = "bundle", value_name = "BUNDLE", help_heading = heading::BUNDLES)]
    bundles: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// Year of the first line, for times without one
    ///
    /// Default: from the modification time of the file.
    #[arg(long, value_name = "YEAR", help_heading = heading::RECORD, value_parser = number(1970..=2261_i16))]
    year: Option<i16>,
    #[command(flatten)]
    output: ReportArgs,
}

/// Runs the command.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<CommandOutcome, Failure> {
    args.output.check(globals)?;
    let stages = stages(args, globals)?;
    let opened = replay::open(&args.file).map_err(|error| failed(&error))?;
    if opened.format == ReplayFormat::Journal {
        let path = &args.file;
        let recorded = journal::read_from(path, opened.into_reader());
        return super::report::replayed(path, recorded, stages, &args.output, globals);
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
    let mut report = fleet.report(began);
    record.restore_addresses(&mut report);
    view.finish(&report);
    let sentences = heading_sentences(args, &record, requests_only, &loads, fleet.dropped());
    let output = ReportOutput {
        view: &view,
        heading: Heading {
            title: format!("Phones of {}", escape(&args.file.display().to_string())),
            sentences,
        },
        json: json!({
            "report": view.report(),
            "record": {
                "path": args.file,
                "kind": record.what,
                "read": record.tally.read,
                "understood": record.tally.understood,
                "unknown": record.tally.unknown,
                "first_unknown": record.tally.first_unknown,
                "damaged": record.tally.damaged,
                "cut": record.tally.cut,
                "requests": record.len(),
                "requests_only": requests_only,
                "notes": record.notes,
                "loads": loads,
            },
        }),
    };
    args.output.write(&output, globals)?;
    Ok(CommandOutcome::Done)
}

/// The stages of the bundles that were named.
fn stages(args: &Args, globals: &Globals) -> Result<Vec<StagePlan>, Failure> {
    if args.bundles.is_empty() {
        return Ok(Vec::new());
    }
    // Nothing is served, so their origin need not be proven.
    let accept = AcceptPolicy {
        unknown: true,
        sccp: true,
        no_recovery: true,
    };
    let expectation = args.trust.trust().expectation()?;
    let bundles = bundles::select_expected(&args.bundles, &expectation, accept, globals.quiet)?;
    stage::stage_plans(&bundles).map_err(stage_failure)
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

/// What the operator must know about the record.
fn heading_sentences(
    args: &Args,
    record: &Trace,
    requests_only: bool,
    loads: &[String],
    dropped: u64,
) -> Vec<String> {
    let tally = record.tally;
    let is_capture = record.what == "capture";
    let unit = if is_capture { "packets" } else { "lines" };
    let mut lines = vec![format!(
        "{}: {}; {unit}: {}, about phones: {}, requests: {}",
        shown(&args.file),
        record.what,
        tally.read,
        tally.understood,
        record.len(),
    )];
    let first = |what: &str| {
        let number = tally.first_unknown.filter(|_| tally.unknown > 1);
        number.map_or_else(String::new, |number| {
            format!(", the first is {what} {number}")
        })
    };
    match tally.unknown {
        0 => {}
        unknown if is_capture => lines.push(format!(
            "packets of an unsupported link layer: {unknown}{} (supported: Ethernet, Linux cooked, \
             raw IP, PPP, BSD loopback)",
            first("packet")
        )),
        unknown => lines.push(format!("lines not understood: {unknown}{}", first("line"))),
    }
    if let Some(DamagedPacket { packet, fault }) = record.damage {
        lines.push(format!(
            "malformed packets: {}; the first is packet {packet} ({fault})",
            tally.damaged
        ));
    }
    if tally.cut {
        lines.push(
            "only part of the record was read: it is incomplete, damaged or too long".to_owned(),
        );
    }
    if dropped > 0 {
        lines.push(format!("too many addresses: {dropped} were ignored"));
    }
    lines.extend(record.notes.iter().map(TraceNote::sentence));
    let is_said = record.notes.contains(&TraceNote::OneDirection);
    if requests_only && !is_said {
        lines.push(
            "the record has requests but no acknowledgements: what a phone received is inferred \
             from its next request"
                .to_owned(),
        );
    }
    if args.bundles.is_empty() && !loads.is_empty() {
        lines.push(format!(
            "loads according to the record: {}; name the bundle with --bundle to check them",
            loads.join(", ")
        ));
    }
    lines
}

fn failed(error: &ReplayError) -> Failure {
    let cure = error.cure();
    Failure::new(escape(&error.to_string()), cure)
}
