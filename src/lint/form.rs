//! Checks of values by their form: addresses, ports, numbers, dates, user names.

use roxmltree::Node;

use super::{
    address,
    findings::FindingList,
    value::{self, quoted},
    xml::{all, child, value as text},
};
use crate::{diagnose::Severity, phone::is_date_format};

/// Elements with a UDP or TCP port; an empty one is the default of the phone.
const PORTS: &[&str] = &[
    "backupProxyPort",
    "emergencyProxyPort",
    "ethernetPhonePort",
    "outboundProxyPort",
    "phonePort",
    "port",
    "proxyPort",
    "securedSipPort",
    "sipPort",
    "startMediaPort",
    "stopMediaPort",
    "voipControlPort",
];

/// Elements with a number.
const NUMBERS: &[&str] = &[
    "anonymousCallBlock",
    "busyTrigger",
    "callHoldRingback",
    "callWaiting",
    "callerIdBlocking",
    "deviceSecurityMode",
    "dndControl",
    "dscpForAudio",
    "dtmfAvtPayload",
    "dtmfDbLevel",
    "featureID",
    "garp",
    "kpml",
    "maxNumCalls",
    "maxRedirects",
    "messageWaitingLampPolicy",
    "pcPort",
    "peerFirmwareSharing",
    "settingsAccess",
    "sipInviteRetx",
    "sipRetx",
    "spanToPCPort",
    "sshAccess",
    "stutterMsgWaiting",
    "timerInviteExpires",
    "timerKeepAliveExpires",
    "timerRegisterDelta",
    "timerRegisterExpires",
    "timerSubscribeDelta",
    "timerSubscribeExpires",
    "timerT1",
    "timerT2",
    "voiceVlanAccess",
    "webAccess",
];

/// Values of `ntpMode`, in lower case without spaces.
const NTP_MODES: [&str; 4] = ["unicast", "multicast", "anycast", "directedbroadcast"];

/// Checks every value whose form phones prescribe.
pub(super) fn check(findings: &mut FindingList<'_>, root: Node<'_, '_>) {
    for node in root.descendants().filter(Node::is_element) {
        let written = text(node);
        if !written.is_empty() && !value::is_reported(node, &written) {
            one(findings, node, &written);
        }
    }
    for profile in all(root, "sipProfile") {
        media_ports(findings, profile);
    }
}

fn one(findings: &mut FindingList<'_>, node: Node<'_, '_>, written: &str) {
    let parent = node.parent().map_or("", |parent| parent.tag_name().name());
    let name = node.tag_name().name();
    match (name, parent) {
        ("processNodeName", "callManager") => {
            address::check(findings, node, written, Severity::Error, "the PBX");
        }
        ("processNodeName", _) => {
            address::check(findings, node, written, Severity::Warning, "the server");
        }
        ("name", "ntp") => {
            address::check(
                findings,
                node,
                written,
                Severity::Warning,
                "the time server",
            );
        }
        ("proxy", "line") => address::check_proxy(findings, node, written, Severity::Error),
        ("backupProxy" | "emergencyProxy" | "outboundProxy", _) => {
            address::check_proxy(findings, node, written, Severity::Warning);
        }
        ("natAddress", _) => {
            address::check(findings, node, written, Severity::Warning, "the router");
        }
        (_, "srstInfo") if name.starts_with("ipAddr") || name.starts_with("sipIpAddr") => {
            address::check(findings, node, written, Severity::Warning, "the gateway");
        }
        ("name" | "authName", "line") => user_name(findings, node, written),
        ("dateTemplate", _) if !is_date_format(written) => findings.warning(
            node,
            "date-format",
            format!(
                "dateTemplate is {}: phones may show the date in another order",
                quoted(written)
            ),
            "Write D, M and Y once each, separated by /, - or .: such as D/M/Y, D.M.Y or M/D/YA \
             (12-hour clock)",
        ),
        ("ntpMode", _) if !is_ntp_mode(written) => findings.warning(
            node,
            "number",
            format!("ntpMode is {}, which phones do not know", quoted(written)),
            "Write Unicast",
        ),
        _ if PORTS.contains(&name) => port(findings, node, written),
        _ if NUMBERS.contains(&name) && written.parse::<u32>().is_err() => findings.warning(
            node,
            "number",
            format!("<{name}> is {}: expected a number", quoted(written)),
            "Write the number that stands for the setting, or delete the element",
        ),
        _ => {}
    }
}

fn is_ntp_mode(written: &str) -> bool {
    let plain: String = written.split_whitespace().collect();
    NTP_MODES.contains(&plain.to_ascii_lowercase().as_str())
}

/// Names that no user of a PBX has, because SIP addresses give the characters a meaning.
fn user_name(findings: &mut FindingList<'_>, node: Node<'_, '_>, written: &str) {
    let name = node.tag_name().name();
    let bad = |c: &char| c.is_whitespace() || "@:;<>\"/\\".contains(*c);
    let Some(bad) = written.chars().find(bad) else {
        return;
    };
    let what = match bad {
        ' ' => "a space".to_owned(),
        bad if bad.is_ascii_graphic() => format!("'{bad}'"),
        bad => format!("the character U+{:04X}", u32::from(bad)),
    };
    findings.warning(
        node,
        "user-name",
        format!(
            "<{name}> is {}, with {what}: expected the name of a user alone",
            quoted(written)
        ),
        "Write the name that the PBX has, such as 1001, without the address of the PBX",
    );
}

fn port(findings: &mut FindingList<'_>, node: Node<'_, '_>, written: &str) {
    let digits = written.bytes().all(|byte| byte.is_ascii_digit());
    let number = written.parse::<u16>().ok().filter(|_| digits);
    let vital = value::is_vital(node);
    // Elsewhere 0 is "none".
    if number.is_some_and(|number| number > 0 || !vital) {
        return;
    }
    let severity = if vital {
        Severity::Error
    } else {
        Severity::Warning
    };
    findings.node(
        severity,
        node,
        "ports",
        format!(
            "<{}> is {}: expected a port from 1 to 65535",
            node.tag_name().name(),
            quoted(written)
        ),
        match node.tag_name().name() {
            "startMediaPort" => "Write 16384",
            "stopMediaPort" => "Write 32766",
            "ethernetPhonePort" => "Write 2000",
            "securedSipPort" => "Write 5061",
            "phonePort" => "Write 3804",
            "voipControlPort" => "Write 5060",
            _ => "Write 5060, or the SIP port of the PBX",
        },
    );
}

/// The first port of the range for voice is below the last.
fn media_ports(findings: &mut FindingList<'_>, profile: Node<'_, '_>) {
    let number = |name| child(profile, name).and_then(|node| text(node).parse::<u16>().ok());
    let node = child(profile, "startMediaPort");
    let ports = number("startMediaPort").zip(number("stopMediaPort"));
    if let (Some(node), Some((start, stop))) = (node, ports)
        && start >= stop
    {
        findings.warning(
            node,
            "ports",
            format!(
                "startMediaPort {start} is not below stopMediaPort {stop}: calls may have no voice"
            ),
            "Write a range, such as 16384 to 32766",
        );
    }
}
