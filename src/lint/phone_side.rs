//! What a phone's configuration tells a PBX: one form for SEP files and for the settings of a 7940
//! or 7960.

use super::{findings::Place, placeholder::is_placeholder};
use crate::inventory::Secret;

/// The part of a phone's configuration that a PBX must agree with.
pub(super) struct PhoneSide {
    /// The lines that register.
    pub(super) lines: Vec<PhoneLine>,
    /// What names the transport.
    pub(super) transports: Vec<PhoneTransport>,
}

/// A value, where it is, and what its element or key is called.
pub(super) struct Written {
    pub(super) place: Place,
    pub(super) key: String,
    pub(super) value: String,
}

impl Written {
    /// Whether the value can be compared.
    pub(super) fn is_set(&self) -> bool {
        !self.value.is_empty() && !is_placeholder(&self.value, false)
    }
}

/// A password, and where it is.
pub(super) struct WrittenSecret {
    pub(super) place: Place,
    pub(super) key: String,
    pub(super) value: Secret,
}

/// A line of a phone.
pub(super) struct PhoneLine {
    /// The user that it registers as.
    pub(super) user: Option<Written>,
    /// The user of the password, if it is written; else the same user.
    pub(super) auth_name: Option<Written>,
    pub(super) password: Option<WrittenSecret>,
    /// The host that it sends to; empty if the file does not name one.
    pub(super) host: String,
    pub(super) host_place: Place,
    pub(super) port: u16,
    /// What a finding about the port names.
    pub(super) port_place: Place,
}

impl PhoneLine {
    /// The user, if it is neither empty nor a placeholder.
    pub(super) fn user(&self) -> Option<&Written> {
        self.user.as_ref().filter(|user| user.is_set())
    }
}

/// The transport that a configuration names.
pub(super) struct PhoneTransport {
    pub(super) place: Place,
    pub(super) protocol: PhoneProtocol,
    /// The element that changes it; `None` if the phone has only this one.
    pub(super) element: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PhoneProtocol {
    Tcp,
    Udp,
    Tls,
    /// Left open, or not a known value.
    Open,
}

impl PhoneSide {
    /// The protocol of the phone.
    pub(super) fn protocol(&self) -> PhoneProtocol {
        let first = self.transports.first();
        first.map_or(PhoneProtocol::Open, |one| one.protocol)
    }
}
