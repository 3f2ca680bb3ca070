//! The transport over which a phone's own configuration registers it.

use crate::{lint, preflight::PortProtocol, protocol::sip::SipTransport};

/// The transport that a configuration names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ConfiguredTransport {
    Udp,
    Tcp,
    Tls,
    /// The configuration leaves it open.
    Open,
}

impl ConfiguredTransport {
    /// Of a phone's own configuration.
    pub(super) fn of(configuration: &[u8]) -> Self {
        match lint::transport_layer(configuration).as_deref() {
            Some("1") => Self::Tcp,
            Some("2") => Self::Udp,
            Some("3") => Self::Tls,
            _ => Self::Open,
        }
    }

    /// What tracking compares with observed REGISTERs.
    pub(super) fn observed(self) -> Option<SipTransport> {
        match self {
            Self::Udp => Some(SipTransport::Udp),
            Self::Tcp => Some(SipTransport::Tcp),
            Self::Tls | Self::Open => None,
        }
    }

    /// Its protocols, and the name of each.
    pub(super) fn protocols(self) -> &'static [(PortProtocol, &'static str)] {
        const UDP: (PortProtocol, &str) = (PortProtocol::Udp, "UDP");
        match self {
            Self::Udp => &[UDP],
            Self::Tcp => &[(PortProtocol::Tcp, "TCP")],
            Self::Tls => &[(PortProtocol::Tcp, "TCP (TLS)")],
            Self::Open => &[UDP, (PortProtocol::Tcp, "TCP")],
        }
    }

    /// Whether no capture shows its REGISTERs.
    pub(super) fn is_encrypted(self) -> bool {
        self == Self::Tls
    }
}
