//! Whether a file is still the one that was opened, with the same content.

use std::fs::Metadata;

/// One version of a file. Its last change (ctime) cannot be set back by those who write to it, as
/// its modification time can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileVersion {
    /// Its size in bytes.
    pub(crate) size: u64,
    #[cfg(unix)]
    device_and_inode: (u64, u64),
    #[cfg(unix)]
    modified: (i64, i64),
    #[cfg(unix)]
    changed: (i64, i64),
    #[cfg(not(unix))]
    modified: Option<std::time::SystemTime>,
}

impl FileVersion {
    /// The version that this metadata is of.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            Self {
                size: metadata.size(),
                device_and_inode: (metadata.dev(), metadata.ino()),
                modified: (metadata.mtime(), metadata.mtime_nsec()),
                changed: (metadata.ctime(), metadata.ctime_nsec()),
            }
        }
        #[cfg(not(unix))]
        Self {
            size: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }

    /// Whether the two differ in the time of their last change at most, which a new name and new
    /// rights set, too.
    pub(crate) fn differs_only_in_ctime(self, other: Self) -> bool {
        #[cfg(unix)]
        {
            let changed = self.changed;
            Self { changed, ..other } == self
        }
        #[cfg(not(unix))]
        {
            self == other
        }
    }
}
