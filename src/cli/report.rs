//! `reflash report`: the journal of a run as a table, JSON, CSV or an HTML page.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{
    globals::{CommandOutcome, Globals},
    report_output::{ReportArgs, ReportOutput},
};
use crate::{
    failure::Failure,
    journal::{self, JournalError, RecordedRun},
    report::html::Heading,
    run_view,
    text::{date_time, escape},
    track::{Counted, Fleet, Plan, StagePlan},
};

/// Report the result of every phone of a run, from its journal
///
/// For every phone: its state, the evidence for it, how long it took, what is wrong, and what to do
/// next. Reads the journal that `convert` writes, also of a run that is still in progress or was
/// killed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  reflash report run.jsonl
  reflash report run.jsonl --format html --to run.html
  reflash report run.jsonl --format csv --to run.csv")]
pub(super) struct Args {
    /// Journal of a run
    #[arg(value_name = "JOURNAL")]
    journal: PathBuf,
    #[command(flatten)]
    output: ReportArgs,
}

/// Runs the command.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<CommandOutcome, Failure> {
    args.output.check(globals)?;
    let path = &args.journal;
    replayed(path, journal::read(path), Vec::new(), &args.output, globals)
}

/// Reports a journal, `path`. `stages`, unless empty, replace the recorded ones.
pub(super) fn replayed(
    path: &Path,
    recorded: Result<RecordedRun, JournalError>,
    stages: Vec<StagePlan>,
    args: &ReportArgs,
    globals: &Globals,
) -> Result<CommandOutcome, Failure> {
    let recorded = recorded.map_err(|error| {
        let cure = error.cure();
        Failure::new(escape(&error.to_string()), cure)
    })?;
    let mut plan = recorded.header.plan();
    if !stages.is_empty() {
        plan = Plan { stages, ..plan };
    }
    let mut fleet = Fleet::new(plan);
    let wall = |at| recorded.sessions.wall(at);
    let mut view = run_view::fold(&mut fleet, &recorded.observations, recorded.last, wall);
    let mut report = fleet.report(recorded.sessions.began());
    recorded.sessions.to_wall_clock(&mut report);
    view.finish(&report);
    view.finish(&report);
    let bundles: Vec<_> = recorded
        .header
        .bundles
        .iter()
        .map(|bundle| {
            let sha256 = bundle.digests.as_ref().map(|digests| &digests.sha256);
            json!({
                "path": bundle.path,
                "load": bundle.load,
                "bridge": bundle.bridge,
                "sha256": sha256,
            })
        })
        .collect();
    let output = ReportOutput {
        view: &view,
        heading: Heading {
            title: format!("reflash {}", recorded.header.command),
            sentences: heading_sentences(path, &recorded),
        },
        json: json!({
            "report": view.report(),
            "journal": {
                "path": path,
                "program": recorded.header.program,
                "verb": recorded.header.command,
                "began": recorded.sessions.began(),
                "last": recorded.sessions.wall(recorded.last),
                "sessions": recorded.sessions.count(),
                "finished": recorded.finished,
                "lines_cut": recorded.lines_cut,
                "unknown_lines": recorded.unknown_lines,
                "counted": recorded.counted,
                "limit": recorded.limit_reached(),
                "bundles": bundles,
            },
        }),
    };
    args.write(&output, globals)?;
    Ok(CommandOutcome::Done)
}

/// What the operator must know about the journal.
fn heading_sentences(path: &Path, recorded: &RecordedRun) -> Vec<String> {
    let sessions = &recorded.sessions;
    let mut lines = vec![format!(
        "journal {}: {} from {} to {}",
        path.display(),
        recorded.header.program,
        date_time(sessions.began()),
        date_time(sessions.wall(recorded.last)),
    )];
    for bundle in &recorded.header.bundles {
        let role = if bundle.bridge { "bridge" } else { "bundle" };
        // The synthetic bundle of a rehearsal is a file without a name.
        let path = if bundle.path.starts_with("/proc/self/fd") {
            "synthetic bundle".to_owned()
        } else {
            bundle.path.display().to_string()
        };
        lines.push(format!("{role} {path}: {}", bundle.load));
    }
    // Every run except a rehearsal writes exactly 1.
    if (recorded.header.speed - 1.0).abs() > f64::EPSILON {
        lines.push(
            "times and durations are real; those inside evidence are simulated and run faster"
                .to_owned(),
        );
    }
    if sessions.count() > 1 {
        lines.push(format!("resumed: {} sessions", sessions.count()));
    }
    if !recorded.finished {
        lines.push(
            "the journal has no last line: the run is still in progress, or was killed".to_owned(),
        );
    }
    let Counted { requests, reports } = recorded.counted;
    if requests > 0 {
        lines.push(format!(
            "requests over the limits of their host or of all hosts, which are only counted: {requests}"
        ));
    }
    if reports > 0 {
        lines.push(format!(
            "reports that repeat the last one or are over the limits, which are only counted: {reports}"
        ));
    }
    if let Some(limit) = recorded.limit_reached() {
        lines.push(format!("the journal {limit}"));
    }
    match recorded.lines_cut {
        0 => {}
        1 => lines.push("its last line is incomplete and was ignored".to_owned()),
        many => lines.push(format!(
            "it is damaged: the last {many} lines, from the first invalid one on, were ignored"
        )),
    }
    if recorded.unknown_lines > 0 {
        lines.push(format!(
            "unknown lines, written by another version of reflash: {}",
            recorded.unknown_lines
        ));
    }
    lines
}
