//! Reading XML as leniently as a phone does, and never at a hostile file's price.

use roxmltree::{Document, Error, Node};

use super::{findings::FindingList, text::Text};
use crate::diagnose::Severity;

/// Attributes of one element at most. A real one has 3; the reader compares each with each.
const MAX_ATTRIBUTES: usize = 1000;

/// Declarations of namespaces in one file at most. The reader hands each on to every element
/// below, and a real file has none.
const MAX_NAMESPACES: usize = 64;

/// Prefixes without a declaration that are made good: real files have one, `xsi`.
const MAX_PREFIXES: usize = 16;

/// Whether the file can be read in reasonable time and memory; else that is told.
pub(super) fn is_bounded(text: &Text, findings: &mut FindingList<'_>) -> bool {
    let text = text.as_str();
    let namespaces = text.matches("xmlns").count();
    let attributes = text
        .split('<')
        .filter(|piece| !piece.starts_with(['!', '?']))
        .map(|piece| piece.matches('=').count())
        .max();
    let message = if namespaces > MAX_NAMESPACES {
        format!("{namespaces} declarations of namespaces: at most {MAX_NAMESPACES} are read")
    } else if let Some(count) = attributes.filter(|count| *count > MAX_ATTRIBUTES) {
        format!("an element has {count} attributes: at most {MAX_ATTRIBUTES} are read")
    } else {
        return true;
    };
    let cure = "Write it as a phone's configuration: elements with text, and hardly an attribute";
    findings.file(Severity::Error, "not-well-formed", message, cure);
    false
}

/// Declares the prefixes that the file uses and does not declare. Call managers write such
/// files themselves (`xsi:type`) and phones take them, so each is only a warning.
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
                "the prefix '{prefix}:' is not declared: phones take it, strict XML tools do not"
            ),
            format!("Leave the attribute or element with '{prefix}:' out: no phone needs it"),
        );
        declared.push(prefix);
    }
}

/// What stands in an element, without the blanks around it and without comments.
pub(super) fn value(node: Node<'_, '_>) -> String {
    let text: String = node
        .children()
        .filter(Node::is_text)
        .filter_map(|child| child.text())
        .collect();
    text.trim().to_owned()
}

/// The first child element of this name.
pub(super) fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| is(*child, name))
}

/// Every element of this name below, in the file's order.
pub(super) fn all<'a, 'input>(
    node: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.descendants().filter(move |node| is(*node, name))
}

/// Whether it is an element of this name.
pub(super) fn is(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name
}
