//! DHCP messages (RFC 2131, options of RFC 2132): decoder and encoder.

mod build;
mod class;
pub(crate) mod frame;
mod options;
mod ports;

use std::{net::Ipv4Addr, time::Duration};

pub use build::Lease;
pub use class::{PhoneClass, phone_class};
pub use options::{DhcpOptions, OptionCode};
pub use ports::{CLIENT_PORT, SERVER_PORT};

use super::{
    bytes::{ByteReader, MAX_LIST, Malformed, text},
    names::device_mac,
};
use crate::phone::MacAddress;

const FORMAT: &str = "DHCP";
const COOKIE: [u8; 4] = [99, 130, 83, 99];
const SERVER_NAME_BYTES: usize = 64;
const FILE_BYTES: usize = 128;
/// The shortest message that BOOTP relays accept (RFC 951).
const SHORTEST: usize = 300;

/// The direction of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// From a client: 1.
    Request,
    /// From a server: 2.
    Reply,
}

/// The message type, option 53.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageType {
    /// A client looks for servers.
    Discover,
    /// A server offers an address.
    Offer,
    /// A client accepts an offer, or wants to keep its address.
    Request,
    /// A client found the address in use.
    Decline,
    /// A server confirms.
    Ack,
    /// A server refuses.
    Nak,
    /// A client gives its address back.
    Release,
    /// A client with an address requests only options.
    Inform,
}

impl MessageType {
    const ALL: [Self; 8] = [
        Self::Discover,
        Self::Offer,
        Self::Request,
        Self::Decline,
        Self::Ack,
        Self::Nak,
        Self::Release,
        Self::Inform,
    ];

    fn number(self) -> u8 {
        match self {
            Self::Discover => 1,
            Self::Offer => 2,
            Self::Request => 3,
            Self::Decline => 4,
            Self::Ack => 5,
            Self::Nak => 6,
            Self::Release => 7,
            Self::Inform => 8,
        }
    }
}

/// A message. Bytes after the NUL of texts and after the six bytes of the client's address are not
/// kept: phones leave remnants of other data there (observed on 7911 and 7941).
///
/// # Examples
///
/// ```
/// use reflash::{phone::MacAddress, protocol::dhcp::DhcpMessage};
///
/// let mac = MacAddress::new([0x00, 0x1d, 0x45, 0xaa, 0xbb, 0x01]);
/// let bytes = DhcpMessage::discover(mac, 1, "CP-7965G").encode();
///
/// let discover = DhcpMessage::decode(&bytes)?;
/// assert_eq!(discover.mac, mac);
/// assert_eq!(discover.phone().unwrap().model.unwrap().number, "7965");
/// # Ok::<(), reflash::protocol::Malformed>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DhcpMessage {
    /// Direction.
    pub op: Op,
    /// Number of relays that it passed.
    pub hops: u8,
    /// Transaction id.
    pub xid: u32,
    /// Seconds since the client began.
    pub secs: u16,
    /// Whether the client requests a reply by broadcast. These phones do.
    pub broadcast: bool,
    /// `ciaddr`: the client's current address, at which it can be reached.
    pub client: Ipv4Addr,
    /// `yiaddr`: the address that the server assigns.
    pub your: Ipv4Addr,
    /// `siaddr`: the next server, from which the client fetches its file.
    pub server: Ipv4Addr,
    /// `giaddr`: the relay.
    pub relay: Ipv4Addr,
    /// `chaddr`: the client's Ethernet address.
    pub mac: MacAddress,
    /// `sname`, up to its NUL. From clients it may be arbitrary.
    pub server_name: Vec<u8>,
    /// `file`, up to its NUL. From clients it may be arbitrary.
    pub file: Vec<u8>,
    /// Options, without those that describe the layout (0, 52, 255).
    pub options: DhcpOptions,
}

impl DhcpMessage {
    /// Decodes a message. Options that are split (RFC 3396) or in `file` and `sname` (option 52) are
    /// joined.
    ///
    /// # Errors
    /// The message is too short, is neither a request nor a reply, is not for Ethernet, has no
    /// magic cookie, or has an option that does not fit.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        const SHORT: &str = "236 bytes before the options expected";
        let mut reader = ByteReader::new(FORMAT, bytes);
        let op = match reader.u8(SHORT)? {
            1 => Op::Request,
            2 => Op::Reply,
            _ => return Err(ByteReader::new(FORMAT, bytes).fault("operation 1 or 2 expected")),
        };
        if reader.array(SHORT)? != [1, 6] {
            return Err(reader.fault("an Ethernet address of 6 bytes expected (types 1, 6)"));
        }
        let hops = reader.u8(SHORT)?;
        let xid = reader.u32(SHORT)?;
        let secs = reader.u16(SHORT)?;
        let broadcast = reader.u16(SHORT)? & 0x8000 != 0;
        let client = reader.address(SHORT)?;
        let your = reader.address(SHORT)?;
        let server = reader.address(SHORT)?;
        let relay = reader.address(SHORT)?;
        let mac = MacAddress::new(reader.array(SHORT)?);
        reader.take(10, SHORT)?;
        let server_name = reader.take(SERVER_NAME_BYTES, SHORT)?;
        let file = reader.take(FILE_BYTES, SHORT)?;
        if reader.array("the magic cookie expected (BOOTP is not supported)")? != COOKIE {
            return Err(reader.fault("the magic cookie 99.130.83.99 expected"));
        }
        let (options, overload) = DhcpOptions::decode(reader, file, server_name)?;
        let before_nul = |field: &[u8], is_options: bool| {
            let text = field.split(|byte| *byte == 0).next();
            text.filter(|_| !is_options).unwrap_or_default().to_vec()
        };
        Ok(Self {
            op,
            hops,
            xid,
            secs,
            broadcast,
            client,
            your,
            server,
            relay,
            mac,
            server_name: before_nul(server_name, overload.server_name),
            file: before_nul(file, overload.file),
            options,
        })
    }

    /// Encodes the message. Texts longer than their field are cut; the message is padded to the 300
    /// bytes that every relay accepts.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SHORTEST);
        bytes.push(if self.op == Op::Request { 1 } else { 2 });
        bytes.extend([1, 6, self.hops]);
        bytes.extend(self.xid.to_be_bytes());
        bytes.extend(self.secs.to_be_bytes());
        bytes.extend([if self.broadcast { 0x80 } else { 0 }, 0]);
        for address in [self.client, self.your, self.server, self.relay] {
            bytes.extend(address.octets());
        }
        bytes.extend(self.mac.bytes());
        bytes.extend([0; 10]);
        for (text, length) in [
            (&self.server_name, SERVER_NAME_BYTES),
            (&self.file, FILE_BYTES),
        ] {
            let end = bytes.len() + length;
            bytes.extend(text.iter().take(length));
            bytes.resize(end, 0);
        }
        bytes.extend(COOKIE);
        self.options.encode(&mut bytes);
        if bytes.len() < SHORTEST {
            bytes.resize(SHORTEST, 0);
        }
        bytes
    }

    fn address_of(&self, code: OptionCode) -> Option<Ipv4Addr> {
        self.addresses(code).first().copied()
    }

    fn addresses(&self, code: OptionCode) -> Vec<Ipv4Addr> {
        let (addresses, _) = self.options.get(code).unwrap_or_default().as_chunks::<4>();
        addresses
            .iter()
            .take(MAX_LIST)
            .copied()
            .map(Ipv4Addr::from)
            .collect()
    }

    fn text_of(&self, code: OptionCode) -> Option<String> {
        self.options
            .get(code)
            .map(text)
            .filter(|text| !text.is_empty())
    }

    /// Option 53.
    #[must_use]
    pub fn message_type(&self) -> Option<MessageType> {
        let [number] = self.options.get(OptionCode::MESSAGE_TYPE)? else {
            return None;
        };
        MessageType::ALL
            .into_iter()
            .find(|kind| kind.number() == *number)
    }

    /// Option 54: the server.
    #[must_use]
    pub fn server_id(&self) -> Option<Ipv4Addr> {
        self.address_of(OptionCode::SERVER_ID)
    }

    /// Option 50: the requested address.
    #[must_use]
    pub fn requested_address(&self) -> Option<Ipv4Addr> {
        self.address_of(OptionCode::REQUESTED_ADDRESS)
    }

    /// Option 51.
    #[must_use]
    pub fn lease(&self) -> Option<Duration> {
        let bytes = self.options.get(OptionCode::LEASE_TIME)?.try_into().ok()?;
        Some(Duration::from_secs(u32::from_be_bytes(bytes).into()))
    }

    /// Option 1.
    #[must_use]
    pub fn mask(&self) -> Option<Ipv4Addr> {
        self.address_of(OptionCode::SUBNET_MASK)
    }

    /// Option 3.
    #[must_use]
    pub fn routers(&self) -> Vec<Ipv4Addr> {
        self.addresses(OptionCode::ROUTERS)
    }

    /// Option 6.
    #[must_use]
    pub fn name_servers(&self) -> Vec<Ipv4Addr> {
        self.addresses(OptionCode::NAME_SERVERS)
    }

    /// Option 12: `SEP` and the MAC.
    #[must_use]
    pub fn host_name(&self) -> Option<String> {
        self.text_of(OptionCode::HOST_NAME)
    }

    /// The MAC in option 12.
    #[must_use]
    pub fn host_mac(&self) -> Option<MacAddress> {
        device_mac(&self.host_name()?)
    }

    /// Option 15.
    #[must_use]
    pub fn domain(&self) -> Option<String> {
        self.text_of(OptionCode::DOMAIN)
    }

    /// Option 55: the options that the client requests.
    #[must_use]
    pub fn requested_options(&self) -> &[u8] {
        self.options.get(OptionCode::PARAMETERS).unwrap_or_default()
    }

    /// Option 60, without the NUL that phones append.
    #[must_use]
    pub fn class(&self) -> Option<String> {
        self.text_of(OptionCode::VENDOR_CLASS)
    }

    /// The Cisco phone in option 60; `None`: the client is not a Cisco phone.
    #[must_use]
    pub fn phone(&self) -> Option<PhoneClass> {
        phone_class(self.options.get(OptionCode::VENDOR_CLASS)?)
    }

    /// Option 66: TFTP server, by address or name.
    #[must_use]
    pub fn tftp_name(&self) -> Option<String> {
        self.text_of(OptionCode::TFTP_NAME)
    }

    /// Option 67.
    #[must_use]
    pub fn boot_file(&self) -> Option<String> {
        self.text_of(OptionCode::BOOT_FILE)
    }

    /// Option 150: Cisco's list of TFTP servers (RFC 5859).
    #[must_use]
    pub fn tftp_servers(&self) -> Vec<Ipv4Addr> {
        self.addresses(OptionCode::TFTP_SERVERS)
    }
}
