//! Checks of XML configurations of a 7940 or 7960. Their loader searches the text for the name of a
//! load and reads nothing else.

use roxmltree::Node;

use super::{
    context::LintContext, findings::FindingList, legacy::MAX_LEGACY_BYTES, load, xml::value,
};
use crate::{
    diagnose::Severity,
    phone::{Family, Generation79x0, LoadName},
};

/// The elements that the loader searches for.
const LOADS: [&str; 3] = ["loadInformation", "loadInformation7", "loadInformation8"];

/// Whether the file is for a 7940 or 7960: the model is known, or a load of theirs is named.
pub(super) fn is_for_these(root: Node<'_, '_>, known: &LintContext) -> bool {
    if let Some(model) = known.model {
        return model.family == Family::P3;
    }
    let other = |node: Node<'_, '_>| family(node).is_some_and(|own| own != Family::P3);
    let mut plain = loads(root).filter(|node| node.tag_name().name() == LOADS[0]);
    loads(root).any(|node| family(node) == Some(Family::P3))
        || loads(root).any(|node| LOADS[1..].contains(&node.tag_name().name())) && !plain.any(other)
}

/// Whether a text with the root element of `XMLDefault.cnf.xml` works as the SEP file of a 7940 or
/// 7960 too: it names loads only for these.
pub(super) fn works_as_sep_file(text: &str) -> bool {
    let mut names = text.split("<loadInformation").skip(1).map(|rest| {
        let end = rest.find(|next: char| !next.is_ascii_digit());
        &rest[..end.unwrap_or(rest.len())]
    });
    let mut has_own = false;
    names.all(|number| {
        has_own |= matches!(number, "7" | "8");
        matches!(number, "" | "7" | "8")
    }) && has_own
}

/// Reports a load that the loader of a 7940 or 7960 cannot install: the loader itself.
pub(super) fn loader_itself(
    findings: &mut FindingList<'_>,
    node: Node<'_, '_>,
    written: &str,
    unless: &str,
) {
    if LoadName::new(written).is_universal_loader() {
        findings.warning(
            node,
            "load-name",
            format!(
                "{written} is the loader: a phone that has a loader already fetches it again, \
                 and no SIP firmware{unless}"
            ),
            "Write the name that begins with P0S3, such as P0S3-8-12-00",
        );
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
        loader_itself(findings, node, &written, "");
        if LoadName::new(&written).generation_79x0() == Some(Generation79x0::Unsigned) {
            findings.warning(
                node,
                "load-name",
                format!(
                    "{written} is a release before 5.0, which is not signed: a phone with a loader \
                     does not install it"
                ),
                "Write the name of a later load, such as P0S3-8-12-00",
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
