//! Call managers of a configuration: where phones register, and the ports.

use std::path::Path;

use roxmltree::Node;

use super::{
    address::USE_CALL_MANAGER,
    findings::FindingList,
    text::{MAX_FILE_BYTES, Text},
    xml::{all, child, declare_prefixes, is, is_bounded, value},
};
use crate::diagnose::Severity;

/// The SCCP port.
const SCCP_PORT: &str = "2000";

/// The SIP ports (RFC 3261 section 19.1.2).
const SIP_PORTS: [&str; 2] = ["5060", "5061"];

/// The SIP port if a file names none.
const DEFAULT_PORT: u16 = 5060;

/// The port of SIP over TLS if a file names none.
const DEFAULT_TLS_PORT: u16 = 5061;

/// `transportLayerProtocol` of TLS.
const TLS: &str = "3";

/// The feature of a button that is a line; other buttons do not register.
const LINE_FEATURE: &str = "9";

/// A line in a SEP file, and where it registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteringLine {
    /// The user; may be empty.
    pub user: String,
    /// The host of the registrar. Empty: the TFTP server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Hosts and ports of the registrars that the phone uses if this one fails.
    pub backups: Vec<(String, u16)>,
}

/// Host and port of the registrar of each line in a SEP file. An empty host means the TFTP server.
/// The list is empty if the file cannot be read or has no line.
#[must_use]
pub fn registrars(bytes: &[u8]) -> Vec<(String, u16)> {
    let lines = registering_lines(bytes).into_iter();
    lines.map(|line| (line.host, line.port)).collect()
}

/// The lines in a SEP file that register. The list is empty if the file cannot be read or has no
/// line.
#[must_use]
pub fn registering_lines(bytes: &[u8]) -> Vec<RegisteringLine> {
    read(bytes, |root| {
        let port = |node: Option<Node<'_, '_>>| {
            let port = node.and_then(|node| value(node).parse().ok());
            port.unwrap_or(DEFAULT_PORT)
        };
        let transport = all(root, "transportLayerProtocol").next().map(value);
        let (port_element, usual) = match transport.as_deref() {
            Some(TLS) => ("securedSipPort", DEFAULT_TLS_PORT),
            _ => ("sipPort", DEFAULT_PORT),
        };
        let mut managers = all(root, "callManager").map(|manager| {
            let host = child(manager, "processNodeName").map(value);
            let ports = child(manager, "ports");
            let port = ports.and_then(|ports| child(ports, port_element));
            let port = port.and_then(|node| value(node).parse().ok());
            (host.unwrap_or_default(), port.unwrap_or(usual))
        });
        let manager = managers.next().unwrap_or((String::new(), usual));
        let mut backups: Vec<(String, u16)> = Vec::new();
        for backup in managers.filter(|(host, _)| !host.is_empty()) {
            if backup != manager && !backups.contains(&backup) {
                backups.push(backup);
            }
        }
        let is_line = |line: &Node<'_, '_>| {
            let feature = child(*line, "featureID").map(value);
            feature.is_none_or(|feature| feature.is_empty() || feature == LINE_FEATURE)
        };
        let line = |line| {
            let user = child(line, "name").map(value)?;
            let ((host, port), backups) = match child(line, "proxy").map(value) {
                Some(proxy) if !proxy.is_empty() && proxy != USE_CALL_MANAGER => {
                    ((proxy, port(child(line, "port"))), Vec::new())
                }
                _ => (manager.clone(), backups.clone()),
            };
            Some(RegisteringLine {
                user,
                host,
                port,
                backups,
            })
        };
        let lines = all(root, "line").filter(is_line);
        lines.filter_map(line).collect()
    })
    .unwrap_or_default()
}

/// The SIP port of the first call manager, and the element that a finding about it names.
pub(super) fn sip_port<'a, 'input>(root: Node<'a, 'input>) -> (Node<'a, 'input>, u16) {
    let manager = all(root, "callManager").next();
    let ports = manager.and_then(|manager| child(manager, "ports"));
    let element = ports.and_then(|ports| child(ports, "sipPort"));
    port_of(ports.or(manager).unwrap_or(root), element)
}

/// The port in an element, or the default; without the element, a finding names `outer`.
pub(super) fn port_of<'a, 'input>(
    outer: Node<'a, 'input>,
    element: Option<Node<'a, 'input>>,
) -> (Node<'a, 'input>, u16) {
    let port = element.and_then(|node| value(node).parse().ok());
    (element.unwrap_or(outer), port.unwrap_or(DEFAULT_PORT))
}

/// The value of `transportLayerProtocol` in a SEP file: 1 for TCP, 2 for UDP, 3 for TLS. `None` if
/// it is missing or the file cannot be read.
#[must_use]
pub fn transport_layer(bytes: &[u8]) -> Option<String> {
    read(bytes, |root| {
        all(root, "transportLayerProtocol").next().map(value)
    })
    .flatten()
}

/// Parses a file within the size limit of phones.
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

/// Checks that there is a call manager, and all ports.
pub(super) fn check(findings: &mut FindingList<'_>, root: Node<'_, '_>) {
    let named: Vec<_> = all(root, "callManager")
        .filter_map(|manager| child(manager, "processNodeName"))
        .collect();
    if named.is_empty() {
        findings.error(
            root,
            "no-call-manager",
            "no callManager with a processNodeName: the phone has nowhere to register, and some \
             firmware cannot read the file",
            "Add callManagerGroup/members/member/callManager/processNodeName with the address \
             of the PBX",
        );
    } else if named.iter().all(|name| value(*name).is_empty()) {
        findings.warning(
            named[0],
            "no-call-manager",
            "processNodeName is empty: the phone registers with its TFTP server",
            "Write the address of the PBX, unless the TFTP server is the same machine",
        );
    }
    for node in root.descendants().filter(Node::is_element) {
        match node.tag_name().name() {
            "ethernetPhonePort" if SIP_PORTS.contains(&value(node).as_str()) => findings.warning(
                node,
                "ports",
                format!(
                    "ethernetPhonePort, the SCCP port, is {}: expected 2000",
                    value(node)
                ),
                "Write 2000 here, and the SIP port into sipPort",
            ),
            "sipPort" | "voipControlPort" if value(node) == SCCP_PORT => findings.error(
                node,
                "ports",
                format!(
                    "{} is {SCCP_PORT}, the SCCP port: expected a SIP port",
                    node.tag_name().name()
                ),
                "Write 5060, or the SIP port of the PBX",
            ),
            "port" if value(node) == SCCP_PORT && is_of_line(node) => line_port(findings, node),
            _ => {}
        }
    }
}

fn is_of_line(node: Node<'_, '_>) -> bool {
    node.parent().is_some_and(|parent| is(parent, "line"))
}

/// The SCCP port in a line: used only if the line has a proxy of its own.
fn line_port(findings: &mut FindingList<'_>, node: Node<'_, '_>) {
    let proxy = node.parent().and_then(|line| child(line, "proxy"));
    let proxy = proxy.map(value).unwrap_or_default();
    let severity = if proxy.is_empty() || proxy == USE_CALL_MANAGER {
        Severity::Warning
    } else {
        Severity::Error
    };
    findings.node(
        severity,
        node,
        "ports",
        format!("the port of the line is {SCCP_PORT}, the SCCP port: expected a SIP port"),
        "Write 5060, or the SIP port of the PBX",
    );
}
