//! A link that loses, duplicates and reorders packets, and clients at the end of it, in virtual time.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    net::{Ipv4Addr, SocketAddrV4},
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use reflash::tftp::{
    Socket, TRANSFER_PORTS, TransferPort, engine::TftpEngine, policy::EngineLimits,
    transmit::TransmitQueue,
};

use super::super::support::{FileService, ServerEvent, pattern};

const LOCAL: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// How long a client waits. It differs from the server's second: if both retransmit at the same
/// time, a request that arrives after the first ACK looks like a phone that restarted.
const RETRANSMIT: Duration = Duration::from_millis(1_700);

/// What the link does to packets, in thousandths.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub(super) loss: u64,
    pub(super) doubling: u64,
    /// The longest delay, in milliseconds; the shortest is none, so packets overtake.
    pub(super) delay: u64,
}

/// Random numbers from a seed, so that a failure can be reproduced.
struct Random(u64);

impl Random {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides.max(1)
    }
}

/// A client that follows the standards: RFC 1350 with its own timer, RFC 7440's window.
pub(super) struct Reader {
    address: SocketAddrV4,
    options: String,
    block_size: usize,
    window: u64,
    /// The transfer ID of the first response.
    server: Option<TransferPort>,
    pub(super) bytes: Vec<u8>,
    last: u64,
    since_ack: u64,
    pub(super) finished: bool,
    pub(super) gave_up: bool,
    last_packet_at: Instant,
    tries: u32,
}

impl Reader {
    fn request(&self) -> Vec<u8> {
        [b"\0\x01file\0octet\0", self.options.as_bytes()].concat()
    }

    fn ack(&mut self) -> Vec<u8> {
        self.since_ack = 0;
        let low = u16::try_from(self.last & 0xffff).unwrap();
        [&[0, 4], &low.to_be_bytes()[..]].concat()
    }

    /// The response to a packet.
    fn receive(&mut self, now: Instant, from: TransferPort, packet: &[u8]) -> Option<Vec<u8>> {
        if self.gave_up {
            return None;
        }
        if *self.server.get_or_insert(from) != from {
            return (packet[1] != 5).then(|| b"\0\x05\0\x05other TID\0".to_vec());
        }
        self.last_packet_at = now;
        self.tries = 0;
        match packet[1] {
            6 if self.last == 0 => Some(self.ack()),
            3 => {
                let block = u16::from_be_bytes([packet[2], packet[3]]);
                let expected = u16::try_from((self.last + 1) & 0xffff).unwrap();
                if block != expected || self.finished {
                    // Out of order: an ACK of the last block, once for a window, or once for
                    // each duplicated block in lockstep, as real clients do.
                    return (self.window == 1 || self.finished).then(|| self.ack());
                }
                self.last += 1;
                self.since_ack += 1;
                self.bytes.extend_from_slice(&packet[4..]);
                self.finished = packet.len() - 4 < self.block_size;
                (self.finished || self.since_ack == self.window).then(|| self.ack())
            }
            5 => {
                self.gave_up = !self.finished;
                None
            }
            _ => None,
        }
    }

    /// What it sends after [`RETRANSMIT`] without a packet.
    fn wake(&mut self, now: Instant) -> Option<Vec<u8>> {
        if self.finished || self.gave_up || now < self.last_packet_at + RETRANSMIT {
            return None;
        }
        self.last_packet_at = now;
        self.tries += 1;
        if self.tries > 12 {
            self.gave_up = true;
            return None;
        }
        Some(if self.server.is_none() {
            self.request()
        } else {
            self.ack()
        })
    }
}

/// A packet in flight: to the server's socket, or from its port to a client.
type Flight = (SocketAddrV4, Result<Socket, TransferPort>, Vec<u8>);

pub(super) struct World {
    pub(super) engine: TftpEngine<FileService>,
    pub(super) events: Receiver<ServerEvent>,
    pub(super) start: Instant,
    pub(super) now: Instant,
    random: Random,
    link: Link,
    due: BinaryHeap<Reverse<(Instant, u64)>>,
    flights: BTreeMap<u64, Flight>,
    next: u64,
    out: TransmitQueue,
    pub(super) readers: Vec<Reader>,
    /// DATA packets that the engine sent.
    pub(super) data: usize,
}

impl World {
    fn fly(&mut self, flight: &Flight) {
        let copies = 1 + u64::from(self.random.below(1000) < self.link.doubling);
        for _ in 0..copies {
            if self.random.below(1000) < self.link.loss {
                continue;
            }
            let delay = Duration::from_micros(self.random.below(self.link.delay * 1000));
            self.due.push(Reverse((self.now + delay, self.next)));
            self.flights.insert(self.next, flight.clone());
            self.next += 1;
        }
    }

    fn flush(&mut self) {
        let mut packets = Vec::new();
        self.out.drain(|port, queue| {
            packets.extend(queue.iter().map(|p| (p.to, Err(port), p.to_vec())));
        });
        for packet in packets {
            self.data += usize::from(packet.2[1] == 3);
            self.fly(&packet);
        }
    }

    fn arrive(&mut self, (peer, end, bytes): Flight) {
        match end {
            Ok(socket) => {
                self.engine
                    .datagram(self.now, socket, LOCAL, peer, &bytes, &mut self.out);
                self.flush();
            }
            Err(port) => {
                let reader = self.readers.iter_mut().find(|r| r.address == peer).unwrap();
                if let Some(answer) = reader.receive(self.now, port, &bytes) {
                    self.fly(&(peer, Ok(Socket::Transfer(port)), answer));
                }
            }
        }
    }

    /// Runs until no event is left.
    fn run(&mut self) {
        let end = self.now + Duration::from_hours(1);
        loop {
            let arrival = self.due.peek().map(|Reverse((at, _))| *at);
            let timer = self.engine.next_deadline();
            let wake = self
                .readers
                .iter()
                .filter(|r| !r.finished && !r.gave_up)
                .map(|r| r.last_packet_at + RETRANSMIT)
                .min();
            let Some(next) = [arrival, timer, wake].into_iter().flatten().min() else {
                return;
            };
            self.now = self.now.max(next);
            assert!(self.now < end, "the transfers did not end within an hour");
            while let Some(&Reverse((at, id))) = self.due.peek() {
                if at > self.now {
                    break;
                }
                self.due.pop();
                let flight = self.flights.remove(&id).unwrap();
                self.arrive(flight);
            }
            self.engine.tick(self.now, &mut self.out);
            self.flush();
            for n in 0..self.readers.len() {
                if let Some(bytes) = self.readers[n].wake(self.now) {
                    let reader = &self.readers[n];
                    let to = reader.server.map_or(Socket::Listener, Socket::Transfer);
                    self.fly(&(reader.address, Ok(to), bytes));
                }
            }
        }
    }
}

/// Runs `options.len()` clients and returns them with all events.
pub(super) fn play(seed: u64, link: Link, size: usize, options: &[(String, usize, u64)]) -> World {
    let (service, events) = FileService::new(&[("file", pattern(size))]);
    let now = Instant::now();
    let readers: Vec<Reader> = (1_u16..)
        .zip(options)
        .map(|(n, (options, block_size, window))| Reader {
            address: SocketAddrV4::new(Ipv4Addr::from(0x7f01_0000 + u32::from(n)), 2000 + n),
            options: options.clone(),
            block_size: *block_size,
            window: *window,
            server: None,
            bytes: Vec::new(),
            last: 0,
            since_ack: 0,
            finished: false,
            gave_up: false,
            last_packet_at: now,
            tries: 0,
        })
        .collect();
    let mut world = World {
        engine: TftpEngine::new(EngineLimits::default(), TRANSFER_PORTS, service),
        events,
        start: now,
        now,
        random: Random(seed | 1),
        link,
        due: BinaryHeap::new(),
        flights: BTreeMap::new(),
        next: 0,
        out: TransmitQueue::default(),
        readers,
        data: 0,
    };
    for n in 0..world.readers.len() {
        let reader = &world.readers[n];
        let flight = (reader.address, Ok(Socket::Listener), reader.request());
        world.fly(&flight);
    }
    world.run();
    world
}
