//! `DIALTEMPLATE` XML to entries, by the phone's rules.

mod entry;
mod position;
mod text;

use roxmltree::{Document, Error, Node, NodeType, ParsingOptions};

use self::position::position;
use super::{
    finding::finding,
    plan::{Entry, MAX_VERSION_BYTES, Position, narrow, shown},
};
use crate::diagnose::{Finding, Severity};

/// Elements, comments and texts of a file at most; a plan that a phone takes has fewer.
const MAX_NODES: u32 = 20_000;

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct ParsedPlan {
    /// All entries that are whole, those after a refused one too.
    pub(super) entries: Vec<Entry>,
    /// How many entries stand before the first that a phone refuses, and the finding that
    /// says why, by its number.
    pub(super) refused: Option<(usize, usize)>,
    pub(super) version: Option<String>,
    pub(super) findings: Vec<Finding>,
}

/// Reads it. What is no XML is an error; all else is an entry or a finding.
pub(super) fn read(bytes: &[u8]) -> Result<ParsedPlan, Finding> {
    let mut read = ParsedPlan::default();
    let (text, not_utf8) = text::decode(bytes);
    read.findings.extend(not_utf8);
    let text = text::with_distinct_tones(text);
    let options = ParsingOptions {
        // No entity is ever read from the file: there is nothing that could grow.
        allow_dtd: false,
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    let document =
        Document::parse_with_options(&text, options).map_err(|error| not_xml(&error, &text))?;
    let is_plan = |node: &Node<'_, '_>| named(*node, "DIALTEMPLATE");
    let Some(plan) = document.descendants().find(is_plan) else {
        let root = document.root_element();
        return Err(finding(
            "no-dial-template",
            Severity::Error,
            position(root),
            format!(
                "the root is '{}' and not DIALTEMPLATE",
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
            "no entry: every call waits 10 s, or for the Dial key",
            "Add a <TEMPLATE MATCH=\"…\" Timeout=\"…\"/> for each kind of number",
        ));
    }
    Ok(read)
}

impl ParsedPlan {
    fn element(&mut self, node: Node<'_, '_>) {
        if node.tag_name().name() == "TEMPLATE" {
            // One inside another is part of what is wrong with that one.
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
        } else if named(node, "TEMPLATE") {
            self.findings.push(finding(
                "template-not-upper-case",
                Severity::Error,
                position(node),
                format!("phones pass over '{}'", node.tag_name().name()),
                "Write TEMPLATE in capitals",
            ));
        } else if named(node, "versionStamp") {
            self.version(node);
        }
    }

    fn version(&mut self, node: Node<'_, '_>) {
        let stamp = node.text().unwrap_or_default().trim();
        // Shorter ones are no stamp to a phone, with braces or without.
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
                    "a stamp of {} bytes: expected 3 to {MAX_VERSION_BYTES}",
                    stamp.len()
                ),
                "Give a longer or shorter stamp, or leave the element out",
            ));
        }
    }
}

fn not_xml(error: &Error, text: &str) -> Finding {
    let position = match error {
        // The parser names no place for these: where it got to is the end.
        Error::UnclosedRootNode | Error::UnexpectedEndOfStream => {
            let line = text.lines().count().max(1);
            let column = text
                .lines()
                .last()
                .map_or(1, |line| line.chars().count() + 1);
            Position {
                line: narrow(line),
                column: narrow(column),
            }
        }
        error => {
            let position = error.pos();
            Position {
                line: position.row,
                column: position.col,
            }
        }
    };
    if *error == Error::DtdDetected {
        return finding(
            "doctype",
            Severity::Error,
            position,
            "a document type definition, which no phone reads",
            "Take <!DOCTYPE …> out, and write what its entities stand for",
        );
    }
    // The place stands beside the message already.
    let message = error.to_string();
    let message = message.split(" at ").next().unwrap_or_default();
    finding(
        "not-well-formed",
        Severity::Error,
        position,
        format!("this is no XML: {message}"),
        "Correct it at that position: quotes, brackets and end tags must match",
    )
}

fn named(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name().eq_ignore_ascii_case(name)
}
