//! How the entries of a container are passed on.

use super::{entry_path::EntryPath, stop::WalkStop};

/// A regular file in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EntryInfo {
    pub(super) path: EntryPath,
    /// Unpacked bytes, as the container states them. At most this many follow.
    pub(super) size: u64,
}

/// Receives the entries of a container, one after the other.
pub(super) trait Visitor {
    /// An entry begins.
    fn begin(&mut self, entry: &EntryInfo) -> Result<(), WalkStop>;
    /// The next bytes of the entry.
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), WalkStop>;
    /// The entry ended. `error`: why its bytes are not valid.
    fn end(&mut self, error: Option<String>) -> Result<(), WalkStop>;
}
