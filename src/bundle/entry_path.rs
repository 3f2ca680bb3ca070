//! Names of entries: plain file names on every operating system, in plain folders.

use std::collections::HashSet;

use super::stop::{WalkStop, refused};

/// Characters allowed in a name besides letters and digits: valid on every system, and
/// used by readme files of repackaged bundles.
const PLAIN: &str = "._-+()[]!@#=~,&' ";
/// Characters of one name.
const MAX_NAME: usize = 200;
/// Characters of a name with its folders.
const MAX_PATH: usize = 255;
/// Folders above a file.
const MAX_DEPTH: usize = 8;

/// The path of an entry in its container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct EntryPath {
    /// Ends with a slash; empty at the top level.
    pub(super) folder: String,
    /// The base name; empty for a folder.
    pub(super) name: String,
}

impl EntryPath {
    /// Folder and name.
    pub(super) fn full(&self) -> String {
        format!("{}{}", self.folder, self.name)
    }

    /// Parses the bytes of a path. A path that ends with a slash is a folder.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, WalkStop> {
        let shown = String::from_utf8_lossy(bytes);
        let unsafe_name = |why: String| {
            let shown: String = shown.chars().take(MAX_NAME).collect();
            refused("unsafe-name", Some(&shown), why)
        };
        let (folder, name) = match shown.rfind('/') {
            Some(slash) => shown.split_at(slash + 1),
            None => ("", &*shown),
        };
        let mut parts: Vec<&str> = folder.split_terminator('/').collect();
        if parts.len() > MAX_DEPTH {
            return Err(unsafe_name(format!(
                "it is more than {MAX_DEPTH} folders deep"
            )));
        }
        if !name.is_empty() || folder.is_empty() {
            parts.push(name);
        }
        if shown.len() > MAX_PATH || parts.iter().any(|part| part.len() > MAX_NAME) {
            return Err(unsafe_name(format!(
                "its name has {} characters; the limit is {MAX_NAME}, or {MAX_PATH} with \
                 folders",
                shown.len()
            )));
        }
        for part in parts {
            if let Some(odd) = part
                .chars()
                .find(|&c| !(c.is_ascii_alphanumeric() || PLAIN.contains(c)))
            {
                return Err(unsafe_name(format!(
                    "its name contains {odd:?}; allowed are letters, digits and {PLAIN}"
                )));
            }
            if part.is_empty() || part.starts_with(['.', '-', ' ']) || part.ends_with(['.', ' ']) {
                return Err(unsafe_name(
                    "a part of its name is empty, or begins or ends with a dot, dash or space"
                        .to_owned(),
                ));
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            name: name.to_owned(),
        })
    }
}

/// Checks that no two entries have the same name, ignoring case.
#[derive(Debug, Default)]
pub(super) struct UniquePaths(HashSet<String>);

impl UniquePaths {
    pub(super) fn add(&mut self, path: &EntryPath) -> Result<(), WalkStop> {
        let full = path.full();
        if self.0.insert(full.to_ascii_lowercase()) {
            return Ok(());
        }
        let message = "two members have this name, or names that differ only in case";
        Err(refused("duplicate-member", Some(&full), message))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_plain_or_refused() {
        for (path, folder, name) in [
            ("a.sbn", "", "a.sbn"),
            ("7945_7965/Sip/a (1).tar", "7945_7965/Sip/", "a (1).tar"),
            ("folder/", "folder/", ""),
        ] {
            let expected = EntryPath {
                folder: folder.into(),
                name: name.into(),
            };
            assert_eq!(EntryPath::parse(path.as_bytes()).unwrap(), expected);
            assert_eq!(expected.full(), path);
        }
        let long = "n".repeat(201);
        let deep = "d/".repeat(9);
        for path in [
            "", "/", "/a", "a//b", "../a", "a/../b", "a/./b", "a\\b", "c:a", ".a", "-a", " a",
            "a ", "a.", "a\0", "ä", &long, &deep,
        ] {
            assert!(EntryPath::parse(path.as_bytes()).is_err(), "{path:?}");
        }
    }

    proptest! {
        #[test]
        fn no_path_leaves_its_root(path in "[a./\\\\ -]{0,12}") {
            if let Ok(parsed) = EntryPath::parse(path.as_bytes()) {
                let path = std::path::PathBuf::from(parsed.full());
                prop_assert!(path.components().all(|part| matches!(part, std::path::Component::Normal(_))));
            }
        }
    }
}
