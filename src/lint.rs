//! Files that people wrote for phones, judged by the phone's own rules before a phone drops
//! them without a word.
//!
//! A phone that cannot read its configuration says "Error" at most, and keeps the old one.
//! Everything here is pure: a path, bytes and what else is known go in, findings come out.
//! What phones are seen to accept is no error, however odd it is. docs/lint.md lists every
//! code.

mod codes;
mod context;
mod default;
mod device;
mod findings;
mod load;
mod malformed;
mod manager;
mod name;
mod pbx;
mod pjsip;
mod placeholder;
mod similar;
mod text;
mod value;
mod xml;

use std::path::Path;

pub use codes::CODES;
pub use context::LintContext;
pub use findings::MAX_FINDINGS;
pub use manager::{registrars, transport_layer};
pub use name::FileKind;
pub use pjsip::{PjsipConfig, PjsipEndpoint, TransportProtocol};
pub use text::MAX_FILE_BYTES;

use self::{findings::FindingList, text::Text};
use crate::diagnose::{Finding, Severity};

/// Judges one file. Total: any bytes give findings, and none of them shows a password.
///
/// What it is, is told by its name (`SEP*.cnf.xml`, `XMLDefault.cnf.xml`,
/// `dialplan*.xml`), else by its root element.
#[must_use]
pub fn check(path: &Path, bytes: &[u8], known: &LintContext) -> Vec<Finding> {
    let named = FileKind::of_name(path);
    if named == Some(FileKind::DialPlan) {
        return dial_plan(path, bytes);
    }
    let mut findings = FindingList::new(path);
    name::check(&mut findings, path, named);
    if bytes.len() > MAX_FILE_BYTES {
        findings.file(
            Severity::Error,
            "too-large",
            format!("more than {MAX_FILE_BYTES} bytes, which is what a phone reads at most"),
            "Leave out what this phone does not need",
        );
        return findings.into_sorted();
    }
    let mut text = match Text::decode(bytes) {
        Ok(text) => text,
        Err(position) => {
            findings.at(
                position,
                Severity::Error,
                "encoding",
                "this is not UTF-8: the phone reads the file as UTF-8",
                "Save the file as UTF-8 without a byte order mark, or write plain ASCII",
            );
            return findings.into_sorted();
        }
    };
    if !xml::is_bounded(&text, &mut findings) {
        return findings.into_sorted();
    }
    xml::declare_prefixes(&mut text, &mut findings);
    let document = match roxmltree::Document::parse(text.as_str()) {
        Ok(document) => document,
        Err(error) => {
            malformed::explain(&mut findings, &text, &error);
            return findings.into_sorted();
        }
    };
    let root = document.root_element();
    findings.read(&text);
    match named.or_else(|| FileKind::of_root(root.tag_name().name())) {
        Some(FileKind::Default) => default::check(&mut findings, root, known),
        Some(FileKind::Device) => device::check(&mut findings, root, known),
        Some(FileKind::DialPlan) => return dial_plan(path, bytes),
        None => findings.error(
            root,
            "unknown-kind",
            format!(
                "the root element is <{}>: expected <device>, <Default> or <DIALTEMPLATE>",
                root.tag_name().name()
            ),
            "Name the file as the phone asks for it: SEP<MAC>.cnf.xml, XMLDefault.cnf.xml or \
             dialplan.xml",
        ),
    }
    findings.into_sorted()
}

/// The dial plan's own judge knows no paths.
fn dial_plan(path: &Path, bytes: &[u8]) -> Vec<Finding> {
    let mut findings = crate::dialplan::check(bytes);
    for finding in &mut findings {
        finding.path = Some(path.to_owned());
    }
    findings
}
