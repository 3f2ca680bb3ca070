//! A small DHCP server for Cisco phones only: bytes and the time in, a reply out.
//!
//! It keeps no lease file. A phone's address depends on its MAC, so a later run offers the same one,
//! and a phone that requests a free address of the pool gets it. So phones do not notice a restart,
//! and nothing is left on this machine.

use std::{
    collections::{BTreeMap, VecDeque},
    net::{Ipv4Addr, SocketAddrV4},
    time::Duration,
};

use super::Pool;
use crate::{
    phone::MacAddress,
    protocol::dhcp::{CLIENT_PORT, DhcpMessage, Lease, MessageType, Op, OptionCode},
    track::{EvidenceSource, Observation, ObservationKind},
};

/// Lease time. It is short because the pool is only for a conversion: leases of an ended run expire
/// soon.
pub const LEASE_TIME: Duration = Duration::from_mins(10);

/// How long an offered address is reserved for the phone's REQUEST.
pub const OFFER_TIME: Duration = Duration::from_mins(1);

/// How long an address is not assigned after a phone found it in use.
pub const DECLINE_TIME: Duration = Duration::from_hours(1);

/// Events that may wait; older ones are dropped.
const MAX_EVENTS: usize = 256;

/// What the server sends in leases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// This machine's address on the phones' network: DHCP server and TFTP server.
    pub address: Ipv4Addr,
    /// The assignable addresses.
    pub pool: Pool,
    /// The default router, if phones need one.
    pub router: Option<Ipv4Addr>,
}

/// A reply and its destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DhcpReply {
    /// The client, if it has an address, else broadcast.
    pub to: SocketAddrV4,
    /// The message.
    pub bytes: Vec<u8>,
}

/// An event for the log and the tracker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DhcpEvent {
    /// A phone leased an address.
    Leased {
        /// The address.
        address: Ipv4Addr,
        /// The phone.
        mac: MacAddress,
    },
    /// A phone requested an address and none is free.
    Exhausted(MacAddress),
    /// A phone found this address in use by an unknown host.
    Declined(Ipv4Addr),
    /// A phone accepted another server's offer.
    OtherServer(Ipv4Addr),
}

impl DhcpEvent {
    /// The observation for the tracker.
    #[must_use]
    pub fn observation(&self) -> Option<Observation> {
        match *self {
            Self::Leased { address, mac } => Some(Observation {
                address,
                kind: ObservationKind::MacReported {
                    mac,
                    source: EvidenceSource::Dhcp,
                    sender: None,
                },
            }),
            _ => None,
        }
    }
}

/// Which host has an address, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Binding {
    /// `None`: an unknown host uses it.
    mac: Option<MacAddress>,
    until: Duration,
    /// Whether it is leased, not only offered.
    leased: bool,
}

/// The server's state.
#[derive(Debug)]
pub struct DhcpServer {
    config: ServerConfig,
    /// At most one per address of the pool.
    bindings: BTreeMap<Ipv4Addr, Binding>,
    events: VecDeque<DhcpEvent>,
}

impl DhcpServer {
    /// A server without leases.
    #[must_use]
    pub fn new(config: ServerConfig) -> Self {
        Self {
            config,
            bindings: BTreeMap::new(),
            events: VecDeque::new(),
        }
    }

    /// Reserves the address of a host that is already on the network, until the host leases another.
    pub fn reserve(&mut self, address: Ipv4Addr, mac: MacAddress) {
        if self.config.pool.contains(address) {
            self.bind(address, Some(mac), Duration::MAX, false);
        }
    }

    /// Its configuration.
    #[must_use]
    pub fn config(&self) -> &ServerConfig {
        &self.config
    }

    /// The events since the last call, in order.
    pub fn drain_events(&mut self) -> impl Iterator<Item = DhcpEvent> + '_ {
        self.events.drain(..)
    }

    /// Handles a datagram to port 67. Only Cisco phones (option 60) on this network are answered.
    /// Messages through a relay (`giaddr`, option 82) are from other networks, and other devices are
    /// neither served nor refused.
    pub fn receive(&mut self, now: Duration, bytes: &[u8]) -> Option<DhcpReply> {
        let message = DhcpMessage::decode(bytes).ok()?;
        let is_relayed = !message.relay.is_unspecified()
            || message.options.get(OptionCode::RELAY_AGENT).is_some();
        if message.op != Op::Request || is_relayed {
            return None;
        }
        let kind = message.message_type()?;
        // These two must not contain option 60 (RFC 2131, table 5). They only affect the sender's
        // own address and are not answered.
        match kind {
            MessageType::Decline => {
                self.decline(now, &message);
                return None;
            }
            MessageType::Release => {
                self.release(&message);
                return None;
            }
            _ => {}
        }
        message.phone()?;
        let answer = match kind {
            MessageType::Discover => self.discover(now, &message),
            MessageType::Request => self.request(now, &message),
            MessageType::Inform => self.inform(&message),
            _ => None,
        }?;
        Some(DhcpReply {
            to: destination(&answer),
            bytes: answer.encode(),
        })
    }

    fn discover(&mut self, now: Duration, message: &DhcpMessage) -> Option<DhcpMessage> {
        let mac = message.mac;
        let Some(address) = self.choose(now, mac, message.requested_address()) else {
            self.push_event(DhcpEvent::Exhausted(mac));
            return None;
        };
        let offer = message.offer(&self.lease(address));
        // A lease is not shortened to the time of an offer.
        if self
            .held(now, address, mac)
            .is_none_or(|held| held.until < now + OFFER_TIME)
        {
            self.bind(address, Some(mac), now + OFFER_TIME, false);
        }
        Some(offer)
    }

    /// The phone's current address, else the requested one, else the first free one.
    fn choose(&self, now: Duration, mac: MacAddress, wanted: Option<Ipv4Addr>) -> Option<Ipv4Addr> {
        let own = self
            .bindings
            .iter()
            .find(|(_, binding)| binding.mac == Some(mac))
            .map(|(address, _)| *address);
        own.into_iter()
            .chain(wanted.filter(|address| self.config.pool.contains(*address)))
            .chain(self.config.pool.candidates(mac))
            .find(|address| self.is_free_for(now, *address, mac))
    }

    fn is_free_for(&self, now: Duration, address: Ipv4Addr, mac: MacAddress) -> bool {
        self.bindings
            .get(&address)
            .is_none_or(|binding| binding.mac == Some(mac) || binding.until <= now)
    }

    /// The four kinds of REQUEST (RFC 2131, 4.3.2): with a server identifier the phone accepts an
    /// offer, without one it wants to keep an earlier address.
    fn request(&mut self, now: Duration, message: &DhcpMessage) -> Option<DhcpMessage> {
        let mac = message.mac;
        let selects = message.server_id();
        if let Some(other) = selects.filter(|server| *server != self.config.address) {
            self.forget(mac, |binding| !binding.leased);
            self.push_event(DhcpEvent::OtherServer(other));
            return None;
        }
        let wanted = match message.requested_address() {
            Some(address) => address,
            None if message.client.is_unspecified() => return None,
            None => message.client,
        };
        // An offer must still exist; an earlier address may be from another run.
        let known = self.held(now, wanted, mac).is_some();
        let is_granted = self.config.pool.contains(wanted)
            && (known || selects.is_none() && self.is_free_for(now, wanted, mac));
        if !is_granted {
            let why = "not an address of this network, or another phone's";
            return Some(message.nak(self.config.address, why));
        }
        self.forget(mac, |_| true);
        self.bind(wanted, Some(mac), now + LEASE_TIME, true);
        self.push_event(DhcpEvent::Leased {
            address: wanted,
            mac,
        });
        Some(message.ack(&self.lease(wanted)))
    }

    /// The client has an address and requests only options.
    fn inform(&mut self, message: &DhcpMessage) -> Option<DhcpMessage> {
        if message.client.is_unspecified() {
            return None;
        }
        Some(message.ack(&self.lease(message.client)))
    }

    fn decline(&mut self, now: Duration, message: &DhcpMessage) {
        let Some(address) = message.requested_address() else {
            return;
        };
        if self.names_us(message) && self.held(now, address, message.mac).is_some() {
            self.bind(address, None, now + DECLINE_TIME, false);
            self.push_event(DhcpEvent::Declined(address));
        }
    }

    fn release(&mut self, message: &DhcpMessage) {
        let owner = self.bindings.get(&message.client).and_then(|b| b.mac);
        if self.names_us(message) && owner == Some(message.mac) {
            self.bindings.remove(&message.client);
        }
    }

    fn names_us(&self, message: &DhcpMessage) -> bool {
        message.server_id() == Some(self.config.address)
    }

    /// The binding of this address to this phone, if it is valid now.
    fn held(&self, now: Duration, address: Ipv4Addr, mac: MacAddress) -> Option<Binding> {
        let binding = *self.bindings.get(&address)?;
        (binding.mac == Some(mac) && now < binding.until).then_some(binding)
    }

    fn forget(&mut self, mac: MacAddress, which: impl Fn(&Binding) -> bool) {
        self.bindings
            .retain(|_, binding| binding.mac != Some(mac) || !which(binding));
    }

    fn bind(&mut self, address: Ipv4Addr, mac: Option<MacAddress>, until: Duration, leased: bool) {
        let binding = Binding { mac, until, leased };
        self.bindings.insert(address, binding);
    }

    fn lease(&self, address: Ipv4Addr) -> Lease {
        Lease {
            address,
            server: self.config.address,
            mask: self.config.pool.mask(),
            routers: self.config.router.into_iter().collect(),
            name_servers: Vec::new(),
            domain: None,
            time: LEASE_TIME,
            tftp: self.config.address,
        }
    }

    fn push_event(&mut self, event: DhcpEvent) {
        if self.events.len() == MAX_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }
}

/// A client with an address is answered there, any other by broadcast: unicast to a MAC without an
/// address would need a packet socket, and phones set the broadcast flag anyway.
fn destination(answer: &DhcpMessage) -> SocketAddrV4 {
    let refused = answer.message_type() == Some(MessageType::Nak);
    let to = if refused || answer.client.is_unspecified() {
        Ipv4Addr::BROADCAST
    } else {
        answer.client
    };
    SocketAddrV4::new(to, CLIENT_PORT)
}

#[cfg(test)]
mod tests;
