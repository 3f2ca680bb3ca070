//! What a simulated phone asks its surroundings to do, and what it reports.

use std::net::SocketAddrV4;

use crate::phone::LoadName;

/// What the world has to do for a phone. A phone has at most one port open at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Open this UDP port on the phone's address.
    Open(u16),
    /// Close it: what still comes to it is answered with ICMP port unreachable.
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
    /// From now on the phone has another address. No port is open at this moment.
    ChangeAddress,
    /// Nothing to do: something to tell.
    Event(PhoneEvent),
}

/// Something that happened inside a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PhoneEvent {
    /// It started: an application, or (`None`) its boot loader.
    Booted(Option<LoadName>),
    /// A file came whole.
    Fetched {
        /// The name that it asked for.
        name: String,
        /// Bytes.
        bytes: u64,
    },
    /// It asked for a file and was told ERROR, or nothing until it gave up.
    Missed {
        /// The name that it asked for.
        name: String,
        /// The code of the ERROR; `None` for silence.
        code: Option<u16>,
    },
    /// It got a manifest and will not fetch what it names.
    Refused {
        /// The manifest.
        manifest: String,
        /// Why.
        reason: ManifestRefusal,
    },
    /// It got a configuration and dropped it.
    DroppedConfig(String),
    /// Its power went.
    PowerLost,
    /// Every image is in flash; after its next start it runs this load.
    Installed(LoadName),
    /// It is up and asks for nothing more.
    Idle,
}

/// Why a phone does not take a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ManifestRefusal {
    /// It is none, or names what no phone fetches.
    Unreadable,
    /// Its signature does not please the phone.
    Signature,
    /// It is not for this hardware.
    Hardware,
    /// It is newer than what the phone can take in one step.
    TooNew,
}
