//! The dial plans that configurations name, and whether they are there.

use std::path::Path;

use roxmltree::Node;

use super::{
    findings::FindingList,
    legacy,
    text::{LineColumn, MAX_FILE_BYTES, Text},
    value::quoted,
    xml::{all, declare_prefixes, is_bounded, value},
};
use crate::diagnose::{Finding, Severity};

/// A name of a dial plan in a configuration.
struct PlanName {
    /// What phones request.
    name: String,
    place: LineColumn,
}

/// The names of dial plans in a configuration, as phones request them.
#[must_use]
pub fn dial_templates(bytes: &[u8]) -> Vec<String> {
    read(bytes).into_iter().map(|plan| plan.name).collect()
}

/// Checks that the dial plans that a configuration names are among `names`, the files beside it.
#[must_use]
pub fn missing_plans(path: &Path, bytes: &[u8], names: &[String]) -> Vec<Finding> {
    let mut findings = FindingList::new(path);
    for plan in read(bytes) {
        // Another case, or .txt after .xml, has a finding about the name of the plan.
        let is_there = |name: &String| {
            let same = |head: &str| head.eq_ignore_ascii_case(&plan.name);
            let is_xml = plan.name.to_ascii_lowercase().ends_with(".xml");
            same(name) || (is_xml && name.get(..plan.name.len()).is_some_and(same))
        };
        // Of a path, the folder is not known here.
        if plan.name.contains(['/', '\\']) || names.iter().any(is_there) {
            continue;
        }
        let with_ending = format!("{}.xml", plan.name);
        let cure = match names.iter().find(|name| **name == with_ending) {
            Some(name) => format!("Write {name}"),
            None => "Add the file, or remove the name".to_owned(),
        };
        findings.at(
            plan.place,
            Severity::Warning,
            "dial-plan-missing",
            format!(
                "the dial plan {} is not among the files: after the last digit the phone waits \
                 10 seconds (79xx) or 15 seconds (other phones)",
                quoted(&plan.name)
            ),
            cure,
        );
    }
    findings.into_sorted()
}

fn read(bytes: &[u8]) -> Vec<PlanName> {
    let Ok(text) = Text::decode(bytes) else {
        return Vec::new();
    };
    if legacy::is_settings(text.as_str()) {
        let plans = legacy::dial_plans(text.as_str());
        return plans
            .map(|(place, name)| PlanName { name, place })
            .collect();
    }
    let of_xml = with_root(bytes, |text, root| {
        all(root, "dialTemplate")
            .map(|node| PlanName {
                name: value(node),
                place: text.position(node.range().start),
            })
            .filter(|plan| !plan.name.is_empty())
            .collect()
    });
    of_xml.unwrap_or_default()
}

/// The result of `read` for the root of an XML file; `None` if the file cannot be read.
pub(super) fn with_root<R>(bytes: &[u8], read: impl FnOnce(&Text, Node<'_, '_>) -> R) -> Option<R> {
    let mut text = Text::decode(bytes).ok()?;
    let mut unused = FindingList::new(Path::new(""));
    if bytes.len() > MAX_FILE_BYTES || !is_bounded(&text, &mut unused) {
        return None;
    }
    declare_prefixes(&mut text, &mut unused);
    let document = roxmltree::Document::parse(text.as_str()).ok()?;
    Some(read(&text, document.root_element()))
}
