//! LLDP (IEEE 802.1AB) with the media extension (ANSI/TIA-1057), which loads from 8.3 on send:
//! address, MAC, model, load and boot loader in one frame.

use std::{net::Ipv4Addr, time::Duration};

use super::{
    bytes::{ByteReader, MAX_LIST, Malformed, some_text},
    names::{AnnouncedPhone, described_model, device_mac, load_name, model},
};
use crate::phone::MacAddress;

const FORMAT: &str = "LLDP";
/// The OUI of the media extension.
const TIA: [u8; 3] = [0x00, 0x12, 0xbb];
/// IPv4 in IANA's address family numbers.
const IPV4: u8 = 1;

/// A network policy: VLAN and priorities for one kind of traffic (TIA-1057, 10.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// 1 is voice, 2 voice signalling.
    pub application: u8,
    /// Whether the sender knows the policy; otherwise it requests one.
    pub is_known: bool,
    /// Whether frames are tagged.
    pub is_tagged: bool,
    /// The VLAN.
    pub vlan: u16,
    /// The layer-2 priority.
    pub priority: u8,
    /// The DSCP.
    pub dscp: u8,
}

/// The inventory of the media extension (TIA-1057, 10.2.6).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaInventory {
    /// Hardware revision, such as "12".
    pub hardware_revision: Option<String>,
    /// The boot loader: `tnp62.8-3-1-21a.bin`.
    pub firmware_revision: Option<String>,
    /// Software revision: the load.
    pub software_revision: Option<String>,
    /// The serial number.
    pub serial: Option<String>,
    /// `Cisco Systems, Inc.`
    pub manufacturer: Option<String>,
    /// `CP-7962G`.
    pub model_name: Option<String>,
}

/// One announcement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lldp {
    /// The chassis' network address, which is the phone's own.
    pub chassis: Option<Ipv4Addr>,
    /// The port as text: `C8F9F9D61BC2:P1`.
    pub port: Option<String>,
    /// Time to live.
    pub ttl: Duration,
    /// Description of the port.
    pub port_description: Option<String>,
    /// `SEP` and a MAC, maybe followed by a DNS domain.
    pub system_name: Option<String>,
    /// `Cisco IP Phone 7962G,V12, SCCP42.9-3-1ES27S`.
    pub system_description: Option<String>,
    /// Capability bits, supported and enabled; 0x20 is a telephone.
    pub capabilities: Option<(u16, u16)>,
    /// The management address.
    pub management: Option<Ipv4Addr>,
    /// The MAC in the system name, else in the port. The load: the description after its last
    /// `, `, else the software revision. The model: from the media extension, else from the
    /// description.
    pub phone: AnnouncedPhone,
    /// Device class; 3 is a phone.
    pub device_class: Option<u8>,
    /// At most [`MAX_LIST`].
    pub policies: Vec<Policy>,
    /// Power in milliwatts.
    pub power: Option<u32>,
    /// Hardware, firmware and serial number.
    pub inventory: MediaInventory,
}

impl Lldp {
    /// Decodes an announcement up to its end TLV, or to the end of the frame without one.
    ///
    /// # Errors
    /// A TLV does not fit.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = ByteReader::new(FORMAT, bytes);
        let mut lldp = Self::default();
        while !reader.is_empty() {
            let header = reader.u16("2 bytes of TLV header expected")?;
            let (kind, length) = (header >> 9, usize::from(header & 0x1ff));
            let value = reader.take(length, "the TLV is longer than the rest")?;
            if kind == 0 {
                break;
            }
            lldp.apply_tlv(kind, value)?;
        }
        lldp.derive_fields();
        Ok(lldp)
    }

    /// The voice VLAN, if the sender knows one and tags it.
    #[must_use]
    pub fn voice_vlan(&self) -> Option<u16> {
        // 1 is voice.
        let is_voice =
            |policy: &&Policy| policy.application == 1 && policy.is_known && policy.is_tagged;
        self.policies
            .iter()
            .find(is_voice)
            .map(|policy| policy.vlan)
    }

    fn apply_tlv(&mut self, kind: u16, value: &[u8]) -> Result<(), Malformed> {
        let mut reader = ByteReader::new(FORMAT, value);
        match kind {
            1 => {
                let subtype = reader.u8("a chassis id's subtype expected")?;
                // 5 is a network address.
                if let (5, &[IPV4, a, b, c, d]) = (subtype, reader.rest()) {
                    self.chassis = Some(Ipv4Addr::new(a, b, c, d));
                }
            }
            2 => {
                let subtype = reader.u8("a port id's subtype expected")?;
                // 3 and 4 are bytes, an Ethernet and a network address; the others are text.
                if !matches!(subtype, 3 | 4) {
                    self.port = some_text(reader.rest());
                }
            }
            3 => self.ttl = Duration::from_secs(reader.u16("2 bytes of TTL expected")?.into()),
            4 => self.port_description = some_text(value),
            5 => self.system_name = some_text(value),
            6 => self.system_description = some_text(value),
            7 => {
                const SHORT: &str = "4 bytes of capabilities expected";
                self.capabilities = Some((reader.u16(SHORT)?, reader.u16(SHORT)?));
            }
            8 => {
                let length = reader.u8("a management address's length expected")?;
                let address = reader.take(
                    length.into(),
                    "the management address is longer than its TLV",
                )?;
                if let &[IPV4, a, b, c, d] = address {
                    self.management = Some(Ipv4Addr::new(a, b, c, d));
                }
            }
            127 => {
                let oui: [u8; 3] = reader.array("3 bytes of OUI expected")?;
                let subtype = reader.u8("an organisation's subtype expected")?;
                if oui == TIA {
                    self.media(subtype, &mut reader)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn media(&mut self, subtype: u8, reader: &mut ByteReader<'_>) -> Result<(), Malformed> {
        match subtype {
            1 => {
                reader.u16("2 bytes of media capabilities expected")?;
                self.device_class = Some(reader.u8("a device class expected")?);
            }
            2 => {
                let [application, a, b, c] = reader.array("4 bytes of policy expected")?;
                // Unknown, tagged, reserved; VLAN 12 bits, priority 3, DSCP 6.
                if self.policies.len() < MAX_LIST {
                    self.policies.push(Policy {
                        application,
                        is_known: a & 0x80 == 0,
                        is_tagged: a & 0x40 != 0,
                        vlan: u16::from_be_bytes([a & 0x1f, b]) >> 1,
                        priority: ((b & 1) << 2) | (c >> 6),
                        dscp: c & 0x3f,
                    });
                }
            }
            4 => {
                reader.u8("a power type expected")?;
                // In tenths of a watt.
                let tenths = reader.u16("2 bytes of power expected")?;
                self.power = Some(u32::from(tenths) * 100);
            }
            5 => self.inventory.hardware_revision = some_text(reader.rest()),
            6 => self.inventory.firmware_revision = some_text(reader.rest()),
            7 => self.inventory.software_revision = some_text(reader.rest()),
            8 => self.inventory.serial = some_text(reader.rest()),
            9 => self.inventory.manufacturer = some_text(reader.rest()),
            10 => self.inventory.model_name = some_text(reader.rest()),
            _ => {}
        }
        Ok(())
    }

    /// Sets the fields that depend on several TLVs.
    fn derive_fields(&mut self) {
        let of_port = || {
            let digits = self.port.as_deref()?.split(':').next()?;
            MacAddress::from_hex(digits)
        };
        self.phone.mac = self
            .system_name
            .as_deref()
            .and_then(device_mac)
            .or_else(of_port);
        let described = self
            .system_description
            .as_deref()
            .filter(|description| described_model(description).is_some())
            .and_then(|description| description.rsplit_once(", "));
        self.phone.load = described
            .and_then(|(_, load)| load_name(load))
            .or_else(|| load_name(self.inventory.software_revision.as_deref()?));
        self.phone.model = self
            .inventory
            .model_name
            .as_deref()
            .and_then(model)
            .or_else(|| {
                let description = self.system_description.as_deref()?;
                described_model(description)
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_description_of_a_phone_has_a_load() {
        let of = |description: &str| {
            let mut lldp = Lldp {
                system_description: Some(description.to_owned()),
                ..Lldp::default()
            };
            lldp.derive_fields();
            (
                lldp.phone.load.map(|load| load.to_string()),
                lldp.phone.model.map(|model| model.number),
            )
        };
        assert_eq!(
            of("Cisco IP Phone 7962G,V12, SCCP42.9-3-1ES27S"),
            (Some("SCCP42.9-3-1ES27S".to_owned()), Some("7962"))
        );
        assert_eq!(of("Switch software, Version 15.2"), (None, None));
        assert_eq!(of("Cisco IP Phone 7962G,V12"), (None, Some("7962")));
    }
}
