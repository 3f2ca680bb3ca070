//! A probe of DHCP servers: a DISCOVER as a phone sends it, and every OFFER in reply.
//!
//! It never sends a REQUEST, so nothing is leased. The MAC is the interface's own: switches with
//! port security or DHCP snooping drop frames with another, and a server that knows the host
//! reserves no second address.

use std::{net::Ipv4Addr, time::Duration};

use crate::{
    phone::MacAddress,
    protocol::dhcp::{DhcpMessage, MessageType, Op},
};

/// The model that the probe names in option 60.
const MODEL: &str = "CP-7965G";

/// When DISCOVERs are sent, from the start of the probe. Two are sent because one may be lost.
pub const DISCOVER_TIMES: [Duration; 2] = [Duration::ZERO, Duration::from_secs(2)];

/// How long a probe waits for offers. Servers first check whether an address is free: dnsmasq takes
/// 3 s for that, ISC dhcpd 1 s (observed).
pub const PROBE_WINDOW: Duration = Duration::from_secs(6);

/// Maximum number of offers that are kept, one per server.
pub const MAX_OFFERS: usize = 16;

/// The offer of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The server by option 54, else the source address of the offer.
    pub server: Ipv4Addr,
    /// The offered address.
    pub address: Ipv4Addr,
    /// Option 1.
    pub mask: Option<Ipv4Addr>,
    /// Option 150.
    pub tftp_servers: Vec<Ipv4Addr>,
    /// Option 66. It comes from the network: escape it before it is shown.
    pub tftp_name: Option<String>,
    /// `siaddr`, unless it is 0.0.0.0.
    pub next_server: Option<Ipv4Addr>,
    /// `giaddr`, unless it is 0.0.0.0: the relay agent that forwarded the offer.
    pub relay: Option<Ipv4Addr>,
}

impl Offer {
    fn read(message: &DhcpMessage, source: Ipv4Addr) -> Self {
        Self {
            server: message.server_id().unwrap_or(source),
            address: message.your,
            mask: message.mask(),
            tftp_servers: message.tftp_servers(),
            tftp_name: message.tftp_name(),
            next_server: Some(message.server).filter(|address| !address.is_unspecified()),
            relay: Some(message.relay).filter(|address| !address.is_unspecified()),
        }
    }
}

/// A probe and the offers so far.
#[derive(Debug, Clone)]
pub struct Probe {
    mac: MacAddress,
    xid: u32,
    start: Duration,
    sent: usize,
    offers: Vec<Offer>,
}

impl Probe {
    /// Begins at `now`. `xid` should be random: it distinguishes this probe's offers from others.
    #[must_use]
    pub fn new(mac: MacAddress, xid: u32, now: Duration) -> Self {
        Self {
            mac,
            xid,
            start: now,
            sent: 0,
            offers: Vec::new(),
        }
    }

    /// The DISCOVER that is due, if one is.
    pub fn wake(&mut self, now: Duration) -> Option<Vec<u8>> {
        let due = *DISCOVER_TIMES.get(self.sent)?;
        if now < self.start + due {
            return None;
        }
        self.sent += 1;
        let mut discover = DhcpMessage::discover(self.mac, self.xid, MODEL);
        discover.secs = u16::try_from(due.as_secs()).unwrap_or(u16::MAX);
        Some(discover.encode())
    }

    /// When [`Probe::wake`] must be called next; `None`: the probe is over.
    #[must_use]
    pub fn deadline(&self, now: Duration) -> Option<Duration> {
        let discover = DISCOVER_TIMES.get(self.sent).map(|due| self.start + *due);
        let end = self.start + PROBE_WINDOW;
        (now < end).then(|| discover.map_or(end, |discover| discover.min(end)))
    }

    /// Reads a datagram to the client port. Anything but an offer for this probe is ignored; a second
    /// offer of a server replaces its first.
    pub fn receive(&mut self, source: Ipv4Addr, bytes: &[u8]) {
        let Ok(message) = DhcpMessage::decode(bytes) else {
            return;
        };
        let is_for_us = message.op == Op::Reply
            && message.message_type() == Some(MessageType::Offer)
            && message.xid == self.xid
            && message.mac == self.mac;
        if !is_for_us {
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

    /// The offers, one per server, in the order of arrival.
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
    fn a_probe_sends_two_discovers_as_a_phone_does_and_ends() {
        let start = 100 * S;
        let mut probe = Probe::new(MAC, 9, start);
        let first = DhcpMessage::decode(&probe.wake(start).unwrap()).unwrap();
        assert_eq!(
            first.class().unwrap(),
            "Cisco Systems, Inc. IP Phone CP-7965G"
        );
        assert_eq!(
            first.options.get(OptionCode::VENDOR_CLASS).unwrap().last(),
            Some(&0)
        );
        assert_eq!(first.requested_options(), [1, 66, 6, 3, 15, 150, 35]);
        assert_eq!(
            first.options.get(OptionCode::CLIENT_ID).unwrap(),
            [1, 2, 0, 0, 0, 0, 7]
        );
        assert!(first.broadcast);
        assert_eq!(probe.wake(start), None);
        assert_eq!(probe.deadline(start), Some(102 * S));
        let second = DhcpMessage::decode(&probe.wake(102 * S).unwrap()).unwrap();
        assert_eq!(
            (second.message_type(), second.secs),
            (Some(MessageType::Discover), 2)
        );
        assert_eq!(probe.wake(200 * S), None, "no third DISCOVER");
        assert_eq!(probe.deadline(102 * S), Some(106 * S));
        assert_eq!(probe.deadline(106 * S), None);
    }

    #[test]
    fn one_offer_per_server_is_kept_and_other_messages_are_ignored() {
        let mut probe = Probe::new(MAC, 9, Duration::ZERO);
        let discover = DhcpMessage::decode(&probe.wake(Duration::ZERO).unwrap()).unwrap();
        let from = Ipv4Addr::new(192, 0, 2, 1);
        probe.receive(from, &discover.offer(&lease(1)).encode());
        probe.receive(from, &discover.offer(&lease(1)).encode());
        probe.receive(from, &discover.offer(&lease(2)).encode());
        probe.receive(from, &discover.ack(&lease(3)).encode());
        probe.receive(from, &discover.encode());
        let other = DhcpMessage::discover(MAC, 10, MODEL).offer(&lease(4));
        probe.receive(from, &other.encode());
        let stranger = DhcpMessage::discover(MacAddress::new([2; 6]), 9, MODEL).offer(&lease(5));
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
        let discover = DhcpMessage::discover(MAC, 9, MODEL);
        for server in 0..=255 {
            probe.receive(
                Ipv4Addr::UNSPECIFIED,
                &discover.offer(&lease(server)).encode(),
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
