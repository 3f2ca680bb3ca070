//! `--bridge`: the load that older phones need before they take the target.

use std::path::PathBuf;

use super::{
    Failure, Globals,
    bundles::{self, TrustArgs},
};
use crate::{
    bundle::{self, Bundle},
    reporter::StartedStage,
    stage,
    track::{Plan, StagePlan},
};

/// The way that phones take to the target.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct BridgeArgs {
    /// A bundle for phones that refuse the target in one step, usually SCCP 8.5(2) of the
    /// same models. They get it first and the target then. Several for different models.
    #[arg(long = "bridge", value_name = "BUNDLE")]
    pub(crate) bridges: Vec<PathBuf>,
}

impl BridgeArgs {
    /// Examines targets and bridges, and takes them if every one may be staged: the
    /// targets, then the bridges.
    pub(crate) fn select(
        &self,
        targets: &[PathBuf],
        trust: &TrustArgs,
        globals: &Globals,
    ) -> Result<(Vec<Bundle>, Vec<Bundle>), Failure> {
        let (bridges, rest) = self.examine(trust, globals)?;
        let targets = bundles::select(targets, &rest, false, globals)?;
        self::judge(&bridges, &targets, trust.accept_unknown)?;
        Ok((targets, bridges))
    }

    /// The bridges, not judged yet; and what the targets are still to be compared with: a
    /// checksum may be a bridge's.
    pub(crate) fn examine(
        &self,
        trust: &TrustArgs,
        globals: &Globals,
    ) -> Result<(Vec<Bundle>, TrustArgs), Failure> {
        let expectation = trust.expectation()?;
        let bridges = bundles::looked_at(&self.bridges, &expectation, " (bridge)", globals.quiet)?;
        let rest = TrustArgs {
            checksums: bundle::unmatched_checksums(&bridges, &expectation)
                .into_iter()
                .cloned()
                .collect(),
            ..trust.clone()
        };
        Ok((bridges, rest))
    }
}

/// Whether the bridges may be staged beside these targets.
pub(crate) fn judge(bridges: &[Bundle], targets: &[Bundle], unknown: bool) -> Result<(), Failure> {
    stage::check_bridges(bridges, targets, unknown).map_err(|refusal| bundles::refused(&refusal))
}

/// The bridges as `started` names them.
pub(crate) fn started(bridges: &[Bundle], stages: &[StagePlan]) -> Vec<StartedStage> {
    let plan = Plan {
        stages: stages.to_vec(),
        ..Plan::default()
    };
    let mut started = bundles::started(bridges, &plan);
    for stage in &mut started {
        stage.bridge = true;
    }
    started
}
