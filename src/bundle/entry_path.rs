//! Names of entries: plain file names in plain folders.
//!
//! A name that could lead out of the folder is hostile. Any other name that is not that of
//! firmware (hidden files, files of macOS, names that are too long) is skipped.

use std::collections::{HashMap, hash_map};

use super::{
    file_kinds::is_firmware,
    stop::{WalkStop, refused},
};

/// Characters of one name.
const MAX_NAME: usize = 200;
/// Characters of a name with its folders.
const MAX_PATH: usize = 255;
/// Folders above a file.
const MAX_DEPTH: usize = 8;
/// The folder in which macOS puts the attributes of the files of a zip.
const MACOS_FOLDER: &str = "__MACOSX";

/// Why an entry is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum SkipReason {
    /// A file of macOS, or one whose name begins with a dot.
    Hidden,
    /// A link or a device in a folder.
    Link,
    /// The name is too long, is not text, or is in too many folders.
    OddName,
    /// A file with the name of a manifest that is larger than any manifest.
    LargeManifest,
    /// A file in a folder that is larger than any firmware.
    LargeFile,
    /// A file or folder in a folder that this user may not read.
    Unreadable,
    /// An archive in a folder that has many.
    ManyArchives,
    /// A script that installs a package on a call manager.
    Installer,
}

/// The path of an entry in its container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct EntryPath {
    /// Ends with a slash; empty at the top level.
    pub(super) folder: String,
    /// The base name; empty for a folder.
    pub(super) name: String,
    /// Set if the entry is not read.
    pub(super) skip: Option<SkipReason>,
}

impl EntryPath {
    /// Folder and name.
    pub(super) fn full(&self) -> String {
        format!("{}{}", self.folder, self.name)
    }

    /// Parses the bytes of a path in an archive. A path that ends with a slash is a folder.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, WalkStop> {
        let shown = String::from_utf8_lossy(bytes);
        let path = Self::of(&shown);
        let hostile = |why: &str| {
            let shown: String = shown.chars().take(MAX_NAME).collect();
            Err(refused("unsafe-name", Some(&shown), why))
        };
        if let Some(odd) = shown.chars().find(|c| c.is_control() || *c == '\\') {
            return hostile(&format!(
                "its name contains {odd:?}, which no firmware file has"
            ));
        }
        let parts = || path.folder.split_terminator('/').chain(path.last_part());
        if shown.is_empty() || parts().any(str::is_empty) {
            return hostile("its name is absolute or has an empty part");
        }
        if parts().any(|part| matches!(part, "." | "..")) {
            return hostile("its name leads out of its folder");
        }
        let drive = shown.as_bytes();
        if drive.len() > 1 && drive[0].is_ascii_alphabetic() && drive[1] == b':' {
            return hostile("its name begins with a drive letter");
        }
        Ok(path)
    }

    /// The path of an existing file below a folder, which leads nowhere else.
    pub(super) fn of(path: &str) -> Self {
        let (folder, name) = match path.rfind('/') {
            Some(slash) => path.split_at(slash + 1),
            None => ("", path),
        };
        let mut path = Self {
            folder: folder.to_owned(),
            name: name.to_owned(),
            skip: None,
        };
        path.skip = path.skip_reason();
        path
    }

    /// The same path, skipped for this reason.
    pub(super) fn skipped(self, reason: SkipReason) -> Self {
        Self {
            skip: Some(reason),
            ..self
        }
    }

    fn last_part(&self) -> Option<&str> {
        (!self.name.is_empty() || self.folder.is_empty()).then_some(self.name.as_str())
    }

    fn skip_reason(&self) -> Option<SkipReason> {
        let mut folders = self.folder.split_terminator('/');
        if folders.clone().count() > MAX_DEPTH
            || self.folder.len() + self.name.len() > MAX_PATH
            || self.name.len() > MAX_NAME
        {
            return Some(SkipReason::OddName);
        }
        let hidden = self.name.starts_with('.')
            || folders.any(|part| part.starts_with('.') || part == MACOS_FOLDER);
        hidden.then_some(SkipReason::Hidden)
    }
}

/// Checks that no two entries of an archive have the same name. Names of firmware files must
/// differ in more than their case: phones write them in any case.
#[derive(Debug, Default)]
pub(super) struct UniquePaths(HashMap<String, Vec<String>>);

impl UniquePaths {
    pub(super) fn add(&mut self, path: &EntryPath) -> Result<(), WalkStop> {
        let full = path.full();
        match self.0.entry(full.to_ascii_lowercase()) {
            hash_map::Entry::Vacant(vacant) => {
                vacant.insert(vec![full]);
                Ok(())
            }
            hash_map::Entry::Occupied(mut occupied) => {
                if is_firmware(&path.name) || occupied.get().contains(&full) {
                    let message = "two members have this name, or names that differ only in case";
                    return Err(refused("duplicate-member", Some(&full), message));
                }
                occupied.get_mut().push(full);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_paths_are_parsed() {
        for (path, folder, name) in [
            ("a.sbn", "", "a.sbn"),
            ("7945_7965/Sip/a (1).tar", "7945_7965/Sip/", "a (1).tar"),
            ("folder/", "folder/", ""),
            ("100%.txt", "", "100%.txt"),
            ("-rf", "", "-rf"),
            ("ä.txt", "", "ä.txt"),
        ] {
            let expected = EntryPath {
                folder: folder.into(),
                name: name.into(),
                skip: None,
            };
            assert_eq!(EntryPath::parse(path.as_bytes()).unwrap(), expected);
            assert_eq!(expected.full(), path);
        }
    }

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        for path in [
            "",
            "/",
            "/a",
            "a//b",
            "../a",
            "a/../b",
            "a/./b",
            "a\\b",
            "c:a",
            "a\0",
            "a\u{1b}[2J",
        ] {
            assert!(EntryPath::parse(path.as_bytes()).is_err(), "{path:?}");
        }
    }

    #[test]
    fn hidden_and_long_names_are_skipped() {
        use SkipReason::{Hidden, OddName};
        let long = "n".repeat(201);
        let deep = format!("{}a", "d/".repeat(9));
        for (path, reason) in [
            (".DS_Store", Hidden),
            ("fw/.git/config", Hidden),
            ("__MACOSX/fw/._a.sbn", Hidden),
            (&long, OddName),
            (&deep, OddName),
        ] {
            let parsed = EntryPath::parse(path.as_bytes()).unwrap();
            assert_eq!(parsed.skip, Some(reason), "{path}");
        }
    }

    #[test]
    fn only_names_of_firmware_must_differ_in_more_than_their_case() {
        let mut unique = UniquePaths::default();
        for name in ["RingList.xml", "RINGLIST.XML", "a.sbn"] {
            unique.add(&EntryPath::of(name)).unwrap();
        }
        for name in ["RingList.xml", "A.sbn"] {
            assert!(unique.add(&EntryPath::of(name)).is_err(), "{name}");
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
