//! Published or computed digests of whole bundles and of single files.

mod bundles;
pub(super) mod files;
mod row;

use super::{checksum::Digests, hex, types::CatalogueMatch};
use bundles::BUNDLES;
use row::CatalogueRow;

/// The entry that matches a file of this size with these digests.
pub(super) fn find(size: u64, digests: &Digests) -> Option<CatalogueMatch> {
    find_in(BUNDLES, size, digests)
}

/// The entry with this name.
pub(super) fn by_name(name: &str) -> Option<CatalogueMatch> {
    BUNDLES
        .iter()
        .find(|row| row.name == name)
        .map(catalogue_match)
}

fn find_in(rows: &[CatalogueRow], size: u64, digests: &Digests) -> Option<CatalogueMatch> {
    rows.iter()
        .find(|row| {
            let agree = [
                row.md5.map(|bytes| hex::encode(&bytes) == digests.md5),
                row.sha1.map(|bytes| hex::encode(&bytes) == digests.sha1),
                row.sha256
                    .map(|bytes| hex::encode(&bytes) == digests.sha256),
            ];
            agree.contains(&Some(true))
                && !agree.contains(&Some(false))
                && row.size.is_none_or(|own| own == size)
        })
        .map(catalogue_match)
}

fn catalogue_match(row: &CatalogueRow) -> CatalogueMatch {
    CatalogueMatch {
        name: row.name,
        source: row.source,
        confidence: row.confidence,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{super::types::Confidence, *};

    fn digests(md5: &str, sha1: &str, sha256: &str) -> Digests {
        Digests {
            md5: md5.to_owned(),
            sha1: sha1.to_owned(),
            sha256: sha256.to_owned(),
            sha512: String::new(),
        }
    }

    #[test]
    fn bundle_is_found_by_its_md5() {
        let found = find(1, &digests("4088c17c622a1e181b1c2b1265349df6", "", "")).unwrap();
        assert_eq!(found.name, "cmterm-7945_7965-sip.9-3-1SR4-1.zip");
        assert_eq!(
            find(1, &digests("4088c17c622a1e181b1c2b1265349df7", "", "")),
            None
        );
    }

    #[test]
    fn all_digests_and_the_size_must_match() {
        let rows = [CatalogueRow {
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
    fn every_row_is_found_by_its_digests_only() {
        let mut names = HashSet::new();
        for row in BUNDLES {
            assert!(row.name.contains('.') && !row.source.is_empty());
            assert!(names.insert(row.name), "{} is there twice", row.name);
            let text = |bytes: Option<&[u8]>| bytes.map(hex::encode).unwrap_or_default();
            let own = digests(
                &text(row.md5.as_ref().map(<[u8; 16]>::as_slice)),
                &text(row.sha1.as_ref().map(<[u8; 20]>::as_slice)),
                &text(row.sha256.as_ref().map(<[u8; 32]>::as_slice)),
            );
            let found = find(row.size.unwrap_or(1), &own).unwrap();
            assert_eq!(found.name, row.name);
            assert_eq!(by_name(row.name), Some(found));
        }
        assert_eq!(BUNDLES.len(), 72);
    }
}
