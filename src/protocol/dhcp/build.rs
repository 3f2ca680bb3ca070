//! Messages that this program sends: a phone's DISCOVER, and the replies of a small server.

use std::{net::Ipv4Addr, time::Duration};

use super::{DhcpMessage, DhcpOptions, MessageType, Op, OptionCode};
use crate::phone::MacAddress;

/// Options that Cisco phones request: mask, TFTP server name, DNS, routers, domain, TFTP servers, ARP
/// timeout (observed on 7911 and 7941; the same in public fingerprint lists).
const PARAMETERS: [u8; 7] = [1, 66, 6, 3, 15, 150, 35];

/// The contents of a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The client's address. Left out of the reply to an INFORM.
    pub address: Ipv4Addr,
    /// The server's own address.
    pub server: Ipv4Addr,
    /// The mask of the subnet.
    pub mask: Ipv4Addr,
    /// Routers, preferred first.
    pub routers: Vec<Ipv4Addr>,
    /// DNS servers, preferred first.
    pub name_servers: Vec<Ipv4Addr>,
    /// Domain name.
    pub domain: Option<String>,
    /// Lease time, up to 2^32 - 2 s; longer ones are infinite (RFC 2131, 3.3).
    pub time: Duration,
    /// TFTP server. It is sent as option 150, option 66 and next server, because phones differ in which
    /// they use.
    pub tftp: Ipv4Addr,
}

impl DhcpMessage {
    /// A DISCOVER as a Cisco phone sends it. `model` is the part after `IP Phone`, such as `CP-7965G`.
    #[must_use]
    pub fn discover(mac: MacAddress, xid: u32, model: &str) -> Self {
        let mut options = DhcpOptions::default();
        options.set(OptionCode::MESSAGE_TYPE, [MessageType::Discover.number()]);
        let mut id = vec![1];
        id.extend(mac.bytes());
        options.set(OptionCode::CLIENT_ID, id);
        options.set(OptionCode::HOST_NAME, format!("SEP{}", mac.upper_hex()));
        let class = format!("Cisco Systems, Inc. IP Phone {model}\0");
        options.set(OptionCode::VENDOR_CLASS, class);
        options.set(OptionCode::PARAMETERS, PARAMETERS);
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
        offer.set_lease(lease, true);
        offer
    }

    /// An ACK to this message (RFC 2131, table 3). To an INFORM it has no address and no lease time.
    #[must_use]
    pub fn ack(&self, lease: &Lease) -> Self {
        let mut ack = self.reply(MessageType::Ack, lease.server);
        ack.client = self.client;
        ack.set_lease(lease, self.message_type() != Some(MessageType::Inform));
        ack
    }

    /// A NAK to this message. `server` is the server's own address, `why` a text for logs. Through a
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

    /// The common part of replies: the client's fields, its identifier (RFC 6842), and the relay's
    /// option (RFC 3046).
    fn reply(&self, kind: MessageType, server: Ipv4Addr) -> Self {
        let mut options = DhcpOptions::default();
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

    fn set_lease(&mut self, lease: &Lease, has_address: bool) {
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
