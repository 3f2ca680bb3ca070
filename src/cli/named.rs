//! What a run serves, as the command line names it or the record of an earlier sitting has it.

use std::path::{Path, PathBuf};

use super::{
    Failure,
    add::AddArgs,
    bridge::BridgeArgs,
    bundles::TrustArgs,
    inventory::{InventoryArgs, ListFile},
};
use crate::{journal::InputFile, stage::ExtraFile, text::escape};

/// What is recorded of files that phones get, for a later `--resume`.
pub(crate) fn given_files(added: &[ExtraFile]) -> Vec<InputFile> {
    let given = |file: &ExtraFile| given_file(file.source(), &file.sha256());
    added.iter().map(given).collect()
}

/// The same of a list that configurations are made from.
pub(crate) fn given_list(list: &ListFile) -> InputFile {
    given_file(&list.path, &list.sha256)
}

fn given_file(path: &Path, sha256: &str) -> InputFile {
    InputFile {
        path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
        sha256: sha256.to_owned(),
    }
}

/// What is served, as the command line has it, and then the record of an earlier sitting.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) bundles: Vec<PathBuf>,
    pub(crate) bridge: BridgeArgs,
    pub(crate) trust: TrustArgs,
    pub(crate) add: AddArgs,
    pub(crate) inventory: InventoryArgs,
    /// What has to be as it was, as nobody named it again.
    pub(super) recorded: Vec<InputFile>,
}

impl Named {
    pub(crate) fn new(
        bundles: &[PathBuf],
        bridge: &BridgeArgs,
        trust: &TrustArgs,
        add: &AddArgs,
        inventory: &InventoryArgs,
    ) -> Self {
        Self {
            bundles: bundles.to_owned(),
            bridge: bridge.clone(),
            trust: trust.clone(),
            add: add.clone(),
            inventory: inventory.clone(),
            recorded: Vec::new(),
        }
    }

    /// Whether what was not named again is as it was: a configuration that changed unseen
    /// would reach half of the phones.
    pub(crate) fn is_unchanged(
        &self,
        added: &[ExtraFile],
        list: Option<&ListFile>,
    ) -> Result<(), Failure> {
        let now = given_files(added).into_iter().chain(list.map(given_list));
        let now: Vec<_> = now.collect();
        for recorded in &self.recorded {
            if !now.contains(recorded) {
                return Err(Failure::new(
                    format!(
                        "{} is not as it was when the run began",
                        escape(&recorded.path.display().to_string())
                    ),
                    "Put it back; or name it again with --add or --inventory, and phones get it \
                     as it is now",
                ));
            }
        }
        Ok(())
    }
}
