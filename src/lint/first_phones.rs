//! Checks of XML configurations of a 7940 or 7960. Their loader searches the text for the name of a
//! load and reads nothing else.

use roxmltree::Node;

use super::{
    context::LintContext, findings::FindingList, legacy::MAX_LEGACY_BYTES, load, xml::value,
};
use crate::{
    diagnose::Severity,
    phone::{Family, LoadName},
};

/// The elements that the loader searches for.
const LOADS: [&str; 3] = ["loadInformation", "loadInformation7", "loadInformation8"];

/// Whether the file is for a 7940 or 7960: the model is known, or a load of theirs is named.
pub(super) fn is_for_these(root: Node<'_, '_>, known: &LintContext) -> bool {
    match known.model {
        Some(model) => model.family == Family::P3,
        None => loads(root).any(|node| family(node) == Some(Family::P3)),
    }
}

/// Checks the SEP file of a 7940 or 7960.
pub(super) fn check(findings: &mut FindingList<'_>, root: Node<'_, '_>, known: &LintContext) {
    size(findings, root, Severity::Error);
    let mut named = 0;
    for node in loads(root) {
        let written = value(node);
        if written.is_empty() {
            continue;
        }
        named += 1;
        load::check(
            findings,
            node,
            &written,
            Some((Family::P3, "a 7940 or 7960")),
            known,
        );
        if LoadName::new(&written).is_universal_loader() {
            findings.warning(
                node,
                "load-name",
                format!(
                    "{written} is the loader: a phone that has a loader already fetches it again, \
                     and no SIP firmware"
                ),
                "Write the name that begins with P0S3, such as P0S3-8-12-00",
            );
        }
    }
    if named == 0 {
        findings.error(
            root,
            "no-load",
            "no loadInformation: a 7940 or 7960 starts its old firmware and does not read \
             SIP<MAC>.cnf",
            "Name the load, such as P0S3-8-12-00, or delete the file",
        );
    }
    comments(findings, root);
    if let Some(other) = root
        .children()
        .find(|node| node.is_element() && !LOADS.contains(&node.tag_name().name()))
    {
        findings.node(
            Severity::Note,
            other,
            "unread",
            "a 7940 or 7960 reads only the load from this file",
            "Write lines, proxy and passwords into SIP<MAC>.cnf and SIPDefault.cnf",
        );
    }
}

/// Checks the size of a file that a 7940 or 7960 may read.
pub(super) fn size(findings: &mut FindingList<'_>, root: Node<'_, '_>, severity: Severity) {
    let bytes = root.document().input_text().len();
    if bytes > MAX_LEGACY_BYTES {
        findings.node(
            severity,
            root,
            "too-large",
            format!("the file has {bytes} bytes; a 7940 or 7960 reads at most {MAX_LEGACY_BYTES}"),
            "Remove what these phones do not need",
        );
    }
}

/// The loader reads what follows the first `>` of a comment.
fn comments(findings: &mut FindingList<'_>, root: Node<'_, '_>) {
    let names_load = |text: &str| {
        text.split_once('>')
            .is_some_and(|(_, rest)| rest.to_ascii_lowercase().contains("loadinformation"))
    };
    let comment = root
        .descendants()
        .find(|node| node.is_comment() && node.text().is_some_and(names_load));
    if let Some(comment) = comment {
        findings.warning(
            comment,
            "comment-ends-early",
            "for a 7940 or 7960 a comment ends at its first '>': it obeys the load in it",
            "Delete the comment",
        );
    }
}

fn loads<'a, 'input>(root: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    root.descendants()
        .filter(|node| node.is_element() && LOADS.contains(&node.tag_name().name()))
}

fn family(node: Node<'_, '_>) -> Option<Family> {
    LoadName::new(&value(node)).family()
}
