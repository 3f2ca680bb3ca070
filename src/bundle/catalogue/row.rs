//! One row of the catalogue.

use super::super::types::Confidence;

/// A published file. It has at least one digest; all that it has must match.
pub(super) struct CatalogueRow {
    pub(super) name: &'static str,
    pub(super) source: &'static str,
    pub(super) confidence: Confidence,
    pub(super) size: Option<u64>,
    pub(super) md5: Option<[u8; 16]>,
    pub(super) sha1: Option<[u8; 20]>,
    pub(super) sha256: Option<[u8; 32]>,
}
