//! Names that a rule of a server changed into those of files that do not exist.

use super::note::TraceNote;
use crate::phone::normalized_name;

/// The first such name, and how many there are.
#[derive(Debug, Default)]
pub(super) struct RewrittenNames {
    first: Option<(String, String)>,
    count: u64,
}

impl RewrittenNames {
    /// The server did not find `alias`, for which it looked when `name` was requested. A folder before
    /// the name is no change.
    pub(super) fn not_found(&mut self, name: &str, alias: &str) {
        if !normalized_name(alias).ends_with(&normalized_name(name)) {
            self.count += 1;
            let pair = || (name.to_owned(), alias.to_owned());
            self.first.get_or_insert_with(pair);
        }
    }

    pub(super) fn note(self) -> Option<TraceNote> {
        let (name, alias) = self.first?;
        let more = self.count.saturating_sub(1);
        Some(TraceNote::NameRewritten { name, alias, more })
    }
}
