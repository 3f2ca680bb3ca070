//! Cisco Discovery Protocol, versions 1 and 2, which phones send about once a minute.
//!
//! Cisco documents only some TLVs; the layouts are those that tcpdump, Wireshark and lldpd agree on.
//! IOS also shows a "second port status"; no source documents its TLV, so it is ignored like every
//! unknown one.

use std::{net::Ipv4Addr, time::Duration};

use super::{
    bytes::{ByteReader, MAX_LIST, Malformed, some_text},
    names::{AnnouncedPhone, described_model, device_mac, load_name},
};

const FORMAT: &str = "CDP";
/// The bytes of the type and length fields of a TLV; its length field counts them too.
const TLV_HEADER: u16 = 4;

/// The bit of [`Cdp::capabilities`] that a phone sets.
pub const IS_PHONE: u32 = 0x80;
/// The bit of a phone with a PC port.
pub const IS_TWO_PORT_RELAY: u32 = 0x400;

/// Duplex mode of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplex {
    /// Half duplex.
    Half,
    /// Full duplex.
    Full,
}

/// A power request to the switch (TLV 0x19).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PowerRequest {
    /// Request id.
    pub request: u16,
    /// Management id of the last response.
    pub management: u16,
    /// Power levels in milliwatts, preferred first; at most [`MAX_LIST`].
    pub milliwatts: Vec<u32>,
}

/// The VLANs of an announcement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CdpVlans {
    /// The VLAN of untagged frames.
    pub native: Option<u16>,
    /// The voice VLAN that a switch assigns.
    pub voice: Option<u16>,
    /// Whether the sender requests a voice VLAN.
    pub requests_voice: bool,
}

/// One announcement.
///
/// # Examples
///
/// ```
/// use reflash::protocol::cdp::{Cdp, OddByte, checksum};
///
/// // Version 2, time to live 180 s, checksum, then TLVs: the device ID and the software version.
/// let mut bytes = vec![2, 180, 0, 0];
/// bytes.extend(*b"\x00\x01\x00\x13SEP001D45AABB01");
/// bytes.extend(*b"\x00\x05\x00\x15SIP45.9-3-1SR4-1S");
/// let sum = checksum(&bytes, OddByte::First);
/// bytes[2..4].copy_from_slice(&sum.to_be_bytes());
///
/// let announcement = Cdp::decode(&bytes)?;
/// assert_eq!(announcement.phone.mac, "001d45aabb01".parse().ok());
/// assert_eq!(announcement.phone.load.unwrap().as_str(), "SIP45.9-3-1SR4-1S");
/// # Ok::<(), reflash::protocol::Malformed>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cdp {
    /// 1 or 2.
    pub protocol_version: u8,
    /// Time to live.
    pub ttl: Duration,
    /// Device ID: `SEP` or `SIP` and a MAC; of a switch its host name.
    pub device: Option<String>,
    /// The MAC in the Device ID; the load, if the version is the name of one; the model that the
    /// platform names.
    pub phone: AnnouncedPhone,
    /// IPv4 addresses, at most [`MAX_LIST`].
    pub addresses: Vec<Ipv4Addr>,
    /// `Port 1` is the phone's port to the switch, `Port 2` the one to the PC.
    pub port: Option<String>,
    /// Capability bits; see [`IS_PHONE`].
    pub capabilities: Option<u32>,
    /// Software version: of a phone its load, of a switch its banner.
    pub version: Option<String>,
    /// `Cisco IP Phone 7942`.
    pub platform: Option<String>,
    /// VLANs.
    pub vlans: CdpVlans,
    /// Duplex mode.
    pub duplex: Option<Duplex>,
    /// Power consumption in milliwatts.
    pub power_consumption: Option<u16>,
    /// Power request.
    pub power_request: Option<PowerRequest>,
}

impl Cdp {
    /// Decodes an announcement from its version byte on.
    ///
    /// # Errors
    /// The version is unknown, the checksum is wrong, or a TLV does not fit.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        const SHORT: &str = "4 bytes of header expected";
        let mut reader = ByteReader::new(FORMAT, bytes);
        let protocol_version = reader.u8(SHORT)?;
        if !matches!(protocol_version, 1 | 2) {
            return Err(ByteReader::new(FORMAT, bytes).fault("version 1 or 2 expected"));
        }
        let ttl = Duration::from_secs(reader.u8(SHORT)?.into());
        let sum = reader.u16(SHORT)?;
        let right = [OddByte::First, OddByte::Last].map(|odd| checksum(bytes, odd));
        if !right.contains(&sum) {
            let mut place = ByteReader::new(FORMAT, bytes);
            place.take(2, SHORT)?;
            return Err(place.fault("wrong checksum: the frame was damaged"));
        }
        let mut cdp = Self {
            protocol_version,
            ttl,
            ..Self::default()
        };
        while !reader.is_empty() {
            let kind = reader.u16("a TLV's type expected")?;
            let length = reader.u16("a TLV's length expected")?;
            let Some(length) = length.checked_sub(TLV_HEADER) else {
                return Err(reader.fault("a TLV of 4 bytes or more expected"));
            };
            let value = reader.take(length.into(), "the TLV is longer than the rest")?;
            cdp.apply_tlv(kind, value)?;
        }
        Ok(cdp)
    }

    fn apply_tlv(&mut self, kind: u16, value: &[u8]) -> Result<(), Malformed> {
        let mut reader = ByteReader::new(FORMAT, value);
        match kind {
            0x01 => {
                self.device = some_text(value);
                self.phone.mac = self.device.as_deref().and_then(device_mac);
            }
            0x02 => self.addresses = addresses(value)?,
            0x03 => self.port = some_text(value),
            0x04 => self.capabilities = Some(reader.u32("4 bytes of capabilities expected")?),
            0x05 => {
                self.version = some_text(value);
                self.phone.load = self.version.as_deref().and_then(load_name);
            }
            0x06 => {
                self.platform = some_text(value);
                self.phone.model = self.platform.as_deref().and_then(described_model);
            }
            0x0a => self.vlans.native = Some(reader.u16("2 bytes of native VLAN expected")?),
            0x0b => {
                let is_full = reader.u8("1 byte of duplex expected")? != 0;
                self.duplex = Some(if is_full { Duplex::Full } else { Duplex::Half });
            }
            0x0e => {
                reader.u8("1 byte of appliance expected")?;
                // A switch without a voice VLAN sends only the appliance id.
                self.vlans.voice = if reader.is_empty() {
                    None
                } else {
                    Some(reader.u16("2 bytes of voice VLAN expected")?)
                };
            }
            // The content differs between phones and is of no use here.
            0x0f => self.vlans.requests_voice = true,
            0x10 => self.power_consumption = Some(reader.u16("2 bytes of power expected")?),
            0x19 => self.power_request = Some(power_request(&mut reader)?),
            _ => {}
        }
        Ok(())
    }
}

/// A count, then for each address the protocol (NLPID 0xcc is IPv4) and the address, each with its
/// length. The count does not decide how much is allocated.
fn addresses(value: &[u8]) -> Result<Vec<Ipv4Addr>, Malformed> {
    const SHORT: &str = "an address is longer than its TLV";
    let mut reader = ByteReader::new(FORMAT, value);
    let count = reader.u32("4 bytes of address count expected")?;
    let mut found = Vec::new();
    let mut read = 0;
    while read < count && !reader.is_empty() && found.len() < MAX_LIST {
        let kind = reader.u8(SHORT)?;
        let length = reader.u8(SHORT)?;
        let protocol = reader.take(length.into(), SHORT)?;
        let length = reader.u16(SHORT)?;
        let address = reader.take(length.into(), SHORT)?;
        if let (1, [0xcc], &[a, b, c, d]) = (kind, protocol, address) {
            found.push(Ipv4Addr::new(a, b, c, d));
        }
        read += 1;
    }
    Ok(found)
}

fn power_request(reader: &mut ByteReader<'_>) -> Result<PowerRequest, Malformed> {
    const SHORT: &str = "4 bytes of power request expected";
    let request = reader.u16(SHORT)?;
    let management = reader.u16(SHORT)?;
    let mut milliwatts = Vec::new();
    while !reader.is_empty() && milliwatts.len() < MAX_LIST {
        milliwatts.push(reader.u32("4 bytes of power level expected")?);
    }
    Ok(PowerRequest {
        request,
        management,
        milliwatts,
    })
}

/// How the last byte counts in the checksum of an odd number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OddByte {
    /// As the high byte of a word whose low byte is zero (RFC 1071).
    First,
    /// As a signed number, minus one if it is negative. Cisco's own devices compute it this way
    /// (according to Wireshark and lldpd).
    Last,
}

/// The checksum of an announcement; the two bytes of the checksum field count as zero.
#[must_use]
pub fn checksum(bytes: &[u8], odd: OddByte) -> u16 {
    let (pairs, rest) = bytes.as_chunks::<2>();
    // Each addition is folded, so the sum never overflows.
    let mut sum: u32 = 0;
    for (index, pair) in pairs.iter().enumerate() {
        if index != 1 {
            sum = fold(sum + u32::from(u16::from_be_bytes(*pair)));
        }
    }
    if let [last] = rest {
        let word = match odd {
            OddByte::First => u16::from(*last) << 8,
            OddByte::Last if *last >= 0x80 => 0xff00 | u16::from(*last - 1),
            OddByte::Last => u16::from(*last),
        };
        sum = fold(sum + u32::from(word));
    }
    // It fits after folding.
    !u16::try_from(fold(sum)).unwrap_or(u16::MAX)
}

fn fold(sum: u32) -> u32 {
    (sum & 0xffff) + (sum >> 16)
}
