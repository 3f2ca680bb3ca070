//! Digests that somebody published or computed: of whole bundles, and of single files.

mod bundles;
pub(super) mod files;
pub(super) mod hex;

use super::{CatalogueMatch, Confidence, Digests, digest};
use bundles::BUNDLES;

/// One published file. At least one digest is there; where several are, all must agree.
struct Row {
    name: &'static str,
    source: &'static str,
    confidence: Confidence,
    size: Option<u64>,
    md5: Option<[u8; 16]>,
    sha1: Option<[u8; 20]>,
    sha256: Option<[u8; 32]>,
}

/// The row that a file of this size and these digests is.
pub(super) fn find(size: u64, digests: &Digests) -> Option<CatalogueMatch> {
    find_in(BUNDLES, size, digests)
}

/// The row of this name.
pub(super) fn named(name: &str) -> Option<CatalogueMatch> {
    BUNDLES.iter().find(|row| row.name == name).map(found)
}

fn find_in(rows: &[Row], size: u64, digests: &Digests) -> Option<CatalogueMatch> {
    rows.iter()
        .find(|row| {
            let held = [
                row.md5.map(|bytes| digest::hex(&bytes) == digests.md5),
                row.sha1.map(|bytes| digest::hex(&bytes) == digests.sha1),
                row.sha256
                    .map(|bytes| digest::hex(&bytes) == digests.sha256),
            ];
            held.contains(&Some(true))
                && !held.contains(&Some(false))
                && row.size.is_none_or(|own| own == size)
        })
        .map(found)
}

fn found(row: &Row) -> CatalogueMatch {
    CatalogueMatch {
        name: row.name,
        source: row.source,
        confidence: row.confidence,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn digests(md5: &str, sha1: &str, sha256: &str) -> Digests {
        Digests {
            md5: md5.to_owned(),
            sha1: sha1.to_owned(),
            sha256: sha256.to_owned(),
            sha512: String::new(),
        }
    }

    #[test]
    fn the_bundle_that_people_look_for_is_found_by_its_md5() {
        let found = find(1, &digests("4088c17c622a1e181b1c2b1265349df6", "", "")).unwrap();
        assert_eq!(found.name, "cmterm-7945_7965-sip.9-3-1SR4-1.zip");
        assert_eq!(
            find(1, &digests("4088c17c622a1e181b1c2b1265349df7", "", "")),
            None
        );
    }

    #[test]
    fn every_published_digest_must_agree_and_the_size_too() {
        let rows = [Row {
            name: "made up",
            source: "here",
            confidence: Confidence::Stated,
            size: Some(7),
            md5: Some([0x11; 16]),
            sha1: Some([0x22; 20]),
            sha256: None,
        }];
        let (md5, sha1) = ("11".repeat(16), "22".repeat(20));
        let both = digests(&md5, &sha1, "any");
        assert!(find_in(&rows, 7, &both).is_some());
        assert!(find_in(&rows, 8, &both).is_none());
        assert!(find_in(&rows, 7, &digests(&md5, "", "any")).is_none());
        assert!(find_in(&rows, 7, &digests("", &sha1, "any")).is_none());
    }

    #[test]
    fn every_row_is_found_by_its_own_digests_and_by_no_other_row_s() {
        let mut names = HashSet::new();
        for row in BUNDLES {
            assert!(row.name.contains('.') && !row.source.is_empty());
            assert!(names.insert(row.name), "{} is there twice", row.name);
            let text = |bytes: Option<&[u8]>| bytes.map(digest::hex).unwrap_or_default();
            let own = digests(
                &text(row.md5.as_ref().map(<[u8; 16]>::as_slice)),
                &text(row.sha1.as_ref().map(<[u8; 20]>::as_slice)),
                &text(row.sha256.as_ref().map(<[u8; 32]>::as_slice)),
            );
            let found = find(row.size.unwrap_or(1), &own).unwrap();
            assert_eq!(found.name, row.name);
            assert_eq!(named(row.name), Some(found));
        }
        assert_eq!(BUNDLES.len(), 72);
    }
}
