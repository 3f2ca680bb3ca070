//! Detects the type of a file from its name or root element, and checks the name.

use std::path::Path;

use super::findings::FindingList;
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
}

/// The name of the file for phones without a configuration of their own.
const DEFAULT: &str = "XMLDefault.cnf.xml";

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
        } else {
            None
        }
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

/// Checks that phones request exactly this name.
pub(super) fn check(findings: &mut FindingList<'_>, path: &Path, kind: Option<FileKind>) {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return;
    };
    let expected = match kind {
        Some(FileKind::Default) => Some(DEFAULT.to_owned()),
        Some(FileKind::Device) => {
            let middle = &name["SEP".len()..name.len() - ".cnf.xml".len()];
            MacAddress::from_hex(middle).map(|mac| format!("SEP{}.cnf.xml", mac.upper_hex()))
        }
        Some(FileKind::DialPlan) | None => return,
    };
    match expected {
        Some(expected) if expected != name => findings.file(
            Severity::Warning,
            "file-name",
            format!("phones request {expected}, and most TFTP servers are case-sensitive"),
            format!("Rename it to {expected}"),
        ),
        Some(_) => {}
        None => findings.file(
            Severity::Warning,
            "file-name",
            "no phone requests this name: expected SEP, the 12 digits of the MAC address in \
             upper case, and .cnf.xml",
            "Rename it, as in SEP001D45AABB0C.cnf.xml; the MAC is on the back of the phone",
        ),
    }
}
