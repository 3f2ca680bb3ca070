//! Compares the configuration of a phone with that of the PBX.

use roxmltree::Node;

use super::{
    address::USE_CALL_MANAGER,
    findings::FindingList,
    manager,
    pjsip::{PjsipConfig, PjsipEndpoint, TransportProtocol},
    placeholder::is_placeholder,
    sip_conf::{SipConfig, SipPeer},
    xml::{child, value},
};
use crate::inventory::Secret;

/// The part of a phone's configuration that a PBX must agree with.
pub(super) struct PhoneSide<'a, 'input> {
    pub(super) root: Node<'a, 'input>,
    /// The lines that register.
    pub(super) lines: Vec<Node<'a, 'input>>,
    /// The elements `transportLayerProtocol`.
    pub(super) transports: Vec<Node<'a, 'input>>,
}

/// Compares with `pjsip.conf`.
pub(super) fn with_pjsip(
    findings: &mut FindingList<'_>,
    phone: &PhoneSide<'_, '_>,
    pjsip: &PjsipConfig,
) {
    let mut used: Vec<&PjsipEndpoint> = Vec::new();
    for line in &phone.lines {
        let Some((name, written)) = user(*line) else {
            continue;
        };
        let known = pjsip.endpoints.iter().find(|one| one.name == written);
        match known {
            Some(endpoint) => {
                answers(findings, name, endpoint);
                account(findings, *line, endpoint, pjsip);
                used.push(endpoint);
            }
            // A file without endpoints is one of several; the endpoint may be in another.
            None if pjsip.partial || pjsip.endpoints.is_empty() => {}
            None => findings.warning(
                name,
                "unknown-endpoint",
                format!("pjsip.conf has no endpoint {written}"),
                "Use the same name for the endpoint and in <name>",
            ),
        }
    }
    for node in &phone.transports {
        transport(findings, *node, &used, pjsip);
    }
    if !pjsip.partial {
        let ports = |protocol| {
            let of = pjsip
                .transports
                .iter()
                .filter(move |one| one.protocol == protocol);
            of.map(|one| one.port).collect::<Vec<u16>>()
        };
        let (tcp, udp) = (ports(TransportProtocol::Tcp), ports(TransportProtocol::Udp));
        port(findings, phone, &tcp, &udp, "pjsip.conf");
    }
}

/// Compares with `sip.conf`.
pub(super) fn with_sip_conf(
    findings: &mut FindingList<'_>,
    phone: &PhoneSide<'_, '_>,
    sip: &SipConfig,
) {
    for line in &phone.lines {
        let Some((name, written)) = user(*line) else {
            continue;
        };
        let Some(peer) = sip.peers.iter().find(|peer| peer.name == written) else {
            if !sip.partial && !sip.peers.is_empty() {
                findings.warning(
                    name,
                    "unknown-endpoint",
                    format!("sip.conf has no peer {written}"),
                    "Use the same name for the peer and in <name>",
                );
            }
            continue;
        };
        nat(findings, name, peer);
        auth_name(
            findings,
            *line,
            &peer.name,
            &format!("[{written}] of sip.conf"),
        );
        if let Some(secret) = &peer.secret {
            password(findings, *line, secret, &format!("[{written}] of sip.conf"));
        }
    }
    for node in &phone.transports {
        if value(*node) == "1" && sip.tcp_port.is_none() && !sip.partial {
            findings.error(
                *node,
                "transport",
                "the phone uses tcp, but sip.conf does not set tcpenable=yes",
                "Set tcpenable=yes in [general], or transportLayerProtocol to 2",
            );
            return;
        }
    }
    if !sip.partial {
        let tcp: Vec<_> = sip.tcp_port.into_iter().collect();
        port(findings, phone, &tcp, &[sip.udp_port], "sip.conf");
    }
}

/// The `name` of a line and its value, if it is not empty or a placeholder.
fn user<'a, 'input>(line: Node<'a, 'input>) -> Option<(Node<'a, 'input>, String)> {
    let name = child(line, "name")?;
    let written = value(name);
    (!written.is_empty() && !is_placeholder(&written, false)).then_some((name, written))
}

/// `force_rport` and its older spelling, `yes`.
fn nat(findings: &mut FindingList<'_>, name: Node<'_, '_>, peer: &SipPeer) {
    let forced = |nat: &str| {
        nat.split(',')
            .map(str::trim)
            .any(|word| matches!(word, "yes" | "force_rport" | "route"))
    };
    if let Some(nat) = peer.nat.as_deref().filter(|nat| forced(nat)) {
        findings.warning(
            name,
            "endpoint-nat",
            format!(
                "sip.conf has nat={nat} for {}: responses go to a port where the phone does not \
                 listen, and it does not register",
                peer.name
            ),
            format!("Set nat=no in [{}] of sip.conf", peer.name),
        );
    }
}

/// Compares user name, password and address of record with those of the endpoint.
fn account(
    findings: &mut FindingList<'_>,
    line: Node<'_, '_>,
    endpoint: &PjsipEndpoint,
    pjsip: &PjsipConfig,
) {
    let name = child(line, "name").unwrap_or(line);
    for auth in &endpoint.auths {
        let Some(auth) = pjsip.auths.iter().find(|one| one.name == *auth) else {
            if !pjsip.partial && !pjsip.auths.is_empty() {
                findings.warning(
                    name,
                    "unknown-endpoint",
                    format!(
                        "the endpoint {} has auth={auth}, which pjsip.conf does not have",
                        endpoint.name
                    ),
                    format!("Add a section [{auth}] with type=auth, or correct auth="),
                );
            }
            continue;
        };
        let whose = format!("[{}] of pjsip.conf", auth.name);
        auth_name(findings, line, &auth.username, &whose);
        if let Some(expected) = &auth.password {
            password(findings, line, expected, &whose);
        }
    }
    if !endpoint.aors.is_empty() && !endpoint.aors.contains(&endpoint.name) {
        findings.warning(
            name,
            "aor",
            format!(
                "the endpoint {} has aors={}: Asterisk accepts a registration only under the name \
                 of an aor",
                endpoint.name,
                endpoint.aors.join(",")
            ),
            format!("Name the aor {} too, and set aors={0}", endpoint.name),
        );
    }
}

/// The user name of the password, which is `name` if `authName` is empty.
fn auth_name(findings: &mut FindingList<'_>, line: Node<'_, '_>, expected: &str, whose: &str) {
    let Some(node) = child(line, "authName") else {
        return;
    };
    let written = value(node);
    if written.is_empty() || is_placeholder(&written, false) || written == expected {
        return;
    }
    findings.error(
        node,
        "auth-name",
        format!("authName is {written}, but {whose} has the user name {expected}"),
        format!("Write {expected}, or change the PBX"),
    );
}

/// Compares passwords without showing them.
fn password(findings: &mut FindingList<'_>, line: Node<'_, '_>, expected: &Secret, whose: &str) {
    let Some(node) = child(line, "authPassword") else {
        return;
    };
    let written = value(node);
    if written.is_empty() || is_placeholder(&written, true) || written == expected.expose() {
        return;
    }
    findings.error(
        node,
        "password-differs",
        format!("authPassword is not the password of {whose}: the PBX rejects the phone"),
        "Write the same password in both files",
    );
}

/// The phone sends from any port and expects responses on voipControlPort.
fn answers(findings: &mut FindingList<'_>, name: Node<'_, '_>, endpoint: &PjsipEndpoint) {
    let wrong: Vec<_> = [
        (endpoint.force_rport, "force_rport"),
        (endpoint.rewrite_contact, "rewrite_contact"),
    ]
    .iter()
    .filter_map(|(on, option)| on.then_some(*option))
    .collect();
    if !wrong.is_empty() {
        findings.warning(
            name,
            "endpoint-nat",
            format!(
                "the endpoint {} has {} on: responses go to a port where the phone does not \
                 listen, and it does not register",
                endpoint.name,
                wrong.join(" and ")
            ),
            format!(
                "Set {}=no for this endpoint in pjsip.conf",
                wrong.join("=no and ")
            ),
        );
    }
}

fn transport(
    findings: &mut FindingList<'_>,
    node: Node<'_, '_>,
    used: &[&PjsipEndpoint],
    pjsip: &PjsipConfig,
) {
    let (wanted, called) = match value(node).as_str() {
        "1" => (TransportProtocol::Tcp, "tcp"),
        "2" => (TransportProtocol::Udp, "udp"),
        "3" => (TransportProtocol::Tls, "tls"),
        // 4 leaves the transport open; another value has a finding of its own.
        _ => return,
    };
    let listens = pjsip.transports.iter().any(|one| one.protocol == wanted);
    if !listens && !pjsip.partial && !pjsip.transports.is_empty() {
        findings.error(
            node,
            "transport",
            format!("the phone uses {called}, but pjsip.conf has no {called} transport"),
            format!("Add a transport with protocol={called}, or change transportLayerProtocol"),
        );
        return;
    }
    for endpoint in used {
        let Some(named) = &endpoint.transport else {
            continue;
        };
        let known = pjsip.transports.iter().find(|one| one.name == *named);
        let (message, cure) = match known {
            Some(known) if known.protocol != wanted => (
                format!(
                    "the phone uses {called}, but the transport {named} of endpoint {} is not \
                     {called}",
                    endpoint.name
                ),
                "Set a transport of the same protocol for the endpoint, or none".to_owned(),
            ),
            None if !pjsip.partial && !pjsip.transports.is_empty() => (
                format!(
                    "the endpoint {} has transport={named}, which pjsip.conf does not have: calls \
                     to the phone fail",
                    endpoint.name
                ),
                "Set the name of a transport, or none".to_owned(),
            ),
            _ => continue,
        };
        findings.warning(node, "transport", message, cure);
        return;
    }
}

/// Compares the port that the phone sends to with those on which the PBX listens.
fn port(
    findings: &mut FindingList<'_>,
    phone: &PhoneSide<'_, '_>,
    tcp: &[u16],
    udp: &[u16],
    file: &str,
) {
    let protocol = phone.transports.first().map(|node| value(*node));
    let listening = match protocol.as_deref() {
        Some("1") => tcp.to_vec(),
        Some("2") => udp.to_vec(),
        // The TLS port has an element of its own.
        Some("3") => return,
        _ => [tcp, udp].concat(),
    };
    // Without a transport of the protocol there is a finding about that.
    if listening.is_empty() {
        return;
    }
    let mut reported = Vec::new();
    for line in &phone.lines {
        let proxy = child(*line, "proxy").map(value).unwrap_or_default();
        let (node, port) = if proxy.is_empty() || proxy == USE_CALL_MANAGER {
            manager::sip_port(phone.root)
        } else {
            manager::port_of(*line, child(*line, "port"))
        };
        if listening.contains(&port) || reported.contains(&node.id()) {
            continue;
        }
        reported.push(node.id());
        let ports: Vec<_> = listening.iter().map(ToString::to_string).collect();
        findings.error(
            node,
            "ports",
            format!(
                "the phone sends to port {port}, but {file} has the PBX listen on {}",
                ports.join(", ")
            ),
            format!("Write {}, or change the port of the PBX", ports[0]),
        );
    }
}
