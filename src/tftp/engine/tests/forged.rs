//! A host that forges source addresses and sees no answer: what it draws, and what it can guess.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;

/// A request of a host that forges the address of [`PHONE`], and the answer that it does not see.
fn forge_request(bench: &mut Bench) -> TransferPort {
    let sent = bench.request(PHONE, "a");
    assert_eq!(sent[0].1[..4], [0, 3, 0, 1]);
    sent[0].0
}

#[test]
fn a_guess_of_the_transfer_port_ends_the_transfer_before_it_can_be_acknowledged() {
    let mut bench = Bench::with_ports(64);
    let port = forge_request(&mut bench);
    let wrong = Socket::Transfer(TransferPort::new(40));
    assert_eq!(bench.ack(PHONE, wrong, 1), []);
    assert_eq!(bench.calls(), ["request 0 a", "ended 0 Replaced 0"]);
    assert_eq!(bench.ack(PHONE, Socket::Transfer(port), 1), []);
    assert_eq!(bench.advance(Duration::from_secs(20)), []);
}

#[test]
fn a_forged_request_draws_no_more_than_1600_bytes_whatever_is_forged_after_it() {
    for to_all_ports in [false, true] {
        let mut bench = Bench::with_ports(64);
        let mut sent = bench.request(PHONE, "a");
        let port = sent[0].0;
        for second in 0..30 {
            for packet in [
                &b"\0\x04\0\0"[..],
                b"\0\x04\0\x01",
                b"\0\x03\0\x01x",
                b"\0\x09zz",
            ] {
                sent.extend(bench.send(PHONE, Socket::Listener, packet));
            }
            if to_all_ports && second > 0 {
                for index in (0..64)
                    .map(TransferPort::new)
                    .filter(|index| *index != port)
                {
                    sent.extend(bench.ack(PHONE, Socket::Transfer(index), 1));
                }
                sent.extend(bench.ack(PHONE, Socket::Transfer(port), 1));
            }
            if second < 12 || to_all_ports {
                sent.extend(bench.advance(Duration::from_millis(990)));
            }
        }
        let bytes: usize = sent.iter().map(|(_, packet)| packet.len()).sum();
        assert!(bytes <= FIRST_BYTES_MAX, "{bytes}, {to_all_ports}");
    }
}

#[test]
fn one_request_in_256_is_acknowledged_by_a_guess() {
    let mut bench = with_random_ports(256);
    for n in 0..20_000_u32 {
        let forged = SocketAddrV4::new(*PHONE.ip(), u16::try_from(20_000 + n % 40_000).unwrap());
        bench.request(forged, "a");
        let guess = Socket::Transfer(TransferPort::new(u16::try_from(n % 256).unwrap()));
        for block in 1..=2 {
            bench.ack(forged, guess, block);
        }
        bench.advance(Duration::from_millis(5));
    }
    let calls = bench.calls();
    let delivered = calls.iter().filter(|call| call.contains("Delivered"));
    let delivered = delivered.count();
    // 78 on average, with a standard deviation of 9.
    assert!((20..=140).contains(&delivered), "{delivered}");
}

#[test]
fn a_late_ack_to_the_previous_port_is_no_guess() {
    let mut bench = Bench::with_ports(64);
    let first = bench.request(PHONE, "a")[0].0;
    bench.ack(PHONE, Socket::Transfer(first), 1);
    bench.ack(PHONE, Socket::Transfer(first), 2);
    let second = bench.request(PHONE, "b")[0].0;
    assert_ne!(first, second);
    assert_eq!(bench.ack(PHONE, Socket::Transfer(first), 2), []);
    assert_eq!(bench.ack(PHONE, Socket::Transfer(second), 1).len(), 1);
}

/// The number of ports of this many transfers of the file, each begun beside `beside` others of a large one.
fn distinct_ports(bench: &mut Bench, beside: u32, (name, transfers): (&str, u32)) -> usize {
    serve_large(bench);
    for n in 0..beside {
        let port = bench.request(phone(n), "large")[0].0;
        bench.ack(phone(n), Socket::Transfer(port), 1);
    }
    let mut ports = HashSet::new();
    for n in beside..beside + transfers {
        let port = bench.request(phone(n), name)[0].0;
        // The client aborts.
        bench.send(phone(n), Socket::Transfer(port), b"\0\x05\0\0\0");
        ports.insert(port.index());
    }
    ports.len()
}

/// A file that is large enough for the shared ports.
fn serve_large(bench: &mut Bench) {
    let file = StagedFile {
        name: "large".into(),
        bytes: vec![1; 65_536].into(),
    };
    bench.engine.service.large = Some(file.into());
}

fn with_random_ports(ports: u16) -> Bench {
    let mut bench = Bench::with_ports(ports);
    bench.engine.ports = PortPool::new(ports);
    bench
}

#[test]
fn transfers_have_random_ports() {
    let mut bench = with_random_ports(64);
    let ports = distinct_ports(&mut bench, 7, ("large", 640));
    assert!(ports > 50, "{ports}");
}

#[test]
fn many_transfers_share_a_few_random_ports_until_one_is_guessed() {
    let mut bench = with_random_ports(64);
    let shared = usize::from(SHARED_PORTS);
    assert_eq!(distinct_ports(&mut bench, 100, ("large", 400)), shared);
    let ports = distinct_ports(&mut bench, 100, ("a", 400));
    assert!(ports > 50, "small files: {ports}");
    let right = forge_request(&mut bench).index();
    let wrong = TransferPort::new(u16::try_from((right + 1) % 64).unwrap());
    bench.ack(PHONE, Socket::Transfer(wrong), 1);
    let ports = distinct_ports(&mut bench, 600, ("large", 640));
    assert!(ports > 50, "after a guess: {ports}");
    bench.advance(GUESSES_REMEMBERED);
    assert_eq!(
        distinct_ports(&mut bench, 100, ("large", 400)),
        shared,
        "an hour later"
    );
}

#[test]
fn a_guess_ends_every_transfer_of_the_address_that_shares_ports_and_has_no_ack() {
    let mut bench = with_random_ports(64);
    distinct_ports(&mut bench, 100, ("large", 1));
    let peer = |n: u16| SocketAddrV4::new(*PHONE.ip(), 20_000 + n);
    let ports: Vec<TransferPort> = (0..150)
        .map(|n| bench.request(peer(n), "large")[0].0)
        .collect();
    // The sender knows the eight ports, and guesses one of them for each of its requests.
    let mut drawn = 0;
    for n in 0..150 {
        for block in 1..=24 {
            drawn += bench.ack(peer(n), FIRST, block).len();
        }
    }
    let before_first_wrong = ports.iter().take_while(|port| **port == PORT_1).count();
    assert_eq!(drawn, 24 * before_first_wrong, "{ports:?}");
}

#[test]
fn a_burst_of_forged_requests_draws_a_megabyte_and_a_half_at_most() {
    let mut bench = Bench::with_ports(64);
    let mut bytes = 0;
    for n in 0..10_000 {
        for (_, packet) in bench.request(SocketAddrV4::new(*PHONE.ip(), 1024 + n), "a") {
            bytes += packet.len();
        }
    }
    for _ in 0..200 {
        for (_, packet) in bench.advance(Duration::from_millis(100)) {
            bytes += packet.len();
        }
    }
    assert!(bytes <= 1_600_000, "{bytes}");
}

/// What a host sends that sees no answer.
#[derive(Debug, Clone)]
enum Forged {
    Request(&'static str),
    Ack(u16, u8),
    Error(u16),
    Runt(u16, usize),
    Listener(&'static [u8]),
}

fn forged() -> impl Strategy<Value = Forged> {
    let options = ["", "blksize\x001428\0windowsize\x008\0", "tsize\x000\0"];
    let junk: [&[u8]; 4] = [b"\0\x04\0\x01", b"\0\x05\0\0\0", b"\0\x02a\0octet\0", b""];
    prop_oneof![
        4 => prop::sample::select(options.to_vec()).prop_map(Forged::Request),
        6 => (0_u16..6, 0_u8..4).prop_map(|(port, block)| Forged::Ack(port, block)),
        1 => (0_u16..6).prop_map(Forged::Error),
        2 => (0_u16..6, 0_usize..4).prop_map(|(port, length)| Forged::Runt(port, length)),
        1 => prop::sample::select(junk.to_vec()).prop_map(Forged::Listener),
    ]
}

/// A client that fetches one file in lockstep and repeats its last packet.
#[derive(Default)]
struct GoodClient {
    port: Option<TransferPort>,
    blocks: u8,
}

impl GoodClient {
    /// The file of [`RecordingService`] has two blocks.
    fn is_complete(&self) -> bool {
        self.blocks == 2
    }

    fn step(&mut self, bench: &mut Bench, at: SocketAddrV4) {
        let sent = match self.port {
            None => bench.request(at, "a"),
            Some(port) => bench.ack(at, Socket::Transfer(port), self.blocks),
        };
        for (port, packet) in sent {
            if packet[..2] == [0, 3] && packet[3] == self.blocks + 1 {
                self.port = Some(port);
                self.blocks += 1;
            }
        }
    }
}

proptest! {
    /// The forger uses the addresses of good clients too, with other source ports.
    #[test]
    fn good_clients_complete_beside_a_forger_who_draws_1600_bytes_a_request(
        events in prop::collection::vec((0_u32..6, 0_u16..3, forged(), 0_u64..400), 1..200)
    ) {
        let mut bench = Bench::with_ports(64);
        let mut clients: [GoodClient; 3] = Default::default();
        let mut drawn: HashMap<SocketAddrV4, (usize, usize)> = HashMap::new();
        let mut hit = HashSet::new();
        let quiet = vec![(0, 0, Forged::Listener(b""), 1_000); 30];
        for (address, source, packet, wait) in events.into_iter().chain(quiet) {
            let victim = SocketAddrV4::new(*phone(address).ip(), 5_000 + source);
            let is_request = matches!(packet, Forged::Request(_));
            let sent = match packet {
                Forged::Request(options) => {
                    let request = [b"\0\x01a\0octet\0", options.as_bytes()].concat();
                    bench.send(victim, Socket::Listener, &request)
                }
                Forged::Ack(port, block) => {
                    let port = TransferPort::new(port);
                    if bench.engine.find(bench.now, port, victim).is_some() {
                        hit.insert(victim);
                    }
                    bench.ack(victim, Socket::Transfer(port), block)
                }
                Forged::Error(port) => {
                    let port = Socket::Transfer(TransferPort::new(port));
                    bench.send(victim, port, b"\0\x05\0\0no\0")
                }
                Forged::Runt(port, length) => {
                    let port = Socket::Transfer(TransferPort::new(port));
                    bench.send(victim, port, &b"\0\x04\0"[..length])
                }
                Forged::Listener(bytes) => bench.send(victim, Socket::Listener, bytes),
            };
            let (requests, bytes) = drawn.entry(victim).or_default();
            *requests += usize::from(is_request);
            *bytes += data_bytes(&sent);
            for (n, client) in (0..).zip(&mut clients) {
                if !client.is_complete() {
                    client.step(&mut bench, phone(n));
                }
            }
            bench.now += Duration::from_millis(wait);
            bench.engine.tick(bench.now, &mut bench.out);
            bench.out.drain(|_, queue| {
                for packet in queue {
                    let (_, bytes) = drawn.entry(packet.to).or_default();
                    *bytes += data_bytes(&[(PORT_1, packet.to_vec())]);
                }
            });
        }
        prop_assert!(clients.iter().all(GoodClient::is_complete));
        for (victim, (requests, bytes)) in drawn {
            let is_forged = victim.port() >= 5_000 && !hit.contains(&victim);
            prop_assert!(!is_forged || bytes <= requests * FIRST_BYTES_MAX, "{}: {}, {}", victim, requests, bytes);
        }
    }
}

/// Bytes of DATA and OACK. An ERROR is not longer than twice what it answers, and limited per address.
fn data_bytes(sent: &[(TransferPort, Vec<u8>)]) -> usize {
    let packets = sent.iter().map(|(_, packet)| packet);
    let data = packets.filter(|packet| packet[1] != 5);
    data.map(Vec::len).sum()
}
