//! The bundles of a command line: examined, judged, and taken or not.

use std::path::PathBuf;

use super::{Failure, Globals};
use crate::{
    bundle::{self, Bundle, Expectation},
    display::{StartedStage, escape},
    stage,
    track::Plan,
};

/// Which bundles, and what their owner knows of them.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct BundleArgs {
    /// The firmware bundles: cmterm-….zip as Cisco ships them.
    #[arg(value_name = "BUNDLE", required = true)]
    pub(crate) bundles: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

/// What a bundle is compared with, and how much doubt is allowed.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct TrustArgs {
    /// A digest that one of the bundles must have: MD5, SHA-1, SHA-256 or SHA-512 in hex.
    #[arg(long = "checksum", value_name = "HEX", value_parser = super::verify::checksum)]
    pub(crate) checksums: Vec<String>,
    /// Take a bundle that is whole although nothing proves where it comes from.
    #[arg(long)]
    pub(crate) accept_unknown: bool,
}

impl BundleArgs {
    /// The bundles, if every one may be staged for a conversion to SIP.
    pub(crate) fn selected(&self, globals: &Globals) -> Result<Vec<Bundle>, Failure> {
        select(&self.bundles, &self.trust, globals)
    }
}

/// Examines the files and takes them if every one may be staged for a conversion to SIP.
pub(crate) fn select(
    paths: &[PathBuf],
    trust: &TrustArgs,
    globals: &Globals,
) -> Result<Vec<Bundle>, Failure> {
    let expectation = Expectation {
        checksums: trust.checksums.clone(),
    };
    let examine = |path: &PathBuf| {
        bundle::examine(path, &expectation).map_err(|error| {
            Failure::new(
                error,
                "Check the path, and that this user may read the file",
            )
        })
    };
    let bundles: Vec<Bundle> = paths.iter().map(examine).collect::<Result<_, _>>()?;
    if !globals.quiet && !globals.json {
        for bundle in &bundles {
            let name = escape(&bundle.path.display().to_string());
            eprintln!("{name}: {:?}", bundle.verdict);
        }
    }
    stage::select(&bundles, trust.accept_unknown).map_err(Failure::from)?;
    Ok(bundles)
}

/// The bundles as `started` names them.
pub(crate) fn started(bundles: &[Bundle], plan: &Plan) -> Vec<StartedStage> {
    bundles
        .iter()
        .zip(&plan.stages)
        .map(|(bundle, stage)| StartedStage {
            bundle: bundle.path.clone(),
            load: stage.load.clone(),
            models: stage
                .models
                .iter()
                .map(|model| model.number.to_owned())
                .collect(),
        })
        .collect()
}
