//! Messages that are made here: a phone's question, a small server's answers.

use std::{net::Ipv4Addr, time::Duration};

use super::{Message, MessageType, Op, OptionCode, Options};
use crate::phone::MacAddress;

/// What Cisco phones ask for: mask, TFTP server's name, DNS, routers, domain, TFTP servers,
/// ARP timeout (observed on 7911 and 7941; the same in public fingerprint lists).
const WANTED: [u8; 7] = [1, 66, 6, 3, 15, 150, 35];

/// What a server gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The client's address. In the answer to an INFORM it is left out.
    pub address: Ipv4Addr,
    /// The server's own address.
    pub server: Ipv4Addr,
    /// The mask of the subnet.
    pub mask: Ipv4Addr,
    /// Routers, the best first.
    pub routers: Vec<Ipv4Addr>,
    /// DNS servers, the best first.
    pub name_servers: Vec<Ipv4Addr>,
    /// The domain.
    pub domain: Option<String>,
    /// How long it holds; up to 2^32 - 2 s, a longer one is for ever (RFC 2131, 3.3).
    pub time: Duration,
    /// Where files are fetched. Said three times (option 150, option 66, next server), so that it
    /// does not matter which a phone believes.
    pub tftp: Ipv4Addr,
}

impl Message {
    /// A DISCOVER as a Cisco phone sends it. `model` is the word behind `IP Phone`: `CP-7965G`.
    #[must_use]
    pub fn discover(mac: MacAddress, xid: u32, model: &str) -> Self {
        let mut options = Options::default();
        options.set(OptionCode::MESSAGE_TYPE, [MessageType::Discover.number()]);
        let mut id = vec![1];
        id.extend(mac.bytes());
        options.set(OptionCode::CLIENT_ID, id);
        options.set(OptionCode::HOST_NAME, format!("SEP{}", mac.upper_hex()));
        let class = format!("Cisco Systems, Inc. IP Phone {model}\0");
        options.set(OptionCode::VENDOR_CLASS, class);
        options.set(OptionCode::PARAMETERS, WANTED);
        Self {
            op: Op::Request,
            hops: 0,
            xid,
            secs: 0,
            broadcast: true,
            client: Ipv4Addr::UNSPECIFIED,
            your: Ipv4Addr::UNSPECIFIED,
            server: Ipv4Addr::UNSPECIFIED,
            relay: Ipv4Addr::UNSPECIFIED,
            mac,
            server_name: Vec::new(),
            file: Vec::new(),
            options,
        }
    }

    /// An OFFER to this message.
    #[must_use]
    pub fn offer(&self, lease: &Lease) -> Self {
        let mut offer = self.reply(MessageType::Offer, lease.server);
        offer.give(lease, true);
        offer
    }

    /// An ACK to this message (RFC 2131, table 3). An INFORM has an address already: it is given
    /// neither one nor a time.
    #[must_use]
    pub fn ack(&self, lease: &Lease) -> Self {
        let mut ack = self.reply(MessageType::Ack, lease.server);
        ack.client = self.client;
        ack.give(lease, self.message_type() != Some(MessageType::Inform));
        ack
    }

    /// A NAK to this message. `server` is the server's own address, `why` for people. Behind a
    /// relay it is broadcast, because the client cannot be reached otherwise (RFC 2131, 4.3.2).
    #[must_use]
    pub fn nak(&self, server: Ipv4Addr, why: &str) -> Self {
        let mut nak = self.reply(MessageType::Nak, server);
        if !self.relay.is_unspecified() {
            nak.broadcast = true;
        }
        nak.options.set(OptionCode::MESSAGE, why);
        nak
    }

    /// What every answer has: the client's numbers again, its identifier (RFC 6842) and what a
    /// relay wants back (RFC 3046).
    fn reply(&self, kind: MessageType, server: Ipv4Addr) -> Self {
        let mut options = Options::default();
        options.set(OptionCode::MESSAGE_TYPE, [kind.number()]);
        options.set(OptionCode::SERVER_ID, server.octets());
        for code in [OptionCode::CLIENT_ID, OptionCode::RELAY_AGENT] {
            if let Some(value) = self.options.get(code) {
                options.set(code, value);
            }
        }
        Self {
            op: Op::Reply,
            hops: 0,
            xid: self.xid,
            secs: 0,
            broadcast: self.broadcast,
            client: Ipv4Addr::UNSPECIFIED,
            your: Ipv4Addr::UNSPECIFIED,
            server: Ipv4Addr::UNSPECIFIED,
            relay: self.relay,
            mac: self.mac,
            server_name: Vec::new(),
            file: Vec::new(),
            options,
        }
    }

    fn give(&mut self, lease: &Lease, has_address: bool) {
        let octets =
            |list: &[Ipv4Addr]| -> Vec<u8> { list.iter().flat_map(Ipv4Addr::octets).collect() };
        self.server = lease.tftp;
        let options = &mut self.options;
        if has_address {
            self.your = lease.address;
            let seconds = u32::try_from(lease.time.as_secs()).unwrap_or(u32::MAX);
            options.set(OptionCode::LEASE_TIME, seconds.to_be_bytes());
        }
        options.set(OptionCode::SUBNET_MASK, lease.mask.octets());
        for (code, list) in [
            (OptionCode::ROUTERS, &lease.routers),
            (OptionCode::NAME_SERVERS, &lease.name_servers),
        ] {
            if !list.is_empty() {
                options.set(code, octets(list));
            }
        }
        if let Some(domain) = &lease.domain {
            options.set(OptionCode::DOMAIN, domain.as_str());
        }
        options.set(OptionCode::TFTP_NAME, lease.tftp.to_string());
        options.set(OptionCode::TFTP_SERVERS, lease.tftp.octets());
        // RFC 3046: the relay's option comes last.
        options.move_last(OptionCode::RELAY_AGENT);
    }
}
