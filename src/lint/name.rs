//! Detects the type of a file from its name or root element, and checks the name.

use std::path::Path;

use super::{findings::FindingList, legacy};
use crate::{diagnose::Severity, phone::MacAddress};

/// The type of a configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// `SEP<MAC>.cnf.xml`: the configuration of one phone.
    Device,
    /// `XMLDefault.cnf.xml`: for phones without a configuration of their own.
    Default,
    /// `dialplan.xml`.
    DialPlan,
    /// `SIPDefault.cnf`, `SIP<MAC>.cnf`: settings of a 7940 or 7960.
    Settings,
    /// `OS79XX.TXT`: the image of an old 7940 or 7960.
    ImageName,
}

/// The name of the file for phones without a configuration of their own.
pub(super) const DEFAULT: &str = "XMLDefault.cnf.xml";

/// The name of the settings of every 7940 and 7960.
pub(super) const COMMON_SETTINGS: &str = "SIPDefault.cnf";

/// The name of the file that names an image to an old 7940 or 7960.
const IMAGE_NAME: &str = "OS79XX.TXT";

impl FileKind {
    /// Detects the type from the name, ignoring case.
    #[must_use]
    pub fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        if name == DEFAULT.to_ascii_lowercase() {
            Some(Self::Default)
        } else if name.starts_with("sep") && name.ends_with(".cnf.xml") {
            Some(Self::Device)
        } else if name.starts_with("dialplan") && name.strip_suffix(".xml").is_some() {
            Some(Self::DialPlan)
        } else if name.starts_with("sip") && name.strip_suffix(".cnf").is_some() {
            Some(Self::Settings)
        } else if name == IMAGE_NAME.to_ascii_lowercase() {
            Some(Self::ImageName)
        } else {
            None
        }
    }

    /// The type in a sentence.
    fn described(self) -> &'static str {
        match self {
            Self::Device => "the configuration of one phone",
            Self::Default => "the configuration of phones without their own",
            Self::DialPlan => "a dial plan",
            Self::Settings => "the settings of a 7940 or 7960",
            Self::ImageName => "the name of an image",
        }
    }

    /// Detects the type from the first tag, which a file that is not well-formed has too.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        if legacy::is_settings(text) {
            return Some(Self::Settings);
        }
        let mut rest = text;
        while let Some(at) = rest.find('<') {
            rest = &rest[at..];
            let end = if rest.starts_with("<!--") {
                "-->"
            } else if rest.starts_with(['<']) && rest[1..].starts_with(['?', '!']) {
                ">"
            } else {
                let name = rest[1..].split(|c: char| c.is_whitespace() || "/>".contains(c));
                return Self::of_root(name.into_iter().next().unwrap_or_default());
            };
            rest = &rest[rest.find(end)? + end.len()..];
        }
        None
    }

    /// Detects the type from the root element. Only `DIALTEMPLATE` ignores case, as on phones.
    pub(super) fn of_root(name: &str) -> Option<Self> {
        match name {
            "device" => Some(Self::Device),
            "Default" => Some(Self::Default),
            _ if name.eq_ignore_ascii_case("DIALTEMPLATE") => Some(Self::DialPlan),
            _ => None,
        }
    }
}

/// Why a file cannot have this name with this content, and what to do.
pub(super) fn contradiction(named: FileKind, content: FileKind) -> Option<(String, &'static str)> {
    if named == content || named == FileKind::ImageName {
        return None;
    }
    let cure = match content {
        FileKind::Device => "Rename it to SEP<MAC>.cnf.xml, with the MAC address of the phone",
        FileKind::Default => "Rename it to XMLDefault.cnf.xml",
        FileKind::DialPlan => "Rename it to the name in dialTemplate, such as dialplan.xml",
        FileKind::Settings => "Rename it to SIP<MAC>.cnf, with the MAC address of the phone",
        FileKind::ImageName => return None,
    };
    let message = format!(
        "the name is that of {}, but the content is {}",
        named.described(),
        content.described()
    );
    Some((message, cure))
}

/// Whether the name is that of a trust list, `CTLFile.tlv` or `ITLSEP<MAC>.tlv`, which is binary.
pub(super) fn is_trust_list(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.unwrap_or_default().to_ascii_lowercase();
    name.strip_suffix(".tlv").is_some() && (name.starts_with("ctl") || name.starts_with("itl"))
}

/// The message and the cure for a trust list with this content.
pub(super) fn trust_list_with(content: FileKind) -> (String, &'static str) {
    let message = format!(
        "the name is that of a trust list, but the content is {}",
        content.described()
    );
    let cure = "Delete the file, or rename it to match its content: without a trust list, phones \
                get \"file not found\" and go on";
    (message, cure)
}

/// Checks that phones request exactly this name. `named` is the kind that the name shows, `content`
/// the kind that the root element shows.
pub(super) fn check(
    findings: &mut FindingList<'_>,
    path: &Path,
    named: Option<FileKind>,
    content: Option<FileKind>,
) {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return;
    };
    let expected = match named.or(content) {
        Some(FileKind::Default) if named.is_some() || is_meant_as_default(name) => {
            Some(DEFAULT.to_owned())
        }
        Some(FileKind::Device) if named.is_some() || is_meant_for_a_phone(name) => {
            mac_within(name).map(|mac| format!("SEP{}.cnf.xml", mac.upper_hex()))
        }
        Some(FileKind::ImageName) => Some(IMAGE_NAME.to_owned()),
        Some(FileKind::Settings) if name.to_ascii_lowercase().starts_with("sipdefault") => {
            Some(COMMON_SETTINGS.to_owned())
        }
        Some(FileKind::Settings) if named.is_some() || is_meant_for_a_phone(name) => {
            mac_within(name).map(|mac| format!("SIP{}.cnf", mac.upper_hex()))
        }
        Some(FileKind::DialPlan) if named.is_none() => match plan_name(name) {
            None => return,
            renamed => renamed,
        },
        _ => return,
    };
    match expected {
        Some(expected) if expected.eq_ignore_ascii_case(name) => {
            if expected != name {
                findings.file(
                    Severity::Warning,
                    "file-name",
                    format!("phones request {expected}, and most TFTP servers are case-sensitive"),
                    format!("Rename it to {expected}"),
                );
            }
        }
        Some(expected) if name.to_ascii_lowercase().ends_with(".sgn") => findings.file(
            Severity::Warning,
            "file-name",
            "phones request this name only for a signed file, and this one is not signed",
            format!("Rename it to {expected}"),
        ),
        Some(expected) => findings.file(
            Severity::Warning,
            "file-name",
            format!("no phone requests this name: phones request {expected}"),
            if name.to_ascii_lowercase().ends_with(".txt") {
                format!("Rename it to {expected}; Windows may hide .txt")
            } else {
                format!("Rename it to {expected}")
            },
        ),
        None => findings.file(
            Severity::Warning,
            "file-name",
            match named.or(content) {
                Some(FileKind::Settings) => {
                    "no phone requests this name: expected SIP, the 12 digits of the MAC address \
                     in upper case, and .cnf"
                }
                _ => {
                    "no phone requests this name: expected SEP, the 12 digits of the MAC address \
                     in upper case, and .cnf.xml"
                }
            },
            match named.or(content) {
                Some(FileKind::Settings) => {
                    "Rename it, as in SIP001D45AABB0C.cnf; the MAC is on the back of the phone"
                }
                _ => {
                    "Rename it, as in SEP001D45AABB0C.cnf.xml; the MAC is on the back of the phone"
                }
            },
        ),
    }
}

/// Whether the name of a default configuration resembles the one that phones request.
fn is_meant_as_default(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let rest = lower.strip_prefix("xmldefault");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ' ', '(']))
}

/// Whether the name of a configuration resembles one that phones request: it begins with SEP, or
/// has a MAC address.
fn is_meant_for_a_phone(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.starts_with("sep") || mac_within(name).is_some()
}

/// The first MAC address within a name, with or without separators.
fn mac_within(name: &str) -> Option<MacAddress> {
    // A letter O is a zero: it is no hex digit.
    let name = name.to_ascii_lowercase();
    let (base, _) = name.split_once(['(', ' ']).unwrap_or((&name, ""));
    let stem = base.split(".cnf").next().unwrap_or(base);
    let stem = stem.strip_suffix(".xml").unwrap_or(stem);
    let plain: String = stem
        .chars()
        .filter(|c| !"-:._".contains(*c))
        .map(|c| if matches!(c, 'O' | 'o') { '0' } else { c })
        .collect();
    let is_prefix = |prefix: &str| {
        let head = plain.get(..prefix.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(prefix))
    };
    let rest = ["sep", "sip"]
        .iter()
        .find(|prefix| is_prefix(prefix))
        .map_or(plain.as_str(), |prefix| &plain[prefix.len()..]);
    MacAddress::from_hex(rest)
}

/// The name of a dial plan without what an editor or a browser added: `plan.xml.txt`,
/// `plan (1).xml`. `None` if nothing was added.
fn plan_name(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    let at = lower.find(".xml")? + ".xml".len();
    let stem = &name[..at - ".xml".len()];
    let copy = stem
        .strip_suffix(')')
        .and_then(|stem| stem.rsplit_once('('))
        .filter(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()));
    match copy {
        Some((stem, _)) => Some(format!("{}.xml", stem.trim_end())),
        None if at < name.len() => Some(name[..at].to_owned()),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(name: &str, content: FileKind) -> Option<String> {
        let path = Path::new(name);
        let mut findings = FindingList::new(path);
        check(&mut findings, path, FileKind::of_name(path), Some(content));
        let findings = findings.into_sorted();
        assert!(findings.len() <= 1, "{findings:?}");
        findings.first().map(|found| found.cure.clone())
    }

    #[test]
    fn names_that_no_phone_requests_get_the_one_that_phones_request() {
        let right = "SEP001D45AABB0C.cnf.xml";
        for name in [
            "SEP001D45AABB0C.cnf.xml.txt",
            "SEP001D45AABB0C.xml",
            "SEP001D45AABB0C.cnf",
            "SEP001D45AABB0C",
            "001D45AABB0C.cnf.xml",
            "001d45aabb0c.xml",
            "00-1D-45-AA-BB-0C.cnf.xml",
            "SEP00:1D:45:AA:BB:0C.cnf.xml",
            "SEP-001D45AABB0C.cnf.xml",
            "SEP001D45AABB0C (1).cnf.xml",
            "SEP001D45AABB0C(1).cnf.xml",
            "SEP001D45AABB0C.cnf (2).xml",
            "SEP001D45AABB0C.cnf.xml.bak",
            "SEP001D45AABB0C.cnf.xml~",
            "SEP001D45AABBOC.cnf.xml",
            "SEP001D45AABB0C.CNF.XML",
            "SEP001D45AABB0C.cnf.xml.sgn",
            "SIP001D45AABB0C.cnf.xml",
            "sep001d45aabb0c.cnf.xml",
        ] {
            let cure = expected(name, FileKind::Device).unwrap_or_else(|| panic!("{name}"));
            assert!(cure.contains(right), "{name}: {cure}");
        }
        for name in ["SEPphone.xml", "SEP001D45AABB.cnf.xml", "SEP.cnf.xml"] {
            let cure = expected(name, FileKind::Device).unwrap_or_else(|| panic!("{name}"));
            assert!(cure.contains("back of the phone"), "{name}: {cure}");
        }
        for name in [
            "XMLDefault.cnf.xml.txt",
            "XMLDefault.xml",
            "xmldefault.cnf.xml",
        ] {
            let cure = expected(name, FileKind::Default).unwrap_or_else(|| panic!("{name}"));
            assert!(cure.contains(DEFAULT), "{name}: {cure}");
        }
        for (name, plan) in [
            ("DRdialplan.xml.txt", "DRdialplan.xml"),
            ("office (3).xml", "office.xml"),
            ("office(3).xml.txt", "office.xml"),
        ] {
            let cure = expected(name, FileKind::DialPlan).unwrap_or_else(|| panic!("{name}"));
            assert!(cure.contains(&format!("to {plan}")), "{name}: {cure}");
        }
        for (name, content) in [
            (right, FileKind::Device),
            ("template.xml", FileKind::Device),
            ("-", FileKind::Device),
            (DEFAULT, FileKind::Default),
            ("example.xml", FileKind::Default),
            ("xmldefault-office.cnf.xml", FileKind::Default),
            ("office.xml", FileKind::DialPlan),
            ("dialplan-2.xml", FileKind::DialPlan),
        ] {
            assert_eq!(expected(name, content), None, "{name}");
        }
    }
}
