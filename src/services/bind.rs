//! Why a port could not be bound, and which program has it.

use std::{io, net::SocketAddrV4};

use crate::{
    failure::Failure,
    preflight::{self, PortProtocol},
    privileges,
    tftp::BindErrorKind,
};

/// The failure to bind `address`. `protocols`: those that were tried.
#[must_use]
pub fn bind_failure(
    address: SocketAddrV4,
    protocols: &[PortProtocol],
    error: &io::Error,
) -> Failure {
    let kind = BindErrorKind::of(error);
    let is_held =
        |protocol: &&PortProtocol| preflight::port_owner_at(**protocol, address).is_some();
    let protocol = protocols.iter().find(is_held).or(protocols.last());
    let protocol = protocol.copied().unwrap_or(PortProtocol::Tcp);
    bind_failure_of_kind(address, protocol, kind, error)
}

/// Like [`bind_failure`], with the kind of the error known.
pub(super) fn bind_failure_of_kind(
    address: SocketAddrV4,
    protocol: PortProtocol,
    kind: BindErrorKind,
    error: &io::Error,
) -> Failure {
    let why = match kind {
        BindErrorKind::Permission => "permission denied".to_owned(),
        BindErrorKind::InUse => "the port is in use".to_owned(),
        BindErrorKind::NotAvailable => "not an address of this machine".to_owned(),
        BindErrorKind::Other => error.to_string(),
    };
    Failure::new(
        format!(
            "cannot listen on {} port {}: {why}",
            address.ip(),
            address.port()
        ),
        cure(kind, protocol, address),
    )
}

fn cure(kind: BindErrorKind, protocol: PortProtocol, address: SocketAddrV4) -> String {
    let port = address.port();
    match kind {
        BindErrorKind::Permission => {
            format!(
                "Ports below 1024 need a privilege. {}",
                privileges::how_to_grant()
            )
        }
        BindErrorKind::InUse => match preflight::port_owner_at(protocol, address) {
            Some(holder) => match holder.how_to_stop() {
                (text, Some(command)) => {
                    format!("{holder} is using it. {text} ({command}), then start again")
                }
                (text, None) => format!("{holder} is using it. {text}; then start again"),
            },
            None => format!(
                "Another program is using it; this user may not see which. Find it with: sudo ss \
                 -ln{}p 'sport = :{port}'",
                match protocol {
                    PortProtocol::Udp => 'u',
                    PortProtocol::Tcp => 't',
                }
            ),
        },
        BindErrorKind::NotAvailable => {
            "No interface of this machine has that address: `ip address` lists them".to_owned()
        }
        BindErrorKind::Other => String::new(),
    }
}
