//! The message with which a phone registers, of every length.

use std::net::Ipv4Addr;

use crate::{
    phone::{LoadName, MacAddress, Model},
    protocol::{
        bytes::{ByteReader, Malformed, text},
        names::{device_mac, load_name},
    },
};

/// The shortest body of a Register in bytes: up to and without the phone's address.
pub const FEWEST_REGISTER_BYTES: usize = 20;

/// The protocol version of a phone that names none: its Register has fewer than 41 bytes.
const OLDEST_VERSION: u8 = 3;

const NAME: usize = 16;
const LOAD: usize = 32;

/// A phone registers. Fields behind the end of the body are absent; a body has 44 bytes (7936), 64 or
/// 68 (7940, 7960, 69xx), 124 or 172 (7941 and later).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SccpRegister {
    /// The device name, `SEP…`.
    pub name: String,
    /// The MAC in that name.
    pub mac: Option<MacAddress>,
    /// The phone's address, as it states it.
    pub address: Option<Ipv4Addr>,
    /// The device type of call managers.
    pub device_type: Option<u32>,
    /// Audio streams that are active: not 0 during a call.
    pub active_streams: Option<u32>,
    /// The protocol version.
    pub version: u8,
    /// The load that runs; only bodies of 124 bytes and more have it.
    pub load: Option<LoadName>,
}

impl SccpRegister {
    /// Decodes a body of any length from [`FEWEST_REGISTER_BYTES`] on.
    ///
    /// # Errors
    /// The body is shorter.
    pub fn decode(body: &[u8]) -> Result<Self, Malformed> {
        if body.len() < FEWEST_REGISTER_BYTES {
            return Err(
                ByteReader::new("SCCP Register", body).fault("a body of 20 bytes or more expected")
            );
        }
        let name = text(&body[..NAME]);
        let word = |at: usize| -> Option<[u8; 4]> {
            body.get(at..at.checked_add(4)?)?.first_chunk().copied()
        };
        let number = |at: usize| word(at).map(u32::from_le_bytes);
        Ok(Self {
            mac: device_mac(&name),
            name,
            address: word(20)
                .map(Ipv4Addr::from)
                .filter(|it| !it.is_unspecified()),
            device_type: number(24),
            active_streams: number(36),
            version: body.get(40).copied().unwrap_or(OLDEST_VERSION),
            load: body
                .get(92..92 + LOAD)
                .and_then(|bytes| load_name(&text(bytes))),
        })
    }

    /// The model of its device type.
    #[must_use]
    pub fn model(&self) -> Option<&'static Model> {
        self.device_type.and_then(Model::by_device_type)
    }

    /// Whether audio runs.
    #[must_use]
    pub fn is_in_call(&self) -> bool {
        self.active_streams.is_some_and(|streams| streams > 0)
    }
}
