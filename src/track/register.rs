//! A REGISTER of a phone, and what happened to it.

use std::net::SocketAddrV4;

use serde::{Deserialize, Serialize};

use crate::protocol::sip::SipTransport;

/// A phone's REGISTER, without its credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a header parameter that is present or not"
)]
pub struct Register {
    /// The user to be registered, unescaped.
    pub user: String,
    /// The source address and port. Over UDP a phone does not listen on this port.
    pub source: SocketAddrV4,
    /// The PBX that it was sent to.
    pub pbx: SocketAddrV4,
    /// The transport.
    #[serde(alias = "over")]
    pub transport: SipTransport,
    /// The port in its Via header, on which a phone waits for the answer over UDP.
    #[serde(alias = "listens")]
    pub via_port: u16,
    /// It requests the response at the source port (RFC 3581).
    pub rport: bool,
    /// Its Via header names another address than the source address: there is a NAT in between.
    #[serde(alias = "nat")]
    pub via_differs: bool,
    /// It carries credentials, right or wrong.
    #[serde(alias = "proof")]
    pub has_credentials: bool,
    /// It removes a registration.
    #[serde(alias = "leaves")]
    pub is_unregister: bool,
}

/// What happened to a REGISTER.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegisterOutcome {
    /// Sent; nothing more is known.
    Sent,
    /// Retransmitted: the phone has no answer. A capture may also contain one packet twice.
    Again,
    /// The PBX sent a final response.
    Answered {
        /// The status code, 200 to 699.
        status: u16,
        /// The destination of the response.
        to: SocketAddrV4,
        /// The credentials were too old, not wrong.
        stale: bool,
        /// The lifetime of the registration in seconds, if the response names one.
        expires: Option<u32>,
    },
}
