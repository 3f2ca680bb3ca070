//! Reads `DIALTEMPLATE` XML into entries, following the rules of phones.

mod entry;
mod position;
mod text;

use roxmltree::{Document, Error, Node, NodeType, ParsingOptions};

use self::position::position;
use super::{
    finding::finding,
    plan::{MAX_VERSION_BYTES, PlanEntry, shown},
};
use crate::{
    diagnose::{Finding, Severity},
    xml_fault::{self, XmlFaultKind},
};

/// Maximum number of XML nodes; plans that phones accept have fewer.
const MAX_NODES: u32 = 20_000;

/// The content of a file.
#[derive(Debug, Default)]
pub(super) struct ParsedPlan {
    /// All valid entries, including those after a rejected one.
    pub(super) entries: Vec<PlanEntry>,
    /// For the first entry that a phone rejects: the number of entries before it, and the
    /// index of the finding that gives the reason.
    pub(super) refused: Option<(usize, usize)>,
    pub(super) version: Option<String>,
    pub(super) findings: Vec<Finding>,
}

/// Reads a plan.
///
/// # Errors
///
/// The finding if the text is not well-formed XML or has no `DIALTEMPLATE`.
pub(super) fn read(bytes: &[u8]) -> Result<ParsedPlan, Finding> {
    let mut read = ParsedPlan::default();
    if xml_fault::utf16(bytes) {
        return Err(finding(
            "not-utf8",
            Severity::Error,
            text::end_of(""),
            "the file is UTF-16, which Windows calls Unicode: phones cannot read it",
            "Save the file as UTF-8 without a byte order mark, or use ASCII only",
        ));
    }
    let (text, not_utf8) = text::decode(bytes);
    read.findings.extend(not_utf8);
    let (text, dashes) = text::with_readable_comments(&text);
    read.findings.extend(dashes);
    let text = text::with_distinct_tones(text);
    let options = ParsingOptions {
        // Without a DTD there are no entities to expand.
        allow_dtd: false,
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    let document =
        Document::parse_with_options(&text, options).map_err(|error| not_xml(&error, &text))?;
    // The configuration of a phone has a <dialTemplate> too, which only names the plan.
    let root = document.root_element();
    let is_of_phone = ["device", "Default"].contains(&root.tag_name().name());
    let is_plan = |node: &Node<'_, '_>| !is_of_phone && has_name(*node, "DIALTEMPLATE");
    let Some(plan) = document.descendants().find(is_plan) else {
        return Err(finding(
            "no-dial-template",
            Severity::Error,
            position(root),
            format!(
                "the root element is '{}', expected DIALTEMPLATE",
                shown(root.tag_name().name())
            ),
            "Put the TEMPLATE entries into <DIALTEMPLATE>…</DIALTEMPLATE>",
        ));
    };
    for node in plan.descendants().skip(1) {
        match node.node_type() {
            NodeType::Element => read.element(node),
            NodeType::Comment => read.findings.extend(text::entry_after_comment_end(node)),
            _ => {}
        }
    }
    if read.entries.is_empty() && read.findings.is_empty() {
        read.findings.push(finding(
            "empty-plan",
            Severity::Warning,
            position(plan),
            "the plan has no entry: every call waits 10 s (79xx) or 15 s (other phones), or for the \
             Dial key",
            "Add a <TEMPLATE MATCH=\"…\" Timeout=\"…\"/> for each kind of number",
        ));
    }
    Ok(read)
}

impl ParsedPlan {
    fn element(&mut self, node: Node<'_, '_>) {
        if node.tag_name().name() == "TEMPLATE" {
            // A nested TEMPLATE is reported with the outer one.
            if node
                .ancestors()
                .skip(1)
                .any(|outer| outer.has_tag_name("TEMPLATE"))
            {
                return;
            }
            let first = self.findings.len();
            match entry::read(node, &mut self.findings) {
                Some(mut entry) => {
                    entry.index = self.entries.len() + 1;
                    self.entries.push(entry);
                }
                None => {
                    self.refused.get_or_insert((self.entries.len(), first));
                }
            }
        } else if has_name(node, "TEMPLATE") {
            self.findings.push(finding(
                "template-not-upper-case",
                Severity::Error,
                position(node),
                format!("phones ignore '{}'", node.tag_name().name()),
                "Write TEMPLATE in upper case",
            ));
        } else if has_name(node, "versionStamp") {
            self.version(node);
        }
    }

    fn version(&mut self, node: Node<'_, '_>) {
        let stamp = node.text().unwrap_or_default().trim();
        // Phones ignore shorter stamps, with or without braces.
        if (3..=MAX_VERSION_BYTES).contains(&stamp.len()) {
            let inner = stamp
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            self.version = Some(inner.unwrap_or(stamp).to_owned());
        } else {
            self.findings.push(finding(
                "bad-version-stamp",
                Severity::Warning,
                position(node),
                format!(
                    "the version stamp has {} bytes: expected 3 to {MAX_VERSION_BYTES}",
                    stamp.len()
                ),
                "Correct the length, or remove the element",
            ));
        }
    }
}

/// The file is not well-formed. Phones read on where XML ends, but what they make of the rest is
/// not known.
fn not_xml(error: &Error, text: &str) -> Finding {
    let fault = xml_fault::explain(text, error);
    let place = text::end_of(&text[..fault.offset]);
    let (code, message) = match fault.kind {
        XmlFaultKind::CurlyQuote => ("curly-quotes", fault.message),
        XmlFaultKind::Doctype => ("doctype", fault.message),
        XmlFaultKind::NotWellFormed => (
            "not-well-formed",
            format!("the file is not well-formed XML: {}", fault.message),
        ),
    };
    finding(code, Severity::Error, place, message, fault.cure)
}

fn has_name(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name().eq_ignore_ascii_case(name)
}
