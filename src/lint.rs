//! Checks of phone configuration files, by the rules of phones.
//!
//! A phone that cannot read its configuration shows "Error" at most and keeps the old one.
//! The checks do no I/O: they take a path, the bytes and a [`LintContext`] and return
//! findings. What phones are observed to accept is not an error. docs/lint.md lists all codes.

mod address;
mod codes;
mod context;
mod default;
mod device;
mod findings;
mod form;
mod invisible;
mod lines;
mod load;
mod load_name;
mod malformed;
mod manager;
mod name;
mod not_xml;
mod pbx;
mod pjsip;
mod placeholder;
mod repeated;
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
use crate::{
    diagnose::{Finding, Severity},
    xml_fault,
};

/// Checks one file. Accepts any bytes; no finding contains a password.
///
/// The type of the file is detected from its name (`SEP*.cnf.xml`, `XMLDefault.cnf.xml`,
/// `dialplan*.xml`), or else from the root element.
///
/// # Examples
///
/// ```
/// use std::path::Path;
/// use reflash::lint::{LintContext, check};
///
/// let path = Path::new("SEP001D45AABB01.cnf.xml");
/// let findings = check(path, b"<device>\n  <devicePool>\n</device>\n", &LintContext::default());
/// assert_eq!(findings[0].code, "not-well-formed");
/// assert_eq!(findings[0].line, Some(3));
/// ```
#[must_use]
pub fn check(path: &Path, bytes: &[u8], known: &LintContext) -> Vec<Finding> {
    let named = FileKind::of_name(path);
    let mut findings = FindingList::new(path);
    if let Some(format) = not_xml::seems_to_be(bytes) {
        findings.file(
            Severity::Error,
            "not-well-formed",
            format!("the file is not XML; it seems to be {format}"),
            "Name an XML file that phones read: SEP<MAC>.cnf.xml, XMLDefault.cnf.xml or \
             dialplan.xml",
        );
        return findings.into_sorted();
    }
    if named == Some(FileKind::DialPlan) {
        return dial_plan(path, bytes);
    }
    if bytes.len() > MAX_FILE_BYTES {
        name::check(&mut findings, path, named, None);
        findings.file(
            Severity::Error,
            "too-large",
            format!("the file has more than {MAX_FILE_BYTES} bytes, the limit of phones"),
            "Remove what this phone does not need",
        );
        return findings.into_sorted();
    }
    let mut text = match Text::decode(bytes) {
        Ok(text) => text,
        Err(position) => {
            name::check(&mut findings, path, named, None);
            findings.at(
                position,
                Severity::Error,
                "encoding",
                if xml_fault::utf16(bytes) {
                    "the file is UTF-16, which Windows calls Unicode; phones expect UTF-8"
                } else {
                    "the file is not UTF-8, as phones expect"
                },
                "Save the file as UTF-8 without a byte order mark, or use ASCII only",
            );
            return findings.into_sorted();
        }
    };
    let content = FileKind::of_text(text.as_str());
    name::check(&mut findings, path, named, content);
    if named.is_none() && content == Some(FileKind::DialPlan) {
        let mut findings = findings.into_sorted();
        findings.extend(dial_plan(path, bytes));
        return findings;
    }
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
    match named.or(content) {
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
            "Use the name that phones request: SEP<MAC>.cnf.xml, XMLDefault.cnf.xml or \
             dialplan.xml",
        ),
    }
    findings.into_sorted()
}

/// Runs the checks of [`crate::dialplan`] and adds the path to their findings.
fn dial_plan(path: &Path, bytes: &[u8]) -> Vec<Finding> {
    let mut findings = crate::dialplan::check(bytes);
    for finding in &mut findings {
        finding.path = Some(path.to_owned());
    }
    findings
}
