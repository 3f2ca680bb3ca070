//! Asking as a phone would: a DISCOVER, and every OFFER_TIME that comes back.
//!
//! Never a REQUEST, so that nothing is leased. The MAC is the interface's own: switches with
//! port security or DHCP snooping drop a question that names another, and a server holds no
//! second address for a host that it knows already.

use std::{net::Ipv4Addr, time::Duration};

use crate::{
    phone::MacAddress,
    protocol::dhcp::{Message, MessageType, Op},
};

/// The model that the probe says it is, as option 60 writes it.
const MODEL: &str = "CP-7965G";

/// When a question is sent, from the probe's beginning. Twice: one may be lost.
pub const DISCOVER_TIMES: [Duration; 2] = [Duration::ZERO, Duration::from_secs(2)];

/// How long offers are waited for. Servers look first whether an address is free: dnsmasq takes
/// 3 s for that, ISC dhcpd one (observed).
pub const PROBE_WINDOW: Duration = Duration::from_secs(6);

/// Servers that are told apart at most.
pub const MAX_OFFERS: usize = 16;

/// What one server offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The server, as it names itself (option 54), else where the offer came from.
    pub server: Ipv4Addr,
    /// The address that a phone would get.
    pub address: Ipv4Addr,
    /// Option 1.
    pub mask: Option<Ipv4Addr>,
    /// Option 150.
    pub tftp_servers: Vec<Ipv4Addr>,
    /// Option 66. Text from outside: escape it before it is shown.
    pub tftp_name: Option<String>,
    /// `siaddr`, where it is not 0.0.0.0.
    pub next_server: Option<Ipv4Addr>,
}

impl Offer {
    fn read(message: &Message, source: Ipv4Addr) -> Self {
        Self {
            server: message.server_id().unwrap_or(source),
            address: message.your,
            mask: message.mask(),
            tftp_servers: message.tftp_servers(),
            tftp_name: message.tftp_name(),
            next_server: Some(message.server).filter(|address| !address.is_unspecified()),
        }
    }
}

/// One round of questions and what came of it.
#[derive(Debug, Clone)]
pub struct Probe {
    mac: MacAddress,
    xid: u32,
    began: Duration,
    asked: usize,
    offers: Vec<Offer>,
}

impl Probe {
    /// Begins at `now`. `xid` tells its offers from other clients': it should be random.
    #[must_use]
    pub fn new(mac: MacAddress, xid: u32, now: Duration) -> Self {
        Self {
            mac,
            xid,
            began: now,
            asked: 0,
            offers: Vec::new(),
        }
    }

    /// The question that is due, if one is.
    pub fn wake(&mut self, now: Duration) -> Option<Vec<u8>> {
        let due = *DISCOVER_TIMES.get(self.asked)?;
        if now < self.began + due {
            return None;
        }
        self.asked += 1;
        let mut question = Message::discover(self.mac, self.xid, MODEL);
        question.secs = u16::try_from(due.as_secs()).unwrap_or(u16::MAX);
        Some(question.encode())
    }

    /// When it has to be woken next; `None`: it is over.
    #[must_use]
    pub fn deadline(&self, now: Duration) -> Option<Duration> {
        let question = DISCOVER_TIMES.get(self.asked).map(|due| self.began + *due);
        let end = self.began + PROBE_WINDOW;
        (now < end).then(|| question.map_or(end, |question| question.min(end)))
    }

    /// Takes a datagram that came to a client's port. What is no offer for this probe is nothing;
    /// an offer of a server that spoke already replaces its first.
    pub fn receive(&mut self, source: Ipv4Addr, bytes: &[u8]) {
        let Ok(message) = Message::decode(bytes) else {
            return;
        };
        let is_ours = message.op == Op::Reply
            && message.message_type() == Some(MessageType::Offer)
            && message.xid == self.xid
            && message.mac == self.mac;
        if !is_ours {
            return;
        }
        let offer = Offer::read(&message, source);
        let known = self.offers.iter().position(|o| o.server == offer.server);
        match known {
            Some(place) => self.offers[place] = offer,
            None if self.offers.len() < MAX_OFFERS => self.offers.push(offer),
            None => {}
        }
    }

    /// The offers, by server, in the order in which they came.
    #[must_use]
    pub fn offers(&self) -> &[Offer] {
        &self.offers
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::dhcp::{Lease, OptionCode};

    const MAC: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 7]);
    const S: Duration = Duration::from_secs(1);

    fn lease(server: u8) -> Lease {
        Lease {
            address: Ipv4Addr::new(192, 0, 2, 77),
            server: Ipv4Addr::new(192, 0, 2, server),
            mask: Ipv4Addr::new(255, 255, 255, 0),
            routers: Vec::new(),
            name_servers: Vec::new(),
            domain: None,
            time: S,
            tftp: Ipv4Addr::new(192, 0, 2, 10),
        }
    }

    #[test]
    fn it_asks_twice_as_a_phone_does_and_ends() {
        let start = 100 * S;
        let mut probe = Probe::new(MAC, 9, start);
        let first = Message::decode(&probe.wake(start).unwrap()).unwrap();
        assert_eq!(
            first.class().unwrap(),
            "Cisco Systems, Inc. IP Phone CP-7965G"
        );
        assert_eq!(
            first.options.get(OptionCode::VENDOR_CLASS).unwrap().last(),
            Some(&0)
        );
        assert_eq!(first.wanted(), [1, 66, 6, 3, 15, 150, 35]);
        assert_eq!(
            first.options.get(OptionCode::CLIENT_ID).unwrap(),
            [1, 2, 0, 0, 0, 0, 7]
        );
        assert!(first.broadcast);
        assert_eq!(probe.wake(start), None);
        assert_eq!(probe.deadline(start), Some(102 * S));
        let second = Message::decode(&probe.wake(102 * S).unwrap()).unwrap();
        assert_eq!(
            (second.message_type(), second.secs),
            (Some(MessageType::Discover), 2)
        );
        assert_eq!(probe.wake(200 * S), None, "it excluded asks for more");
        assert_eq!(probe.deadline(102 * S), Some(106 * S));
        assert_eq!(probe.deadline(106 * S), None);
    }

    #[test]
    fn offers_are_told_apart_by_server_and_only_its_own_count() {
        let mut probe = Probe::new(MAC, 9, Duration::ZERO);
        let question = Message::decode(&probe.wake(Duration::ZERO).unwrap()).unwrap();
        let from = Ipv4Addr::new(192, 0, 2, 1);
        probe.receive(from, &question.offer(&lease(1)).encode());
        probe.receive(from, &question.offer(&lease(1)).encode());
        probe.receive(from, &question.offer(&lease(2)).encode());
        probe.receive(from, &question.ack(&lease(3)).encode());
        probe.receive(from, &question.encode());
        let other = Message::discover(MAC, 10, MODEL).offer(&lease(4));
        probe.receive(from, &other.encode());
        let stranger = Message::discover(MacAddress::new([2; 6]), 9, MODEL).offer(&lease(5));
        probe.receive(from, &stranger.encode());
        let servers: Vec<u8> = probe
            .offers()
            .iter()
            .map(|o| o.server.octets()[3])
            .collect();
        assert_eq!(servers, [1, 2]);
        assert_eq!(
            probe.offers()[0].tftp_servers,
            [Ipv4Addr::new(192, 0, 2, 10)]
        );
    }

    #[test]
    fn a_flood_of_servers_is_bounded() {
        let mut probe = Probe::new(MAC, 9, Duration::ZERO);
        let question = Message::discover(MAC, 9, MODEL);
        for server in 0..=255 {
            probe.receive(
                Ipv4Addr::UNSPECIFIED,
                &question.offer(&lease(server)).encode(),
            );
        }
        assert_eq!(probe.offers().len(), MAX_OFFERS);
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_offer_or_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let mut probe = Probe::new(MAC, 9, Duration::ZERO);
            probe.receive(Ipv4Addr::LOCALHOST, &bytes);
            prop_assert!(probe.offers().len() <= 1);
        }
    }
}
