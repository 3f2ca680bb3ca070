//! Opening what the user gave: a regular file or a folder.

use std::{
    fs::{self, File},
    path::Path,
};

use super::error::BundleError;

/// An opened path.
pub(super) enum OpenedSource {
    /// A regular file and its length in bytes.
    File(File, u64),
    /// A folder.
    Folder,
}

/// Opens a regular file, or reports that the path is a folder.
pub(super) fn open(path: &Path) -> Result<OpenedSource, BundleError> {
    let fail = BundleError::io(path);
    // Checked before opening: opening a pipe would block until it has a writer.
    let kind = fs::metadata(path).map_err(&fail)?;
    if kind.is_dir() {
        return Ok(OpenedSource::Folder);
    }
    if !kind.is_file() {
        return Err(BundleError::NotAFile {
            path: path.to_owned(),
        });
    }
    let file = File::open(path).map_err(&fail)?;
    let length = file.metadata().map_err(&fail)?.len();
    Ok(OpenedSource::File(file, length))
}
