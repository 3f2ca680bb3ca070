//! All transfers and their timers, without I/O: datagrams and the time go in, packets and
//! calls of the [`Service`] come out.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
    net::{Ipv4Addr, SocketAddrV4},
    time::{Duration, Instant},
};

use super::{
    Answer, End, Port, Request, Service, Socket,
    options::Agreed,
    outbox::{Outbox, Outgoing},
    packet::{Head, Packet, ReadRequest, decode, error_code},
    peers::{Peer, Peers},
    policy::{ERROR_TEXT_MAX, Guard, Limits, NAME_MAX},
    transfer::{Send, Step, Transfer},
};
use crate::stage::StagedFile;

mod rival;
mod table;

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
    /// Slots and numbers of transfers in the order of their starts, as long as nothing of them
    /// is acknowledged: they give way to others where room is short.
    unheard: VecDeque<(usize, u64)>,
    next: u64,
}

/// A transfer and what the engine needs to know of it.
#[derive(Debug)]
struct Live {
    id: u64,
    /// Whether the service knows of it: not of a rival without an ACK.
    is_told: bool,
    name: Box<[u8]>,
    options: Box<[u8]>,
    peer: SocketAddrV4,
    local: Ipv4Addr,
    port: Port,
    transfer: Transfer,
    /// When its entry among the timers is due.
    timer: Instant,
    told: Instant,
}

impl Live {
    fn was_asked_for_by(&self, request: &ReadRequest<'_>) -> bool {
        *self.name == *request.name && *self.options == *request.options.as_bytes()
    }
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
            unheard: VecDeque::new(),
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
            Some(Peer::Busy {
                slot,
                rival,
                used_other,
            }) => {
                let newest = self.slots[rival.unwrap_or(slot)]
                    .as_mut()
                    .expect("a busy peer's slots are taken");
                let port = match rival {
                    None => newest.port.other(),
                    Some(_) => newest.port,
                };
                if newest.was_asked_for_by(request) {
                    if let Some(send) = newest.transfer.again(now) {
                        self.service.sent_again(send.packets());
                        return emit(newest, send, out);
                    }
                    if !used_other && self.challenge(now, slot, out) {
                        return;
                    }
                }
                for slot in [Some(slot), rival].into_iter().flatten() {
                    self.end(now, slot, End::Replaced);
                }
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
                } else if self.by_address.get(peer.ip()).copied().unwrap_or(0)
                    >= self.limits.transfers_per_address
                    && !self.make_room(now, Some(*peer.ip()))
                {
                    let text = "too many transfers to one address; try again later";
                    (error_code::NOT_DEFINED, text)
                } else if self.transfers() >= self.limits.transfers && !self.make_room(now, None) {
                    (
                        error_code::NOT_DEFINED,
                        "too many transfers; try again later",
                    )
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
        file: StagedFile,
        out: &mut Outbox,
    ) {
        let size = file.bytes.len() as u64;
        let agreed = Agreed::negotiate(request.options, size, self.limits.block_max());
        let (transfer, send) = Transfer::start(now, file, agreed);
        let live = Live {
            id: asked.transfer,
            is_told: true,
            name: request.name.into(),
            options: request.options.as_bytes().into(),
            peer: asked.peer,
            local: asked.local,
            port,
            timer: transfer.deadline(),
            transfer,
            told: now,
        };
        emit(&live, send, out);
        let slot = self.seat(live);
        self.peers.begin(now, asked.peer, slot);
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
        let step = live.transfer.acknowledge(now, block);
        if step == Step::Ignored {
            return;
        }
        if !proven
            && let Some(Peer::Busy {
                slot: first,
                rival: Some(rival),
                ..
            }) = self.peers.get(now, peer)
            && rival == slot
            && !self.promote(now, first, rival, out)
        {
            return;
        }
        match step {
            Step::Ignored => {}
            Step::End(end) => {
                if end == End::Delivered {
                    self.guard.proved(now, *peer.ip());
                }
                self.end(now, slot, end);
            }
            Step::Send(send) => self.go_on(now, slot, send, out),
        }
    }

    /// The next packets of a transfer, and word of its progress.
    fn go_on(&mut self, now: Instant, slot: usize, send: Send, out: &mut Outbox) {
        let live = self.slots[slot]
            .as_mut()
            .expect("a slot with progress is taken");
        emit(live, send, out);
        let progress = (now.saturating_duration_since(live.told) >= PROGRESS_INTERVAL)
            .then(|| (live.id, live.transfer.acknowledged()));
        if progress.is_some() {
            live.told = now;
        }
        // A deadline that came nearer gets a further entry, as the heap cannot move one.
        if live.transfer.deadline() < live.timer {
            live.timer = live.transfer.deadline();
            self.timers.push(Reverse((live.timer, slot, live.id)));
        }
        if let Some((id, bytes)) = progress {
            self.service.acknowledged(now, id, bytes);
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
        let Some(Peer::Busy { slot, rival, .. }) = self.peers.get(now, peer) else {
            return None;
        };
        let is_of_it = |slot: &usize| {
            let live = self.slots[*slot].as_ref();
            live.is_some_and(|live| live.port == port)
        };
        let slot = [Some(slot), rival].into_iter().flatten().find(is_of_it)?;
        self.slots[slot].as_mut().map(|live| (slot, live))
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
