//! Reads complete regular files.

use std::{
    fs::{File, Metadata, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Opens a regular file for reading. A link, FIFO, device or folder gives `InvalidInput`
/// without blocking.
pub(super) fn open_regular(path: &Path) -> io::Result<(File, Metadata)> {
    // Checked before opening: opening a device may have side effects.
    if !path.symlink_metadata()?.is_file() {
        return Err(not_regular());
    }
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(not_regular());
    }
    Ok((file, metadata))
}

fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}

/// Reads at most `size` bytes, which the caller has bounded, and one more if there is one:
/// a longer result means that the file grew.
pub(super) fn read_bounded(file: &File, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0).saturating_add(1));
    file.take(size.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
