//! Why a file of a folder is not served.

use std::{io, path::PathBuf};

use crate::text::read_failure;

/// Why an existing file is not served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServedFolderError {
    /// Reading failed.
    #[error("cannot read {}: {}", path.display(), read_failure(source))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file changed while it was read.
    #[error(
        "{} changes while it is read; wait until it is written, or write a new file and rename it", path.display()
    )]
    Changing {
        /// The file.
        path: PathBuf,
    },
    /// Too many other files are open.
    #[error(
        "{} is not served: {limit} other files are being served, which is the limit", path.display()
    )]
    TooManyOpen {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
}
