//! Characters that an editor does not show, and spaces around values.

use roxmltree::Node;

use super::{findings::FindingList, xml};
use crate::diagnose::Severity;

/// Elements whose values phones use as they are: to register, to fetch, to dial.
const EXACT: &[&str] = &[
    "authName",
    "authPassword",
    "contact",
    "dateTemplate",
    "deviceProtocol",
    "dialTemplate",
    "ethernetPhonePort",
    "featureID",
    "name",
    "natEnabled",
    "phonePassword",
    "port",
    "preferredCodec",
    "processNodeName",
    "proxy",
    "registerWithProxy",
    "sipPort",
    "speedDialNumber",
    "sshPassword",
    "sshUserId",
    "startMediaPort",
    "stopMediaPort",
    "timeZone",
    "transportLayerProtocol",
    "voipControlPort",
];

/// Adds a finding if the value has a character that an editor does not show. `vital`: without this
/// value the phone does not register.
pub(super) fn check(findings: &mut FindingList<'_>, node: Node<'_, '_>, vital: bool) {
    let name = node.tag_name().name();
    let raw = xml::raw(node);
    let is_exact = EXACT.contains(&name) || name.starts_with("loadInformation");
    let ends = [raw.chars().next(), raw.chars().next_back()];
    let hidden = if is_exact {
        raw.chars().find(|c| is_hidden(*c))
    } else {
        ends.into_iter().flatten().find(|c| is_hidden(*c))
    };
    let (severity, what) = match hidden {
        Some(hidden) if vital => (Severity::Error, character(hidden)),
        Some(hidden) => (Severity::Warning, character(hidden)),
        // A line break is the layout of the file; a space is more often a slip.
        None if is_exact && ends.into_iter().flatten().any(|c| c == ' ' || c == '\t') => {
            if raw.trim().is_empty() || raw.contains(['\n', '\r']) {
                return;
            }
            (
                Severity::Warning,
                "a space at its beginning or end".to_owned(),
            )
        }
        None => return,
    };
    findings.node(
        severity,
        node,
        "invisible",
        format!("the value of <{name}> has {what}: phones may take it as part of the value"),
        format!("Delete the value and type it again, directly between <{name}> and </{name}>"),
    );
}

/// Whether a text has a character that an editor does not show.
pub(super) fn is_in(text: &str) -> bool {
    text.chars().any(is_hidden)
}

/// A character without ink, other than the ASCII space and line breaks.
fn is_hidden(c: char) -> bool {
    let is_blank = c.is_whitespace() && !c.is_ascii();
    let is_format = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}');
    is_blank || is_format || ('\u{7f}'..='\u{9f}').contains(&c)
}

fn character(c: char) -> String {
    let name = match c {
        '\u{a0}' => "a no-break space",
        '\u{200b}' => "a zero-width space",
        '\u{feff}' => "a byte order mark",
        '\u{ad}' => "a soft hyphen",
        _ => "a character that editors do not show",
    };
    format!("{name} (U+{:04X})", u32::from(c))
}
