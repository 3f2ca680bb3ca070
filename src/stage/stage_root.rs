//! The folder of a stage.

use std::path::{Path, PathBuf};

use super::{error::StageError, transient_root::TransientRoot};

/// The folder of a stage, and whether it is removed at the end.
#[derive(Debug)]
pub(super) enum StageRoot {
    /// Removed at the end of the run.
    Transient(TransientRoot),
    /// A folder that the user named; it stays.
    Persistent(PathBuf),
}

impl StageRoot {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Transient(root) => root.path(),
            Self::Persistent(folder) => folder,
        }
    }

    pub(super) fn close(self) -> Result<(), StageError> {
        match self {
            Self::Transient(root) => {
                let path = root.path().to_owned();
                root.close().map_err(StageError::io("remove", &path))
            }
            Self::Persistent(_) => Ok(()),
        }
    }
}
