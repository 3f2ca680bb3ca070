//! What a file is, by its name or its root element, and whether a phone asks for that name.

use std::path::Path;

use super::findings::FindingList;
use crate::{diagnose::Severity, phone::MacAddress};

/// A file that phones read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// `SEP<MAC>.cnf.xml`: one phone's configuration.
    Device,
    /// `XMLDefault.cnf.xml`: the one for phones that have none of their own.
    Default,
    /// `dialplan.xml`.
    DialPlan,
}

/// The name for phones that have no configuration of their own.
const DEFAULT: &str = "XMLDefault.cnf.xml";

impl FileKind {
    /// By the name, in any case; `None` where the name says nothing.
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

    /// By the root element. Phones take `DIALTEMPLATE` in any case, the others as they are.
    pub(super) fn of_root(name: &str) -> Option<Self> {
        match name {
            "device" => Some(Self::Device),
            "Default" => Some(Self::Default),
            _ if name.eq_ignore_ascii_case("DIALTEMPLATE") => Some(Self::DialPlan),
            _ => None,
        }
    }
}

/// Whether a phone asks for exactly this name.
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
            format!("phones ask for {expected}, and most TFTP servers tell the case apart"),
            format!("Rename it to {expected}"),
        ),
        Some(_) => {}
        None => findings.file(
            Severity::Warning,
            "file-name",
            "no phone asks for this name: expected SEP, the 12 digits of the phone's MAC in \
             capitals, and .cnf.xml",
            "Rename it; the MAC is on the phone's back: SEP001D45AABB0C.cnf.xml",
        ),
    }
}
