//! The file as a whole: its digests and whether they are known.

use super::{
    catalogue,
    checksum::{Checksum, Digests},
    options::ExamineOptions,
    types::CatalogueMatch,
};

/// What is known about a file before its entries are assessed.
#[derive(Debug, Default)]
pub(super) struct WholeFile {
    pub(super) digests: Option<Digests>,
    pub(super) catalogue: Option<CatalogueMatch>,
    /// The file is in the catalogue or matches a given checksum.
    pub(super) known: bool,
}

impl WholeFile {
    pub(super) fn new(digests: Digests, length: u64, options: &ExamineOptions) -> Self {
        let catalogue = catalogue::find(length, &digests);
        let matches = |checksum: &Checksum| checksum.equals(&digests);
        Self {
            known: catalogue.is_some() || options.checksums.iter().any(matches),
            catalogue,
            digests: Some(digests),
        }
    }
}
