//! All transfers and their timers, without I/O: datagrams and the time go in, packets and calls to
//! the [`TftpService`] come out.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
    net::{Ipv4Addr, SocketAddrV4},
    task::Waker,
    time::{Duration, Instant},
};

use super::{
    Socket, TftpService, TransferOutcome, TransferPort,
    answer_limiter::{Admission, AnswerLimiter},
    deferred::DeferredRequests,
    packet::{HEADER, ReadRequest, TftpPacket, decode, error_code},
    peers::{Peer, Peers},
    policy::EngineLimits,
    port::PortPool,
    transfer::{Send, TftpTransfer, TransferAction},
    transmit::TransmitQueue,
};
use crate::stage::FileReader;

mod answers;
mod deferred;
mod refusal;
mod request;
mod second;
mod sending;
mod table;

/// The shortest interval between progress reports of one transfer.
pub const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// Maximum number of timers that one [`TftpEngine::tick`] handles, so that received packets are not
/// delayed.
pub const TIMERS_PER_TICK: usize = 256;

/// Later than any deadline of a transfer.
const NEVER: Duration = Duration::from_hours(24 * 365);

/// The engine: the table of transfers.
#[derive(Debug)]
pub struct TftpEngine<S> {
    service: S,
    limits: EngineLimits,
    guard: AnswerLimiter,
    ports: PortPool,
    peers: Peers,
    slots: Vec<Option<ActiveTransfer>>,
    free: Vec<usize>,
    by_address: HashMap<Ipv4Addr, usize>,
    /// At least one entry per transfer, at or before its deadline.
    timers: BinaryHeap<Reverse<(Instant, usize, u64)>>,
    /// Slots and numbers of transfers without any ACK, oldest first: a full table evicts them.
    unacknowledged: VecDeque<(usize, u64)>,
    deferred: DeferredRequests,
    next: u64,
    /// Slots and numbers of transfers with packets that wait for the disk.
    waiting: Vec<(usize, u64)>,
    /// Woken when such packets can be sent.
    waker: Waker,
}

/// A transfer and the engine's bookkeeping for it.
#[derive(Debug)]
struct ActiveTransfer {
    id: u64,
    /// Whether it was reported to the service: the second of one request, without an ACK, is not.
    is_reported: bool,
    name: Box<[u8]>,
    options: Box<[u8]>,
    peer: SocketAddrV4,
    local: Ipv4Addr,
    port: TransferPort,
    transfer: TftpTransfer,
    reader: FileReader,
    /// What waits for the disk.
    unsent: Option<Send>,
    /// An ICMP error or ERROR that no ACK has followed yet.
    refusal: Option<TransferOutcome>,
    /// The deadline of its entry in `timers`.
    timer: Instant,
    reported_at: Instant,
    /// Acknowledged bytes were reported to the service.
    has_progress: bool,
}

impl ActiveTransfer {
    fn matches_request(&self, request: &ReadRequest<'_>) -> bool {
        *self.name == *request.name && *self.options == *request.options.as_bytes()
    }
}

impl<S: TftpService> TftpEngine<S> {
    /// An engine without transfers, with this many transfer ports.
    pub fn new(limits: EngineLimits, ports: u16, service: S) -> Self {
        Self {
            service,
            limits,
            guard: AnswerLimiter::default(),
            ports: PortPool::new(ports),
            peers: Peers::default(),
            slots: Vec::new(),
            free: Vec::new(),
            by_address: HashMap::new(),
            timers: BinaryHeap::new(),
            unacknowledged: VecDeque::new(),
            deferred: DeferredRequests::default(),
            next: 0,
            waiting: Vec::new(),
            waker: Waker::noop().clone(),
        }
    }

    /// Names what to wake when [`TftpEngine::resume`] can send packets that waited for the disk.
    pub fn set_waker(&mut self, waker: Waker) {
        self.waker = waker;
    }

    /// Handles a datagram from `peer`, received on `socket` at the address `local`.
    pub fn datagram(
        &mut self,
        now: Instant,
        socket: Socket,
        local: Ipv4Addr,
        peer: SocketAddrV4,
        bytes: &[u8],
        out: &mut TransmitQueue,
    ) {
        if peer.port() == 0 {
            return;
        }
        match (decode(bytes), socket) {
            (Ok(TftpPacket::Error(code, text)), Socket::Transfer(port)) => {
                self.peer_error(now, port, peer, code, text);
            }
            (Ok(TftpPacket::Error(..)), Socket::Listener) => {}
            (Ok(TftpPacket::Ack(block)), Socket::Transfer(port)) => {
                self.ack(now, port, local, peer, block, out);
            }
            (Ok(TftpPacket::Read(request)), Socket::Listener) => {
                let admission = self.admit(now, peer);
                if admission != Admission::Refused {
                    self.read_or_defer(now, (local, peer), bytes, &request, out);
                }
                if admission == Admission::Once {
                    self.send_once(now, peer);
                }
            }
            (Ok(TftpPacket::Write), Socket::Listener) => {
                if self.admit(now, peer) != Admission::Refused {
                    let text = "this server is read-only";
                    self.listener_error(now, local, peer, error_code::ACCESS, text, out);
                }
            }
            (_, Socket::Transfer(port)) if self.find(now, port, peer).is_none() => {
                self.unknown_tid(now, port, local, peer, out);
            }
            (_, Socket::Transfer(_)) if bytes.len() < HEADER => {}
            // Forged packets must draw no more than the first packets of the transfer.
            (_, Socket::Listener) if self.is_busy(now, peer) => {}
            (Ok(_) | Err(_), _) => {
                if self.guard.stray(now, *peer.ip()) {
                    let (code, text) = (error_code::ILLEGAL, "illegal TFTP operation");
                    match socket {
                        Socket::Listener => {
                            self.listener_error(now, local, peer, code, text, out);
                        }
                        Socket::Transfer(port) => self.error(out, port, local, peer, code, text),
                    }
                }
            }
        }
    }

    fn ack(
        &mut self,
        now: Instant,
        port: TransferPort,
        local: Ipv4Addr,
        peer: SocketAddrV4,
        block: u16,
        out: &mut TransmitQueue,
    ) {
        let Some((slot, active)) = self.find(now, port, peer) else {
            if !self.end_guessed(now, port, peer) {
                self.unknown_tid(now, port, local, peer, out);
            }
            return;
        };
        let is_first = !active.transfer.has_acknowledged();
        let step = active.transfer.acknowledge(now, block);
        if step == TransferAction::Ignored {
            return;
        }
        active.refusal = None;
        if is_first && !self.on_first_ack(now, slot, out) {
            return;
        }
        match step {
            TransferAction::Ignored => {}
            TransferAction::End(end) => {
                if end == TransferOutcome::Delivered {
                    self.guard.proved(now, peer);
                }
                self.end(now, slot, end);
            }
            TransferAction::Send(send) => {
                if self.transmit(now, slot, send, out) {
                    self.report_progress(now, slot);
                }
            }
        }
    }

    fn report_progress(&mut self, now: Instant, slot: usize) {
        let active = self.slots[slot]
            .as_mut()
            .expect("a slot with progress is taken");
        let bytes = active.transfer.acknowledged();
        // The first ACK proves that the request is not forged.
        let is_first = !active.has_progress && bytes > 0;
        if is_first || now.saturating_duration_since(active.reported_at) >= PROGRESS_INTERVAL {
            active.has_progress |= bytes > 0;
            active.reported_at = now;
            self.service.acknowledged(now, active.id, bytes);
        }
    }

    /// Handles timers that are due, at most [`TIMERS_PER_TICK`] of them.
    pub fn tick(&mut self, now: Instant, out: &mut TransmitQueue) {
        self.tick_deferred(now, out);
        for _ in 0..TIMERS_PER_TICK {
            let Some(&Reverse((due, slot, id))) = self.timers.peek() else {
                return;
            };
            if due > now {
                return;
            }
            self.timers.pop();
            let Some(active) = self.slots[slot]
                .as_mut()
                .filter(|l| l.id == id && l.timer == due)
            else {
                continue;
            };
            // The next entry is at its deadline.
            active.timer = now + NEVER;
            if active.transfer.deadline() > now {
                self.schedule(slot);
                continue;
            }
            if active.unsent.is_some() {
                self.fail(
                    now,
                    slot,
                    "the file cannot be read in time; try again later",
                    out,
                );
                continue;
            }
            match active.transfer.timeout(now) {
                TransferAction::Send(send) => {
                    self.service.retransmitted(send.packets());
                    self.transmit(now, slot, send, out);
                }
                TransferAction::Ignored => self.schedule(slot),
                TransferAction::End(end) => {
                    let end = active.refusal.take().unwrap_or(end);
                    self.end(now, slot, end);
                }
            }
        }
    }

    /// The latest time for the next call of [`TftpEngine::tick`].
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let timer = self.timers.peek().map(|Reverse((due, ..))| *due);
        [timer, self.deferred.next_due()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Ends every transfer and sends each peer an ERROR.
    pub fn stop(&mut self, now: Instant, out: &mut TransmitQueue) {
        self.stop_deferred(now, out);
        for slot in 0..self.slots.len() {
            if let Some(active) = &self.slots[slot] {
                let (port, local, peer) = (active.port, active.local, active.peer);
                let text = "the server is stopping";
                self.error(out, port, local, peer, error_code::NOT_DEFINED, text);
                self.end(now, slot, TransferOutcome::Stopped);
            }
        }
    }

    /// The number of transfers in progress.
    #[must_use]
    pub fn transfers(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// The service.
    pub fn service(&self) -> &S {
        &self.service
    }

    /// Returns the service.
    pub fn into_service(self) -> S {
        self.service
    }

    fn find(
        &mut self,
        now: Instant,
        port: TransferPort,
        peer: SocketAddrV4,
    ) -> Option<(usize, &mut ActiveTransfer)> {
        let Some(Peer::Busy { slot, second, .. }) = self.peers.get(now, peer) else {
            return None;
        };
        let is_of_it = |slot: &usize| {
            let active = self.slots[*slot].as_ref();
            active.is_some_and(|active| active.port == port)
        };
        let slot = [Some(slot), second].into_iter().flatten().find(is_of_it)?;
        self.slots[slot].as_mut().map(|active| (slot, active))
    }
}

#[cfg(test)]
mod tests;
