//! Values of single elements, wherever they stand.

use roxmltree::Node;

use super::{
    findings::FindingList,
    malformed::CURLY,
    placeholder::is_placeholder,
    similar,
    xml::{is, value},
};
use crate::{
    diagnose::Severity,
    phone::{CISCO_TIME_ZONES, Family, MAX_AUTH_NAME, MAX_NTP_NAME, MAX_PHONE_LABEL, SAFE_SECRET},
};

/// Elements whose value is a password: no message shows it.
const SECRETS: &[&str] = &["authPassword", "phonePassword", "sshPassword"];

/// Elements without whose value the phone does not register.
const VITAL: &[&str] = &[
    "authName",
    "authPassword",
    "contact",
    "name",
    "processNodeName",
    "proxy",
];

/// Elements that are true or false. The phone compares with `true`, letter by letter.
const BOOLEANS: &[&str] = &[
    "alwaysUsePrimeLine",
    "alwaysUsePrimeLineVoiceMail",
    "autoAnswerAltBehavior",
    "autoAnswerOverride",
    "backgroundImageAccess",
    "callStats",
    "callerName",
    "callerNumber",
    "cnfJoinEnabled",
    "dialedNumber",
    "disableLocalSpeedDialConfig",
    "disableSpeaker",
    "disableSpeakerAndHeadset",
    "enableVad",
    "encrConfig",
    "fullConfig",
    "localCfwdEnable",
    "natEnabled",
    "natReceivedProcessing",
    "redirectedNumber",
    "registerWithProxy",
    "remoteCcEnable",
    "remotePartyID",
    "retainForwardInformation",
    "rfc2543Hold",
    "semiAttendedTransfer",
    "sharedLine",
    "transferOnhookEnabled",
];

/// What `preferredCodec` may be (79xx).
const CODECS: &[&str] = &["none", "g711ulaw", "g711alaw", "g729a", "g722"];

/// What holds of every value: no placeholder, no quotes of a word processor around it.
pub(super) fn check_all(findings: &mut FindingList<'_>, root: Node<'_, '_>) {
    for node in root.descendants().filter(Node::is_element) {
        let text = value(node);
        let quoted = |text: &str| text.starts_with(CURLY) && text.ends_with(CURLY);
        let attribute = node.attributes().any(|one| quoted(one.value()));
        if quoted(&text) || attribute {
            findings.warning(
                node,
                "curly-quotes",
                "curly quotes are part of a value: the phone takes them for letters",
                "Delete them; around an attribute's value stand straight ones: \"",
            );
        } else if is_unfilled(node, &text) {
            placeholder(findings, node, &text);
        }
    }
}

/// Whether the value is a placeholder that somebody was to replace.
fn is_unfilled(node: Node<'_, '_>, text: &str) -> bool {
    is_placeholder(text, SECRETS.contains(&node.tag_name().name()))
}

fn placeholder(findings: &mut FindingList<'_>, node: Node<'_, '_>, text: &str) {
    let name = node.tag_name().name();
    let in_line = node.parent().is_some_and(|parent| is(parent, "line"));
    let is_vital = match name {
        "processNodeName" => node
            .parent()
            .is_some_and(|parent| is(parent, "callManager")),
        _ => in_line && VITAL.contains(&name),
    };
    let severity = if is_vital {
        Severity::Error
    } else {
        Severity::Warning
    };
    let shown = if SECRETS.contains(&name) {
        "a placeholder".to_owned()
    } else {
        format!("the placeholder {}", quoted(text))
    };
    findings.node(
        severity,
        node,
        "placeholder",
        format!("{shown} still stands in <{name}>"),
        "Replace it by what is meant for this phone",
    );
}

/// One element of a phone's own configuration. `family` is the phone's, where it is known.
pub(super) fn check_element(
    findings: &mut FindingList<'_>,
    node: Node<'_, '_>,
    family: Option<Family>,
) {
    let text = value(node);
    let name = node.tag_name().name();
    if is_unfilled(node, &text) || text.starts_with(CURLY) {
        return;
    }
    let parent = |name| node.parent().is_some_and(|parent| is(parent, name));
    let length = text.chars().count();
    match name {
        "timeZone" if !text.is_empty() => time_zone(findings, node, &text),
        "phoneLabel" => phone_label(findings, node, &text, family),
        "authName" | "name" if parent("line") && length > MAX_AUTH_NAME => findings.error(
            node,
            "name-too-long",
            format!("<{name}> has {length} characters; the phone takes {MAX_AUTH_NAME}"),
            "Give the extension a shorter name, here and at the PBX",
        ),
        "name" if parent("ntp") && length > MAX_NTP_NAME => findings.warning(
            node,
            "name-too-long",
            format!(
                "the NTP server's name has {length} characters; the phone takes {MAX_NTP_NAME}"
            ),
            "Write its address, or a shorter name",
        ),
        "authPassword" if length > SAFE_SECRET => secret(findings, node, length, family),
        "preferredCodec" if !text.is_empty() && is_7900(family) != Some(false) => {
            codec(findings, node, &text);
        }
        _ if BOOLEANS.contains(&name) => boolean(findings, node, name, &text),
        _ => {}
    }
}

fn time_zone(findings: &mut FindingList<'_>, node: Node<'_, '_>, text: &str) {
    if CISCO_TIME_ZONES.contains(&text) {
        return;
    }
    let cure = match similar::time_zone(text) {
        Some(meant) => format!("Write {meant}"),
        None => "Write one of Cisco's names, such as W. Europe Standard/Daylight Time; the list \
                 is at usecallmanager.nz"
            .to_owned(),
    };
    findings.warning(
        node,
        "time-zone",
        format!(
            "the phone knows no time zone {}: its clock will be wrong",
            quoted(text)
        ),
        cure,
    );
}

fn phone_label(
    findings: &mut FindingList<'_>,
    node: Node<'_, '_>,
    text: &str,
    family: Option<Family>,
) {
    let length = text.chars().count();
    let severity = match is_7900(family) {
        Some(true) => Severity::Error,
        None => Severity::Warning,
        Some(false) => return,
    };
    let message = if length > MAX_PHONE_LABEL {
        format!("phoneLabel has {length} characters; a 7900 takes {MAX_PHONE_LABEL}")
    } else if text.contains(char::is_whitespace) {
        "phoneLabel has a blank in it, which a 7900 does not take".to_owned()
    } else {
        return;
    };
    let cure = "Write at most 12 characters without blanks; - and _ are taken";
    findings.node(severity, node, "phone-label", message, cure);
}

/// Disputed: 7941 and 7961 are reported to cut or refuse long ones, others to take 32.
fn secret(
    findings: &mut FindingList<'_>,
    node: Node<'_, '_>,
    length: usize,
    family: Option<Family>,
) {
    let severity = match family {
        Some(Family::F41) => Severity::Warning,
        None => Severity::Note,
        Some(_) => return,
    };
    findings.node(
        severity,
        node,
        "secret-too-long",
        format!(
            "authPassword has {length} characters; a 7941 or 7961 is sure to take {SAFE_SECRET}"
        ),
        "If the phone does not register, give it a shorter one, here and at the PBX",
    );
}

fn codec(findings: &mut FindingList<'_>, node: Node<'_, '_>, text: &str) {
    if !CODECS.contains(&text) {
        findings.warning(
            node,
            "codec",
            format!("the phone knows no codec {}", quoted(text)),
            format!(
                "Write one of {}; none leaves the choice to the PBX",
                CODECS.join(", ")
            ),
        );
    }
}

fn boolean(findings: &mut FindingList<'_>, node: Node<'_, '_>, name: &str, text: &str) {
    match (name, text) {
        ("natEnabled", "true") => findings.warning(
            node,
            "nat",
            "natEnabled is true: in a LAN the phone then does not register",
            "Write false, unless there is NAT between the phone and the PBX",
        ),
        ("registerWithProxy", "false") => findings.warning(
            node,
            "no-register",
            "registerWithProxy is false: the phone does not register",
            "Write true",
        ),
        (_, "true" | "false" | "") => {}
        _ => findings.warning(
            node,
            "boolean",
            format!(
                "{} stands in <{name}>: whatever is not true counts as false",
                quoted(text)
            ),
            "Write true or false, in small letters",
        ),
    }
}

/// Whether it is one of the 7900 series; `None` where nobody knows.
fn is_7900(family: Option<Family>) -> Option<bool> {
    let model = family?.models().next()?;
    Some(model.label_rejects_spaces())
}

/// A value as a message shows it, not longer than a line.
fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(40).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("'{shown}'")
}
