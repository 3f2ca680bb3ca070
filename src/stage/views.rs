//! The files of a stage by view.

use std::{collections::HashMap, path::PathBuf};

use super::{error::StageError, stage_root::StageRoot, staged_file::StagedFile};
use crate::{
    phone::{LoadName, normalized_name},
    track::{StagePlan, View},
};

/// The files of one view, by normalised name.
pub(super) type Files = HashMap<String, StagedFile>;

/// A laid-out stage.
///
/// Dropping it removes the folder, unless the user named that folder. Target and bridge have
/// separate maps, so they may have different bytes under one name.
#[derive(Debug)]
pub struct Stage {
    pub(super) root: StageRoot,
    pub(super) target: Files,
    /// An `XMLDefault.cnf.xml` without a load, and the extra files.
    pub(super) config: Files,
    /// Empty without a bridge.
    pub(super) bridge: Files,
    pub(super) plans: Vec<StagePlan>,
    pub(super) bridge_plans: Vec<StagePlan>,
    /// The files of the target view, sorted by name.
    pub(super) files: Vec<StagedFile>,
}

impl Stage {
    /// The folder.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.root.path().to_owned()
    }

    /// The file for a requested name in this view, ignoring case and a leading `/` or `./`.
    /// This is a map lookup: no path is built from a requested name.
    #[must_use]
    pub fn resolve(&self, view: View, name: &str) -> Option<StagedFile> {
        let name = &normalized_name(name);
        match view {
            View::Target => self.target.get(name),
            View::NoLoad => self.config.get(name).or_else(|| self.target.get(name)),
            View::Bridge => self.bridge.get(name),
            View::ConfigOnly => self.config.get(name),
        }
        .cloned()
    }

    /// For each target load: its models, manifests, images and sizes.
    #[must_use]
    pub fn plan(&self) -> Vec<StagePlan> {
        self.plans.clone()
    }

    /// The same for each bridge load; empty without a bridge.
    #[must_use]
    pub fn bridge_plan(&self) -> Vec<StagePlan> {
        self.bridge_plans.clone()
    }

    /// The files of the target view, sorted by name.
    #[must_use]
    pub fn files(&self) -> &[StagedFile] {
        &self.files
    }

    /// The target loads.
    pub fn loads(&self) -> impl Iterator<Item = &LoadName> {
        self.plans.iter().map(|plan| &plan.load)
    }

    /// Removes a transient root. Dropping the stage does the same but only logs errors.
    ///
    /// # Errors
    ///
    /// A file or folder cannot be removed.
    pub fn close(self) -> Result<(), StageError> {
        self.root.close()
    }
}
