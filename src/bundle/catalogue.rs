//! Digests of whole bundles that somebody published.

pub(super) mod hex;

use super::{CatalogueMatch, Digests, digest};
use hex::bytes;

/// One published file. At least one digest is there; where several are, all must agree.
struct Row {
    name: &'static str,
    source: &'static str,
    md5: Option<[u8; 16]>,
    sha1: Option<[u8; 20]>,
    sha256: Option<[u8; 32]>,
}

const CATALOGUE: &[Row] = &[Row {
    name: "cmterm-7945_7965-sip.9-3-1SR4-1.zip",
    source: "blog.zencoffee.org, 2015",
    md5: Some(bytes("4088c17c622a1e181b1c2b1265349df6")),
    sha1: None,
    sha256: None,
}];

/// The row that a file of these digests is.
pub(super) fn find(digests: &Digests) -> Option<CatalogueMatch> {
    find_in(CATALOGUE, digests)
}

fn find_in(rows: &[Row], digests: &Digests) -> Option<CatalogueMatch> {
    rows.iter()
        .find(|row| {
            let held = [
                row.md5.map(|bytes| digest::hex(&bytes) == digests.md5),
                row.sha1.map(|bytes| digest::hex(&bytes) == digests.sha1),
                row.sha256
                    .map(|bytes| digest::hex(&bytes) == digests.sha256),
            ];
            held.contains(&Some(true)) && !held.contains(&Some(false))
        })
        .map(|row| CatalogueMatch {
            name: row.name,
            source: row.source,
        })
}

#[cfg(test)]
mod tests {
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
        let found = find(&digests("4088c17c622a1e181b1c2b1265349df6", "", "")).unwrap();
        assert_eq!(found.name, "cmterm-7945_7965-sip.9-3-1SR4-1.zip");
        assert_eq!(
            find(&digests("4088c17c622a1e181b1c2b1265349df7", "", "")),
            None
        );
    }

    #[test]
    fn every_published_digest_must_agree() {
        let rows = [Row {
            name: "made up",
            source: "here",
            md5: Some([0x11; 16]),
            sha1: Some([0x22; 20]),
            sha256: None,
        }];
        let (md5, sha1) = ("11".repeat(16), "22".repeat(20));
        assert!(find_in(&rows, &digests(&md5, &sha1, "any")).is_some());
        assert!(find_in(&rows, &digests(&md5, "", "any")).is_none());
        assert!(find_in(&rows, &digests("", &sha1, "any")).is_none());
    }

    #[test]
    fn no_row_is_without_a_digest() {
        for row in CATALOGUE {
            assert!(row.md5.is_some() || row.sha1.is_some() || row.sha256.is_some());
            assert!(!row.source.is_empty());
        }
    }
}
