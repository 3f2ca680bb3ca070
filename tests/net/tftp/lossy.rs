//! Transfers over a link that loses, doubles and reorders, in virtual time and without
//! sockets: whatever the link does, nobody gets wrong bytes, and nothing is called
//! delivered that was not.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    net::{Ipv4Addr, SocketAddrV4},
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use proptest::prelude::*;
use reflash::tftp::{
    Port, Socket, TransferOutcome, engine::Engine, policy::Limits, transmit::TransmitQueue,
};

use super::support::{FileService, ServerEvent, pattern};

const LOCAL: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// How long a client waits. Not the server's own second: where both ask at one moment, a
/// request that is overtaken by the first ACK is a phone that started again.
const ASK_AGAIN: Duration = Duration::from_millis(1_700);

/// What the link does to packets, in thousandths.
#[derive(Debug, Clone, Copy)]
struct Link {
    loss: u64,
    doubling: u64,
    /// The longest delay, in milliseconds; the shortest is none, so packets overtake.
    delay: u64,
}

/// Numbers from a seed, so that a failure comes again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides.max(1)
    }
}

/// A client that follows the standards: RFC 1350 with its own timer, RFC 7440's window.
struct Reader {
    address: SocketAddrV4,
    options: String,
    block_size: usize,
    window: u64,
    /// The transfer ID that answered first, once one did.
    server: Option<Port>,
    bytes: Vec<u8>,
    last: u64,
    since_ack: u64,
    finished: bool,
    gave_up: bool,
    heard_at: Instant,
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

    /// What it says to a packet.
    fn take(&mut self, now: Instant, from: Port, packet: &[u8]) -> Option<Vec<u8>> {
        if self.gave_up {
            return None;
        }
        if *self.server.get_or_insert(from) != from {
            return (packet[1] != 5).then(|| b"\0\x05\0\x05other TID\0".to_vec());
        }
        self.heard_at = now;
        self.tries = 0;
        match packet[1] {
            6 if self.last == 0 => Some(self.ack()),
            3 => {
                let block = u16::from_be_bytes([packet[2], packet[3]]);
                let expected = u16::try_from((self.last + 1) & 0xffff).unwrap();
                if block != expected || self.finished {
                    // Out of order: say what is there, once for a window, or once for
                    // each doubled block in lockstep, as real clients do.
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

    /// What it says after [`ASK_AGAIN`] of silence.
    fn wake(&mut self, now: Instant) -> Option<Vec<u8>> {
        if self.finished || self.gave_up || now < self.heard_at + ASK_AGAIN {
            return None;
        }
        self.heard_at = now;
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

/// A packet on its way: to the server's socket, or from its port to a client.
type Flight = (SocketAddrV4, Result<Socket, Port>, Vec<u8>);

struct World {
    engine: Engine<FileService>,
    events: Receiver<ServerEvent>,
    start: Instant,
    now: Instant,
    dice: Dice,
    link: Link,
    due: BinaryHeap<Reverse<(Instant, u64)>>,
    flights: BTreeMap<u64, Flight>,
    next: u64,
    out: TransmitQueue,
    readers: Vec<Reader>,
    /// DATA packets that the engine sent.
    data: usize,
}

impl World {
    fn fly(&mut self, flight: &Flight) {
        let copies = 1 + u64::from(self.dice.roll(1000) < self.link.doubling);
        for _ in 0..copies {
            if self.dice.roll(1000) < self.link.loss {
                continue;
            }
            let delay = Duration::from_micros(self.dice.roll(self.link.delay * 1000));
            self.due.push(Reverse((self.now + delay, self.next)));
            self.flights.insert(self.next, flight.clone());
            self.next += 1;
        }
    }

    fn flush(&mut self) {
        for port in Port::ALL {
            let packets: Vec<_> = self
                .out
                .queue(port)
                .drain(..)
                .map(|p| (p.to, Err(port), p.to_vec()))
                .collect();
            for packet in packets {
                self.data += usize::from(packet.2[1] == 3);
                self.fly(&packet);
            }
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
                if let Some(answer) = reader.take(self.now, port, &bytes) {
                    self.fly(&(peer, Ok(Socket::Transfer(port)), answer));
                }
            }
        }
    }

    /// Runs until nothing is left to happen.
    fn run(&mut self) {
        let end = self.now + Duration::from_hours(1);
        loop {
            let arrival = self.due.peek().map(|Reverse((at, _))| *at);
            let timer = self.engine.next_deadline();
            let wake = self
                .readers
                .iter()
                .filter(|r| !r.finished && !r.gave_up)
                .map(|r| r.heard_at + ASK_AGAIN)
                .min();
            let Some(next) = [arrival, timer, wake].into_iter().flatten().min() else {
                return;
            };
            self.now = self.now.max(next);
            assert!(self.now < end, "an hour passed and it is still going on");
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
fn play(seed: u64, link: Link, size: usize, options: &[(String, usize, u64)]) -> World {
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
            heard_at: now,
            tries: 0,
        })
        .collect();
    let mut world = World {
        engine: Engine::new(Limits::default(), service),
        events,
        start: now,
        now,
        dice: Dice(seed | 1),
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

fn options() -> impl Strategy<Value = (String, usize, u64)> {
    let block = prop_oneof![Just(None), (8_usize..1500).prop_map(Some)];
    let window = prop_oneof![Just(None), (1_u64..12).prop_map(Some)];
    (block, window).prop_map(|(block, window)| {
        let asked = [
            block.map(|block| format!("blksize\0{block}\0")),
            window.map(|window| format!("windowsize\0{window}\0")),
        ];
        let options = asked.into_iter().flatten().collect();
        (
            options,
            block.map_or(512, |b| b.min(1468)),
            window.map_or(1, |w| w.min(8)),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_wrong_arrives_and_nothing_undelivered_is_called_delivered(
        seed in any::<u64>(),
        loss in 0_u64..350,
        doubling in 0_u64..300,
        delay in 1_u64..60,
        size in 0_usize..12_000,
        options in prop::collection::vec(options(), 1..6),
    ) {
        let world = play(seed, Link { loss, doubling, delay }, size, &options);
        let events: Vec<ServerEvent> = world.events.try_iter().collect();
        let mut delivered = 0;
        let mut ended = Vec::new();
        for event in &events {
            if let ServerEvent::Ended(transfer, end, bytes) = event {
                prop_assert!(!ended.contains(transfer), "transfer {} ended twice", transfer);
                ended.push(*transfer);
                if *end == TransferOutcome::Delivered {
                    prop_assert_eq!(*bytes, size as u64);
                    delivered += 1;
                }
            }
        }
        let asked = events.iter().filter(|t| matches!(t, ServerEvent::Requested(..))).count();
        prop_assert_eq!(asked, ended.len(), "every transfer ended");
        prop_assert_eq!(world.engine.transfers(), 0);
        let finished = world.readers.iter().filter(|r| r.finished).count();
        prop_assert!(delivered <= finished, "{} delivered, {} have it", delivered, finished);
        for reader in &world.readers {
            if reader.finished {
                prop_assert!(reader.bytes == pattern(size), "wrong bytes");
            } else {
                prop_assert!(reader.gave_up);
            }
        }
    }

    #[test]
    fn a_clean_link_delivers_everything(
        seed in any::<u64>(),
        size in 0_usize..12_000,
        options in prop::collection::vec(options(), 1..6),
    ) {
        // No jitter either: packets that overtake are a fault of the link.
        let world = play(seed, Link { loss: 0, doubling: 0, delay: 0 }, size, &options);
        let events: Vec<ServerEvent> = world.events.try_iter().collect();
        let all = ServerEvent::Ended(0, TransferOutcome::Delivered, size as u64);
        let delivered = events
            .iter()
            .filter(|t| matches!((t, &all), (ServerEvent::Ended(_, a, b), ServerEvent::Ended(_, c, d)) if a == c && b == d))
            .count();
        prop_assert_eq!(delivered, options.len());
        prop_assert!(world.readers.iter().all(|r| r.finished && r.bytes == pattern(size)));
    }
}

#[test]
fn every_client_completes_on_bad_links() {
    // Thousandths and milliseconds; 200 clients with files of 100 blocks on each.
    for (loss, doubling, delay) in [
        (10, 0, 5),
        (50, 0, 5),
        (200, 0, 5),
        (0, 100, 20),
        (50, 50, 20),
    ] {
        let link = Link {
            loss,
            doubling,
            delay,
        };
        let plain = (String::new(), 512, 1);
        let world = play(7, link, 51_000, &vec![plain; 200]);
        let complete = |reader: &Reader| reader.finished && reader.bytes == pattern(51_000);
        let done = world.readers.iter().filter(|r| complete(r)).count();
        assert_eq!(done, 200, "{link:?}");
    }
}

#[test]
fn the_sorcerers_apprentice_finds_no_work() {
    // Every packet is doubled, each way, and the clients acknowledge each of them.
    let link = Link {
        loss: 0,
        doubling: 1000,
        delay: 1,
    };
    let plain = (String::new(), 512, 1);
    let world = play(3, link, 512 * 500, &[plain]);
    assert!(world.readers[0].finished);
    // The doubled request draws the first block again, as nothing is acknowledged yet.
    assert!(world.data <= 502, "{} packets for 501 blocks", world.data);
}

#[test]
fn one_percent_loss_costs_little_time() {
    let link = Link {
        loss: 10,
        doubling: 0,
        delay: 1,
    };
    let plain = (String::new(), 512, 1);
    let world = play(1, link, 512 * 1000, &[plain]);
    assert!(world.readers[0].finished);
    let took = world.now - world.start;
    let events: Vec<ServerEvent> = world.events.try_iter().collect();
    assert_eq!(
        events.last(),
        Some(&ServerEvent::Ended(0, TransferOutcome::Delivered, 512_000))
    );
    // Virtual time: about twenty losses of at most a few shortest waits each.
    assert!(took < Duration::from_secs(30), "{took:?}");
}
