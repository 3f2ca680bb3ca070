//! One entry of a ZIP.

use super::super::super::entry_path::EntryPath;

/// Compression methods.
pub(super) const STORED: u16 = 0;
pub(super) const DEFLATED: u16 = 8;

/// One entry, as both of its headers describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ZipEntry {
    /// The name with its folders.
    pub(super) name: String,
    /// The name as stored.
    pub(super) raw: Vec<u8>,
    pub(super) path: EntryPath,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) size: u64,
    /// The offset of the local header.
    pub(super) offset: u64,
    pub(super) flags: u16,
}

impl ZipEntry {
    /// Folders may have entries of their own, without data.
    pub(super) fn is_folder(&self) -> bool {
        self.path.name.is_empty()
    }
}
