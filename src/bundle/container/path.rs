//! Members' names: plain file names on every system, in plain folders.

use std::collections::HashSet;

use super::{Stop, refused};

/// What a name may hold besides letters and digits: what every system allows, and what
/// repacks have in the names of their readmes.
const PLAIN: &str = "._-+()[]!@#=~,&' ";
/// Characters of one name.
const NAME_LIMIT: usize = 200;
/// Characters of a name and its folders.
const PATH_LIMIT: usize = 255;
/// Folders above a file.
const DEPTH_LIMIT: usize = 8;

/// Where a member is in its container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in super::super) struct Place {
    /// With a slash at its end; empty for none.
    pub(in super::super) folder: String,
    /// The base name.
    pub(in super::super) name: String,
}

impl Place {
    /// Folder and name.
    pub(in super::super) fn path(&self) -> String {
        format!("{}{}", self.folder, self.name)
    }
}

/// The place that these bytes name. `name` is empty where they name a folder.
pub(in super::super) fn place(bytes: &[u8]) -> Result<Place, Stop> {
    let shown = String::from_utf8_lossy(bytes);
    let unsafe_name = |why: String| {
        let shown: String = shown.chars().take(NAME_LIMIT).collect();
        refused("unsafe-name", Some(&shown), why)
    };
    let (folder, name) = match shown.rfind('/') {
        Some(slash) => shown.split_at(slash + 1),
        None => ("", &*shown),
    };
    let mut parts: Vec<&str> = folder.split_terminator('/').collect();
    if parts.len() > DEPTH_LIMIT {
        return Err(unsafe_name(format!(
            "it is more than {DEPTH_LIMIT} folders deep"
        )));
    }
    if !name.is_empty() || folder.is_empty() {
        parts.push(name);
    }
    if shown.len() > PATH_LIMIT || parts.iter().any(|part| part.len() > NAME_LIMIT) {
        return Err(unsafe_name(format!(
            "its name has {} characters; the limits are {NAME_LIMIT}, and {PATH_LIMIT} with its \
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
                "its name holds {odd:?}; firmware has letters, digits and {PLAIN} in names"
            )));
        }
        if part.is_empty() || part.starts_with(['.', '-', ' ']) || part.ends_with(['.', ' ']) {
            return Err(unsafe_name(
                "a part of its name is empty, or begins or ends with a dot, dash or blank"
                    .to_owned(),
            ));
        }
    }
    Ok(Place {
        folder: folder.to_owned(),
        name: name.to_owned(),
    })
}

/// Every name is there once, also where case does not count.
#[derive(Debug, Default)]
pub(super) struct Unique(HashSet<String>);

impl Unique {
    pub(super) fn add(&mut self, place: &Place) -> Result<(), Stop> {
        let path = place.path();
        if self.0.insert(path.to_ascii_lowercase()) {
            return Ok(());
        }
        let message = "two members have this name, or names that differ only in case";
        Err(refused("duplicate-member", Some(&path), message))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn places_are_plain_or_refused() {
        for (path, folder, name) in [
            ("a.sbn", "", "a.sbn"),
            ("7945_7965/Sip/a (1).tar", "7945_7965/Sip/", "a (1).tar"),
            ("folder/", "folder/", ""),
        ] {
            let expected = Place {
                folder: folder.into(),
                name: name.into(),
            };
            assert_eq!(place(path.as_bytes()).unwrap(), expected);
            assert_eq!(expected.path(), path);
        }
        let long = "n".repeat(201);
        let deep = "d/".repeat(9);
        for path in [
            "", "/", "/a", "a//b", "../a", "a/../b", "a/./b", "a\\b", "c:a", ".a", "-a", " a",
            "a ", "a.", "a\0", "ä", &long, &deep,
        ] {
            assert!(place(path.as_bytes()).is_err(), "{path:?}");
        }
    }

    proptest! {
        #[test]
        fn no_place_leads_out(path in "[a./\\\\ -]{0,12}") {
            if let Ok(place) = place(path.as_bytes()) {
                let path = std::path::PathBuf::from(place.path());
                prop_assert!(path.components().all(|part| matches!(part, std::path::Component::Normal(_))));
            }
        }
    }
}
