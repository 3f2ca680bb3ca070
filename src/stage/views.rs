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
///
/// # Examples
///
/// ```
/// use std::net::{IpAddr, Ipv4Addr};
/// use reflash::{
///     bundle::{ExamineOptions, examine},
///     phone::Family,
///     simulator::{Sizes, SyntheticBundle, test_key},
///     stage::{AcceptPolicy, Stage, check_targets},
///     track::View,
/// };
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("bundle.zip");
/// SyntheticBundle::new(Family::F45, 1).unwrap().sizes(Sizes::Small).write_zip(&path)?;
/// let options = ExamineOptions { trusted: vec![test_key()], ..ExamineOptions::default() };
/// let bundles = examine(&path, &options)?;
///
/// check_targets(&bundles, AcceptPolicy::default())?;
/// let call_manager = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
/// let stage = Stage::temporary(&bundles, &[], call_manager)?;
/// let manifest = stage.resolve(View::Target, "/TERM65.default.loads").unwrap();
/// assert_eq!(&*manifest.name, "term65.default.loads");
/// assert!(stage.resolve(View::Target, "../../etc/passwd").is_none());
/// stage.close()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Stage {
    pub(super) root: StageRoot,
    pub(super) target: Files,
    /// An `XMLDefault.cnf.xml` without a load, and the extra files.
    pub(super) config: Files,
    /// Files in place of those of the target, for a 7940 or 7960 from before the loader. Empty if
    /// the target is not for them.
    pub(super) loader: Files,
    /// By step; empty without a bridge.
    pub(super) bridges: Vec<Files>,
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
            View::Loader => self.loader.get(name).or_else(|| self.target.get(name)),
            View::Bridge(step) => self.bridges.get(usize::from(step))?.get(name),
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
