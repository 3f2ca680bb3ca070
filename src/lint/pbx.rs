//! Compares the configuration of a phone with that of the PBX.

mod account;

use super::{
    context::LintContext,
    findings::FindingList,
    phone_side::{PhoneLine, PhoneProtocol, PhoneSide, PhoneTransport},
    pjsip::{PjsipConfig, PjsipEndpoint, TransportProtocol},
    sip_conf::{SipConfig, SipPeer},
};
use crate::diagnose::Severity;

/// Compares each line with the driver of Asterisk that has its user: both may be in use.
pub(super) fn check(findings: &mut FindingList<'_>, phone: PhoneSide, known: &LintContext) {
    let (pjsip, sip) = (known.pjsip.as_ref(), known.sip.as_ref());
    let is_of_sip = |line: &PhoneLine| match (pjsip, sip, line.user()) {
        (None, ..) => true,
        (Some(pjsip), Some(sip), Some(user)) => {
            pjsip.endpoint(&user.value).is_none() && sip.peer(&user.value).is_some()
        }
        _ => false,
    };
    let (of_sip, of_pjsip): (Vec<_>, Vec<_>) = phone.lines.into_iter().partition(is_of_sip);
    let mut phone = PhoneSide {
        lines: of_pjsip,
        ..phone
    };
    if let Some(pjsip) = pjsip.filter(|_| !phone.lines.is_empty()) {
        with_pjsip(findings, &phone, pjsip);
    }
    phone.lines = of_sip;
    if let Some(sip) = sip.filter(|_| !phone.lines.is_empty()) {
        with_sip_conf(findings, &phone, sip);
    }
}

/// Compares with `pjsip.conf`.
fn with_pjsip(findings: &mut FindingList<'_>, phone: &PhoneSide, pjsip: &PjsipConfig) {
    let mut used: Vec<&PjsipEndpoint> = Vec::new();
    for line in &phone.lines {
        let Some(user) = line.user() else {
            continue;
        };
        match pjsip.endpoint(&user.value) {
            Some(endpoint) => {
                account::answers(findings, &user.place, endpoint, pjsip);
                account::check(findings, line, &user.place, endpoint, pjsip);
                used.push(endpoint);
            }
            // A file without endpoints is one of several; the endpoint may be in another.
            None if pjsip.partial || pjsip.endpoints.is_empty() => {}
            None => findings.written(
                &user.place,
                Severity::Warning,
                "unknown-endpoint",
                format!("pjsip.conf has no endpoint {}", user.value),
                format!("Use the same name for the endpoint and in {}", user.key),
            ),
        }
    }
    for one in &phone.transports {
        transport(findings, one, &used, pjsip);
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
fn with_sip_conf(findings: &mut FindingList<'_>, phone: &PhoneSide, sip: &SipConfig) {
    for line in &phone.lines {
        let Some(user) = line.user() else {
            continue;
        };
        let Some(peer) = sip.peer(&user.value) else {
            if !sip.partial && !sip.peers.is_empty() {
                findings.written(
                    &user.place,
                    Severity::Warning,
                    "unknown-endpoint",
                    format!("sip.conf has no peer {}", user.value),
                    format!("Use the same name for the peer and in {}", user.key),
                );
            }
            continue;
        };
        account::nat(findings, &user.place, peer, sip);
        account::with_peer(findings, line, &user.place, peer, sip);
        peer_transport(findings, phone, peer, sip);
    }
    for one in &phone.transports {
        if one.protocol == PhoneProtocol::Tcp && sip.tcp_port.is_none() && !sip.partial {
            findings.written(
                &one.place,
                Severity::Error,
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
    phone: &PhoneSide,
    peer: &SipPeer,
    sip: &SipConfig,
) {
    let Some(one) = phone.transports.first() else {
        return;
    };
    let used = match one.protocol {
        PhoneProtocol::Tcp => "tcp",
        PhoneProtocol::Udp => "udp",
        PhoneProtocol::Tls | PhoneProtocol::Open => return,
    };
    // Without TCP there is a finding about that.
    let listens = used == "udp" || sip.tcp_port.is_some();
    let is_allowed = if peer.transports.is_empty() {
        used == "udp"
    } else {
        peer.transports.iter().any(|one| one == used)
    };
    if !is_allowed && listens && !sip.partial {
        findings.written(
            &one.place,
            Severity::Warning,
            "transport",
            format!(
                "the phone uses {used}, which sip.conf does not allow the peer {}",
                peer.name
            ),
            format!("Set transport={used} in [{}] of sip.conf", peer.name),
        );
    }
}

fn transport(
    findings: &mut FindingList<'_>,
    phone: &PhoneTransport,
    used: &[&PjsipEndpoint],
    pjsip: &PjsipConfig,
) {
    let (wanted, called) = match phone.protocol {
        PhoneProtocol::Tcp => (TransportProtocol::Tcp, "tcp"),
        PhoneProtocol::Udp => (TransportProtocol::Udp, "udp"),
        PhoneProtocol::Tls => (TransportProtocol::Tls, "tls"),
        PhoneProtocol::Open => return,
    };
    let listens = pjsip.transports.iter().any(|one| one.protocol == wanted);
    if !listens && !pjsip.partial && !pjsip.transports.is_empty() {
        findings.written(
            &phone.place,
            Severity::Error,
            "transport",
            format!("the phone uses {called}, but pjsip.conf has no {called} transport"),
            match phone.element {
                Some(element) => {
                    format!("Add a transport with protocol={called}, or change {element}")
                }
                None => {
                    format!("Add a transport with protocol={called}: a 7940 or 7960 has no other")
                }
            },
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
        findings.written(&phone.place, Severity::Warning, "transport", message, cure);
        return;
    }
}

/// Compares the port that the phone sends to with those on which the PBX listens.
fn port(findings: &mut FindingList<'_>, phone: &PhoneSide, tcp: &[u16], udp: &[u16], file: &str) {
    let listening = match phone.protocol() {
        PhoneProtocol::Tcp => tcp.to_vec(),
        PhoneProtocol::Udp => udp.to_vec(),
        // The TLS port has an element of its own.
        PhoneProtocol::Tls => return,
        PhoneProtocol::Open => [tcp, udp].concat(),
    };
    // Without a transport of the protocol there is a finding about that.
    if listening.is_empty() {
        return;
    }
    let mut reported = Vec::new();
    for line in &phone.lines {
        let (place, port) = (&line.port_place, line.port);
        if listening.contains(&port) || reported.contains(&place) {
            continue;
        }
        reported.push(place);
        let ports: Vec<_> = listening.iter().map(ToString::to_string).collect();
        findings.written(
            place,
            Severity::Error,
            "ports",
            format!(
                "the phone sends to port {port}, but {file} has the PBX listen on {}",
                ports.join(", ")
            ),
            format!("Write {}, or change the port of the PBX", ports[0]),
        );
    }
}
