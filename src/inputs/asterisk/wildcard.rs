//! Files by a path with wildcards, as in the includes of Asterisk.

use std::path::{Component, Path, PathBuf};

/// Maximum number of files that a path stands for.
const MAX_MATCHES: usize = 1000;

/// The regular files that a path stands for, sorted. `*`, `?` and `[…]` match within a name, and
/// not the dot that hides a file.
pub(super) fn files(path: &Path) -> Vec<PathBuf> {
    // A file may have such characters in its name.
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut found = vec![PathBuf::new()];
    for part in path.components() {
        let pattern = match part {
            Component::Normal(name) => name.to_str().filter(|name| name.contains(['*', '?', '['])),
            _ => None,
        };
        found = match pattern {
            Some(pattern) => found
                .iter()
                .flat_map(|folder| entries(folder, pattern))
                .take(MAX_MATCHES)
                .collect(),
            None => found.iter().map(|folder| folder.join(part)).collect(),
        };
    }
    found.retain(|path| path.is_file());
    found.sort();
    found
}

/// The entries of a folder whose names match.
fn entries(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let pattern: Vec<char> = pattern.chars().collect();
    let Ok(entries) = folder.read_dir() else {
        return Vec::new();
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| {
            let name = entry.file_name();
            let name: Vec<char> = name.to_str().unwrap_or_default().chars().collect();
            let is_hidden = name.first() == Some(&'.') && pattern.first() != Some(&'.');
            !is_hidden && matches(&pattern, &name)
        })
        .map(|entry| entry.path())
        .collect()
}

/// Whether a name matches, in time proportional to both lengths.
fn matches(pattern: &[char], name: &[char]) -> bool {
    // After each part of the pattern: how many characters of the name it may have matched.
    let mut ends = vec![false; name.len() + 1];
    ends[0] = true;
    let mut at = 0;
    while let Some(one) = pattern.get(at) {
        let mut next = vec![false; name.len() + 1];
        let (set, width) = if *one == '[' {
            set(&pattern[at..])
        } else {
            (None, 1)
        };
        for (index, reached) in ends.iter().enumerate() {
            match (*reached, *one, &set) {
                (false, ..) => {}
                (_, '*', _) => next[index..].fill(true),
                (_, '?', _) if index < name.len() => next[index + 1] = true,
                (_, _, Some(set)) if index < name.len() => {
                    next[index + 1] |= is_in(set, name[index]);
                }
                (_, one, None) if name.get(index) == Some(&one) => next[index + 1] = true,
                _ => {}
            }
        }
        ends = next;
        at += width;
    }
    ends[name.len()]
}

/// The characters between `[` and `]`, and the length with both; `None` if there is no `]`.
fn set(pattern: &[char]) -> (Option<&[char]>, usize) {
    match pattern.iter().skip(2).position(|one| *one == ']') {
        Some(end) => (Some(&pattern[1..end + 2]), end + 3),
        None => (None, 1),
    }
}

fn is_in(set: &[char], one: char) -> bool {
    let (negated, set) = match set {
        ['!' | '^', rest @ ..] => (true, rest),
        set => (false, set),
    };
    let mut found = false;
    let mut rest = set;
    while let [first, tail @ ..] = rest {
        if let ['-', last, after @ ..] = tail {
            found |= (*first..=*last).contains(&one);
            rest = after;
        } else {
            found |= *first == one;
            rest = tail;
        }
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_in_a_shell() {
        for (pattern, name, expected) in [
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf.bak", false),
            ("pjsip_*_?.conf", "pjsip_users_1.conf", true),
            ("[0-9]*.conf", "10-trunk.conf", true),
            ("[!0-9]*.conf", "10-trunk.conf", false),
            ("a[b", "a[b", true),
            ("[]a]", "]", true),
            ("*", "", true),
            ("**a*", "bab", true),
            ("?", "ü", true),
        ] {
            let chars = |text: &str| text.chars().collect::<Vec<char>>();
            let found = matches(&chars(pattern), &chars(name));
            assert_eq!(found, expected, "{pattern} {name}");
        }
    }
}
