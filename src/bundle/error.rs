//! Why a bundle cannot be examined or unpacked.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::types::Verdict;
use crate::text::read_failure;

/// Why a bundle cannot be examined or unpacked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// Reading failed.
    #[error("cannot read {}: {}", path.display(), read_failure(source))]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A pipe, a device or a socket.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// The path that was given.
        path: PathBuf,
    },
    /// The file changed while it was read, or since it was examined.
    #[error("{} changed while it was in use: {what}", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// The difference.
        what: String,
    },
    /// A bundle with this verdict is never unpacked.
    #[error("{} is {verdict} and is not unpacked", path.display())]
    NotUsable {
        /// The file.
        path: PathBuf,
        /// Its verdict.
        verdict: Verdict,
    },
    /// A member cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The destination.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl BundleError {
    /// What to do next.
    #[must_use]
    pub fn cure(&self) -> &'static str {
        match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "Check the name of the file and of its folder."
            }
            Self::Io { .. } => "Check that this user may read the file.",
            Self::NotAFile { .. } => "Save it as a file first and give that file.",
            Self::Changed { .. } => "Wait until nothing writes to the file, then try again.",
            Self::NotUsable { .. } => "Run `reflash verify` on it to see why, and get a good copy.",
            Self::Write { .. } => "Free space in that folder or choose one that you may write to.",
        }
    }

    pub(super) fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            path: path.clone(),
            source,
        }
    }
}
