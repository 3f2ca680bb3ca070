//! Checks of phone configuration files, by the rules of phones.
//!
//! A phone that cannot read its configuration shows "Error" at most and keeps the old one.
//! The checks do no I/O: they take a path, the bytes and a [`LintContext`] and return
//! findings. What phones are observed to accept is not an error. docs/lint.md lists all codes.

mod address;
mod asterisk_conf;
mod asterisk_faults;
mod codes;
mod context;
mod default;
mod device;
mod dialect;
mod explanation;
mod findings;
mod first_phone_files;
mod first_phones;
mod form;
mod invisible;
mod legacy;
mod lines;
mod load;
mod load_name;
mod malformed;
mod manager;
mod name;
mod not_xml;
mod pbx;
mod phone_side;
mod phones_of_folder;
mod pjsip;
mod placeholder;
mod placement;
mod plan_names;
mod plan_numbers;
mod repeated;
mod sep_side;
mod similar;
mod sip_conf;
mod sync_info;
mod text;
mod value;
mod xml;

use std::path::Path;

pub use asterisk_conf::{AsteriskFile, Include, IncludeKind};
pub use asterisk_faults::check_asterisk;
pub use codes::CODES;
pub use context::LintContext;
pub use explanation::{FindingExplanation, explanations};
pub use findings::MAX_FINDINGS;
pub use first_phone_files::{common_settings, contradictions, lines_of_settings};
pub use legacy::CommonSettings;
pub use manager::{RegisteringLine, registering_lines, registrars, transport_layer};
pub use name::FileKind;
pub use phones_of_folder::compare_phones;
pub use pjsip::{
    PjsipAor, PjsipAuth, PjsipConfig, PjsipEndpoint, PjsipTransport, TransportProtocol,
};
pub use plan_names::{dial_templates, missing_plans};
pub use plan_numbers::{DialPlanUse, cut_off_numbers, dial_plan_use};
pub use sip_conf::{SipConfig, SipPeer};
pub use text::MAX_FILE_BYTES;

use self::{findings::FindingList, text::Text};
use crate::{
    diagnose::{Finding, Severity},
    xml_fault,
};

/// Checks one file. Accepts any bytes; no finding contains a password.
///
/// The type of the file is detected from its name (`SEP*.cnf.xml`, `XMLDefault.cnf.xml`,
/// `dialplan*.xml`, `SIP*.cnf`, `OS79XX.TXT`), or else from its content.
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
    let named = FileKind::of_name(path).or_else(|| known.named_plan(path));
    let mut findings = FindingList::new(path);
    if is_of_another_kind(&mut findings, path, bytes, named) {
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
    let decoded = match Text::decode(bytes) {
        Ok(_) if xml_fault::utf16(bytes) => Err((1, 1)),
        decoded => decoded,
    };
    let mut text = match decoded {
        Ok(text) => text,
        // A 7940 or 7960 reads bytes; only this one may be shown wrong.
        Err(position) if named == Some(FileKind::Settings) && !xml_fault::utf16(bytes) => {
            findings.at(
                position,
                Severity::Warning,
                "encoding",
                "a character that is neither ASCII nor UTF-8: the phone may show another one",
                "Use ASCII only",
            );
            Text::latin1(bytes)
        }
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
    if let Some(kind) = named.or(content)
        && matches!(kind, FileKind::Settings | FileKind::ImageName)
    {
        settings(&mut findings, path, &text, kind, known);
        return findings.into_sorted();
    }
    if named.is_none() && content == Some(FileKind::DialPlan) {
        let mut findings = findings.into_sorted();
        findings.extend(dial_plan(path, bytes));
        return findings;
    }
    if !xml::is_bounded(&text, &mut findings) {
        return findings.into_sorted();
    }
    xml::declare_prefixes(&mut text, &mut findings);
    declared_encoding(&mut findings, &text);
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
        // Neither is XML.
        Some(FileKind::Settings | FileKind::ImageName) => {}
        None if root.has_tag_name(sync_info::ROOT) => sync_info::check(&mut findings, root),
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

/// Reports a first line that declares another encoding than the text has.
fn declared_encoding(findings: &mut FindingList<'_>, text: &Text) {
    if let Some(encoding) = text.wrong_declaration() {
        findings.at(
            (1, 1),
            Severity::Warning,
            "encoding",
            format!("the first line says encoding=\"{encoding}\", but the file is UTF-8"),
            "Write encoding=\"UTF-8\"",
        );
    }
}

/// Whether the file is no XML, or of another type than its name shows; adds a finding if so.
fn is_of_another_kind(
    findings: &mut FindingList<'_>,
    path: &Path,
    bytes: &[u8],
    named: Option<FileKind>,
) -> bool {
    let format = not_xml::seems_to_be(path, bytes)
        .filter(|format| *format == not_xml::WEB_PAGE || !is_text_file(named, bytes));
    if let Some(format) = format {
        findings.file(
            Severity::Error,
            "not-well-formed",
            match named {
                Some(FileKind::Settings | FileKind::ImageName) => {
                    format!("the file is not what phones expect; it seems to be {format}")
                }
                _ => format!("the file is not XML; it seems to be {format}"),
            },
            match format {
                not_xml::WEB_PAGE => "Download the file itself: a web page was saved in its place",
                not_xml::ASTERISK => {
                    "Name the configurations of the phones, and this file with --pjsip: they are \
                     compared"
                }
                _ => {
                    "Name an XML file that phones read: SEP<MAC>.cnf.xml, XMLDefault.cnf.xml or \
                     dialplan.xml"
                }
            },
        );
        return true;
    }
    let content = std::str::from_utf8(bytes).ok().and_then(FileKind::of_text);
    if let Some(content) = content.filter(|_| name::is_trust_list(path)) {
        let (message, cure) = name::trust_list_with(content);
        findings.file(Severity::Error, "unknown-kind", message, cure);
        return true;
    }
    if let Some((named, content)) = FileKind::of_name(path).zip(content)
        && !is_default_as_sep_file(bytes, named, content)
        && let Some((message, cure)) = name::contradiction(named, content)
    {
        findings.file(Severity::Error, "unknown-kind", message, cure);
        return true;
    }
    false
}

/// Whether the file is a SEP file with the root of `XMLDefault.cnf.xml`, which a 7940 or 7960 accepts.
fn is_default_as_sep_file(bytes: &[u8], named: FileKind, content: FileKind) -> bool {
    (named, content) == (FileKind::Device, FileKind::Default)
        && std::str::from_utf8(bytes).is_ok_and(first_phones::works_as_sep_file)
}

/// The type of a file, from its name, its content, or a configuration that names it as dial plan.
#[must_use]
pub fn kind(path: &Path, bytes: &[u8], known: &LintContext) -> Option<FileKind> {
    let of_content = || FileKind::of_text(Text::decode(bytes).ok()?.as_str());
    FileKind::of_name(path)
        .or_else(|| known.named_plan(path))
        .or_else(of_content)
}

/// Whether the file is one that is not XML: settings of a 7940 or 7960, or the name of an image.
fn is_text_file(named: Option<FileKind>, bytes: &[u8]) -> bool {
    let is_settings = |kind| matches!(kind, FileKind::Settings | FileKind::ImageName);
    let of_content = || FileKind::of_text(std::str::from_utf8(bytes).ok()?);
    !bytes.contains(&0) && named.or_else(of_content).is_some_and(is_settings)
}

/// Runs the checks of the text files of a 7940 or 7960.
fn settings(
    findings: &mut FindingList<'_>,
    path: &Path,
    text: &Text,
    kind: FileKind,
    known: &LintContext,
) {
    if text.as_str().len() > legacy::MAX_LEGACY_BYTES {
        findings.file(
            Severity::Error,
            "too-large",
            format!(
                "the file has more than {} bytes: a 7940 or 7960 treats it as missing",
                legacy::MAX_LEGACY_BYTES
            ),
            "Remove comments and what this phone does not need",
        );
    }
    if kind == FileKind::ImageName {
        legacy::check_image_name(findings, text);
    } else {
        legacy::check(findings, text, legacy::is_common(path), known);
    }
}

/// Runs the checks of [`crate::dialplan`] and adds the path to their findings.
fn dial_plan(path: &Path, bytes: &[u8]) -> Vec<Finding> {
    let mut findings = crate::dialplan::check(bytes);
    for finding in &mut findings {
        finding.path = Some(path.to_owned());
    }
    findings
}
