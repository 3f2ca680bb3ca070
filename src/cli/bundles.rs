//! The bundles of a command line: examined, judged, and taken or not.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use super::{Failure, Globals};
use crate::{
    bundle::{self, Bundle, Checksum, ExamineOptions, TrustedKey},
    reporter::StartedStage,
    stage::{self, AcceptPolicy, SelectionError},
    text::escape,
    track::Plan,
};

/// What a bundle is compared with, and how much doubt is allowed.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct TrustArgs {
    /// A digest that one of the bundles must have: 32 (MD5), 40 (SHA-1), 64 (SHA-256) or
    /// 128 (SHA-512) hex digits. May be given several times.
    #[arg(long = "checksum", value_name = "HEX")]
    pub(crate) checksums: Vec<Checksum>,
    /// An RSA public key or certificate (PEM) whose signatures count as valid, besides
    /// Cisco's: for bundles that you made yourself. May be given several times.
    #[arg(long = "trust-key", value_name = "PEM")]
    pub(crate) trust_keys: Vec<PathBuf>,
    /// Take a bundle that is whole though nothing proves where it comes from.
    #[arg(long)]
    pub(crate) accept_unknown: bool,
}

/// Bytes of a key's file that are read: a key or certificate has 2,000 or so.
const KEY_LIMIT: u64 = 64 * 1024 + 1;

impl TrustArgs {
    /// Reads the keys.
    pub(crate) fn expectation(&self) -> Result<ExamineOptions, Failure> {
        Ok(ExamineOptions {
            checksums: self.checksums.clone(),
            trusted: self
                .trust_keys
                .iter()
                .map(|path| trusted(path))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn trusted(path: &Path) -> Result<TrustedKey, Failure> {
    let shown = escape(&path.display().to_string());
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(KEY_LIMIT).read_to_string(&mut text))
        .map_err(|error| {
            Failure::new(
                format!("cannot read the key {shown}: {error}"),
                "--trust-key takes a file with a public key or certificate in PEM",
            )
        })?;
    let name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    TrustedKey::from_pem(&name, &text).map_err(|error| {
        Failure::new(
            format!("the key {shown} cannot be used: {error}"),
            "Write it with `openssl rsa -in KEY -pubout -out PEM`, and name that file",
        )
    })
}

/// Examines the files and takes them if every one may be staged.
pub(crate) fn select(
    paths: &[PathBuf],
    trust: &TrustArgs,
    sccp: bool,
    globals: &Globals,
) -> Result<Vec<Bundle>, Failure> {
    let accept = AcceptPolicy {
        unknown: trust.accept_unknown,
        sccp,
    };
    examined(paths, &trust.expectation()?, accept, globals.quiet)
}

/// Examines the files under these keys and checksums, and takes them if every one may be
/// staged.
pub(crate) fn examined(
    paths: &[PathBuf],
    expectation: &ExamineOptions,
    accept: AcceptPolicy,
    quiet: bool,
) -> Result<Vec<Bundle>, Failure> {
    let bundles = looked_at(paths, expectation, "", quiet)?;
    if let Some(checksum) = bundle::unmatched_checksums(&bundles, expectation).first() {
        return Err(Failure::new(
            format!("no bundle has the {} {checksum}", checksum.kind()),
            "Check the checksum for a slip, else fetch the file again: it is not the one that \
             the checksum is for",
        ));
    }
    stage::check_targets(&bundles, accept).map_err(|refusal| refused(&refusal))?;
    Ok(bundles)
}

/// Examines the files and says of each what it is; `role` is what it is for.
pub(crate) fn looked_at(
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
                let name = escape(&bundle.path.display().to_string());
                eprintln!("{name}: {}{role}", bundle.verdict);
            }
            bundles.push(bundle);
        }
    }
    Ok(bundles)
}

/// Why bundles may not be staged.
pub(crate) fn refused(refusal: &SelectionError) -> Failure {
    let cure = refusal.cure();
    let error = escape(&refusal.to_string());
    if refusal.is_usage() {
        Failure::usage(error, cure)
    } else {
        Failure::new(error, cure)
    }
}

/// The bundles as `started` names them.
pub(crate) fn started(bundles: &[Bundle], plan: &Plan) -> Vec<StartedStage> {
    let stage = |(bundle, stage): (&Bundle, &crate::track::StagePlan)| StartedStage {
        bundle: bundle.path.clone(),
        load: stage.load.clone(),
        models: stage
            .models
            .iter()
            .map(|model| model.number.to_owned())
            .collect(),
        bridge: false,
    };
    bundles.iter().zip(&plan.stages).map(stage).collect()
}
