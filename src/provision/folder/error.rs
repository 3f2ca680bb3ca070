//! What goes wrong with the folder, and what to do about it.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why nothing, or not everything, was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// The file system says no.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What the file system says.
        source: io::Error,
    },
    /// It has files, and none is a list of this program's.
    #[error("{} has files that `reflash provision` did not write", path.display())]
    NotOurs {
        /// The folder.
        path: PathBuf,
    },
    /// Somebody changed a file since it was written.
    #[error("{} was changed since `reflash provision` wrote it, or is somebody else's", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A link, a folder or something huge where a file is to be.
    #[error("{} is no plain file", path.display())]
    NotAFile {
        /// What is there.
        path: PathBuf,
    },
    /// A link or a file where a folder is to be.
    #[error("{} is no plain folder", path.display())]
    NotAFolder {
        /// What is there.
        path: PathBuf,
    },
    /// The list cannot be read.
    #[error("{} is not the list that `reflash provision` wrote", path.display())]
    List {
        /// The list.
        path: PathBuf,
    },
    /// The passwords cannot be read.
    #[error("the passwords in {} cannot be read: {what}", path.display())]
    Passwords {
        /// Their file.
        path: PathBuf,
        /// Why; without what stands there.
        what: String,
    },
}

impl FolderError {
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
                io::ErrorKind::PermissionDenied => "choose a folder that you may write to",
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room there",
                io::ErrorKind::NotFound => "create the folder above it first, then run it again",
                _ => "look at the disk and the folder's permissions, then run it again",
            },
            Self::NotOurs { .. } => {
                "name a folder that is new, or empty, or an earlier run's; --force writes there \
                 all the same and keeps what else is in it"
            }
            Self::Changed { .. } => {
                "take the change over into the inventory and remove the file, or write over it \
                 with --force"
            }
            Self::NotAFile { .. } | Self::NotAFolder { .. } => {
                "remove it, or name another folder: nothing is written through links"
            }
            Self::List { .. } => "name another folder, or remove that file and give --force",
            Self::Passwords { .. } => {
                "correct that file; without it, new passwords are made, and every phone has to \
                 read its file anew"
            }
        }
    }
}
