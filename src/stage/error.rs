//! Why a stage could not be laid out, and what to do about it.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::limits::{MAX_EXTRA_FILE_BYTES, MAX_STAGE_BYTES};
use crate::bundle::{BundleError, Verdict};

/// Why a stage could not be laid out. No file is left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// A file operation failed.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// The operation: "write", "create".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A bundle cannot be unpacked.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A bundle with this verdict is never staged.
    #[error("{} is {}: only known, genuine and accepted intact bundles are staged", path.display(), verdict)]
    Verdict {
        /// The bundle.
        path: PathBuf,
        /// Its verdict.
        verdict: Verdict,
    },
    /// Two sources have different bytes under one name.
    #[error("'{name}' is in {first} and in {second} with different bytes")]
    Collision {
        /// The name.
        name: String,
        /// The first source.
        first: String,
        /// The second source.
        second: String,
    },
    /// The name of a member is not a plain file name.
    #[error("{} contains a member named '{}', which is not a plain file name", path.display(), name.escape_debug())]
    Name {
        /// The bundle.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// A manifest names an image that is not in its bundle.
    #[error("{manifest} in {} names '{image}', which is not in the bundle", path.display())]
    MissingImage {
        /// The bundle.
        path: PathBuf,
        /// The manifest.
        manifest: String,
        /// The image.
        image: String,
    },
    /// An extra file has the name of another file.
    #[error("{} cannot be added as '{name}': {first} already has that name", path.display())]
    ExtraFileNameTaken {
        /// The name.
        name: String,
        /// The other file.
        first: String,
        /// The extra file.
        path: PathBuf,
    },
    /// An extra file has a name that may not be added.
    #[error("{} cannot be added: {why}", path.display())]
    ExtraFileName {
        /// The extra file.
        path: PathBuf,
        /// Why not.
        why: &'static str,
        /// What to do instead.
        cure: &'static str,
    },
    /// An extra file is too large.
    #[error("{} has more than {MAX_EXTRA_FILE_BYTES} bytes", path.display())]
    ExtraFileTooLarge {
        /// The extra file.
        path: PathBuf,
    },
    /// The files have more bytes than a stage may have.
    #[error("the bundles unpack to {bytes} bytes; the limit is {MAX_STAGE_BYTES}")]
    TooLarge {
        /// The total size.
        bytes: u64,
    },
    /// A file changed after it was verified.
    #[error("{} is not the file that was verified: {found}", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// What was found and what was expected.
        found: String,
    },
    /// The folder of `--to` exists and is not empty.
    #[error("{} is not empty; it must be new or empty", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The path of `--to` is not a folder.
    #[error("{} is not a folder", path.display())]
    NotAFolder {
        /// The path.
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
                    "free disk space, or set TMPDIR to another folder for temporary files"
                }
                io::ErrorKind::PermissionDenied => {
                    "choose a folder that you may write to (for temporary files: TMPDIR)"
                }
                io::ErrorKind::NotFound => "create its parent folder first, then try again",
                _ => "check the disk and the permissions of the folder, then try again",
            },
            Self::Bundle(error) => error.cure(),
            Self::Changed { .. } => {
                "another program changed the file: run `reflash verify` on the bundle, then try again"
            }
            Self::Verdict { .. } | Self::MissingImage { .. } | Self::Name { .. } => {
                "run `reflash verify` on it and get the bundle as published by Cisco"
            }
            Self::Collision { .. } => "stage these bundles separately, each in a folder of its own",
            Self::ExtraFileNameTaken { .. } => {
                "leave it out, or rename it to the name that a phone requests"
            }
            Self::ExtraFileName { cure, .. } => cure,
            Self::ExtraFileTooLarge { .. } => {
                "leave it out: files that phones read besides firmware are smaller"
            }
            Self::TooLarge { .. } => "stage fewer bundles at a time",
            Self::NotEmpty { .. } => {
                "give a folder that does not exist yet. To add to a TFTP root that is in use, copy \
                 the files of the new folder there; what is in the root stays"
            }
            Self::NotAFolder { .. } => "give a folder",
        }
    }
}
