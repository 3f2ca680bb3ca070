//! The bundles of a command line: examined, judged, and taken or not.

use std::path::PathBuf;

use super::{Failure, Globals};
use crate::{
    bundle::{self, Bundle, Checksum, Expectation},
    display::{StartedStage, escape},
    stage::{self, Accept},
    track::Plan,
};

/// What a bundle is compared with, and how much doubt is allowed.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct TrustArgs {
    /// A digest that one of the bundles must have: 32 (MD5), 40 (SHA-1), 64 (SHA-256) or
    /// 128 (SHA-512) hex digits. May be given several times.
    #[arg(long = "checksum", value_name = "HEX")]
    pub(crate) checksums: Vec<Checksum>,
    /// Take a bundle that is whole though nothing proves where it comes from.
    #[arg(long)]
    pub(crate) accept_unknown: bool,
}

impl TrustArgs {
    pub(crate) fn expectation(&self) -> Expectation {
        Expectation {
            checksums: self.checksums.clone(),
        }
    }
}

/// Examines the files and takes them if every one may be staged.
pub(crate) fn select(
    paths: &[PathBuf],
    trust: &TrustArgs,
    sccp: bool,
    globals: &Globals,
) -> Result<Vec<Bundle>, Failure> {
    let expectation = trust.expectation();
    let mut bundles = Vec::new();
    for path in paths {
        let bundle = bundle::examine(path, &expectation)
            .map_err(|error| Failure::new(escape(&error.to_string()), error.cure()))?;
        if !globals.quiet {
            let name = escape(&bundle.path.display().to_string());
            eprintln!("{name}: {}", bundle.verdict);
        }
        bundles.push(bundle);
    }
    if let Some(checksum) = bundle::unmatched(&bundles, &expectation).first() {
        return Err(Failure::new(
            format!("no bundle has the {} {checksum}", checksum.kind()),
            "Check the checksum for a slip, else fetch the file again: it is not the one that \
             the checksum is for",
        ));
    }
    stage::select(
        &bundles,
        Accept {
            unknown: trust.accept_unknown,
            sccp,
        },
    )
    .map_err(|refusal| {
        let cure = refusal.cure();
        let error = escape(&refusal.to_string());
        if refusal.is_usage() {
            Failure::usage(error, cure)
        } else {
            Failure::new(error, cure)
        }
    })?;
    Ok(bundles)
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
