//! Checks of the values of single elements.

use roxmltree::Node;

use super::{
    findings::FindingList,
    invisible,
    placeholder::is_placeholder,
    similar,
    xml::{is, value},
};
use crate::{
    diagnose::Severity,
    phone::{
        CISCO_TIME_ZONES, FREEPBX_SECRET, FREEPBX_SECRET_FIELD, Family, MAX_AUTH_NAME,
        MAX_NTP_NAME, MAX_PHONE_LABEL, MAX_SECRET, SAFE_SECRET,
    },
    xml_fault::CURLY,
};

/// Elements with passwords; their values never appear in a message.
const SECRETS: &[&str] = &["authPassword", "phonePassword", "sshPassword"];

/// Elements that the phone needs to register.
const VITAL: &[&str] = &[
    "authName",
    "authPassword",
    "contact",
    "name",
    "processNodeName",
    "proxy",
];

/// Boolean elements. Phones compare the value with `true`, case-sensitively.
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

/// Values of `preferredCodec` (79xx).
const CODECS: &[&str] = &["none", "g711ulaw", "g711alaw", "g729a", "g722"];

/// Checks every value for placeholders and curly quotes around it.
pub(super) fn check_all(findings: &mut FindingList<'_>, root: Node<'_, '_>) {
    for node in root.descendants().filter(Node::is_element) {
        let text = value(node);
        let quoted = |text: &str| text.starts_with(CURLY) && text.ends_with(CURLY);
        let attribute = node.attributes().any(|one| quoted(one.value()));
        if quoted(&text) || attribute {
            findings.warning(
                node,
                "curly-quotes",
                "curly quotes are part of a value: the phone reads them as letters",
                "Delete them; quote attributes with straight quotes: \"",
            );
        } else if is_unfilled(node, &text) {
            placeholder(findings, node, &text);
        } else {
            invisible::check(findings, node, is_vital(node));
        }
    }
}

/// Whether [`check_all`] has a finding about the value, so that its form does not matter.
pub(super) fn is_reported(node: Node<'_, '_>, text: &str) -> bool {
    is_unfilled(node, text) || text.starts_with(CURLY) || invisible::is_in(text)
}

/// Whether the value is a placeholder that was not replaced.
fn is_unfilled(node: Node<'_, '_>, text: &str) -> bool {
    is_placeholder(text, SECRETS.contains(&node.tag_name().name()))
}

/// Whether the phone does not register without the value.
pub(super) fn is_vital(node: Node<'_, '_>) -> bool {
    let name = node.tag_name().name();
    let parent = |name| node.parent().is_some_and(|parent| is(parent, name));
    match name {
        "processNodeName" => parent("callManager"),
        "voipControlPort" => true,
        "sipPort" => parent("ports"),
        "port" => parent("line"),
        _ => parent("line") && VITAL.contains(&name),
    }
}

fn placeholder(findings: &mut FindingList<'_>, node: Node<'_, '_>, text: &str) {
    let name = node.tag_name().name();
    let severity = if is_vital(node) {
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
        format!("<{name}> still contains {shown}"),
        "Replace it with the value for this phone",
    );
}

/// Checks one element of a SEP file. `family` is that of the phone, if known.
pub(super) fn check_element(
    findings: &mut FindingList<'_>,
    node: Node<'_, '_>,
    family: Option<Family>,
) {
    let text = value(node);
    let name = node.tag_name().name();
    if is_reported(node, &text) {
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
            format!("<{name}> has {length} characters; phones accept {MAX_AUTH_NAME}"),
            "Use a shorter name, here and on the PBX",
        ),
        "name" if parent("ntp") && length > MAX_NTP_NAME => findings.warning(
            node,
            "name-too-long",
            format!("the NTP server's name has {length} characters; phones accept {MAX_NTP_NAME}"),
            "Use its address or a shorter name",
        ),
        "authPassword" if length > SAFE_SECRET => secret(findings, node, length, family),
        "preferredCodec" if !text.is_empty() && is_7900(family) != Some(false) => {
            codec(findings, node, &text);
        }
        "natEnabled" if family.is_some_and(|family| !family.dialect().knows_nat) => {}
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
        None => "Use a Cisco name, such as W. Europe Standard/Daylight Time; see the list at \
                 usecallmanager.nz"
            .to_owned(),
    };
    findings.warning(
        node,
        "time-zone",
        format!(
            "phones do not know the time zone {}: the clock will be wrong",
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
        format!("phoneLabel has {length} characters; 7900 phones accept {MAX_PHONE_LABEL}")
    } else if text.contains(char::is_whitespace) {
        "phoneLabel contains a space, which 7900 phones do not accept".to_owned()
    } else {
        return;
    };
    let cure = "Use at most 12 characters without spaces; - and _ are accepted";
    findings.node(severity, node, "phone-label", message, cure);
}

/// 30 characters work on all models; of more, sources report failures. Disputed: 7941 and 7961
/// are reported to truncate or reject even shorter ones. The passwords of `FreePBX`
/// have 32.
fn secret(
    findings: &mut FindingList<'_>,
    node: Node<'_, '_>,
    length: usize,
    family: Option<Family>,
) {
    let (severity, whose) = match family {
        _ if length > MAX_SECRET => (
            Severity::Warning,
            format!("phones safely accept {MAX_SECRET}"),
        ),
        Some(Family::F41) => (
            Severity::Warning,
            format!("7941 and 7961 safely accept {SAFE_SECRET}"),
        ),
        None => (
            Severity::Note,
            format!("7941 and 7961 safely accept {SAFE_SECRET}"),
        ),
        Some(_) => return,
    };
    let mut cure =
        "If the phone does not register, use a shorter one, here and on the PBX".to_owned();
    if length == FREEPBX_SECRET {
        cure = format!("{cure}. In FreePBX: {FREEPBX_SECRET_FIELD}");
    }
    findings.node(
        severity,
        node,
        "secret-too-long",
        format!("authPassword has {length} characters; {whose}"),
        cure,
    );
}

fn codec(findings: &mut FindingList<'_>, node: Node<'_, '_>, text: &str) {
    if !CODECS.contains(&text) {
        findings.warning(
            node,
            "codec",
            format!("phones do not know the codec {}", quoted(text)),
            format!(
                "Use one of {}; none leaves the choice to the PBX",
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
            "natEnabled is true: phones in the same LAN as the PBX do not register",
            "Set it to false, unless there is NAT between the phone and the PBX",
        ),
        ("registerWithProxy", "false") => findings.warning(
            node,
            "no-register",
            "registerWithProxy is false: the phone does not register",
            "Set it to true",
        ),
        (_, "true" | "false" | "") => {}
        _ => findings.warning(
            node,
            "boolean",
            format!(
                "<{name}> is {}: anything except true counts as false",
                quoted(text)
            ),
            "Use true or false, in lower case",
        ),
    }
}

/// Whether the phone is a 7900 model; `None` if unknown.
fn is_7900(family: Option<Family>) -> Option<bool> {
    let model = family?.models().next()?;
    Some(model.label_rejects_spaces())
}

/// Quotes a value in a message, truncated to 40 characters.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(40).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("'{shown}'")
}
