//! Compares the configuration of a phone with that of the PBX.

mod account;

use roxmltree::Node;

use super::{
    address::USE_CALL_MANAGER,
    context::LintContext,
    findings::FindingList,
    manager,
    pjsip::{PjsipConfig, PjsipEndpoint, TransportProtocol},
    placeholder::is_placeholder,
    sip_conf::{SipConfig, SipPeer},
    xml::{child, value},
};
/// The part of a phone's configuration that a PBX must agree with.
pub(super) struct PhoneSide<'a, 'input> {
    pub(super) root: Node<'a, 'input>,
    /// The lines that register.
    pub(super) lines: Vec<Node<'a, 'input>>,
    /// The elements `transportLayerProtocol`.
    pub(super) transports: Vec<Node<'a, 'input>>,
}

/// Compares each line with the driver of Asterisk that has its user: both may be in use.
pub(super) fn check(
    findings: &mut FindingList<'_>,
    phone: &PhoneSide<'_, '_>,
    known: &LintContext,
) {
    let (pjsip, sip) = (known.pjsip.as_ref(), known.sip.as_ref());
    let is_of_sip = |line: &Node<'_, '_>| match (pjsip, sip, user(*line)) {
        (None, ..) => true,
        (Some(pjsip), Some(sip), Some((_, user))) => {
            pjsip.endpoint(&user).is_none() && sip.peer(&user).is_some()
        }
        _ => false,
    };
    let (of_sip, of_pjsip): (Vec<_>, Vec<_>) = phone.lines.iter().partition(|line| is_of_sip(line));
    let with = |lines| PhoneSide {
        lines,
        transports: phone.transports.clone(),
        ..*phone
    };
    if let Some(pjsip) = pjsip.filter(|_| !of_pjsip.is_empty()) {
        with_pjsip(findings, &with(of_pjsip), pjsip);
    }
    if let Some(sip) = sip.filter(|_| !of_sip.is_empty()) {
        with_sip_conf(findings, &with(of_sip), sip);
    }
}

/// Compares with `pjsip.conf`.
fn with_pjsip(findings: &mut FindingList<'_>, phone: &PhoneSide<'_, '_>, pjsip: &PjsipConfig) {
    let mut used: Vec<&PjsipEndpoint> = Vec::new();
    for line in &phone.lines {
        let Some((name, written)) = user(*line) else {
            continue;
        };
        let known = pjsip.endpoint(&written);
        match known {
            Some(endpoint) => {
                account::answers(findings, name, endpoint, pjsip);
                account::check(findings, *line, endpoint, pjsip);
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
            let mut ports: Vec<u16> = of.map(|one| one.port).collect();
            ports.dedup();
            ports
        };
        let (tcp, udp) = (ports(TransportProtocol::Tcp), ports(TransportProtocol::Udp));
        let file = pjsip.transports.first().map_or("", |one| one.file.as_str());
        port(findings, phone, &tcp, &udp, file);
    }
}

/// Compares with `sip.conf`.
fn with_sip_conf(findings: &mut FindingList<'_>, phone: &PhoneSide<'_, '_>, sip: &SipConfig) {
    for line in &phone.lines {
        let Some((name, written)) = user(*line) else {
            continue;
        };
        let Some(peer) = sip.peer(&written) else {
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
        account::nat(findings, name, peer, sip);
        account::with_peer(findings, *line, peer, sip);
        peer_transport(findings, phone, peer, sip);
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

/// `transport=` of a peer, or of all, has the protocol of the phone.
fn peer_transport(
    findings: &mut FindingList<'_>,
    phone: &PhoneSide<'_, '_>,
    peer: &SipPeer,
    sip: &SipConfig,
) {
    let Some(node) = phone.transports.first() else {
        return;
    };
    let used = match value(*node).as_str() {
        "1" => "tcp",
        "2" => "udp",
        _ => return,
    };
    // Without TCP there is a finding about that.
    let listens = used == "udp" || sip.tcp_port.is_some();
    let is_allowed = if peer.transports.is_empty() {
        used == "udp"
    } else {
        peer.transports.iter().any(|one| one == used)
    };
    if !is_allowed && listens && !sip.partial {
        findings.warning(
            *node,
            "transport",
            format!(
                "the phone uses {used}, which sip.conf does not allow the peer {}",
                peer.name
            ),
            format!("Set transport={used} in [{}] of sip.conf", peer.name),
        );
    }
}

/// The `name` of a line and its value, if it is not empty or a placeholder.
fn user<'a, 'input>(line: Node<'a, 'input>) -> Option<(Node<'a, 'input>, String)> {
    let name = child(line, "name")?;
    let written = value(name);
    (!written.is_empty() && !is_placeholder(&written, false)).then_some((name, written))
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
