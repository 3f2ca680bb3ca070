//! Compares the configuration of a phone with that of the PBX.

use roxmltree::Node;

use super::{
    findings::FindingList,
    pjsip::{PjsipConfig, PjsipEndpoint, TransportProtocol},
    placeholder::is_placeholder,
    xml::{child, value},
};

/// Compares the lines with the endpoints, and the transport with the transports.
pub(super) fn check(
    findings: &mut FindingList<'_>,
    lines: &[Node<'_, '_>],
    transports: &[Node<'_, '_>],
    pjsip: &PjsipConfig,
) {
    let mut used: Vec<&PjsipEndpoint> = Vec::new();
    for name in lines.iter().filter_map(|line| child(*line, "name")) {
        let written = value(name);
        let known = pjsip.endpoints.iter().find(|one| one.name == written);
        match known {
            Some(endpoint) => {
                answers(findings, name, endpoint);
                used.push(endpoint);
            }
            // A file without endpoints is one of several; the endpoint may be in another.
            None if pjsip.partial || pjsip.endpoints.is_empty() || written.is_empty() => {}
            None if is_placeholder(&written, false) => {}
            None => findings.warning(
                name,
                "unknown-endpoint",
                format!("pjsip.conf has no endpoint {written}"),
                "Use the same name for the endpoint and in <name>",
            ),
        }
    }
    for node in transports {
        transport(findings, *node, &used, pjsip);
    }
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
    let listens = pjsip
        .transports
        .iter()
        .any(|(_, protocol)| *protocol == wanted);
    if !listens && !pjsip.partial && !pjsip.transports.is_empty() {
        findings.error(
            node,
            "transport",
            format!("the phone uses {called}, but pjsip.conf has no {called} transport"),
            format!("Add a transport with protocol={called}, or change transportLayerProtocol"),
        );
        return;
    }
    let other = used.iter().find_map(|endpoint| {
        let named = endpoint.transport.as_ref()?;
        let (_, protocol) = pjsip.transports.iter().find(|(name, _)| name == named)?;
        (*protocol != wanted).then_some((&endpoint.name, named))
    });
    if let Some((endpoint, named)) = other {
        findings.warning(
            node,
            "transport",
            format!(
                "the phone uses {called}, but the transport {named} of endpoint {endpoint} is not \
                 {called}"
            ),
            "Set a transport of the same protocol for the endpoint, or none",
        );
    }
}
