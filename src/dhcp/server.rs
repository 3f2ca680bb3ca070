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

use super::{DhcpEvent, Pool};
use crate::{
    phone::MacAddress,
    protocol::dhcp::{CLIENT_PORT, DhcpMessage, Lease, MessageType, Op, OptionCode},
};

/// Lease time. It is short because the pool is only for a conversion: leases of an ended run expire
/// soon.
pub const LEASE_TIME: Duration = Duration::from_mins(10);

/// How long an offered address is reserved for the phone's REQUEST.
pub const OFFER_TIME: Duration = Duration::from_mins(1);

/// How long an address is not assigned after a phone found it in use.
pub const DECLINE_TIME: Duration = Duration::from_hours(1);

/// Addresses that phones found in use, as a part of the pool: a further one replaces the oldest.
const DECLINED_PART: usize = 4;

/// Leases that are younger are not taken from a phone that does not answer ARP.
pub const RECLAIM_AGE: Duration = Duration::from_secs(10);

/// Events that may wait; older ones are dropped.
const MAX_EVENTS: usize = 256;

/// What the server sends in leases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// This machine's address on the phones' network: DHCP server and TFTP server.
    pub address: Ipv4Addr,
    /// The interface's MAC.
    pub mac: MacAddress,
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

/// Which host has an address, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Binding {
    /// `None`: an unknown host uses it.
    mac: Option<MacAddress>,
    until: Duration,
    state: BindingState,
}

/// What an address is to its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BindingState {
    /// Offered or given back: another phone gets it if no other address is free, or if it requests it.
    Offered,
    Leased,
    /// The host had it before the server started.
    Reserved,
    /// A phone found it in use.
    Declined,
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
            self.bind(address, Some(mac), Duration::MAX, BindingState::Reserved);
        }
    }

    /// Its configuration.
    #[must_use]
    pub fn config(&self) -> &ServerConfig {
        &self.config
    }

    /// Whether a waiting event is that a phone accepted the offer of another server.
    #[must_use]
    pub fn noticed_other(&self) -> bool {
        let last = self.events.back();
        matches!(last, Some(DhcpEvent::OtherServer(_)))
    }

    /// The events since the last call, in order.
    pub fn drain_events(&mut self) -> impl Iterator<Item = DhcpEvent> + '_ {
        self.events.drain(..)
    }

    /// Handles a datagram to port 67 from `source`. Only Cisco phones (option 60) on this network are
    /// answered. Messages through a relay (`giaddr`, option 82) are from other networks, and other
    /// devices are neither served nor refused.
    pub fn receive(&mut self, now: Duration, source: Ipv4Addr, bytes: &[u8]) -> Option<DhcpReply> {
        let message = DhcpMessage::decode(bytes).ok()?;
        let is_relayed = !message.relay.is_unspecified()
            || message.options.get(OptionCode::RELAY_AGENT).is_some();
        if message.op != Op::Request || is_relayed || !self.can_be_from_a_phone(source, &message) {
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

    /// Whether its addresses can be those of a phone on this network. Otherwise an answer would go to
    /// a host that did not ask, or to none.
    fn can_be_from_a_phone(&self, source: Ipv4Addr, message: &DhcpMessage) -> bool {
        let is_other_host = |address: Ipv4Addr| {
            address.is_unspecified()
                || self.config.pool.is_host(address) && address != self.config.address
        };
        let both = !source.is_unspecified() && !message.client.is_unspecified();
        message.mac.is_of_one_device()
            && message.mac != self.config.mac
            && is_other_host(source)
            && is_other_host(message.client)
            && (!both || source == message.client)
            && message.your.is_unspecified()
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
            self.bind(address, Some(mac), now + OFFER_TIME, BindingState::Offered);
        }
        Some(offer)
    }

    /// The phone's current address, else the requested one, else the first free one, else the oldest
    /// that is only offered to another phone.
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
            .or_else(|| self.oldest(BindingState::Offered))
    }

    fn oldest(&self, state: BindingState) -> Option<Ipv4Addr> {
        self.bindings
            .iter()
            .filter(|(_, binding)| binding.state == state)
            .min_by_key(|(_, binding)| binding.until)
            .map(|(address, _)| *address)
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
            self.forget(mac, |binding| binding.state == BindingState::Offered);
            self.push_event(DhcpEvent::OtherServer(other));
            return None;
        }
        let wanted = match message.requested_address() {
            Some(address) => address,
            None if message.client.is_unspecified() => return None,
            None => message.client,
        };
        // An earlier address may be from another run, and the offer may have been replaced by that to
        // another phone: the first REQUEST counts.
        let is_only_offered = |binding: &Binding| binding.state == BindingState::Offered;
        let is_granted = self.config.pool.contains(wanted)
            && (self.is_free_for(now, wanted, mac)
                || self.bindings.get(&wanted).is_some_and(is_only_offered));
        if !is_granted {
            let why = "not an address of this network, or another phone's";
            return Some(message.nak(self.config.address, why));
        }
        self.forget(mac, |_| true);
        self.bind(wanted, Some(mac), now + LEASE_TIME, BindingState::Leased);
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
            let declined = |binding: &&Binding| binding.state == BindingState::Declined;
            let most = (self.config.pool.size() / DECLINED_PART).max(1);
            if self.bindings.values().filter(declined).count() >= most
                && let Some(oldest) = self.oldest(BindingState::Declined)
            {
                self.bindings.remove(&oldest);
            }
            self.bind(address, None, now + DECLINE_TIME, BindingState::Declined);
            self.push_event(DhcpEvent::Declined(address));
        }
    }

    fn release(&mut self, message: &DhcpMessage) {
        let names_us = self.names_us(message);
        let binding = self.bindings.get_mut(&message.client);
        if let Some(binding) = binding.filter(|b| names_us && b.mac == Some(message.mac)) {
            // It may be forged: the phone keeps the address while others are free.
            binding.state = BindingState::Offered;
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

    fn bind(
        &mut self,
        address: Ipv4Addr,
        mac: Option<MacAddress>,
        until: Duration,
        state: BindingState,
    ) {
        let binding = Binding { mac, until, state };
        self.bindings.insert(address, binding);
    }

    /// The leased addresses, for which a reserve is sought when none is free.
    pub fn leased(&self) -> impl Iterator<Item = Ipv4Addr> + '_ {
        let leased = |binding: &Binding| binding.state == BindingState::Leased;
        let of =
            move |(address, binding): (&Ipv4Addr, &Binding)| leased(binding).then_some(*address);
        self.bindings.iter().filter_map(of)
    }

    /// Lets other phones have the leases of hosts that are not on the network, which a flood of forged
    /// requests leaves behind. Returns their number.
    pub fn reclaim(
        &mut self,
        now: Duration,
        is_present: impl Fn(Ipv4Addr, MacAddress) -> bool,
    ) -> usize {
        let mut reclaimed = 0;
        for (address, binding) in &mut self.bindings {
            let is_old = binding.until <= now + LEASE_TIME.saturating_sub(RECLAIM_AGE);
            let is_absent = binding.mac.is_some_and(|mac| !is_present(*address, mac));
            if binding.state == BindingState::Leased && is_old && is_absent {
                binding.state = BindingState::Offered;
                reclaimed += 1;
            }
        }
        reclaimed
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

/// A client is answered at the address that it keeps or has, any other by broadcast: unicast to a MAC
/// without an address would need a packet socket, and phones set the broadcast flag anyway.
fn destination(answer: &DhcpMessage) -> SocketAddrV4 {
    let keeps = answer.your.is_unspecified() || answer.your == answer.client;
    let is_unicast =
        answer.message_type() == Some(MessageType::Ack) && keeps && !answer.client.is_unspecified();
    let to = if is_unicast {
        answer.client
    } else {
        Ipv4Addr::BROADCAST
    };
    SocketAddrV4::new(to, CLIENT_PORT)
}

#[cfg(test)]
mod tests;
