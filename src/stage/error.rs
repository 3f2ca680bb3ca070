//! What goes wrong while a stage is laid out, and what to do about it.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{MAX_EXTRA_FILE_BYTES, MAX_STAGE_BYTES};
use crate::bundle::{BundleError, Verdict};

/// What goes wrong while a stage is laid out. Nothing is left behind when it does.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// The file system says no.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was being done: "write", "create".
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the file system says.
        source: io::Error,
    },
    /// A bundle cannot be unpacked.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A bundle that nobody may serve reached the stage.
    #[error("{} is {}: only known, genuine and accepted intact bundles are staged", path.display(), verdict)]
    Verdict {
        /// The bundle.
        path: PathBuf,
        /// What it is held to be.
        verdict: Verdict,
    },
    /// Two sources hold the same name with different bytes.
    #[error("'{name}' is in {first} and in {second}, with different bytes")]
    Collision {
        /// The name.
        name: String,
        /// Where it was found first.
        first: String,
        /// Where it was found again.
        second: String,
    },
    /// A member's name is more than a name.
    #[error("{} holds a member named '{}', which is no plain file name", path.display(), name.escape_debug())]
    Name {
        /// The bundle.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// A manifest names an image that is not in its bundle.
    #[error("{} names '{image}' in {manifest} and does not hold it", path.display())]
    MissingImage {
        /// The bundle.
        path: PathBuf,
        /// The manifest.
        manifest: String,
        /// The image.
        image: String,
    },
    /// A file of the user's has the name of another file.
    #[error("{} cannot be added as '{name}': {first} has that name already", path.display())]
    ExtraFileNameTaken {
        /// The name.
        name: String,
        /// Whose it is.
        first: String,
        /// The user's file.
        path: PathBuf,
    },
    /// A file of the user's has a name that cannot be added.
    #[error("{} cannot be added: {why}", path.display())]
    ExtraFileName {
        /// The user's file.
        path: PathBuf,
        /// What speaks against the name.
        why: &'static str,
        /// What to do instead.
        cure: &'static str,
    },
    /// A file of the user's is larger than what phones are given.
    #[error("{} has more than {MAX_EXTRA_FILE_BYTES} bytes", path.display())]
    ExtraFileTooLarge {
        /// The user's file.
        path: PathBuf,
    },
    /// More bytes than a stage holds.
    #[error("the bundles unpack to {bytes} bytes; a stage holds at most {MAX_STAGE_BYTES}")]
    TooLarge {
        /// What they unpack to.
        bytes: u64,
    },
    /// What lies in the folder is not what was verified.
    #[error("{} is not the file that was verified: {found}", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// What was found, and what was expected.
        found: String,
    },
    /// The folder of `--to` is not new and not empty.
    #[error("{} is not empty; it must be new or empty", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The path of `--to` is no folder.
    #[error("{} is not a folder", path.display())]
    NotAFolder {
        /// What it leads to.
        path: PathBuf,
    },
}

impl StageError {
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }

    /// What to do next.
    #[must_use]
    pub fn cure(&self) -> &'static str {
        match self {
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    "make room there, or name another place for temporary files with TMPDIR"
                }
                io::ErrorKind::PermissionDenied => {
                    "choose a folder that you may write to (TMPDIR moves the temporary one)"
                }
                io::ErrorKind::NotFound => "create the folder above it first, then run it again",
                _ => "look at the disk and the folder's permissions, then run it again",
            },
            Self::Bundle(error) => error.cure(),
            Self::Changed { .. } => {
                "something wrote to the file meanwhile: run `reflash verify` on the bundle, then try again"
            }
            Self::Verdict { .. } | Self::MissingImage { .. } | Self::Name { .. } => {
                "run `reflash verify` on it and get the bundle as Cisco published it"
            }
            Self::Collision { .. } => {
                "lay these bundles out one at a time, each in a folder of its own"
            }
            Self::ExtraFileNameTaken { .. } => {
                "leave it out, or give it the name that a phone asks for"
            }
            Self::ExtraFileName { cure, .. } => cure,
            Self::ExtraFileTooLarge { .. } => {
                "leave it out: what phones read beside their firmware is smaller"
            }
            Self::TooLarge { .. } => "stage fewer bundles at a time",
            Self::NotEmpty { .. } => "name a folder that does not exist yet, or empty this one",
            Self::NotAFolder { .. } => "name a folder",
        }
    }
}
