//! The lines of a SEP file, as a PBX sees them.

use roxmltree::Node;

use super::{
    address::USE_CALL_MANAGER,
    findings::Place,
    lines::Lines,
    manager,
    phone_side::{PhoneLine, PhoneProtocol, PhoneSide, PhoneTransport, Written, WrittenSecret},
    xml::{all, child, value},
};
use crate::inventory::Secret;

/// Reads the lines and transports of a SEP file.
pub(super) fn phone_side(root: Node<'_, '_>) -> PhoneSide {
    let lines = Lines::of(root);
    let transport = |node: Node<'_, '_>| PhoneTransport {
        place: Place::of(node),
        protocol: match value(node).as_str() {
            "1" => PhoneProtocol::Tcp,
            "2" => PhoneProtocol::Udp,
            "3" => PhoneProtocol::Tls,
            // 4 leaves the transport open; another value has a finding of its own.
            _ => PhoneProtocol::Open,
        },
        element: Some("transportLayerProtocol"),
    };
    PhoneSide {
        lines: lines
            .registering()
            .map(|line| phone_line(root, line))
            .collect(),
        transports: all(root, "transportLayerProtocol").map(transport).collect(),
    }
}

fn phone_line(root: Node<'_, '_>, line: Node<'_, '_>) -> PhoneLine {
    let written = |name: &str, key: &str| {
        let node = child(line, name)?;
        Some(Written {
            place: Place::of(node),
            key: key.to_owned(),
            value: value(node),
        })
    };
    let password = child(line, "authPassword").map(|node| WrittenSecret {
        place: Place::of(node),
        key: "authPassword".to_owned(),
        value: Secret::new(value(node)),
    });
    let proxy = child(line, "proxy").map(value).unwrap_or_default();
    let is_managed = proxy.is_empty() || proxy == USE_CALL_MANAGER;
    let (node, port) = if is_managed {
        manager::sip_port(root)
    } else {
        manager::port_of(line, child(line, "port"))
    };
    let host = if is_managed {
        all(root, "processNodeName").next()
    } else {
        child(line, "proxy")
    };
    PhoneLine {
        user: written("name", "<name>"),
        auth_name: written("authName", "authName"),
        password,
        host: host.map(value).unwrap_or_default(),
        host_place: Place::of(host.unwrap_or(line)),
        port,
        port_place: Place::of(node),
    }
}
