//! Files of the operator that are served with the firmware, checked before a phone reads them.

use std::path::{Path, PathBuf};

use super::{files, shown, stage_failure, unreadable};
use crate::{
    bundle::Bundle,
    diagnose::{Finding, Severity, worst_first},
    display::{self, Style},
    failure::Failure,
    lint::{self, FileKind, LintContext, MAX_FILE_BYTES},
    provision,
    stage::{ExtraFile, ServedFolder, StageError},
    text::escape,
};

/// The flag of the files that are read here.
const ADD: &str = "--add";

/// Maximum number of configurations of a served folder that are checked. `reflash lint` checks
/// more.
const MAX_CHECKED: usize = 1000;

/// Maximum number of findings printed for a served folder or an inventory.
pub(super) const MAX_SHOWN: usize = 20;

/// Reads the files of `--add`; of a folder, every file in it and below it that may be added. Phones
/// request a file below it by its path from that folder, such as `German_Germany/td-sip.jar`.
///
/// # Errors
/// A file that cannot be read, is too large, or has a name that cannot be served (a usage error).
pub fn read(paths: &[PathBuf]) -> Result<Vec<ExtraFile>, Failure> {
    read_named(paths, |_| None)
}

/// Like [`read`]; `name` is the name of a file if it is not its base name.
///
/// # Errors
/// As [`read`].
pub fn read_named<'a>(
    paths: &[PathBuf],
    name: impl Fn(&Path) -> Option<&'a str>,
) -> Result<Vec<ExtraFile>, Failure> {
    let mut read = Vec::new();
    let mut left_out = Vec::new();
    for path in paths {
        let failure = |error: StageError| match error {
            StageError::ExtraFileName { cure, .. } => {
                Failure::usage(escape(&error.to_string()), cure)
            }
            StageError::Io { path, source, .. } => unreadable(ADD, &path, &source),
            error => stage_failure(error),
        };
        let of_folder = files::of_tree(path).map_err(|error| unreadable(ADD, path, &error))?;
        refuse_provision_folder(path)?;
        let Some(of_folder) = of_folder else {
            let file = match name(path) {
                Some(name) => ExtraFile::read_as(path, name),
                None => ExtraFile::read(path),
            };
            read.push(file.map_err(failure)?);
            continue;
        };
        for file in of_folder {
            match ExtraFile::read_below(path, &file) {
                Ok(file) => read.push(file),
                // The folder may be a TFTP root: its firmware comes from the bundles.
                Err(error @ StageError::ExtraFileName { .. }) => {
                    left_out.push(escape(&error.to_string()));
                }
                Err(error) => return Err(failure(error)),
            }
        }
    }
    for text in left_out.iter().take(MAX_SHOWN) {
        tracing::warn!("left out: {text}");
    }
    if left_out.len() > MAX_SHOWN {
        tracing::warn!("left out: {} more files", left_out.len() - MAX_SHOWN);
    }
    Ok(read)
}

/// Refuses a folder that `reflash provision` wrote: beside the files for phones, it holds those of the
/// PBX, with the passwords of all phones.
///
/// # Errors
/// The folder is one (a usage error).
pub fn refuse_provision_folder(folder: &Path) -> Result<(), Failure> {
    let phones = folder.join(provision::TFTP);
    let own = [provision::folder::LIST, provision::folder::PASSWORDS];
    if !phones.is_dir() || !own.iter().any(|name| folder.join(name).is_file()) {
        return Ok(());
    }
    Err(Failure::usage(
        format!(
            "{} is a folder of `reflash provision`: it also holds the files of the PBX, with the \
             passwords of all phones, which every host on the network could read",
            shown(folder)
        ),
        format!("Name its folder for phones: {}", shown(&phones)),
    ))
}

/// Checks configurations that will be served with these bundles, and prints the findings.
///
/// # Errors
/// At least one finding is an error: a phone would not work with the file.
pub fn check(
    files: &[ExtraFile],
    targets: &[Bundle],
    bridges: &[Bundle],
    quiet: bool,
) -> Result<(), Failure> {
    let bundles = targets.iter().chain(bridges);
    let plans = files
        .iter()
        .flat_map(|file| lint::dial_templates(file.bytes()));
    let known = LintContext {
        loads: bundles
            .flat_map(|bundle| bundle.served_loads().cloned())
            .collect(),
        dial_plans: plans.collect(),
        common: files.iter().find_map(|file| {
            let name = Path::new(file.name());
            lint::common_settings(name, name, file.bytes())
        }),
        ..LintContext::default()
    };
    // The name that phones request decides what a file is.
    let named: Vec<(&Path, &[u8])> = files
        .iter()
        .map(|file| (Path::new(file.name()), file.bytes()))
        .collect();
    let mut findings: Vec<Finding> = named
        .iter()
        .filter(|(name, bytes)| lint::kind(name, bytes, &known).is_some())
        .flat_map(|(name, bytes)| lint::check(name, bytes, &known))
        .collect();
    findings.extend(lint::contradictions(&named));
    findings.extend(lint::compare_phones(&named, known.common.as_ref(), &known));
    for finding in &mut findings {
        let is_about = |file: &&ExtraFile| finding.path.as_deref() == Some(Path::new(file.name()));
        if let Some(file) = files.iter().find(is_about) {
            finding.path = Some(file.source().to_owned());
        }
    }
    findings.extend(plans_in_other_case(files, &known.dial_plans));
    print_findings(&findings, usize::MAX, quiet);
    let is_error = |finding: &&Finding| finding.severity == Severity::Error;
    match findings.iter().filter(is_error).count() {
        0 => Ok(()),
        errors => Err(Failure::new(
            format!(
                "{errors} error{} in configurations would keep phones from working; nothing was \
                 served or changed",
                if errors == 1 { "" } else { "s" }
            ),
            "Correct them and start again; `reflash lint FILE` checks the files on their own",
        )),
    }
}

/// Prints a warning for each dial plan that a configuration names and that is not among `files`:
/// all that phones get.
pub fn check_plan_names<'a>(files: impl Iterator<Item = &'a ExtraFile> + Clone, quiet: bool) {
    let names: Vec<String> = files.clone().map(|file| file.name().to_owned()).collect();
    let findings: Vec<Finding> = files
        .filter(|file| is_configuration(Path::new(file.name())))
        .flat_map(|file| lint::missing_plans(file.source(), file.bytes(), &names))
        .collect();
    print_findings(&findings, MAX_SHOWN, quiet);
}

/// Whether a file of this name may name a dial plan.
fn is_configuration(name: &Path) -> bool {
    matches!(
        FileKind::of_name(name),
        Some(FileKind::Device | FileKind::Settings)
    )
}

/// Dial plans that differ only in case from the name in a configuration.
fn plans_in_other_case(files: &[ExtraFile], plans: &[String]) -> Vec<Finding> {
    let is_meant = |file: &&ExtraFile| {
        let same = |plan: &String| plan.eq_ignore_ascii_case(file.name());
        plans.iter().any(same) && !plans.iter().any(|plan| plan == file.name())
    };
    let finding = |file: &ExtraFile| {
        let plan = plans
            .iter()
            .find(|plan| plan.eq_ignore_ascii_case(file.name()))?;
        Some(Finding {
            code: "file-name",
            severity: Severity::Warning,
            path: Some(file.source().to_owned()),
            line: None,
            column: None,
            message: format!(
                "a dialTemplate names {plan}, and most TFTP servers are case-sensitive"
            ),
            cure: format!("Rename the file to {plan}"),
        })
    };
    files.iter().filter(is_meant).filter_map(finding).collect()
}

/// Checks the configurations at the top level of a served folder and prints the findings.
/// The folder is served whatever they are.
pub fn check_folder(folder: &ServedFolder, quiet: bool) {
    let names = match folder.names() {
        Ok(names) => names,
        Err(error) => {
            tracing::warn!(
                "cannot check configurations: {}",
                escape(&error.to_string())
            );
            return;
        }
    };
    let all = names.clone();
    let names: Vec<_> = names
        .into_iter()
        .filter(|name| files::may_be_configuration(&folder.root().join(name)))
        .collect();
    if names.len() > MAX_CHECKED {
        tracing::warn!(
            "checking only {MAX_CHECKED} of {} files; run `reflash lint` on the others",
            names.len()
        );
    }
    let mut read = Vec::new();
    for name in names.into_iter().take(MAX_CHECKED) {
        match folder.resolve(&name) {
            Ok(Some(file)) => {
                let path = folder.root().join(&name);
                let bytes = match file.bytes() {
                    Some(bytes) => Ok(bytes.to_vec()),
                    None => files::read(&path, MAX_FILE_BYTES),
                };
                match bytes {
                    Ok(bytes) => read.push((path, bytes)),
                    Err(error) => tracing::warn!("cannot read {}: {error}", shown(&path)),
                }
            }
            // Not a regular file below the folder: phones cannot fetch it either.
            Ok(None) => {}
            Err(error) => tracing::warn!("{}", escape(&error.to_string())),
        }
    }
    let plans = read
        .iter()
        .flat_map(|(_, bytes)| lint::dial_templates(bytes));
    let known = LintContext {
        dial_plans: plans.collect(),
        common: read
            .iter()
            .find_map(|(path, bytes)| lint::common_settings(path, path, bytes)),
        ..LintContext::default()
    };
    let mut findings = Vec::new();
    for (path, bytes) in &read {
        if lint::kind(path, bytes, &known).is_some() {
            findings.extend(lint::check(path, bytes, &known));
        }
        findings.extend(lint::missing_plans(path, bytes, &all));
    }
    print_findings(&findings, MAX_SHOWN, quiet);
}

/// Prints errors and warnings, or with `quiet` only errors, to standard error.
pub(super) fn print_findings(findings: &[Finding], limit: usize, quiet: bool) {
    let least = if quiet {
        Severity::Error
    } else {
        Severity::Warning
    };
    let mut shown: Vec<Finding> = findings
        .iter()
        .filter(|finding| finding.severity >= least)
        .cloned()
        .collect();
    worst_first(&mut shown);
    for finding in shown.iter().take(limit) {
        eprint!("{}", display::finding(finding, Style::plain()));
    }
    if shown.len() > limit {
        let more = shown.len() - limit;
        eprintln!("{more} more findings: `reflash lint FILE...` prints all");
    }
}
