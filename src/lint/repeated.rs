//! Elements that are given twice with different values.

use std::collections::HashMap;

use roxmltree::Node;

use super::{findings::FindingList, xml::value};
use crate::diagnose::Severity;

/// Checks that no element has two values. Which of the two a phone uses is not known.
pub(super) fn check(findings: &mut FindingList<'_>, root: Node<'_, '_>) {
    let is_leaf =
        |node: &Node<'_, '_>| node.is_element() && !node.children().any(|child| child.is_element());
    for parent in root.descendants().filter(Node::is_element) {
        let mut first: HashMap<(&str, Option<&str>), Node<'_, '_>> = HashMap::new();
        for node in parent.children().filter(is_leaf) {
            // The attributes distinguish the entries of a list.
            if node.attributes().len() > 0 && !is_load(node) {
                continue;
            }
            let key = (node.tag_name().name(), node.attribute("model"));
            let Some(other) = first.get(&key) else {
                first.insert(key, node);
                continue;
            };
            if value(*other) != value(node) {
                let name = node.tag_name().name();
                findings.node(
                    Severity::Warning,
                    node,
                    "repeated",
                    format!(
                        "<{name}> appears twice with different values: the phone uses one of them"
                    ),
                    "Delete the wrong one",
                );
            }
        }
    }
}

fn is_load(node: Node<'_, '_>) -> bool {
    node.tag_name().name().starts_with("loadInformation")
}
