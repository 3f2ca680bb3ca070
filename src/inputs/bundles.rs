//! Bundles and bridges: examined, checked, and selected for staging.

use std::path::{Path, PathBuf};

use super::{files, shown};
use crate::{
    bundle::{self, Bundle, Checksum, ExamineOptions, TrustedKey, Verdict},
    diagnose::Severity,
    display::print_message,
    failure::Failure,
    phone::{LoadName, Model},
    reporter::StartedStage,
    stage::{self, AcceptPolicy, SelectionError},
    text::{escape, quoted},
    track::{Plan, StagePlan},
};

/// The most findings printed about the firmware of a served folder.
const MAX_SHOWN: usize = 20;

/// Bytes read of a key file. A key or certificate has about 2,000.
const KEY_LIMIT: usize = 64 * 1024;

/// What bundles are compared with, and whether unproven ones are accepted.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Digests that one of the bundles must have.
    pub checksums: Vec<Checksum>,
    /// PEM files of keys that are trusted in addition to Cisco's.
    pub keys: Vec<PathBuf>,
    /// Whether a complete bundle of unproven origin is accepted.
    pub accept_unknown: bool,
    /// Whether a SIP bundle is accepted whose recovery manifests are missing or SCCP.
    pub without_recovery: bool,
}

/// Targets and bridges of a run.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The firmware that phones end up with.
    pub targets: Vec<Bundle>,
    /// Intermediate loads for phones that cannot take the target directly.
    pub bridges: Vec<Bundle>,
}

impl Selection {
    /// All bundles, targets first.
    #[must_use]
    pub fn all(&self) -> Vec<Bundle> {
        [&self.targets[..], &self.bridges].concat()
    }
}

impl Trust {
    /// Reads the keys.
    ///
    /// # Errors
    /// A key file that cannot be read, or that contains no RSA public key or certificate.
    pub fn expectation(&self) -> Result<ExamineOptions, Failure> {
        let trusted = self.keys.iter().map(|path| trusted_key(path));
        Ok(ExamineOptions {
            checksums: self.checksums.clone(),
            trusted: trusted.collect::<Result<_, _>>()?,
        })
    }
}

/// A bundle that the user who called sudo cannot read.
#[must_use]
pub fn unreadable(path: &Path, user: &str) -> Failure {
    Failure::new(
        format!(
            "{} cannot be read by {user}, who started reflash; it opens files as this user and not as \
             root",
            shown(path)
        ),
        format!("Copy it to a folder of {user} and make it readable: `sudo chmod a+r FILE`"),
    )
}

fn trusted_key(path: &Path) -> Result<TrustedKey, Failure> {
    let bytes = files::read(path, KEY_LIMIT).map_err(|error| {
        if path.is_dir() {
            let error = format!("--trust-key {} is a folder", shown(path));
            return Failure::new(
                error,
                "Name a PEM file in it, with a public key or a certificate",
            );
        }
        super::unreadable("--trust-key", path, &error)
    })?;
    let text = String::from_utf8(bytes).map_err(|_| {
        let file = quoted(path.as_os_str());
        Failure::new(
            format!("--trust-key {} is not text, so it is no PEM file", shown(path)),
            format!(
                "If it is a certificate in DER form, convert it: openssl x509 -inform der -in {file} -out \
                 key.pem"
            ),
        )
    })?;
    let name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    TrustedKey::from_pem(&name, &text).map_err(|error| {
        Failure::new(
            format!("the key {} cannot be used: {error}", shown(path)),
            "Export it with `openssl rsa -in KEY -pubout -out PEM`, and pass that file",
        )
    })
}

/// Examines the files and checks that each may be staged. `accept_sccp`: whether SCCP
/// firmware may be.
///
/// # Errors
/// A key or bundle that cannot be read, bundles that may not be staged, or a checksum that no file
/// has.
pub fn select(
    paths: &[PathBuf],
    trust: &Trust,
    accept_sccp: bool,
    quiet: bool,
) -> Result<Vec<Bundle>, Failure> {
    let accept = AcceptPolicy {
        unknown: trust.accept_unknown,
        sccp: accept_sccp,
        // Only a conversion tells people to reset phones.
        no_recovery: accept_sccp || trust.without_recovery,
    };
    select_expected(paths, &trust.expectation()?, accept, quiet)
}

/// Like [`select`], with keys and checksums already read.
///
/// # Errors
/// As [`select`].
pub fn select_expected(
    paths: &[PathBuf],
    expectation: &ExamineOptions,
    accept: AcceptPolicy,
    quiet: bool,
) -> Result<Vec<Bundle>, Failure> {
    let mut bundles = Vec::new();
    for path in paths {
        let mut found = examine(std::slice::from_ref(path), expectation, "", quiet)?;
        // A repack with the bundles of both protocols: only the SIP one is wanted.
        if !accept.sccp && found.iter().any(|bundle| !stage::is_sccp(bundle)) {
            found.retain(|bundle| !stage::is_sccp(bundle));
        }
        bundles.extend(found);
    }
    if let Some(checksum) = bundle::unmatched_checksums(&bundles, expectation).first() {
        return Err(Failure::new(
            format!("no bundle has the {} {checksum}", checksum.kind()),
            "Check the checksum for a typing error. If it is correct, download the file again: \
             this is not the file it belongs to",
        ));
    }
    stage::check_targets(&bundles, accept).map_err(|refusal| refused(&refusal))?;
    Ok(bundles)
}

/// Examines targets and bridges and checks that each may be staged.
///
/// # Errors
/// As [`select`], and a bridge that fits no target.
pub fn select_with_bridges(
    targets: &[PathBuf],
    bridges: &[PathBuf],
    trust: &Trust,
    quiet: bool,
) -> Result<Selection, Failure> {
    let (bridges, rest) = examine_bridges(bridges, trust, quiet)?;
    let targets = select(targets, &rest, false, quiet)?;
    let bridges = check_bridges(bridges, &targets, trust.accept_unknown, quiet)?;
    Ok(Selection { targets, bridges })
}

/// Examines the bridges. Also returns what is left to compare the targets with, because a checksum
/// may belong to a bridge.
///
/// # Errors
/// A file that cannot be examined.
pub fn examine_bridges(
    paths: &[PathBuf],
    trust: &Trust,
    quiet: bool,
) -> Result<(Vec<Bundle>, Trust), Failure> {
    let expectation = trust.expectation()?;
    let bridges = examine(paths, &expectation, " (bridge)", quiet)?;
    let unmatched = bundle::unmatched_checksums(&bridges, &expectation);
    let rest = Trust {
        checksums: unmatched.into_iter().cloned().collect(),
        ..trust.clone()
    };
    Ok((bridges, rest))
}

/// Checks that the bridges may be staged with these targets, and returns those that phones may need
/// in the order in which they install them.
///
/// # Errors
/// A bridge that may not be staged, or fits no target.
pub fn check_bridges(
    bridges: Vec<Bundle>,
    targets: &[Bundle],
    accept_unknown: bool,
    quiet: bool,
) -> Result<Vec<Bundle>, Failure> {
    stage::check_bridges(&bridges, targets, accept_unknown).map_err(|refusal| refused(&refusal))?;
    let ordered = stage::order_bridges(bridges);
    if !quiet {
        ordered.notes.iter().for_each(|note| print_message(note));
    }
    Ok(ordered.bridges)
}

/// Examines the files and prints the verdict of each, followed by `role`, unless `quiet`.
///
/// # Errors
/// A file that cannot be examined.
pub fn examine(
    paths: &[PathBuf],
    expectation: &ExamineOptions,
    role: &str,
    quiet: bool,
) -> Result<Vec<Bundle>, Failure> {
    let mut bundles = Vec::new();
    for path in paths {
        let found = bundle::examine(path, expectation)
            .map_err(|error| Failure::new(escape(&error.to_string()), error.cure()))?;
        if !quiet {
            for bundle in &found {
                eprintln!("{}: {}{role}", shown(&bundle.path), bundle.verdict);
            }
        }
        let found = usable(found);
        if !quiet {
            found.iter().for_each(print_remarks);
        }
        bundles.extend(found);
    }
    Ok(bundles)
}

/// Prints what is not served of a usable bundle, and what may stop a conversion.
fn print_remarks(bundle: &Bundle) {
    let is_usable = bundle.served_sets().next().is_some();
    let is_shown = |problem: &&bundle::Problem| {
        problem.severity == Severity::Warning && problem.code != "bundle-unknown"
            || problem.severity == Severity::Error
            || ["file-skipped", "set-not-served"].contains(&problem.code)
    };
    for problem in bundle.problems.iter().filter(is_shown) {
        if is_usable {
            let member = problem.member.as_ref();
            let member = member.map_or(String::new(), |name| format!("{name}: "));
            let text = format!("{}: {member}{}", problem.code, problem.message);
            print_message(&format!("  {}", escape(&text)));
            // How to have a file served that is left out.
            if problem.cure.contains("--add") {
                print_message(&format!("    → {}", escape(&problem.cure)));
            }
        }
    }
}

/// Checks the firmware at the top level of a served folder and prints errors and warnings, or
/// with `quiet` only errors. The folder is served whatever they are.
pub fn check_folder(folder: &Path, quiet: bool) {
    let found = match bundle::examine(folder, &ExamineOptions::default()) {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!("cannot check firmware: {}", escape(&error.to_string()));
            return;
        }
    };
    let least = if quiet {
        Severity::Error
    } else {
        Severity::Warning
    };
    // Phones request names at the top level; archives are no firmware to them.
    let top = found.iter().filter(|bundle| bundle.path == folder);
    let problems: Vec<_> = top
        .filter(|bundle| bundle.verdict != Verdict::Foreign)
        .flat_map(|bundle| &bundle.problems)
        .filter(|problem| problem.severity >= least)
        .collect();
    let shown = &problems[..problems.len().min(MAX_SHOWN)];
    for (at, problem) in shown.iter().enumerate() {
        let member = problem.member.as_ref();
        let member = member.map_or(String::new(), |name| format!("{name}: "));
        let text = format!("{} {member}{}", problem.code, problem.message);
        print_message(&format!("firmware: {}", escape(&text)));
        // Problems that follow each other and have one cure get it once.
        if shown
            .get(at + 1)
            .is_none_or(|next| next.cure != problem.cure)
        {
            print_message(&format!("  → {}", escape(&problem.cure)));
        }
    }
    if problems.len() > MAX_SHOWN {
        let more = problems.len() - MAX_SHOWN;
        eprintln!("{more} more findings: `reflash verify DIR` prints all");
    }
}

/// The usable bundles of one file or folder; all if none is. Bundles of unproven origin count
/// only if there is no other.
fn usable(found: Vec<Bundle>) -> Vec<Bundle> {
    let is_proven = |bundle: &Bundle| matches!(bundle.verdict, Verdict::Known | Verdict::Genuine);
    let is_intact = |bundle: &Bundle| bundle.verdict == Verdict::Intact;
    if found.iter().any(is_proven) {
        found.into_iter().filter(is_proven).collect()
    } else if found.iter().any(is_intact) {
        found.into_iter().filter(is_intact).collect()
    } else {
        found
    }
}

/// Why bundles may not be staged.
fn refused(refusal: &SelectionError) -> Failure {
    let cure = refusal.cure();
    let error = escape(&refusal.to_string());
    if refusal.is_usage() {
        Failure::usage(error, cure)
    } else {
        Failure::new(error, cure)
    }
}

/// The load of each model of these stages.
#[must_use]
pub fn model_loads(stages: Vec<StagePlan>) -> Vec<(&'static Model, LoadName)> {
    let of_stage = |stage: StagePlan| {
        let load = stage.load;
        let models = stage.models.into_iter();
        models.map(move |model| (model, load.clone()))
    };
    stages.into_iter().flat_map(of_stage).collect()
}

/// Each stage with its bundle. A bundle may have several loads, each with a stage.
fn with_bundles<'a>(
    bundles: &'a [Bundle],
    stages: &'a [StagePlan],
) -> impl Iterator<Item = (&'a Bundle, &'a StagePlan)> {
    stages.iter().filter_map(|stage| {
        let has = |bundle: &&Bundle| bundle.served_loads().any(|load| *load == stage.load);
        Some((bundles.iter().find(has)?, stage))
    })
}

/// The bundles of a plan as the run announces them at its start, targets first.
#[must_use]
pub fn started_stages(selection: &Selection, plan: &Plan) -> Vec<StartedStage> {
    let started = |bridge: bool| {
        move |(bundle, stage): (&Bundle, &StagePlan)| StartedStage {
            bundle: bundle.path.clone(),
            load: stage.load.clone(),
            models: stage
                .models
                .iter()
                .map(|model| model.number.to_owned())
                .collect(),
            bridge,
        }
    };
    let targets = with_bundles(&selection.targets, &plan.stages).map(started(false));
    let bridges = with_bundles(&selection.bridges, &plan.bridge).map(started(true));
    targets.chain(bridges).collect()
}
