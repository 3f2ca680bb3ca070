//! Where a phone registers: the call managers of a configuration, and their ports.

use std::path::Path;

use roxmltree::Node;

use super::{
    findings::FindingList,
    text::{MAX_FILE_BYTES, Text},
    xml::{all, child, declare_prefixes, is_bounded, value},
};

/// The port of SCCP, which is no port of SIP.
const SCCP_PORT: &str = "2000";

/// The ports of SIP, which are none of SCCP (RFC 3261 section 19.1.2).
const SIP_PORTS: [&str; 2] = ["5060", "5061"];

/// The port of SIP where a file names none.
const DEFAULT_PORT: u16 = 5060;

/// What stands in a line's proxy where it registers at the call manager.
const USE_CALL_MANAGER: &str = "USECALLMANAGER";

/// Where the lines of a phone's configuration register: host and port. The host is empty where
/// that is the TFTP server. Nothing where the file cannot be read or has no line:
/// [`super::check`] says why.
#[must_use]
pub fn registrars(bytes: &[u8]) -> Vec<(String, u16)> {
    read(bytes, |root| {
        let port = |node: Option<Node<'_, '_>>| {
            let port = node.and_then(|node| value(node).parse().ok());
            port.unwrap_or(DEFAULT_PORT)
        };
        let manager = all(root, "callManager").next().map(|manager| {
            let host = child(manager, "processNodeName").map(value);
            let ports = child(manager, "ports");
            let sip = ports.and_then(|ports| child(ports, "sipPort"));
            (host.unwrap_or_default(), port(sip))
        });
        let manager = manager.unwrap_or((String::new(), DEFAULT_PORT));
        let lines = all(root, "line").filter(|line| child(*line, "name").is_some());
        lines
            .map(|line| match child(line, "proxy").map(value) {
                Some(proxy) if !proxy.is_empty() && proxy != USE_CALL_MANAGER => {
                    (proxy, port(child(line, "port")))
                }
                _ => manager.clone(),
            })
            .collect()
    })
    .unwrap_or_default()
}

/// What the lines of this SEP file use, as it is written: `transportLayerProtocol`, 1 for TCP,
/// 2 for UDP. `None` where the file names none, or is none.
#[must_use]
pub fn transport_layer(bytes: &[u8]) -> Option<String> {
    read(bytes, |root| {
        all(root, "transportLayerProtocol").next().map(value)
    })
    .flatten()
}

/// Reads a file that is no larger than a phone's.
fn read<T>(bytes: &[u8], read: impl FnOnce(Node<'_, '_>) -> T) -> Option<T> {
    let mut findings = FindingList::new(Path::new(""));
    let mut text = Text::decode(bytes).ok()?;
    if bytes.len() > MAX_FILE_BYTES || !is_bounded(&text, &mut findings) {
        return None;
    }
    declare_prefixes(&mut text, &mut findings);
    let document = roxmltree::Document::parse(text.as_str()).ok()?;
    Some(read(document.root_element()))
}

/// Judges every call manager below the root, and that there is one.
pub(super) fn check(findings: &mut FindingList<'_>, root: Node<'_, '_>) {
    let named: Vec<_> = all(root, "callManager")
        .filter_map(|manager| child(manager, "processNodeName"))
        .collect();
    if named.is_empty() {
        findings.error(
            root,
            "no-call-manager",
            "no callManager with a processNodeName: the phone has nowhere to register, and some \
             firmware stumbles over that",
            "Add callManagerGroup, members, member, callManager, and in it processNodeName with \
             the PBX's address",
        );
    } else if named.iter().all(|name| value(*name).is_empty()) {
        findings.warning(
            named[0],
            "no-call-manager",
            "processNodeName is empty: the phone registers at its TFTP server",
            "Write the PBX's address, unless the PBX and the TFTP server are one machine",
        );
    }
    for node in root.descendants().filter(Node::is_element) {
        match node.tag_name().name() {
            "ethernetPhonePort" if SIP_PORTS.contains(&value(node).as_str()) => findings.warning(
                node,
                "ports",
                format!(
                    "{} stands in ethernetPhonePort, which is SCCP's port: expected 2000",
                    value(node)
                ),
                "Write 2000 here, and SIP's port into sipPort beside it",
            ),
            "sipPort" | "voipControlPort" if value(node) == SCCP_PORT => findings.error(
                node,
                "ports",
                format!(
                    "{SCCP_PORT}, the port of SCCP, stands in {}: expected a port of SIP",
                    node.tag_name().name()
                ),
                "Write 5060, or the port that the PBX listens on for SIP",
            ),
            _ => {}
        }
    }
}
