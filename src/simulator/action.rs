//! What a simulated phone asks its surroundings to do, and what it reports.

use std::net::SocketAddrV4;

use crate::phone::LoadName;

/// What the surroundings do for a phone. A phone has at most one open port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhoneAction {
    /// Open this UDP port on the phone's address.
    Open(u16),
    /// Close it: later packets to it are answered with ICMP port unreachable.
    Close(u16),
    /// Send a datagram from an open port.
    Send {
        /// From this port of the phone.
        port: u16,
        /// To this port of the server.
        to: SocketAddrV4,
        /// The UDP payload.
        bytes: Vec<u8>,
    },
    /// Open a TCP connection and send these bytes on it: a phone sends nothing else, and has at most
    /// one connection. What the server sends goes to
    /// [`SimulatedPhone::stream`](super::SimulatedPhone::stream).
    Connect {
        /// To this port of the server.
        to: SocketAddrV4,
        /// A request.
        bytes: Vec<u8>,
    },
    /// Close the connection, whether it is established or not.
    Disconnect,
    /// The phone has another address from now on. No port and no connection is open at this time.
    ChangeAddress,
    /// Nothing to do: the phone reports an event.
    Event(PhoneEvent),
}

/// An event inside a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PhoneEvent {
    /// It started: an application, or (`None`) its boot loader.
    Booted(Option<LoadName>),
    /// A file was received completely.
    Fetched {
        /// The requested name.
        name: String,
        /// The size of the file in bytes.
        bytes: u64,
    },
    /// The request of a file was answered with ERROR, or not at all.
    Missed {
        /// The requested name.
        name: String,
        /// The code of the ERROR; `None` without an answer.
        code: Option<u16>,
    },
    /// It refused a manifest.
    Refused {
        /// The manifest.
        manifest: String,
        /// Why.
        reason: ManifestRefusal,
    },
    /// It rejected a configuration.
    DroppedConfig(String),
    /// It lost power.
    PowerLost,
    /// Every image is in flash; it runs this load after its next start.
    Installed(LoadName),
    /// It is running and sends no more requests.
    Idle,
}

/// Why a phone refuses a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ManifestRefusal {
    /// It is not a manifest, or names files that phones do not fetch.
    Unreadable,
    /// The phone does not accept its signature.
    Signature,
    /// It is not for this hardware.
    Hardware,
    /// It is newer than the phone accepts in one step.
    TooNew,
}
