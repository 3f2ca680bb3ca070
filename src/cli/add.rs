//! `--add`: files of the user's beside the firmware, judged before any phone sees them.

use std::path::{Path, PathBuf};

use super::{Failure, Globals, findings, run};
use crate::{
    bundle::Bundle,
    diagnose::{Finding, Severity},
    display::Style,
    lint::{self, FileKind, LintContext},
    stage::{ExtraFile, ServedFolder, StageError},
    text::escape,
};

/// What is staged beside the bundles.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct AddArgs {
    /// A file of your own that phones get beside the firmware: SEP….cnf.xml,
    /// dialplan.xml, a list of ring tones. Configurations are judged first, as `reflash
    /// lint` does. Several.
    #[arg(long = "add", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

/// Names of a served folder that are judged at most; a folder for more phones is judged by
/// `reflash lint`.
const MAX_JUDGED: usize = 1000;

/// Findings that are shown of a served folder, or of an inventory, at most.
pub(super) const MAX_SHOWN: usize = 20;

impl AddArgs {
    /// Reads the files. Names that cannot be added are the command line's fault.
    pub(crate) fn read(&self) -> Result<Vec<ExtraFile>, Failure> {
        let read = |path: &PathBuf| {
            ExtraFile::read(path).map_err(|error| match error {
                StageError::ExtraFileName { cure, .. } => {
                    Failure::usage(escape(&error.to_string()), cure)
                }
                error => run::stage_failure(error),
            })
        };
        self.files.iter().map(read).collect()
    }
}

/// Judges what will be served beside these bundles: warnings are shown, errors end the verb
/// before the first phone is powered.
pub(crate) fn judge(
    own: &[ExtraFile],
    bundles: &[&[Bundle]],
    globals: &Globals,
) -> Result<(), Failure> {
    let of_bundles = bundles.iter().flat_map(|bundles| bundles.iter());
    let known = LintContext {
        loads: of_bundles.flat_map(|bundle| bundle.loads.clone()).collect(),
        ..LintContext::default()
    };
    let found: Vec<Finding> = own
        .iter()
        .filter(|file| FileKind::of_name(Path::new(file.name())).is_some())
        .flat_map(|file| lint::check(file.source(), file.bytes(), &known))
        .collect();
    let errors = found
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .count();
    show(&found, usize::MAX, globals);
    match errors {
        0 => Ok(()),
        errors => Err(Failure::new(
            format!("{errors} of these findings would keep phones from working; nothing was done"),
            "Cure them and start again; `reflash lint FILE` shows them as often as you want",
        )),
    }
}

/// Judges the configurations at the top level of a served folder. It is the user's own, so
/// that nothing is refused.
pub(crate) fn warn(folder: &ServedFolder, globals: &Globals) {
    let names = match folder.names() {
        Ok(names) => names,
        Err(error) => {
            tracing::warn!(
                "configurations are not judged: {}",
                escape(&error.to_string())
            );
            return;
        }
    };
    let wanted = |name: &String| FileKind::of_name(Path::new(name)).is_some();
    let names: Vec<_> = names.into_iter().filter(wanted).collect();
    if names.len() > MAX_JUDGED {
        tracing::warn!(
            "only {MAX_JUDGED} of {} configurations are judged: `reflash lint` judges the others",
            names.len()
        );
    }
    let mut found = Vec::new();
    for name in names.into_iter().take(MAX_JUDGED) {
        match folder.resolve(&name) {
            Ok(Some(file)) => {
                let path = folder.root().join(&name);
                found.extend(lint::check(&path, &file.bytes, &LintContext::default()));
            }
            // No regular file below the folder: phones do not get it either.
            Ok(None) => {}
            Err(error) => tracing::warn!("{}", escape(&error.to_string())),
        }
    }
    show(&found, MAX_SHOWN, globals);
}

/// Errors and warnings, on standard error; with `--quiet` errors alone.
pub(super) fn show(found: &[Finding], limit: usize, globals: &Globals) {
    let least = if globals.quiet {
        Severity::Error
    } else {
        Severity::Warning
    };
    let mut told: Vec<Finding> = found
        .iter()
        .filter(|found| found.severity >= least)
        .cloned()
        .collect();
    crate::diagnose::worst_first(&mut told);
    for finding in told.iter().take(limit) {
        eprint!("{}", findings::lines(finding, Style::plain()));
    }
    if told.len() > limit {
        let more = told.len() - limit;
        eprintln!("{more} more findings: `reflash lint FILE...` shows all of them");
    }
}
