//! Elements in another case or another place than phones look for them.

use std::collections::HashSet;

use roxmltree::Node;

use super::{findings::FindingList, xml::is};
use crate::diagnose::Severity;

/// Elements that matter for the registration, with the one that contains them. The names of elements
/// are case-sensitive in XML.
const PLACES: &[(&str, &str)] = &[
    ("authName", "line"),
    ("authPassword", "line"),
    ("callManager", "member"),
    ("callManagerGroup", "devicePool"),
    ("dateTemplate", "dateTimeSetting"),
    ("dateTimeSetting", "devicePool"),
    ("deviceProtocol", "device"),
    ("devicePool", "device"),
    ("dialTemplate", "sipProfile"),
    ("featureID", "line"),
    ("line", "sipLines"),
    ("loadInformation", "device"),
    ("natEnabled", "sipProfile"),
    ("phoneLabel", "sipProfile"),
    ("preferredCodec", "sipProfile"),
    ("registerWithProxy", "sipProxies"),
    ("sipLines", "sipProfile"),
    ("sipProfile", "device"),
    ("sipProxies", "sipProfile"),
    ("timeZone", "dateTimeSetting"),
    ("transportLayerProtocol", "device"),
    ("voipControlPort", "sipProfile"),
];

/// Further names whose case is checked; they occur in several places.
const NAMES: &[&str] = &[
    "member",
    "members",
    "ports",
    "processNodeName",
    "proxy",
    "sipPort",
];

/// Checks a SEP file.
pub(super) fn check(findings: &mut FindingList<'_>, root: Node<'_, '_>) {
    let place = |name: &str| PLACES.iter().find(|(known, _)| *known == name);
    let elements = || root.descendants().filter(Node::is_element);
    let in_place: HashSet<&str> = elements()
        .filter(|node| {
            let outer = node.parent_element();
            let place = place(node.tag_name().name());
            place
                .zip(outer)
                .is_some_and(|((_, place), outer)| is(outer, place))
        })
        .map(|node| node.tag_name().name())
        .collect();
    for node in elements() {
        let name = node.tag_name().name();
        let places = PLACES.iter().map(|(name, _)| name);
        let known = places
            .chain(NAMES)
            .find(|known| known.eq_ignore_ascii_case(name));
        let Some(known) = known else {
            continue;
        };
        if *known != name {
            findings.warning(
                node,
                "element-case",
                format!("<{name}> differs in case from <{known}>: phones may ignore it"),
                format!("Write <{known}> and </{known}>"),
            );
            continue;
        }
        let parent = node.parent().map_or("", |parent| parent.tag_name().name());
        if let Some((_, place)) = place(name)
            && !place.eq_ignore_ascii_case(parent)
        {
            // Where the right place has it too, this one is superfluous.
            let is_there = in_place.contains(name);
            let severity = if is_there {
                Severity::Note
            } else {
                Severity::Warning
            };
            findings.node(
                severity,
                node,
                "element-place",
                format!("<{name}> is in <{parent}>, but phones look for it in <{place}>"),
                if is_there {
                    "Delete it: there is one in the right place".to_owned()
                } else {
                    format!("Move it into <{place}>")
                },
            );
        }
    }
}
