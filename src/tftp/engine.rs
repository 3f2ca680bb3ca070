//! All transfers and their timers, without I/O: datagrams and the time go in, packets and
//! calls of the [`Service`] come out.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    net::{Ipv4Addr, SocketAddrV4},
    time::{Duration, Instant},
};

use super::{
    Answer, End, File, Port, Request, Service, Socket,
    options::Agreed,
    outbox::{Outbox, Outgoing},
    packet::{Head, Packet, ReadRequest, decode, error_code},
    peers::{Peer, Peers},
    policy::{ERROR_TEXT_MAX, Guard, Limits, NAME_MAX},
    transfer::{Send, Step, Transfer},
};

/// How often progress is told at most, by transfer.
pub const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// How many timers one [`Engine::tick`] serves at most: packets that came in are next.
pub const TIMERS_PER_TICK: usize = 256;

/// The engine.
#[derive(Debug)]
pub struct Engine<S> {
    service: S,
    limits: Limits,
    guard: Guard,
    peers: Peers,
    slots: Vec<Option<Live>>,
    free: Vec<usize>,
    by_address: HashMap<Ipv4Addr, usize>,
    /// At least one entry for each transfer, at or before its deadline.
    timers: BinaryHeap<Reverse<(Instant, usize, u64)>>,
    next: u64,
}

/// A transfer and what the engine needs to know of it.
#[derive(Debug)]
struct Live {
    id: u64,
    name: Box<[u8]>,
    peer: SocketAddrV4,
    local: Ipv4Addr,
    port: Port,
    transfer: Transfer,
    /// When its entry among the timers is due.
    timer: Instant,
    told: Instant,
}

impl<S: Service> Engine<S> {
    /// An engine without transfers.
    pub fn new(limits: Limits, service: S) -> Self {
        Self {
            service,
            limits,
            guard: Guard::default(),
            peers: Peers::default(),
            slots: Vec::new(),
            free: Vec::new(),
            by_address: HashMap::new(),
            timers: BinaryHeap::new(),
            next: 0,
        }
    }

    /// A datagram from `peer` came to `socket` at the address `local`.
    pub fn datagram(
        &mut self,
        now: Instant,
        socket: Socket,
        local: Ipv4Addr,
        peer: SocketAddrV4,
        bytes: &[u8],
        out: &mut Outbox,
    ) {
        if peer.port() == 0 {
            return;
        }
        match (decode(bytes), socket) {
            (Ok(Packet::Error(code, text)), Socket::Transfer(port)) => {
                self.peer_error(now, port, peer, code, text);
            }
            (Ok(Packet::Error(..)), Socket::Listener) => {}
            (Ok(Packet::Ack(block)), Socket::Transfer(port)) => {
                self.ack(now, port, local, peer, block, out);
            }
            (Ok(Packet::Read(request)), Socket::Listener) => {
                if self.guard.request(now, *peer.ip()) {
                    self.read(now, local, peer, &request, out);
                }
            }
            (Ok(Packet::Write), Socket::Listener) => {
                if self.guard.request(now, *peer.ip()) {
                    let text = "this server is read-only";
                    self.error(out, Port::First, local, peer, error_code::ACCESS, text);
                }
            }
            (Ok(_), Socket::Transfer(port)) if self.find(now, port, peer).is_none() => {
                self.stranger(now, port, local, peer, out);
            }
            (Ok(_) | Err(_), _) => {
                if self.guard.stray(now, *peer.ip()) {
                    let port = match socket {
                        Socket::Listener => Port::First,
                        Socket::Transfer(port) => port,
                    };
                    let text = "illegal TFTP operation";
                    self.error(out, port, local, peer, error_code::ILLEGAL, text);
                }
            }
        }
    }

    fn read(
        &mut self,
        now: Instant,
        local: Ipv4Addr,
        peer: SocketAddrV4,
        request: &ReadRequest<'_>,
        out: &mut Outbox,
    ) {
        let port = match self.peers.get(now, peer) {
            None => Port::First,
            Some(Peer::Left { port, .. }) => port.other(),
            Some(Peer::Busy { slot }) => {
                let live = self.slots[slot]
                    .as_mut()
                    .expect("a busy peer's slot is taken");
                if *live.name == *request.name
                    && let Some(send) = live.transfer.again(now)
                {
                    self.service.sent_again(send.packets());
                    emit(live, send, out);
                    return;
                }
                let port = live.port.other();
                self.end(now, slot, End::Replaced);
                port
            }
        };
        if !request.is_octet() {
            let text = "only mode octet (binary) is served";
            return self.error(out, port, local, peer, error_code::ILLEGAL, text);
        }
        if request.name.len() > NAME_MAX {
            let text = "name longer than 200 bytes";
            return self.error(out, port, local, peer, error_code::ILLEGAL, text);
        }
        let name = String::from_utf8_lossy(request.name);
        let possible =
            matches!(name, std::borrow::Cow::Borrowed(_)) && !name.chars().any(char::is_control);
        let transfer = self.next;
        self.next += 1;
        let asked = Request {
            transfer,
            peer,
            local,
            name: &name,
        };
        let refusal = match self.service.request(now, &asked) {
            Answer::Refuse(code, text) => return self.error(out, port, local, peer, code, text),
            Answer::NotFound => {
                let code = error_code::NOT_FOUND;
                return self.error(out, port, local, peer, code, "file not found");
            }
            Answer::Serve(file) => {
                if !possible {
                    (error_code::NOT_FOUND, "file not found")
                } else if self.slots.len() - self.free.len() >= self.limits.transfers {
                    (
                        error_code::NOT_DEFINED,
                        "too many transfers; try again later",
                    )
                } else if self.by_address.get(peer.ip()).copied().unwrap_or(0)
                    >= self.limits.transfers_per_address
                {
                    let text = "too many transfers to one address; try again later";
                    (error_code::NOT_DEFINED, text)
                } else {
                    return self.start(now, &asked, port, request, file, out);
                }
            }
        };
        self.error(out, port, local, peer, refusal.0, refusal.1);
        self.service.ended(now, transfer, End::Refused, 0);
    }

    fn start(
        &mut self,
        now: Instant,
        asked: &Request<'_>,
        port: Port,
        request: &ReadRequest<'_>,
        file: File,
        out: &mut Outbox,
    ) {
        let size = file.bytes.len() as u64;
        let agreed = Agreed::negotiate(request.options, size, self.limits.block_max());
        let (transfer, send) = Transfer::start(now, file, agreed);
        let live = Live {
            id: asked.transfer,
            name: request.name.into(),
            peer: asked.peer,
            local: asked.local,
            port,
            timer: transfer.deadline(),
            transfer,
            told: now,
        };
        emit(&live, send, out);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.timers.push(Reverse((live.timer, slot, live.id)));
        self.slots[slot] = Some(live);
        self.peers.begin(asked.peer, slot);
        *self.by_address.entry(*asked.peer.ip()).or_default() += 1;
    }

    fn ack(
        &mut self,
        now: Instant,
        port: Port,
        local: Ipv4Addr,
        peer: SocketAddrV4,
        block: u16,
        out: &mut Outbox,
    ) {
        let Some((slot, live)) = self.find(now, port, peer) else {
            return self.stranger(now, port, local, peer, out);
        };
        let proven = live.transfer.heard();
        match live.transfer.acknowledge(now, block) {
            Step::Ignored => return,
            Step::End(end) => self.end(now, slot, end),
            Step::Send(send) => {
                emit(live, send, out);
                let progress = (now.saturating_duration_since(live.told) >= PROGRESS_INTERVAL)
                    .then(|| (live.id, live.transfer.acknowledged()));
                if progress.is_some() {
                    live.told = now;
                }
                self.rearm(slot);
                if let Some((id, bytes)) = progress {
                    self.service.acknowledged(now, id, bytes);
                }
            }
        }
        if !proven {
            self.guard.proved(now, *peer.ip());
        }
    }

    fn peer_error(&mut self, now: Instant, port: Port, peer: SocketAddrV4, code: u16, text: &[u8]) {
        if let Some((slot, _)) = self.find(now, port, peer) {
            let text = &text[..text.len().min(ERROR_TEXT_MAX)];
            let text = String::from_utf8_lossy(text).into_owned();
            self.end(now, slot, End::PeerError(code, text));
        }
    }

    /// ICMP says that nobody listens where packets from this port went.
    pub fn port_closed(&mut self, now: Instant, port: Port, peer: SocketAddrV4) {
        if let Some((slot, _)) = self.find(now, port, peer) {
            self.end(now, slot, End::PortClosed);
        }
    }

    /// Serves timers that are due, a bounded number of them.
    pub fn tick(&mut self, now: Instant, out: &mut Outbox) {
        for _ in 0..TIMERS_PER_TICK {
            let Some(&Reverse((due, slot, id))) = self.timers.peek() else {
                return;
            };
            if due > now {
                return;
            }
            self.timers.pop();
            let Some(live) = self.slots[slot]
                .as_mut()
                .filter(|l| l.id == id && l.timer == due)
            else {
                continue;
            };
            if live.transfer.deadline() <= now {
                match live.transfer.timeout(now) {
                    Step::Send(send) => {
                        self.service.sent_again(send.packets());
                        emit(live, send, out);
                    }
                    Step::Ignored => {}
                    Step::End(end) => {
                        self.end(now, slot, end);
                        continue;
                    }
                }
            }
            live.timer = live.transfer.deadline();
            self.timers.push(Reverse((live.timer, slot, id)));
        }
    }

    /// When [`Engine::tick`] is to be called next, at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.timers.peek().map(|Reverse((due, ..))| *due)
    }

    /// Ends every transfer and tells the peers.
    pub fn stop(&mut self, now: Instant, out: &mut Outbox) {
        for slot in 0..self.slots.len() {
            if let Some(live) = &self.slots[slot] {
                let (port, local, peer) = (live.port, live.local, live.peer);
                let text = "the server is stopping";
                self.error(out, port, local, peer, error_code::NOT_DEFINED, text);
                self.end(now, slot, End::Replaced);
            }
        }
    }

    /// How many transfers are under way.
    #[must_use]
    pub fn transfers(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Who is asked and told.
    pub fn service(&self) -> &S {
        &self.service
    }

    /// Gives the service back.
    pub fn into_service(self) -> S {
        self.service
    }

    fn error(
        &mut self,
        out: &mut Outbox,
        port: Port,
        from: Ipv4Addr,
        to: SocketAddrV4,
        code: u16,
        text: &str,
    ) {
        self.service.error_sent(code);
        reply(out, port, from, to, Head::error(code, text));
    }

    fn find(&mut self, now: Instant, port: Port, peer: SocketAddrV4) -> Option<(usize, &mut Live)> {
        let Some(Peer::Busy { slot }) = self.peers.get(now, peer) else {
            return None;
        };
        self.slots[slot]
            .as_mut()
            .filter(|live| live.port == port)
            .map(|live| (slot, live))
    }

    /// A packet for a transfer that does not exist: ERROR 5, unless it is just late.
    fn stranger(
        &mut self,
        now: Instant,
        port: Port,
        local: Ipv4Addr,
        peer: SocketAddrV4,
        out: &mut Outbox,
    ) {
        let late = match self.peers.get(now, peer) {
            // On the other port: late for the transfer before.
            Some(Peer::Busy { .. }) => true,
            Some(Peer::Left { quiet, .. }) => quiet,
            None => false,
        };
        if !late && self.guard.stray(now, *peer.ip()) {
            let text = "unknown transfer ID";
            self.error(out, port, local, peer, error_code::UNKNOWN_TID, text);
        }
    }

    /// A deadline came nearer than its timer: a further entry, as the heap cannot move one.
    fn rearm(&mut self, slot: usize) {
        let live = self.slots[slot]
            .as_mut()
            .expect("a slot with progress is taken");
        if live.transfer.deadline() < live.timer {
            live.timer = live.transfer.deadline();
            self.timers.push(Reverse((live.timer, slot, live.id)));
        }
    }

    fn end(&mut self, now: Instant, slot: usize, end: End) {
        let live = self.slots[slot]
            .take()
            .expect("only a taken slot's transfer ends");
        self.free.push(slot);
        let address = *live.peer.ip();
        if let Some(count) = self.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&address);
            }
        }
        let quiet = !matches!(end, End::TimedOut { .. });
        self.peers.end(now, live.peer, live.port, quiet);
        self.service
            .ended(now, live.id, end, live.transfer.acknowledged());
    }
}

fn reply(out: &mut Outbox, port: Port, from: Ipv4Addr, to: SocketAddrV4, head: Head) {
    let body = None;
    out.push(
        port,
        Outgoing {
            from,
            to,
            head,
            body,
        },
    );
}

fn emit(live: &Live, send: Send, out: &mut Outbox) {
    match send {
        Send::OptionAck => {
            if let Some(head) = live.transfer.option_ack() {
                reply(out, live.port, live.local, live.peer, head);
            }
        }
        Send::Blocks(blocks) => {
            for block in blocks {
                let (head, range) = live.transfer.block(block);
                let packet = Outgoing {
                    from: live.local,
                    to: live.peer,
                    head,
                    body: Some((live.transfer.file().bytes.clone(), range)),
                };
                out.push(live.port, packet);
            }
        }
    }
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
