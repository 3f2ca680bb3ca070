//! Arbitrary sequences of events: every transfer ends once, and no limit is exceeded.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Event {
    Request(u32, &'static str, &'static str),
    Ack(u32, TransferPort, u8),
    Error(u32, TransferPort),
    Closed(u32, TransferPort),
    Wait(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let port = || (0_u16..4).prop_map(TransferPort::new);
    let options = prop_oneof![Just(""), Just("blksize\x00100\0windowsize\x004\0")];
    prop_oneof![
        4 => (0_u32..4, prop_oneof![Just("a"), Just("b"), Just("absent")], options)
            .prop_map(|(peer, name, options)| Event::Request(peer, name, options)),
        8 => (0_u32..4, port(), 0_u8..4).prop_map(|(peer, port, block)| Event::Ack(peer, port, block)),
        1 => (0_u32..4, port()).prop_map(|(peer, port)| Event::Error(peer, port)),
        1 => (0_u32..4, port()).prop_map(|(peer, port)| Event::Closed(peer, port)),
        4 => (1_u64..9_000).prop_map(Event::Wait),
    ]
}

proptest! {
    #[test]
    fn any_sequence_of_events_keeps_the_limits_and_ends_every_transfer_once(
        ports in 2_u16..5,
        events in prop::collection::vec(event(), 1..120),
    ) {
        let mut bench = Bench::with_ports(ports);
        bench.engine.limits = EngineLimits { transfers: 5, transfers_per_address: 2, ..EngineLimits::default() };
        let mut open: HashMap<String, bool> = HashMap::new();
        let rest = vec![Event::Wait(1_000); 200];
        for event in events.into_iter().chain(rest) {
            // Two source ports at each of two addresses.
            let at = |n: u32| SocketAddrV4::new(*phone(n / 2).ip(), 1024 + u16::try_from(n % 2).unwrap());
            match event {
                Event::Request(peer, name, options) => {
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
                Event::Wait(ms) => {
                    bench.advance(Duration::from_millis(ms));
                }
            }
            for calls in bench.calls() {
                let fields: Vec<&str> = calls.split(' ').collect();
                match fields[0] {
                    "request" if fields[2] != "absent" => {
                        prop_assert_eq!(open.insert(fields[1].to_owned(), true), None);
                    }
                    "acked" => prop_assert_eq!(open.get(fields[1]), Some(&true), "only what was reported"),
                    "ended" => prop_assert_eq!(open.insert(fields[1].to_owned(), false), Some(true)),
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
        prop_assert!(open.values().all(|open| !open), "every transfer ended");
    }
}
