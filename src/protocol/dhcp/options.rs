//! The options of a message, split or overloaded, in order.

use super::super::bytes::{ByteReader, Malformed};

/// The code of an option with a value: not 0 and 255, which have none, and not 52, which describes
/// the layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OptionCode(u8);

const PAD: u8 = 0;
const OVERLOAD: u8 = 52;
const END: u8 = 255;

impl OptionCode {
    /// 1: the mask of the subnet.
    pub const SUBNET_MASK: Self = Self(1);
    /// 3: routers.
    pub const ROUTERS: Self = Self(3);
    /// 6: DNS servers.
    pub const NAME_SERVERS: Self = Self(6);
    /// 12: the client's name.
    pub const HOST_NAME: Self = Self(12);
    /// 15: the domain.
    pub const DOMAIN: Self = Self(15);
    /// 43: vendor-specific information.
    pub const VENDOR: Self = Self(43);
    /// 50: the requested address.
    pub const REQUESTED_ADDRESS: Self = Self(50);
    /// 51: lease time in seconds.
    pub const LEASE_TIME: Self = Self(51);
    /// 53: message type.
    pub const MESSAGE_TYPE: Self = Self(53);
    /// 54: the server.
    pub const SERVER_ID: Self = Self(54);
    /// 55: requested options.
    pub const PARAMETERS: Self = Self(55);
    /// 56: the text of a NAK.
    pub const MESSAGE: Self = Self(56);
    /// 60: vendor class of the client.
    pub const VENDOR_CLASS: Self = Self(60);
    /// 61: client identifier.
    pub const CLIENT_ID: Self = Self(61);
    /// 66: a TFTP server, as text.
    pub const TFTP_NAME: Self = Self(66);
    /// 67: a boot file.
    pub const BOOT_FILE: Self = Self(67);
    /// 82: relay agent information (RFC 3046).
    pub const RELAY_AGENT: Self = Self(82);
    /// 150: TFTP servers, as addresses (RFC 5859).
    pub const TFTP_SERVERS: Self = Self(150);

    /// The option with this code; `None` for 0, 52 and 255.
    #[must_use]
    pub fn new(number: u8) -> Option<Self> {
        (!matches!(number, PAD | OVERLOAD | END)).then_some(Self(number))
    }

    /// The code.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }
}

/// Options, each once, in the order of their first appearance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DhcpOptions(Vec<(OptionCode, Vec<u8>)>);

/// Which of the fixed fields contain options.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Overload {
    pub(super) file: bool,
    pub(super) server_name: bool,
}

impl DhcpOptions {
    /// The value of an option.
    #[must_use]
    pub fn get(&self, code: OptionCode) -> Option<&[u8]> {
        let found = self.0.iter().find(|(known, _)| *known == code);
        found.map(|(_, value)| value.as_slice())
    }

    /// Sets an option, at its position or at the end.
    pub fn set(&mut self, code: OptionCode, value: impl Into<Vec<u8>>) {
        match self.0.iter_mut().find(|(known, _)| *known == code) {
            Some((_, old)) => *old = value.into(),
            None => self.0.push((code, value.into())),
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (OptionCode, &[u8])> {
        self.0.iter().map(|(code, value)| (*code, value.as_slice()))
    }

    /// Moves an option to the end.
    pub(super) fn move_last(&mut self, code: OptionCode) {
        if let Some(at) = self.0.iter().position(|(known, _)| *known == code) {
            let option = self.0.remove(at);
            self.0.push(option);
        }
    }

    /// Decodes the options field, then `file`, then `sname`, if option 52 says so (the order of RFC
    /// 3396). Parts of one option are joined.
    pub(super) fn decode(
        field: ByteReader<'_>,
        file: &[u8],
        server_name: &[u8],
    ) -> Result<(Self, Overload), Malformed> {
        let mut options = Self::default();
        let flags = options.read(field)?;
        let overload = Overload {
            file: flags & 1 != 0,
            server_name: flags & 2 != 0,
        };
        if overload.file {
            options.read(ByteReader::new("DHCP options in file", file))?;
        }
        if overload.server_name {
            options.read(ByteReader::new("DHCP options in sname", server_name))?;
        }
        Ok((options, overload))
    }

    /// Decodes a field up to option 255, or to its end without one. Returns the value of option 52.
    fn read(&mut self, mut reader: ByteReader<'_>) -> Result<u8, Malformed> {
        let mut overload = 0;
        while !reader.is_empty() {
            let number = reader.u8("an option expected")?;
            if number == PAD {
                continue;
            }
            if number == END {
                break;
            }
            let length = reader.u8("an option's length expected")?;
            let value = reader.take(length.into(), "the option is longer than the rest")?;
            let Some(code) = OptionCode::new(number) else {
                overload = value.first().copied().unwrap_or(0);
                continue;
            };
            match self.0.iter_mut().find(|(known, _)| *known == code) {
                Some((_, start)) => start.extend(value),
                None => self.0.push((code, value.to_vec())),
            }
        }
        Ok(overload)
    }

    /// Encodes the options and option 255. A value of more than 255 bytes is split (RFC 3396).
    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        for (code, value) in self.iter() {
            if value.is_empty() {
                bytes.extend([code.number(), 0]);
            }
            for part in value.chunks(255) {
                // A part of 255 bytes at most.
                let length = u8::try_from(part.len()).unwrap_or(u8::MAX);
                bytes.extend([code.number(), length]);
                bytes.extend(part);
            }
        }
        bytes.push(END);
    }
}
