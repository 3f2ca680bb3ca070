//! `reflash report`: the record of a run as a table, JSON, CSV or a page.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{
    Failure, Globals, Outcome,
    paper::{Paper, PaperArgs},
};
use crate::{
    journal::{self, RecordedRun},
    report::html::Heading,
    run_view,
    text::{date_time, escape},
    track::{Fleet, Plan, StagePlan},
};

/// Says what became of every phone of a run, from its record.
///
/// Who is done, on what evidence, who is not and why, how long it took, and what to do next.
/// Reads the journal that `convert` writes. It may be of a run that still goes on, or of one
/// that was killed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  reflash report ~/.local/state/reflash/2026-11-23T08-00-00Z-SIP45.9-3-1SR4-1S.jsonl
  reflash report run.jsonl --format html --to run.html
  reflash report run.jsonl --format csv --to run.csv")]
pub(super) struct Args {
    /// The journal of a run.
    #[arg(value_name = "JOURNAL")]
    journal: PathBuf,
    #[command(flatten)]
    paper: PaperArgs,
}

/// Runs the verb.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    args.paper.check(globals)?;
    replayed(&args.journal, Vec::new(), &args.paper, globals)
}

/// Reports a journal; `stages` in place of those that were recorded, if there are any.
pub(super) fn replayed(
    path: &Path,
    stages: Vec<StagePlan>,
    form: &PaperArgs,
    globals: &Globals,
) -> Result<Outcome, Failure> {
    let recorded = journal::read(path).map_err(|error| {
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
    let paper = Paper {
        view: &view,
        heading: Heading {
            title: format!("reflash {}", recorded.header.command),
            words: words(path, &recorded),
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
                "bundles": bundles,
            },
        }),
    };
    form.write(&paper, globals)?;
    Ok(Outcome::Done)
}

/// What a person has to know of the record.
fn words(path: &Path, recorded: &RecordedRun) -> Vec<String> {
    let sessions = &recorded.sessions;
    let mut words = vec![format!(
        "journal {}: {} from {} to {}",
        path.display(),
        recorded.header.program,
        date_time(sessions.began()),
        date_time(sessions.wall(recorded.last)),
    )];
    for bundle in &recorded.header.bundles {
        let role = if bundle.bridge { "bridge" } else { "bundle" };
        // A rehearsal's own bundle is a file without a name.
        let path = if bundle.path.starts_with("/proc/self/fd") {
            "made up".to_owned()
        } else {
            bundle.path.display().to_string()
        };
        words.push(format!("{role} {path}: {}", bundle.load));
    }
    // Exactly 1 is what every run but a rehearsal writes.
    if (recorded.header.speed - 1.0).abs() > f64::EPSILON {
        words.push(
            "times and durations are real; those inside evidence are simulated and run faster"
                .to_owned(),
        );
    }
    if sessions.count() > 1 {
        words.push(format!("it was resumed: {} sessions", sessions.count()));
    }
    if !recorded.finished {
        words.push("the record has no end: the run goes on, or it was killed".to_owned());
    }
    match recorded.lines_cut {
        0 => {}
        1 => words.push("its last line breaks off and was left out".to_owned()),
        many => words.push(format!(
            "it is damaged: its last {many} lines, from the first that is none, were left out"
        )),
    }
    if recorded.unknown_lines > 0 {
        words.push(format!(
            "lines that another version of reflash wrote and this one does not know: {}",
            recorded.unknown_lines
        ));
    }
    words
}
