//! Bundles and bridges: examined, checked, and selected for staging.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use super::shown;
use crate::{
    bundle::{self, Bundle, Checksum, ExamineOptions, TrustedKey},
    failure::Failure,
    phone::{LoadName, Model},
    reporter::StartedStage,
    stage::{self, AcceptPolicy, SelectionError},
    text::escape,
    track::{Plan, StagePlan},
};

/// Bytes read of a key file. A key or certificate has about 2,000.
const KEY_LIMIT: u64 = 64 * 1024 + 1;

/// What bundles are compared with, and whether unproven ones are accepted.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Digests that one of the bundles must have.
    pub checksums: Vec<Checksum>,
    /// PEM files of keys that are trusted in addition to Cisco's.
    pub keys: Vec<PathBuf>,
    /// Whether a complete bundle of unproven origin is accepted.
    pub accept_unknown: bool,
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

/// A bundle that the user cannot read that a run switches to.
#[must_use]
pub fn unreadable(path: &Path, user: &str) -> Failure {
    Failure::new(
        format!(
            "{} cannot be read by {user}; reflash switches to this user before it reads the \
             firmware",
            shown(path)
        ),
        format!(
            "Copy it to a folder of {user} and make it readable (`sudo chmod a+r FILE`), or name a \
             user who can read it: --user NAME"
        ),
    )
}

fn trusted_key(path: &Path) -> Result<TrustedKey, Failure> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(KEY_LIMIT).read_to_string(&mut text))
        .map_err(|error| {
            Failure::new(
                format!("cannot read the key {}: {error}", shown(path)),
                "--trust-key takes a PEM file with an RSA public key or certificate",
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
    let bundles = examine(paths, expectation, "", quiet)?;
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
    check_bridges(&bridges, &targets, trust.accept_unknown)?;
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

/// Checks that the bridges may be staged with these targets.
///
/// # Errors
/// A bridge that may not be staged, or fits no target.
pub fn check_bridges(
    bridges: &[Bundle],
    targets: &[Bundle],
    accept_unknown: bool,
) -> Result<(), Failure> {
    stage::check_bridges(bridges, targets, accept_unknown).map_err(|refusal| refused(&refusal))
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
        for bundle in found {
            if !quiet {
                eprintln!("{}: {}{role}", shown(&bundle.path), bundle.verdict);
            }
            bundles.push(bundle);
        }
    }
    Ok(bundles)
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
    let targets = selection.targets.iter().zip(&plan.stages);
    let bridges = selection.bridges.iter().zip(&plan.bridge);
    let targets = targets.map(started(false));
    targets.chain(bridges.map(started(true))).collect()
}
