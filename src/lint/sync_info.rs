//! `syncinfo.xml`, which a 7940 or 7960 reads after a NOTIFY `check-sync`.

use roxmltree::Node;

use super::findings::FindingList;

/// The root element.
pub(super) const ROOT: &str = "SYNCINFO";

/// The size below which the phone reads the file.
const MAX_BYTES: usize = 4096;

/// Maximum length of `SYNC`.
const MAX_SYNC: usize = 32;

const CODE: &str = "sync-info";

pub(super) fn check(findings: &mut FindingList<'_>, root: Node<'_, '_>) {
    if root.document().input_text().len() >= MAX_BYTES {
        findings.error(
            root,
            CODE,
            format!("the file has {MAX_BYTES} bytes or more: a 7940 or 7960 does not read it"),
            "Keep one IMAGE element with VERSION=\"*\"",
        );
    }
    let mut images = root
        .children()
        .filter(|node| node.has_tag_name("IMAGE"))
        .peekable();
    if images.peek().is_none() {
        findings.error(
            root,
            CODE,
            "no IMAGE element: no phone restarts by check-sync",
            "Write <IMAGE VERSION=\"*\" SYNC=\"2\"/>, with the number in `sync` of SIPDefault.cnf",
        );
    }
    for image in images {
        let is_good = |name: &str, most: usize| {
            let value = image.attribute(name).unwrap_or_default();
            (1..=most).contains(&value.len())
        };
        if !is_good("VERSION", usize::MAX) || !is_good("SYNC", MAX_SYNC) {
            findings.error(
                image,
                CODE,
                format!(
                    "VERSION (the name of an image, or *) and SYNC (1 to {MAX_SYNC} characters) were \
                     expected"
                ),
                "Write <IMAGE VERSION=\"*\" SYNC=\"2\"/>, with the number in `sync` of \
                 SIPDefault.cnf",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::lint::{LintContext, check};

    #[test]
    fn a_sync_info_without_image_or_number_is_an_error() {
        let found = |text: &str| {
            let path = Path::new("syncinfo.xml");
            let all = check(path, text.as_bytes(), &LintContext::default());
            all.iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        let good = "<SYNCINFO><IMAGE VERSION=\"*\" SYNC=\"2\"/></SYNCINFO>";
        assert!(found(good).is_empty(), "{:?}", found(good));
        for wrong in [
            "<SYNCINFO/>",
            "<SYNCINFO><IMAGE VERSION=\"*\"/></SYNCINFO>",
            "<SYNCINFO><IMAGE VERSION=\"\" SYNC=\"2\"/></SYNCINFO>",
            "<SYNCINFO><IMAGE VERSION=\"*\" SYNC=\"123456789012345678901234567890123\"/></SYNCINFO>",
        ] {
            assert_eq!(found(wrong), ["sync-info"], "{wrong}");
        }
        let long = format!("{good}<!--{}-->", "x".repeat(4096));
        assert_eq!(found(&long), ["sync-info"]);
    }
}
