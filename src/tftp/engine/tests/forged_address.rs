//! A host that forges the address of a phone, and perhaps knows its port: it sees no packet to the phone.

use super::*;

const FLOOD_INTERVAL: Duration = Duration::from_millis(1);

/// Phones repeat a request after this time, from the same port.
const PHONE_REPEATS: Duration = Duration::from_secs(4);

fn with_random_ports() -> Bench {
    let mut bench = Bench::with_ports(256);
    bench.engine.ports = PortPool::new(256);
    bench
}

/// A socket of the phone at the address of [`PHONE`].
fn of_phone(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(*PHONE.ip(), port)
}

/// The `n`th of 40,000 ports that a forger uses in turn.
fn forged_port(n: u32) -> SocketAddrV4 {
    of_phone(u16::try_from(20_000 + n % 40_000).unwrap())
}

/// The phone acknowledges both blocks of the file whose first one it received.
fn finish(bench: &mut Bench, peer: SocketAddrV4, first: &[(TransferPort, Vec<u8>)]) {
    let port = Socket::Transfer(first[0].0);
    assert_eq!(first[0].1[..4], [0, 3, 0, 1]);
    assert_eq!(bench.ack(peer, port, 1)[0].1[..4], [0, 3, 0, 2]);
    assert_eq!(bench.ack(peer, port, 2), []);
    assert!(bench.calls().last().unwrap().contains("Delivered 1000"));
}

#[test]
fn guesses_of_transfer_ports_in_the_address_of_a_phone_delay_none_of_its_requests() {
    let mut bench = with_random_ports();
    for n in 0..10_000_u32 {
        let forged = forged_port(n * 7);
        let answer = bench.request(forged, "a");
        for (port, _) in answer {
            for wrong in 1..4 {
                let wrong = (port.index() + wrong * 50) % 256;
                let wrong = TransferPort::new(u16::try_from(wrong).unwrap());
                bench.ack(forged, Socket::Transfer(wrong), 1);
            }
        }
        bench.advance(Duration::from_millis(8));
        if n % 500 == 499 {
            let phone = of_phone(49_152 + u16::try_from(n / 500).unwrap());
            let first = bench.request(phone, "a");
            assert_eq!(first.len(), 1, "{n}");
            finish(&mut bench, phone, &first);
        }
    }
}

/// Repeats requests of the phone for ten files in a flood of requests in its address; returns after how many
/// tries each was answered.
fn tries_in_a_flood(flood: impl Fn(u32) -> SocketAddrV4) -> Vec<u32> {
    let mut bench = with_random_ports();
    let mut sent = 0;
    let mut flood_for = |bench: &mut Bench, time: Duration| {
        let until = bench.now + time;
        while bench.now < until {
            bench.request(flood(sent), "a");
            sent += 1;
            bench.advance(FLOOD_INTERVAL);
        }
        bench.calls();
    };
    flood_for(&mut bench, Duration::from_secs(20));
    let mut tries = Vec::new();
    for n in 0..10 {
        let phone = of_phone(49_152 + n);
        let mut count = 1;
        loop {
            let answer = bench.request(phone, "a");
            if !answer.is_empty() {
                finish(&mut bench, phone, &answer);
                break;
            }
            if count == 15 {
                break;
            }
            count += 1;
            flood_for(&mut bench, PHONE_REPEATS);
        }
        tries.push(count);
        flood_for(&mut bench, Duration::from_millis(37));
    }
    tries
}

#[test]
fn a_phone_is_answered_within_a_few_tries_in_a_flood_of_requests_in_its_address() {
    // A forger that uses each port once, and one that repeats its requests as phones do.
    for ports in [40_000, 4_000] {
        let tries = tries_in_a_flood(|n| forged_port(n % ports));
        assert!(tries[0] <= 4, "{tries:?}");
        assert!(
            tries[1..].iter().all(|tries| *tries == 1),
            "after the first file the phone's next ports are known: {tries:?}"
        );
    }
}

/// A transfer with an ACK, half a second old.
fn half_done(bench: &mut Bench) -> Socket {
    let port = Socket::Transfer(bench.request(PHONE, "a")[0].0);
    bench.ack(PHONE, port, 1);
    bench.now += Duration::from_millis(500);
    bench.ack(PHONE, port, 1);
    bench.calls();
    port
}

#[test]
fn a_forged_request_from_the_port_of_a_transfer_with_an_ack_ends_nothing() {
    for name in ["absent", "b", "a"] {
        let mut bench = Bench::with_ports(64);
        let port = half_done(&mut bench);
        for _ in 0..5 {
            let sent = bench.request(PHONE, name);
            assert!(
                sent.iter().all(|(from, _)| Socket::Transfer(*from) != port),
                "{name}: an ERROR from the port of the transfer would end the read"
            );
            bench.advance(Duration::from_millis(300));
        }
        bench.calls();
        bench.ack(PHONE, port, 2);
        let calls = bench.calls();
        assert!(calls[0].ends_with("Delivered 1000"), "{name}: {calls:?}");
    }
}

#[test]
fn a_forged_request_from_the_port_of_a_transfer_with_an_ack_ends_nothing_beside_a_flood() {
    for name in ["absent", "b", "a"] {
        let mut bench = Bench::with_ports(64);
        let port = half_done(&mut bench);
        let most = EngineLimits::default().transfers_per_address;
        for n in 0..2 * u32::try_from(most).unwrap() {
            bench.request(forged_port(n), "a");
        }
        assert_eq!(bench.engine.transfers(), most);
        bench.request(PHONE, name);
        bench.calls();
        bench.ack(PHONE, port, 2);
        let calls = bench.calls();
        assert!(calls[0].ends_with("Delivered 1000"), "{name}: {calls:?}");
    }
}

#[test]
fn a_request_for_another_file_from_the_same_port_replaces_a_transfer_when_its_answer_is_acknowledged()
 {
    let mut bench = Bench::with_ports(64);
    half_done(&mut bench);
    let sent = bench.request(PHONE, "b");
    assert_eq!(
        sent[0].1[..4],
        [0, 3, 0, 1],
        "a phone that restarted does not wait"
    );
    let second = Socket::Transfer(sent[0].0);
    assert_eq!(bench.ack(PHONE, second, 1)[0].1[..4], [0, 3, 0, 2]);
    assert_eq!(bench.calls()[..2], ["request 1 b", "ended 0 Replaced 512"]);
    bench.ack(PHONE, second, 2);
    assert_eq!(bench.calls(), ["ended 1 Delivered 1000"]);
    assert_eq!(bench.engine.transfers(), 0);
}

#[test]
fn requests_of_other_modes_from_the_port_of_a_transfer_end_nothing() {
    let mut bench = Bench::with_ports(64);
    let port = Socket::Transfer(bench.request(PHONE, "a")[0].0);
    bench.send(PHONE, Socket::Listener, b"\0\x01b\0mail\0");
    assert_eq!(bench.ack(PHONE, port, 1)[0].1[..4], [0, 3, 0, 2]);
}

#[test]
fn an_error_or_icmp_error_ends_a_transfer_with_acks_only_if_no_ack_follows_within_five_seconds() {
    for (is_icmp, end) in [(true, "PortClosed"), (false, "PeerError(3, \"full\")")] {
        let refuse = |bench: &mut Bench, port: Socket| {
            let Socket::Transfer(port) = port else {
                unreachable!()
            };
            if is_icmp {
                bench.engine.port_closed(bench.now, port, PHONE);
            } else {
                bench.send(PHONE, Socket::Transfer(port), b"\0\x05\0\x03full\0");
            }
        };
        let mut bench = Bench::with_ports(64);
        let port = half_done(&mut bench);
        refuse(&mut bench, port);
        assert_eq!(bench.calls(), [""; 0]);
        bench.advance(Duration::from_secs(4));
        bench.ack(PHONE, port, 2);
        assert_eq!(bench.calls(), ["ended 0 Delivered 1000"], "it was forged");

        let port = half_done(&mut bench);
        for _ in 0..4 {
            refuse(&mut bench, port);
            bench.advance(Duration::from_secs(1));
        }
        assert_eq!(bench.calls(), [""; 0]);
        bench.advance(Duration::from_secs(1));
        assert_eq!(bench.calls(), [format!("ended 1 {end} 512")]);
    }
}

#[test]
fn the_icmp_error_of_a_host_that_requested_nothing_ends_a_transfer_whose_port_was_guessed() {
    let mut bench = Bench::with_ports(64);
    let port = bench.request(PHONE, "a")[0].0;
    bench.ack(PHONE, Socket::Transfer(port), 1);
    bench.now += Duration::from_millis(5);
    bench.engine.port_closed(bench.now, port, PHONE);
    assert_eq!(bench.calls()[2..], ["ended 0 PortClosed 512"]);
}

#[test]
fn guesses_and_a_flood_are_reported_once_in_30_seconds_and_a_late_ack_is_not() {
    let mut bench = Bench::with_ports(64);
    let wrong = Socket::Transfer(TransferPort::new(40));
    for n in 0..5 {
        bench.request(forged_port(n), "a");
        bench.ack(forged_port(n), wrong, 1);
    }
    assert_eq!(bench.engine.service.forged, []);
    for n in 0..59 {
        bench.request(forged_port(n), "a");
        bench.ack(forged_port(n), wrong, 1);
        bench.advance(Duration::from_secs(1));
    }
    let guesses = (*PHONE.ip(), ForgerySign::Guesses);
    assert_eq!(bench.engine.service.forged, [guesses; 2]);
    bench.engine.service.forged.clear();
    let other = phone(9);
    for n in 0..10_000 {
        bench.request(SocketAddrV4::new(*other.ip(), 20_000 + n), "a");
    }
    let flood = (*other.ip(), ForgerySign::Flood);
    assert_eq!(bench.engine.service.forged, [flood]);
}
