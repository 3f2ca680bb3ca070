//! Errors of the output folder, and what to do about them.

use std::{
    io,
    path::{Path, PathBuf},
};

/// The files could not be written, or not all of them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// The file system reported an error.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// The operation.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The file system's error.
        source: io::Error,
    },
    /// The folder has files but no list of written files.
    #[error("{} has files that `reflash provision` did not write", path.display())]
    NotOurs {
        /// The folder.
        path: PathBuf,
    },
    /// A file was changed since it was written.
    #[error("{} was changed since `reflash provision` wrote it, or was not written by it", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Most files of the earlier run would be removed.
    #[error(
        "{removed} of the {all} files that `reflash provision` wrote to {} would be removed, because \
         this inventory does not list their phones; nothing was written", path.display()
    )]
    Removes {
        /// The folder.
        path: PathBuf,
        /// The number of files that would be removed.
        removed: usize,
        /// The number of files of the earlier run.
        all: usize,
    },
    /// A link, a folder or a very large file exists where a file is to be written.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// Its path.
        path: PathBuf,
    },
    /// A link or a file exists where a folder is needed.
    #[error("{} is not a folder", path.display())]
    NotAFolder {
        /// Its path.
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
        /// The reason, without any content of the file.
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
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    "free some disk space there"
                }
                io::ErrorKind::NotFound => "create its parent folder, then run it again",
                _ => "check the disk and the folder's permissions, then run it again",
            },
            Self::NotOurs { .. } => {
                "name a new or empty folder, or that of an earlier run; --force uses this one and \
                 keeps its other files"
            }
            Self::Changed { .. } => {
                "apply the change to the inventory and remove the file, or overwrite it with \
                 --force"
            }
            Self::Removes { .. } => {
                "for a part of the phones, name a folder of its own with --to; to remove the files, \
                 use --force"
            }
            Self::NotAFile { .. } | Self::NotAFolder { .. } => {
                "remove it, or name another folder: nothing is written through links"
            }
            Self::List { .. } => "name another folder, or remove that file and use --force",
            Self::Passwords { .. } => {
                "correct that file; without it, new passwords are generated, and every phone must \
                 read its file again"
            }
        }
    }
}
