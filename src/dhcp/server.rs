//! A small DHCP server for Cisco phones alone: bytes and the time in, an answer out.
//!
//! It keeps no file. A phone's place in the pool follows from its MAC, so that a later run offers
//! the same address, and a phone that asks for an address of the pool which nobody else has is
//! given it: a restart is not noticed, and nothing stays on the machine.

use std::{
    collections::{BTreeMap, VecDeque},
    net::{Ipv4Addr, SocketAddrV4},
    time::Duration,
};

use super::Pool;
use crate::{
    phone::MacAddress,
    protocol::dhcp::{CLIENT_PORT, Lease, Message, MessageType, Op, OptionCode},
    track::{EvidenceSource, Observation, ObservationKind},
};

/// How long a lease holds. Short: the pool is for the time of a conversion, and what a run leaves
/// behind is over soon.
pub const LEASE_TIME: Duration = Duration::from_mins(10);

/// How long an offered address waits for its phone's REQUEST.
pub const OFFER_TIME: Duration = Duration::from_mins(1);

/// How long an address rests that a phone found in use.
pub const DECLINE_TIME: Duration = Duration::from_hours(1);

/// What is told and not yet taken, at most; older ones are dropped.
const MAX_EVENTS: usize = 256;

/// What the server gives beside addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// This machine's address on the phones' network: the server, and where files are fetched.
    pub address: Ipv4Addr,
    /// What is given.
    pub pool: Pool,
    /// The router, if phones need one.
    pub router: Option<Ipv4Addr>,
}

/// An answer and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// To a client that can be reached, else to everybody.
    pub to: SocketAddrV4,
    /// The message.
    pub bytes: Vec<u8>,
}

/// What happened that somebody else should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DhcpEvent {
    /// A phone has this address now.
    Leased {
        /// The address.
        address: Ipv4Addr,
        /// The phone.
        mac: MacAddress,
    },
    /// A phone wants an address and there is none left.
    Exhausted(MacAddress),
    /// A phone found this address in use, by a host that was not known.
    Declined(Ipv4Addr),
    /// A phone took another server's offer.
    OtherServer(Ipv4Addr),
}

impl DhcpEvent {
    /// What the tracking learns from it.
    #[must_use]
    pub fn observation(&self) -> Option<Observation> {
        match *self {
            Self::Leased { address, mac } => Some(Observation {
                address,
                seen: ObservationKind::MacReported {
                    mac,
                    source: EvidenceSource::Dhcp,
                },
            }),
            _ => None,
        }
    }
}

/// Whose an address is, until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Binding {
    /// `None`: nobody's; a host that is not ours has it.
    mac: Option<MacAddress>,
    until: Duration,
    /// A lease; otherwise an offer that is waiting.
    leased: bool,
}

/// The server.
#[derive(Debug)]
pub struct Server {
    config: ServerConfig,
    /// At most one for each address of the pool.
    bindings: BTreeMap<Ipv4Addr, Binding>,
    events: VecDeque<DhcpEvent>,
}

impl Server {
    /// A server that has given nothing.
    #[must_use]
    pub fn new(config: ServerConfig) -> Self {
        Self {
            config,
            bindings: BTreeMap::new(),
            events: VecDeque::new(),
        }
    }

    /// A host that is on the network already. Its address is given to nobody else, as long as it
    /// has no other.
    pub fn reserve(&mut self, address: Ipv4Addr, mac: MacAddress) {
        if self.config.pool.contains(address) {
            self.bind(address, Some(mac), Duration::MAX, false);
        }
    }

    /// What it gives.
    #[must_use]
    pub fn config(&self) -> &ServerConfig {
        &self.config
    }

    /// What happened since this was last asked, in order.
    pub fn drain_events(&mut self) -> impl Iterator<Item = DhcpEvent> + '_ {
        self.events.drain(..)
    }

    /// Takes a datagram that came to port 67. Only Cisco phones of this very network are ever
    /// answered: what came over a relay (`giaddr`, option 82) is another network's, and what
    /// does not say in option 60 that it is a phone is not ours to serve or to refuse.
    pub fn receive(&mut self, now: Duration, bytes: &[u8]) -> Option<Reply> {
        let message = Message::decode(bytes).ok()?;
        let relayed = !message.relay.is_unspecified()
            || message.options.get(OptionCode::RELAY_AGENT).is_some();
        if message.op != Op::Request || relayed {
            return None;
        }
        let kind = message.message_type()?;
        // A client must not put option 60 into these two (RFC 2131, table 5). Both only free or
        // close what the sender itself has, and neither is answered.
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
        Some(Reply {
            to: destination(&answer),
            bytes: answer.encode(),
        })
    }

    fn discover(&mut self, now: Duration, message: &Message) -> Option<Message> {
        let mac = message.mac;
        let Some(address) = self.choose(now, mac, message.requested()) else {
            self.push_event(DhcpEvent::Exhausted(mac));
            return None;
        };
        let offer = message.offer(&self.lease(address));
        // What it has holds at least as long as an offer.
        if self
            .held(now, address, mac)
            .is_none_or(|held| held.until < now + OFFER_TIME)
        {
            self.bind(address, Some(mac), now + OFFER_TIME, false);
        }
        Some(offer)
    }

    /// The phone's own address, else the one that it would like, else the first that is nobody's.
    fn choose(&self, now: Duration, mac: MacAddress, wish: Option<Ipv4Addr>) -> Option<Ipv4Addr> {
        let own = self
            .bindings
            .iter()
            .find(|(_, binding)| binding.mac == Some(mac))
            .map(|(address, _)| *address);
        own.into_iter()
            .chain(wish.filter(|address| self.config.pool.contains(*address)))
            .chain(self.config.pool.candidates(mac))
            .find(|address| self.is_free_for(now, *address, mac))
    }

    fn is_free_for(&self, now: Duration, address: Ipv4Addr, mac: MacAddress) -> bool {
        self.bindings
            .get(&address)
            .is_none_or(|binding| binding.mac == Some(mac) || binding.until <= now)
    }

    /// The four ways of a REQUEST (RFC 2131, 4.3.2): an offer is taken, or, without a server's
    /// name in it, an address from before is to be had again.
    fn request(&mut self, now: Duration, message: &Message) -> Option<Message> {
        let mac = message.mac;
        let selects = message.server_id();
        if let Some(other) = selects.filter(|server| *server != self.config.address) {
            self.forget(mac, |binding| !binding.leased);
            self.push_event(DhcpEvent::OtherServer(other));
            return None;
        }
        let wish = match message.requested() {
            Some(address) => address,
            None if message.client.is_unspecified() => return None,
            None => message.client,
        };
        // An offer has to be there still; an address from before may be from another run.
        let known = self.held(now, wish, mac).is_some();
        let granted = self.config.pool.contains(wish)
            && (known || selects.is_none() && self.is_free_for(now, wish, mac));
        if !granted {
            let why = "not an address of this network, or another phone's";
            return Some(message.nak(self.config.address, why));
        }
        self.forget(mac, |_| true);
        self.bind(wish, Some(mac), now + LEASE_TIME, true);
        self.push_event(DhcpEvent::Leased { address: wish, mac });
        Some(message.ack(&self.lease(wish)))
    }

    /// It has an address from elsewhere and asks for the rest.
    fn inform(&mut self, message: &Message) -> Option<Message> {
        if message.client.is_unspecified() {
            return None;
        }
        Some(message.ack(&self.lease(message.client)))
    }

    fn decline(&mut self, now: Duration, message: &Message) {
        let Some(address) = message.requested() else {
            return;
        };
        if self.names_us(message) && self.held(now, address, message.mac).is_some() {
            self.bind(address, None, now + DECLINE_TIME, false);
            self.push_event(DhcpEvent::Declined(address));
        }
    }

    fn release(&mut self, message: &Message) {
        let owner = self.bindings.get(&message.client).and_then(|b| b.mac);
        if self.names_us(message) && owner == Some(message.mac) {
            self.bindings.remove(&message.client);
        }
    }

    fn names_us(&self, message: &Message) -> bool {
        message.server_id() == Some(self.config.address)
    }

    /// What this phone has of this address, if it has it now.
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

/// A client that has its address is answered there. Any other is answered by broadcast: to be
/// reached by its MAC alone would take a raw socket, and phones ask for broadcast anyway.
fn destination(answer: &Message) -> SocketAddrV4 {
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
