//! The throw-away root: verified bundles laid out side by side, generated files, and the
//! one way from a name on the wire to bytes.
//!
//! Every file is read once, while the stage is laid out, and held in memory for the run:
//! what does not equal the verified digest is found before the first phone is answered,
//! what happens to the disk afterwards cannot reach a phone, and answering a request
//! never waits for a disk. [`MAX_STAGE_BYTES`] bounds what that costs; a usual bundle
//! takes 9 MB.

mod defaults;
mod error;
mod folder;
mod layout;
mod open;
mod own;
mod plan;
mod root;
mod select;

use std::{
    collections::HashMap,
    env, fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Serialize;

use crate::{
    bundle::{Bundle, BundleError},
    phone::{LoadName, normalized_name},
    track::{StagePlan, View},
};
pub(crate) use defaults::{call_manager_group, xml_default_at};
pub use error::StageError;
pub use folder::{MAX_FOLDER_ENTRIES, MAX_FOLDER_FILE_BYTES, ServedFolder, ServedFolderError};
pub(crate) use open::sha256;
pub use own::{ExtraFile, MAX_EXTRA_FILE_BYTES};
pub use select::{AcceptPolicy, SelectionError, check_bridges, check_targets, is_sccp};

/// Bytes that a stage holds at most, in memory and on disk. Bundles for every family
/// that can be converted come to about 65 MB together.
pub const MAX_STAGE_BYTES: u64 = 256 * 1024 * 1024;

/// The plans of bundles that are served elsewhere: what their phones were to fetch.
pub fn stage_plans(bundles: &[Bundle]) -> Result<Vec<StagePlan>, StageError> {
    plan::plans(bundles)
}

/// One file of a stage, whole and immutable: what is served is what was verified.
#[derive(Clone)]
pub struct StagedFile {
    /// Its name as staged.
    pub name: Arc<str>,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

impl fmt::Debug for StagedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.name, self.bytes.len())
    }
}

/// What is told of a staged file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FileEntry {
    /// Its name as staged.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// 64 lower-case hex digits.
    pub sha256: String,
}

/// The files of one leg, under their names as they are compared. Each leg has a map of
/// its own, so that the bridge and the target may hold different bytes under one name.
type Files = HashMap<String, StagedFile>;

/// A laid-out root. Dropping it removes the folder, unless it was laid out in a folder of
/// the user's.
#[derive(Debug)]
pub struct Stage {
    root: layout::Place,
    target: Files,
    /// An `XMLDefault.cnf.xml` that names no load, the user's own files, and nothing else.
    config: Files,
    /// Empty without a bridge.
    bridge: Files,
    plans: Vec<StagePlan>,
    bridge_plans: Vec<StagePlan>,
    entries: Vec<FileEntry>,
}

/// How a bundle's members come into an empty folder.
type Unpack<'a> = &'a dyn Fn(&Bundle, &Path) -> Result<(), BundleError>;

impl Stage {
    /// Lays `bundles` and, beside and never among them, `bridges` out in a private
    /// temporary folder of this run, and sweeps what killed runs left there. Whether they
    /// may be staged is asked of [`check_targets`] and [`check_bridges`] first.
    pub fn temporary(
        bundles: &[Bundle],
        bridges: &[Bundle],
        call_manager: IpAddr,
    ) -> Result<Self, StageError> {
        Self::temporary_with_files(bundles, bridges, &[], call_manager)
    }

    /// The same with files of the user's, which every view holds beside its own; one that
    /// names a load says another thing in each ([`ExtraFile::per_view`]).
    pub fn temporary_with_files(
        bundles: &[Bundle],
        bridges: &[Bundle],
        own: &[ExtraFile],
        call_manager: IpAddr,
    ) -> Result<Self, StageError> {
        let base = env::temp_dir();
        let legs = layout::Legs {
            bundles,
            bridges,
            own,
        };
        layout::temporary(&base, legs, call_manager, &Bundle::unpack)
    }

    /// Lays `bundles` out flat in `folder`, which must be new or empty, and keeps it.
    /// Files can be read by everybody, as a TFTP server runs under a user of its own.
    /// When it fails, `folder` is as it was.
    pub fn persistent(
        bundles: &[Bundle],
        call_manager: IpAddr,
        folder: &Path,
    ) -> Result<Self, StageError> {
        Self::persistent_with_files(bundles, &[], call_manager, folder)
    }

    /// The same with files of the user's. A phone's own configuration among them, which
    /// holds its SIP password, can be read by the user alone.
    pub fn persistent_with_files(
        bundles: &[Bundle],
        own: &[ExtraFile],
        call_manager: IpAddr,
        folder: &Path,
    ) -> Result<Self, StageError> {
        layout::persistent(folder, bundles, own, call_manager, &Bundle::unpack)
    }

    /// Whether [`Stage::persistent`] could use `folder`: asked before bundles are read, which
    /// takes longer.
    pub fn check_folder(folder: &Path) -> Result<(), StageError> {
        layout::is_new(folder).map(|_| ())
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.root.path().to_owned()
    }

    /// The file that a name on the wire means in this view: a lookup in a map, without
    /// case and without a leading `/` or `./`; never a path built from the wire.
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

    /// What tracking has to know: per load its models, manifests, images and sizes.
    #[must_use]
    pub fn plan(&self) -> Vec<StagePlan> {
        self.plans.clone()
    }

    /// The same of the bridge; empty without one.
    #[must_use]
    pub fn bridge_plan(&self) -> Vec<StagePlan> {
        self.bridge_plans.clone()
    }

    /// The files of the target view, by name.
    #[must_use]
    pub fn entries(&self) -> &[FileEntry] {
        &self.entries
    }

    /// The loads that phones are told of.
    pub fn loads(&self) -> impl Iterator<Item = &LoadName> {
        self.plans.iter().map(|plan| &plan.load)
    }

    /// Removes a temporary root and says what could not be removed. Dropping the stage
    /// removes it too and only logs that.
    pub fn close(self) -> Result<(), StageError> {
        self.root.close()
    }
}

#[cfg(test)]
mod bridge_tests;
#[cfg(test)]
mod own_tests;
#[cfg(test)]
mod tests;
