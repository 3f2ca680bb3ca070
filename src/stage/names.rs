//! File names.

/// Whether the name is that of one file in one folder.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name != "."
        && name != ".."
        && name.len() <= 255
        && !name.contains(|c: char| matches!(c, '/' | '\\') || c.is_control())
}
