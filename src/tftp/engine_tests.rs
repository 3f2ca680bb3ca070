//! The engine in virtual time: datagrams in, packets and reports out.
//!
//! Long because: every case drives the same bench, whose helpers are in this file.

use super::*;
use crate::{
    stage::StagedFile,
    tftp::{Answer, Request, peers::MEMORY, policy::NAME_MAX, transfer::FIRST_BYTES_MAX},
};

const LOCAL: Ipv4Addr = Ipv4Addr::LOCALHOST;
const PHONE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 7), 1024);
const FIRST: Socket = Socket::Transfer(Port::First);
const SECOND: Socket = Socket::Transfer(Port::Second);

/// Serves 1,000 bytes under every name but "absent", and records its calls.
#[derive(Default)]
struct Shelf(Vec<String>);

impl Service for Shelf {
    fn request(&mut self, _: Instant, request: &Request<'_>) -> Answer {
        self.0.push(format!(
            "ask {} {}",
            request.transfer,
            request.name.escape_debug()
        ));
        if request.name == "absent" {
            return Answer::NotFound;
        }
        Answer::Serve(StagedFile {
            name: request.name.into(),
            bytes: vec![1; 1000].into(),
        })
    }

    fn acknowledged(&mut self, _: Instant, transfer: u64, bytes: u64) {
        self.0.push(format!("acked {transfer} {bytes}"));
    }

    fn ended(&mut self, _: Instant, transfer: u64, end: TransferOutcome, bytes: u64) {
        self.0.push(format!("ended {transfer} {end:?} {bytes}"));
    }
}

/// An engine, its clock and its network.
struct Bench {
    engine: Engine<Shelf>,
    now: Instant,
    out: TransmitQueue,
}

impl Bench {
    fn new() -> Self {
        Self {
            engine: Engine::new(Limits::default(), Shelf::default()),
            now: Instant::now(),
            out: TransmitQueue::default(),
        }
    }

    /// Sends a datagram; what the engine answers, and from where.
    fn send(&mut self, peer: SocketAddrV4, to: Socket, bytes: &[u8]) -> Vec<(Port, Vec<u8>)> {
        self.engine
            .datagram(self.now, to, LOCAL, peer, bytes, &mut self.out);
        self.sent()
    }

    fn ask(&mut self, peer: SocketAddrV4, name: &str) -> Vec<(Port, Vec<u8>)> {
        self.send(
            peer,
            Socket::Listener,
            &[b"\0\x01", name.as_bytes(), b"\0octet\0"].concat(),
        )
    }

    fn ack(&mut self, peer: SocketAddrV4, to: Socket, block: u8) -> Vec<(Port, Vec<u8>)> {
        self.send(peer, to, &[0, 4, 0, block])
    }

    fn pass(&mut self, time: Duration) -> Vec<(Port, Vec<u8>)> {
        self.now += time;
        self.engine.tick(self.now, &mut self.out);
        self.sent()
    }

    fn sent(&mut self) -> Vec<(Port, Vec<u8>)> {
        let mut sent = Vec::new();
        for port in Port::ALL {
            sent.extend(self.out.queue(port).drain(..).map(|p| (port, p.to_vec())));
        }
        sent
    }

    fn calls(&mut self) -> Vec<String> {
        std::mem::take(&mut self.engine.service.0)
    }
}

fn phone(n: u32) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::from_bits(0x7f01_0000 + n), 1024)
}

#[test]
fn a_transfer_is_told_from_its_request_to_its_last_ack() {
    let mut bench = Bench::new();
    let first = bench.ask(PHONE, "a");
    assert_eq!(
        (first[0].0, first[0].1.len(), &first[0].1[..4]),
        (Port::First, 516, &[0, 3, 0, 1][..])
    );
    bench.now += PROGRESS_INTERVAL;
    let second = bench.ack(PHONE, FIRST, 1);
    assert_eq!(
        (second[0].1.len(), &second[0].1[..4]),
        (4 + 488, &[0, 3, 0, 2][..])
    );
    assert_eq!(bench.ack(PHONE, FIRST, 2), []);
    assert_eq!(
        bench.calls(),
        ["ask 0 a", "acked 0 512", "ended 0 Delivered 1000"]
    );
    assert_eq!(bench.engine.transfers(), 0);
}

#[test]
fn progress_is_told_at_most_every_100_ms() {
    let mut bench = Bench::new();
    bench.ask(PHONE, "a");
    bench.now += PROGRESS_INTERVAL / 2;
    bench.ack(PHONE, FIRST, 1);
    assert_eq!(bench.calls(), ["ask 0 a"]);
}

#[test]
fn after_the_final_ack_a_repeated_ack_gets_nothing() {
    let mut bench = Bench::new();
    bench.ask(PHONE, "a");
    bench.ack(PHONE, FIRST, 1);
    bench.ack(PHONE, FIRST, 2);
    bench.now += MEMORY / 2;
    assert_eq!(bench.ack(PHONE, FIRST, 2), []);
}

#[test]
fn a_late_ack_of_the_last_file_does_not_count_for_the_next() {
    let mut bench = Bench::new();
    bench.ask(PHONE, "a");
    bench.ack(PHONE, FIRST, 1);
    bench.ack(PHONE, FIRST, 2);
    assert_eq!(bench.ask(PHONE, "b")[0].0, Port::Second);
    assert_eq!(bench.ack(PHONE, FIRST, 1), []);
    assert_eq!(bench.ack(PHONE, SECOND, 1).len(), 1);
    bench.ack(PHONE, SECOND, 2);
    bench.now += MEMORY;
    assert_eq!(bench.ask(PHONE, "c")[0].0, Port::First);
}

#[test]
fn a_repeated_request_draws_the_first_packet_again_and_no_second_transfer() {
    let mut bench = Bench::new();
    let first = bench.ask(PHONE, "a");
    for _ in 0..3 {
        assert_eq!(bench.ask(PHONE, "a"), first);
    }
    assert_eq!(bench.engine.transfers(), 1);
    assert_eq!(bench.calls(), ["ask 0 a"]);
}

#[test]
fn a_request_for_another_name_or_with_other_options_replaces_the_transfer() {
    let mut bench = Bench::new();
    bench.ask(PHONE, "a");
    assert_eq!(bench.ask(PHONE, "b")[0].0, Port::Second);
    let with_options = b"\0\x01b\0octet\0blksize\x001000\0";
    let sent = bench.send(PHONE, Socket::Listener, with_options);
    assert_eq!((sent[0].0, sent[0].1[1]), (Port::First, 6), "an OACK");
    bench.ack(PHONE, FIRST, 0);
    assert_eq!(bench.engine.transfers(), 1);
    assert_eq!(
        bench.calls(),
        [
            "ask 0 a",
            "ended 0 Replaced 0",
            "ask 1 b",
            "ended 1 Replaced 0",
            "ask 2 b",
        ]
    );
}

#[test]
fn a_phone_that_starts_again_takes_the_new_transfer_by_its_first_ack() {
    let mut bench = Bench::new();
    bench.ask(PHONE, "a");
    bench.ack(PHONE, FIRST, 1);
    bench.calls();
    assert_eq!(bench.ask(PHONE, "a")[0].0, Port::Second);
    assert_eq!(bench.calls(), [""; 0], "its meaning is not known yet");
    // The first sends nothing by itself meanwhile.
    for _ in 0..19 {
        let sent = bench.pass(Duration::from_millis(100));
        assert!(sent.iter().all(|(port, _)| *port == Port::Second));
    }
    assert_eq!(bench.ack(PHONE, SECOND, 1)[0].1[..4], [0, 3, 0, 2]);
    assert_eq!(
        bench.calls(),
        ["ended 0 Replaced 512", "ask 1 a", "acked 1 512"]
    );
    bench.ack(PHONE, SECOND, 2);
    assert_eq!(bench.calls(), ["ended 1 Delivered 1000"]);
    assert_eq!(bench.engine.transfers(), 0);
}

#[test]
fn a_request_that_was_doubled_on_its_way_does_not_end_the_transfer() {
    for refuses in [true, false] {
        let mut bench = Bench::new();
        bench.ask(PHONE, "a");
        bench.ack(PHONE, FIRST, 1);
        // The second copy is late: a first block from another transfer ID, which the client
        // does not want, and says so or says nothing.
        assert_eq!(bench.ask(PHONE, "a")[0].0, Port::Second);
        assert_eq!(bench.ask(PHONE, "a")[0].0, Port::Second, "and no third one");
        if refuses {
            bench.send(PHONE, SECOND, b"\0\x05\0\x05unknown transfer ID\0");
        }
        bench.calls();
        bench.ack(PHONE, FIRST, 2);
        assert_eq!(bench.calls(), ["ended 0 Delivered 1000"], "{refuses}");
        for _ in 0..300 {
            bench.pass(Duration::from_millis(100));
        }
        assert_eq!(bench.calls(), [""; 0], "the other was not reported");
        assert_eq!(bench.engine.transfers(), 0);
        assert!(bench.engine.by_address.is_empty());
    }
}

#[test]
fn where_the_other_port_was_used_lately_a_repeated_request_replaces() {
    let mut bench = Bench::new();
    bench.ask(PHONE, "a");
    bench.ack(PHONE, FIRST, 1);
    bench.ack(PHONE, FIRST, 2);
    bench.ask(PHONE, "b");
    bench.ack(PHONE, SECOND, 1);
    assert_eq!(bench.ask(PHONE, "b")[0].0, Port::First);
    assert_eq!(
        bench.engine.transfers(),
        1,
        "no two whose ACKs could be mixed up"
    );
}

#[test]
fn a_peer_that_never_acknowledges_draws_three_packets() {
    let mut bench = Bench::new();
    let mut sent = bench.ask(PHONE, "a");
    for _ in 0..600 {
        sent.extend(bench.pass(Duration::from_millis(100)));
    }
    let bytes: usize = sent.iter().map(|(_, packet)| packet.len()).sum();
    assert_eq!(sent.len(), 3);
    assert!(bytes <= FIRST_BYTES_MAX, "{bytes}");
    assert_eq!(
        bench.calls(),
        ["ask 0 a", "ended 0 TimedOut { all_sent: false } 0"]
    );
    assert_eq!(bench.engine.next_deadline(), None);
}

#[test]
fn an_unknown_transfer_id_gets_error_5_once_a_second() {
    let mut bench = Bench::new();
    bench.ask(PHONE, "a");
    let unknown_tid = phone(1);
    let answers: usize = (0..30)
        .map(|_| {
            bench.now += Duration::from_millis(100);
            let sent = bench.ack(unknown_tid, FIRST, 1);
            assert!(sent.iter().all(|(_, packet)| packet[..4] == [0, 5, 0, 5]));
            sent.len()
        })
        .sum();
    assert_eq!(answers, 3);
    assert_eq!(bench.ack(PHONE, FIRST, 1).len(), 1, "the transfer goes on");
}

#[test]
fn no_error_is_ever_answered() {
    let mut bench = Bench::new();
    for socket in [Socket::Listener, FIRST, SECOND] {
        bench.now += Duration::from_secs(2);
        assert_eq!(bench.send(PHONE, socket, b"\0\x05\0\x05no\0"), []);
    }
}

#[test]
fn an_error_of_the_peer_ends_its_transfer_with_code_and_text() {
    let mut bench = Bench::new();
    bench.ask(PHONE, "a");
    bench.send(PHONE, SECOND, b"\0\x05\0\x05other port\0");
    bench.send(PHONE, FIRST, b"\0\x05\0\x03disk \xff full\0");
    assert_eq!(
        bench.calls(),
        ["ask 0 a", "ended 0 PeerError(3, \"disk \u{fffd} full\") 0"]
    );
}

#[test]
fn an_error_text_is_kept_to_a_limit() {
    let mut bench = Bench::new();
    bench.ask(PHONE, "a");
    bench.send(
        PHONE,
        FIRST,
        &[b"\0\x05\0\0".as_slice(), &[b'x'; 500]].concat(),
    );
    assert!(bench.calls()[1].len() < ERROR_TEXT_MAX + 50);
}

#[test]
fn a_closed_port_ends_the_transfer_that_sent_there() {
    let mut bench = Bench::new();
    bench.ask(PHONE, "a");
    bench.engine.port_closed(bench.now, Port::Second, PHONE);
    bench.engine.port_closed(bench.now, Port::First, phone(9));
    assert_eq!(bench.engine.transfers(), 1);
    bench.engine.port_closed(bench.now, Port::First, PHONE);
    assert_eq!(bench.calls(), ["ask 0 a", "ended 0 PortClosed 0"]);
}

#[test]
fn an_address_has_sixteen_transfers_and_the_rest_are_told() {
    let mut bench = Bench::new();
    let ports = 2000..2016;
    for port in ports {
        let peer = SocketAddrV4::new(*PHONE.ip(), port);
        assert_eq!(bench.ask(peer, "a")[0].1[1], 3);
    }
    assert_eq!(bench.ask(PHONE, "a")[0].1[..4], [0, 5, 0, 0]);
    assert_eq!(bench.calls().last().unwrap(), "ended 16 Refused 0");
    assert_eq!(bench.ask(PHONE, "absent")[0].1[..4], [0, 5, 0, 1]);
    assert_eq!(bench.ask(phone(1), "a")[0].1[1], 3, "others are served");
    bench.ack(SocketAddrV4::new(*PHONE.ip(), 2000), FIRST, 1);
    bench.ack(SocketAddrV4::new(*PHONE.ip(), 2000), FIRST, 2);
    assert_eq!(bench.ask(PHONE, "a")[0].1[1], 3, "a place is free again");
}

#[test]
fn all_addresses_together_have_a_limit_and_give_it_back() {
    let mut bench = Bench::new();
    let most = u32::try_from(Limits::default().transfers).unwrap();
    for n in 0..most {
        bench.ask(phone(n), "a");
    }
    assert_eq!(bench.ask(PHONE, "a")[0].1[..4], [0, 5, 0, 0]);
    for _ in 0..2100 {
        bench.pass(Duration::from_millis(10));
    }
    assert_eq!(bench.engine.transfers(), 0);
    assert!(bench.engine.by_address.is_empty() && bench.engine.unacknowledged.len() <= 1);
    assert_eq!(bench.ask(PHONE, "a")[0].1[1], 3);
}

#[test]
fn who_never_acknowledged_keeps_nobody_out() {
    let mut bench = Bench::new();
    let most = u32::try_from(Limits::default().transfers).unwrap();
    for n in 0..most {
        bench.ask(phone(n), "a");
    }
    // The first of them is a phone, after all.
    bench.ack(phone(0), FIRST, 1);
    for _ in 0..60 {
        bench.pass(Duration::from_millis(100));
        bench.ack(phone(0), FIRST, 2);
    }
    bench.calls();
    for n in 0..16 {
        let peer = SocketAddrV4::new(*PHONE.ip(), 3000 + n);
        assert_eq!(bench.ask(peer, "a")[0].1[1], 3, "{n}");
    }
    let ended = |calls: &String| calls.contains("ended") && calls.contains("TimedOut");
    assert_eq!(
        bench.calls().iter().filter(|calls| ended(calls)).count(),
        15
    );
    // One address keeps to its own.
    assert_eq!(bench.ask(PHONE, "a")[0].1[..4], [0, 5, 0, 0]);
}

#[test]
fn an_impossible_name_is_told_and_not_found() {
    let mut bench = Bench::new();
    for name in [&b"SEP\x1b[2J"[..], b"\xff\xfe", b"a\nb"] {
        let sent = bench.send(
            PHONE,
            Socket::Listener,
            &[b"\0\x01", name, b"\0octet\0"].concat(),
        );
        assert_eq!(sent[0].1[..4], [0, 5, 0, 1]);
        let calls = bench.calls();
        assert!(
            calls[0].starts_with("ask ") && calls[1].ends_with("Refused 0"),
            "{calls:?}"
        );
    }
    let sent = bench.ask(PHONE, &"a".repeat(NAME_MAX + 1));
    assert_eq!(sent[0].1[..4], [0, 5, 0, 4]);
    assert_eq!(bench.calls(), [""; 0]);
    assert_eq!(bench.ask(PHONE, &"a".repeat(NAME_MAX))[0].1[1], 3);
}

#[test]
fn an_ack_moves_the_timer_forward_from_the_first_wait() {
    let mut bench = Bench::new();
    bench.ask(PHONE, "a");
    assert_eq!(
        bench.engine.next_deadline(),
        Some(bench.now + Duration::from_secs(1))
    );
    bench.now += Duration::from_millis(1);
    bench.ack(PHONE, FIRST, 1);
    assert_eq!(
        bench.engine.next_deadline(),
        Some(bench.now + Duration::from_millis(100))
    );
    assert_eq!(bench.pass(Duration::from_millis(99)), []);
    assert_eq!(bench.pass(Duration::from_millis(1)).len(), 1);
}

#[test]
fn timers_do_not_pile_up() {
    let mut bench = Bench::new();
    for round in 0..2_000 {
        bench.ask(PHONE, "a");
        bench.now += Duration::from_millis(1);
        let port = Socket::Transfer(Port::ALL[round % 2]);
        bench.ack(PHONE, port, 1);
        bench.ack(PHONE, port, 2);
        bench.pass(Duration::from_millis(9));
    }
    assert_eq!(bench.engine.slots.len(), 1);
    assert!(
        bench.engine.timers.len() < 300,
        "{}",
        bench.engine.timers.len()
    );
}

#[test]
fn stopping_ends_every_transfer_once_and_says_so_to_the_peer() {
    let mut bench = Bench::new();
    bench.ask(PHONE, "a");
    bench.ask(phone(1), "b");
    bench.engine.stop(bench.now, &mut bench.out);
    let sent = bench.sent();
    assert!(sent.len() == 2 && sent.iter().all(|(_, p)| p[..4] == [0, 5, 0, 0]));
    bench.engine.stop(bench.now, &mut bench.out);
    let ends = bench
        .calls()
        .iter()
        .filter(|t| t.ends_with("Replaced 0"))
        .count();
    assert_eq!(ends, 2);
}

#[test]
fn a_source_port_of_zero_cannot_be_answered() {
    let mut bench = Bench::new();
    assert_eq!(bench.ask(SocketAddrV4::new(*PHONE.ip(), 0), "a"), []);
    assert_eq!(bench.calls(), [""; 0]);
}

mod anything {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Event {
        Ask(u32, &'static str, &'static str),
        Ack(u32, Port, u8),
        Error(u32, Port),
        Closed(u32, Port),
        Pass(u64),
    }

    fn event() -> impl Strategy<Value = Event> {
        let port = || prop_oneof![Just(Port::First), Just(Port::Second)];
        let options = prop_oneof![Just(""), Just("blksize\x00100\0windowsize\x004\0")];
        prop_oneof![
            4 => (0_u32..4, prop_oneof![Just("a"), Just("b"), Just("absent")], options)
                .prop_map(|(peer, name, options)| Event::Ask(peer, name, options)),
            8 => (0_u32..4, port(), 0_u8..4).prop_map(|(peer, port, block)| Event::Ack(peer, port, block)),
            1 => (0_u32..4, port()).prop_map(|(peer, port)| Event::Error(peer, port)),
            1 => (0_u32..4, port()).prop_map(|(peer, port)| Event::Closed(peer, port)),
            4 => (1_u64..9_000).prop_map(Event::Pass),
        ]
    }

    proptest! {
        #[test]
        fn whatever_comes_the_books_are_kept(events in prop::collection::vec(event(), 1..120)) {
            let mut bench = Bench::new();
            bench.engine.limits = Limits { transfers: 5, transfers_per_address: 2, ..Limits::default() };
            let mut open: HashMap<String, bool> = HashMap::new();
            let rest = vec![Event::Pass(1_000); 200];
            for event in events.into_iter().chain(rest) {
                // Two source ports at each of two addresses.
                let at = |n: u32| SocketAddrV4::new(*phone(n / 2).ip(), 1024 + u16::try_from(n % 2).unwrap());
                match event {
                    Event::Ask(peer, name, options) => {
                        let request = [b"\0\x01", name.as_bytes(), b"\0octet\0", options.as_bytes()].concat();
                        bench.send(at(peer), Socket::Listener, &request);
                    }
                    Event::Ack(peer, port, block) => {
                        bench.ack(at(peer), Socket::Transfer(port), block);
                    }
                    Event::Error(peer, port) => {
                        bench.send(at(peer), Socket::Transfer(port), b"\0\x05\0\0no\0");
                    }
                    Event::Closed(peer, port) => bench.engine.port_closed(bench.now, port, at(peer)),
                    Event::Pass(ms) => {
                        bench.pass(Duration::from_millis(ms));
                    }
                }
                for calls in bench.calls() {
                    let words: Vec<&str> = calls.split(' ').collect();
                    match words[0] {
                        "ask" if words[2] != "absent" => {
                            prop_assert_eq!(open.insert(words[1].to_owned(), true), None);
                        }
                        "ended" => prop_assert_eq!(open.insert(words[1].to_owned(), false), Some(true)),
                        _ => {}
                    }
                }
                let engine = &bench.engine;
                prop_assert!(engine.transfers() <= 5);
                prop_assert!(engine.by_address.values().all(|count| (1..=2).contains(count)));
                prop_assert_eq!(engine.by_address.values().sum::<usize>(), engine.transfers());
                prop_assert!(engine.unacknowledged.len() <= 2 * engine.slots.len());
            }
            prop_assert_eq!(bench.engine.transfers(), 0);
            prop_assert!(open.values().all(|open| !open), "each ended");
        }
    }
}
