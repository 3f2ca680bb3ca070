//! Checks of `XMLDefault.cnf.xml`, for phones without a configuration of their own.

use std::collections::HashSet;

use roxmltree::Node;

use super::{
    context::LintContext,
    findings::FindingList,
    first_phones, form, load, manager, repeated, value,
    xml::{is, value as text},
};
use crate::{
    diagnose::Severity,
    phone::{Family, LoadName, MODELS, Model},
};

/// Prefix of the elements that name loads; a device type ID follows.
const LOAD: &str = "loadInformation";

pub(super) fn check(findings: &mut FindingList<'_>, root: Node<'_, '_>, known: &LintContext) {
    if is(root, "Default") {
        manager::check(findings, root);
    } else {
        findings.error(
            root,
            "no-default-root",
            format!(
                "the root element is <{}>: phones read only the content of <Default>",
                root.tag_name().name()
            ),
            "Enclose everything in <Default> and </Default>, including a callManagerGroup",
        );
    }
    value::check_all(findings, root);
    form::check(findings, root);
    repeated::check(findings, root);
    let loads = |node: &Node<'_, '_>| node.is_element() && node.tag_name().name().starts_with(LOAD);
    let element_names: HashSet<&str> = root
        .descendants()
        .map(|node| node.tag_name().name())
        .collect();
    for node in root.descendants().filter(loads) {
        let written = text(node);
        // An empty element is valid: the phone keeps its load.
        if !written.is_empty() {
            one(findings, &element_names, node, &written, known);
        }
    }
}

/// Checks one element that names a load; `element_names` has the names of all elements in the file.
fn one(
    findings: &mut FindingList<'_>,
    element_names: &HashSet<&str>,
    node: Node<'_, '_>,
    written: &str,
    known: &LintContext,
) {
    let number = &node.tag_name().name()[LOAD.len()..];
    let load = LoadName::new(written);
    let Ok(id) = number.parse::<u32>() else {
        findings.error(
            node,
            "no-device-type",
            format!("<{LOAD}{number}> has no device type ID: in <Default> phones ignore it"),
            format!("Write {}", ids(load::family_of(&load))),
        );
        load::check(findings, node, written, None, known);
        return;
    };
    if number != id.to_string() {
        findings.error(
            node,
            "device-type",
            format!("<{LOAD}{number}>: phones look for <{LOAD}{id}>, and ignore this one"),
            format!("Write <{LOAD}{id} …> and </{LOAD}{id}>"),
        );
    }
    let of_id = MODELS.iter().find(|model| model.device_type == id);
    let named = node.attribute("model").and_then(named_model);
    if node.attribute("model").is_none() {
        findings.node(
            Severity::Note,
            node,
            "no-model",
            format!(
                "no attribute names the model of {id}; phones do not need it, but it helps readers"
            ),
            of_id.map_or_else(
                || "Add model=\"Cisco …\"".to_owned(),
                |model| format!("Add model=\"Cisco {}\"", model.number),
            ),
        );
    }
    let meant = match (of_id, named) {
        (Some(of_id), Some(named)) if of_id.plain_number() == named.plain_number() => Some(of_id),
        (of_id, Some(named)) => {
            other_model(findings, element_names, node, id, of_id, named);
            Some(named)
        }
        (Some(of_id), None) => Some(of_id),
        (None, None) => {
            unknown_id(findings, node, id, load::family_of(&load));
            None
        }
    };
    if meant.is_some_and(|model| model.family == Family::P3) {
        first_phones::size(findings, node, Severity::Warning);
        let unless = "; only SCCP firmware before 6.0 needs this name";
        first_phones::loader_itself(findings, node, written, unless);
    }
    let whose = meant.map(|model| format!("the {}", model.number));
    let family = meant
        .zip(whose.as_deref())
        .map(|(model, whose)| (model.family, whose));
    load::check(findings, node, written, family, known);
}

/// The ID belongs to another model. A warning if the model has a correct element as well.
fn other_model(
    findings: &mut FindingList<'_>,
    element_names: &HashSet<&str>,
    node: Node<'_, '_>,
    id: u32,
    of_id: Option<&Model>,
    named: &Model,
) {
    let right = format!("{LOAD}{}", named.device_type);
    let severity = if element_names.contains(right.as_str()) {
        Severity::Warning
    } else {
        Severity::Error
    };
    let is = match of_id {
        Some(model) => format!("{id} is the {}", model.number),
        None => format!("{id} is not a known device type ID"),
    };
    findings.node(
        severity,
        node,
        "device-type",
        format!(
            "{is}, but the model attribute names the {}, which is {}: no {} reads it",
            named.number, named.device_type, named.number
        ),
        format!("Write <{right} …> and </{right}>"),
    );
}

/// Neither the ID nor the attribute is a known model; suggests IDs by the load.
fn unknown_id(findings: &mut FindingList<'_>, node: Node<'_, '_>, id: u32, family: Option<Family>) {
    if let Some(family) = family {
        findings.warning(
            node,
            "device-type",
            format!(
                "{id} is not a known device type ID, and the load is for {}",
                load::numbers(family)
            ),
            format!(
                "If the element is for one of them, write {}",
                ids(Some(family))
            ),
        );
    }
}

/// "loadInformation435 (7945) or loadInformation436 (7965)".
fn ids(family: Option<Family>) -> String {
    let Some(family) = family else {
        return format!("{LOAD} and the ID of the model; see `reflash models`");
    };
    let ids: Vec<_> = family
        .models()
        .map(|model| format!("{LOAD}{} ({})", model.device_type, model.number))
        .collect();
    ids.join(" or ")
}

/// The model named by the attribute, which is free text: "Cisco 7965", "IP Phone 7960",
/// "SIP: Cisco 7965", "Cisco 7962G-GE".
fn named_model(attribute: &str) -> Option<&'static Model> {
    attribute
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .find_map(|word| {
            let bare = word.trim_start_matches("CP-");
            let plain = || {
                let digits = bare.get(..4)?;
                let rest = bare[4..].trim_start_matches(['G', 'g']);
                let rest = rest.trim_start_matches("-GE");
                rest.is_empty().then(|| Model::by_number(digits)).flatten()
            };
            Model::by_number(word).or_else(plain)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_attribute_is_recognized_in_all_spellings() {
        let cases = [
            ("Cisco 7965", Some("7965")),
            ("Cisco IP Phone 7965", Some("7965")),
            ("IP Phone 7960", Some("7960")),
            ("SIP: Cisco 7965", Some("7965")),
            ("Cisco 7962G-GE", Some("7962")),
            ("Cisco 7961G-GE", Some("7961-GE")),
            ("CP-7965G", Some("7965")),
            ("Cisco TelePresence 1300-65", None),
            ("Cisco IP Phone 7914 14-Button Line Expansion Module", None),
            ("Cisco ATA 186", None),
            ("79650", None),
            ("ÄÖ79", None),
            ("", None),
        ];
        for (attribute, number) in cases {
            let model = named_model(attribute).map(|model| model.number);
            assert_eq!(model, number, "{attribute}");
        }
    }
}
