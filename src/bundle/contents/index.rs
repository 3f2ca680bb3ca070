//! The files of a bundle by their names, and by the names in their headers.

use std::collections::{HashMap, HashSet};

use super::super::{
    entry::ScannedEntry, entry_path::SkipReason, file_kinds::is_manifest, types::Problem,
};

/// The shortest name without its extension that is looked for in other names. Shorter ones
/// occur in unrelated names.
const MIN_STEM: usize = 5;

/// A file that a manifest names.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found<'e> {
    /// It was read.
    File(usize),
    /// Its data is invalid.
    Unreadable(&'e Problem),
    /// There are two such files, with different bytes.
    Twice,
    /// There is none.
    Nothing,
}

/// The files of a bundle.
pub(super) struct Index<'e> {
    pub(super) entries: &'e [ScannedEntry],
    by_name: HashMap<String, usize>,
    /// Names of several files with different bytes, which differ in their case only.
    twice: HashSet<String>,
    /// Files whose header has another name, by that name.
    renamed: HashMap<String, usize>,
    unreadable: HashMap<String, &'e Problem>,
    /// Files that were not read, by their names in lower case.
    skipped: HashMap<String, SkipReason>,
}

impl<'e> Index<'e> {
    pub(super) fn new(
        entries: &'e [ScannedEntry],
        unreadable: &'e [Problem],
        skipped: &[(String, SkipReason)],
    ) -> Self {
        let mut index = Self {
            entries,
            by_name: HashMap::new(),
            twice: HashSet::new(),
            renamed: HashMap::new(),
            unreadable: unreadable
                .iter()
                .filter_map(|problem| {
                    Some((problem.member.as_ref()?.to_ascii_lowercase(), problem))
                })
                .collect(),
            skipped: skipped
                .iter()
                .filter_map(|(path, reason)| {
                    Some((path.rsplit('/').next()?.to_ascii_lowercase(), *reason))
                })
                .collect(),
        };
        for (at, entry) in entries.iter().enumerate() {
            index.add(at, entry);
        }
        index
    }

    fn add(&mut self, at: usize, entry: &ScannedEntry) {
        let lower = entry.name.to_ascii_lowercase();
        if let Some(name) = header_name(entry)
            && !name.eq_ignore_ascii_case(&entry.name)
        {
            self.renamed.entry(name.to_ascii_lowercase()).or_insert(at);
        }
        let Some(first) = self.by_name.get(&lower).copied() else {
            self.by_name.insert(lower, at);
            return;
        };
        if self.entries[first].sha256 != entry.sha256 {
            self.twice.insert(lower);
        } else if header_name(entry).as_deref() == Some(&entry.name) {
            self.by_name.insert(lower, at);
        }
    }

    /// The file that a phone gets for this name.
    pub(super) fn find(&self, name: &str) -> Found<'e> {
        let lower = name.to_ascii_lowercase();
        if self.twice.contains(&lower) {
            return Found::Twice;
        }
        if let Some(at) = self.by_name.get(&lower) {
            return Found::File(*at);
        }
        self.unreadable
            .get(&lower)
            .map_or(Found::Nothing, |why| Found::Unreadable(why))
    }

    /// Whether this entry is the one that [`Index::find`] returns for its name.
    pub(super) fn is_first(&self, at: usize) -> bool {
        let lower = self.entries[at].name.to_ascii_lowercase();
        self.by_name.get(&lower) == Some(&at)
    }

    /// The file of another name that is this one by its header.
    pub(super) fn renamed(&self, name: &str) -> Option<&'e ScannedEntry> {
        let at = self.renamed.get(&name.to_ascii_lowercase())?;
        Some(&self.entries[*at])
    }

    /// A file without a header whose name is this one with additions, such as ` (1)`.
    pub(super) fn decorated(&self, name: &str) -> Option<&'e ScannedEntry> {
        self.entries
            .iter()
            .find(|entry| header_name(entry).is_none() && is_decorated(&entry.name, name))
    }

    /// A file of the same part (`jar45sip`) of another release.
    pub(super) fn other_release(&self, name: &str) -> Option<&'e ScannedEntry> {
        let part = Part::of(name)?;
        self.entries.iter().find(|entry| {
            Part::of(&entry.name).is_some_and(|own| {
                own.name.eq_ignore_ascii_case(part.name)
                    && own.kind.eq_ignore_ascii_case(part.kind)
                    && !own.release.eq_ignore_ascii_case(part.release)
            })
        })
    }

    /// Whether there are files that were not read.
    pub(super) fn has_skipped(&self) -> bool {
        !self.skipped.is_empty()
    }

    /// Whether one of them may be the manifest of a load.
    pub(super) fn has_skipped_manifest(&self) -> bool {
        let is_meant = |(name, reason): (&String, &SkipReason)| {
            is_manifest(name) && *reason != SkipReason::Hidden
        };
        self.skipped.iter().any(is_meant)
    }

    /// Why a file of this name was not read.
    pub(super) fn skip_reason(&self, name: &str) -> Option<SkipReason> {
        self.skipped.get(&name.to_ascii_lowercase()).copied()
    }
}

/// The parts of an image's name: in `SIP894x.9-4-2SR3-1.bin1.sgn`, `SIP894x`, the release and
/// `bin1.sgn`.
struct Part<'n> {
    name: &'n str,
    release: &'n str,
    kind: &'n str,
}

impl<'n> Part<'n> {
    fn of(name: &'n str) -> Option<Self> {
        let (part, rest) = name.split_once('.')?;
        let (release, kind) = rest.split_once('.')?;
        Some(Self {
            name: part,
            release,
            kind,
        })
    }
}

/// The name in the header of a file, if it is text.
pub(super) fn header_name(entry: &ScannedEntry) -> Option<String> {
    let name = std::str::from_utf8(entry.header.name()?).ok()?;
    Some(name.to_owned())
}

/// The name under which phones request a file: that in its header, if they differ in case only.
pub(super) fn served_name(entry: &ScannedEntry) -> String {
    header_name(entry)
        .filter(|name| name.eq_ignore_ascii_case(&entry.name))
        .unwrap_or_else(|| entry.name.clone())
}

/// Whether `name` is `original` with something added, as browsers and file managers do:
/// `x (1).sbn`, `x.loads.txt`, `Copy of x.sbn`.
pub(super) fn is_decorated(name: &str, original: &str) -> bool {
    let (name, original) = (name.to_ascii_lowercase(), original.to_ascii_lowercase());
    let stem = original
        .rsplit_once('.')
        .map_or(original.as_str(), |(stem, _)| stem);
    name != original && stem.len() >= MIN_STEM && name.contains(stem)
}
