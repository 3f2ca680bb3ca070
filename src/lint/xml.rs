//! Reads XML as leniently as phones, with limits against hostile files.

use roxmltree::{Document, Error, Node};

use super::{findings::FindingList, text::Text};
use crate::diagnose::Severity;

/// Maximum number of attributes of one element. Real files have 3; the parser takes
/// quadratic time.
const MAX_ATTRIBUTES: usize = 1000;

/// Maximum number of namespace declarations. The parser copies each to every nested element;
/// real files have none.
const MAX_NAMESPACES: usize = 64;

/// Maximum number of undeclared prefixes to declare. Real files have one, `xsi`.
const MAX_PREFIXES: usize = 16;

/// Whether the file can be parsed in reasonable time and memory; adds a finding if not.
pub(super) fn is_bounded(text: &Text, findings: &mut FindingList<'_>) -> bool {
    let text = text.as_str();
    let namespaces = text.matches("xmlns").count();
    let attributes = text
        .split('<')
        .filter(|piece| !piece.starts_with(['!', '?']))
        .map(|piece| piece.matches('=').count())
        .max();
    let message = if namespaces > MAX_NAMESPACES {
        format!(
            "the file has {namespaces} namespace declarations: at most {MAX_NAMESPACES} are read"
        )
    } else if let Some(count) = attributes.filter(|count| *count > MAX_ATTRIBUTES) {
        format!("an element has {count} attributes: at most {MAX_ATTRIBUTES} are read")
    } else {
        return true;
    };
    let cure = "Use elements with text and few attributes, as in other phone configurations";
    findings.file(Severity::Error, "not-well-formed", message, cure);
    false
}

/// Declares prefixes that the file uses without a declaration, each with a warning. Call
/// managers write such files (`xsi:type`) and phones accept them.
pub(super) fn declare_prefixes(text: &mut Text, findings: &mut FindingList<'_>) {
    let mut declared: Vec<String> = Vec::new();
    while let Err(Error::UnknownNamespace(prefix, position)) = Document::parse(text.as_str()) {
        if declared.contains(&prefix) || declared.len() == MAX_PREFIXES {
            return;
        }
        let place = text.position(text.offset(position));
        if !text.declare(&prefix) {
            return;
        }
        findings.at(
            place,
            Severity::Warning,
            "undeclared-prefix",
            format!(
                "the prefix '{prefix}:' is not declared: phones accept it, strict XML tools do not"
            ),
            format!("Remove the attribute or element with '{prefix}:'; phones do not need it"),
        );
        declared.push(prefix);
    }
}

/// The text of an element without comments.
pub(super) fn raw(node: Node<'_, '_>) -> String {
    node.children()
        .filter(Node::is_text)
        .filter_map(|child| child.text())
        .collect()
}

/// The text of an element, trimmed and without comments.
pub(super) fn value(node: Node<'_, '_>) -> String {
    raw(node).trim().to_owned()
}

/// The first child element with this name.
pub(super) fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| is(*child, name))
}

/// All descendants with this name, in file order.
pub(super) fn all<'a, 'input>(
    node: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.descendants().filter(move |node| is(*node, name))
}

/// Whether the node is an element with this name.
pub(super) fn is(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name
}
