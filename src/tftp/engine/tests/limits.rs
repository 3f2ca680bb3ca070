//! Limits: unacknowledged packets, transfers per address and in all, names and ports.

use super::*;

#[test]
fn a_peer_that_never_acknowledges_draws_three_packets() {
    let mut bench = Bench::new();
    let mut sent = bench.request(PHONE, "a");
    for _ in 0..600 {
        sent.extend(bench.advance(Duration::from_millis(100)));
    }
    let bytes: usize = sent.iter().map(|(_, packet)| packet.len()).sum();
    assert_eq!(sent.len(), 3);
    assert!(bytes <= FIRST_BYTES_MAX, "{bytes}");
    assert_eq!(
        bench.calls(),
        ["request 0 a", "ended 0 TimedOut { all_sent: false } 0"]
    );
    assert_eq!(bench.engine.next_deadline(), None);
}

/// A client with another port at the address of [`PHONE`].
fn behind(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(*PHONE.ip(), port)
}

/// Requests of one address: as many as it may have transfers.
fn fill_address(bench: &mut Bench) -> std::ops::Range<u16> {
    let most = u16::try_from(EngineLimits::default().transfers_per_address).unwrap();
    let ports = 2000..2000 + most;
    for port in ports.clone() {
        assert_eq!(bench.request(behind(port), "a")[0].1[1], 3);
    }
    ports
}

#[test]
fn a_further_request_of_an_address_replaces_its_oldest_transfer_without_an_ack() {
    let mut bench = Bench::new();
    let elder = phone(1);
    bench.request(elder, "a");
    let ports = fill_address(&mut bench);
    bench.ack(behind(2000), FIRST, 1);
    bench.calls();
    assert_eq!(bench.request(PHONE, "a")[0].1[..4], [0, 3, 0, 1]);
    assert_eq!(bench.calls()[1..], ["ended 2 Replaced 0"]);
    assert_eq!(
        bench.ack(behind(2000), FIRST, 2),
        [],
        "the transfer that was acknowledged is delivered"
    );
    assert_eq!(bench.calls(), ["ended 1 Delivered 1000"]);
    assert_eq!(
        bench.ack(behind(2001), FIRST, 1)[0].1[..4],
        [0, 5, 0, 5],
        "the one that was replaced learns it"
    );
    assert_eq!(bench.ack(elder, FIRST, 1).len(), 1, "another address");
    assert_eq!(bench.engine.transfers(), ports.len());
}

#[test]
fn an_address_whose_transfers_are_all_acknowledged_is_refused_a_further_one() {
    let mut bench = Bench::new();
    for port in fill_address(&mut bench) {
        bench.ack(behind(port), FIRST, 1);
    }
    assert_eq!(bench.request(PHONE, "a")[0].1[..4], [0, 5, 0, 0]);
    assert!(bench.calls().last().unwrap().ends_with("Refused 0"));
    assert_eq!(bench.request(PHONE, "absent")[0].1[..4], [0, 5, 0, 1]);
    assert_eq!(bench.request(phone(1), "a")[0].1[1], 3, "other addresses");
    bench.ack(behind(2000), FIRST, 2);
    assert_eq!(bench.request(PHONE, "a")[0].1[1], 3, "one transfer less");
}

#[test]
fn fifty_parallel_transfers_of_one_address_are_all_delivered() {
    let mut bench = Bench::new();
    let clients = 2000..2050;
    for port in clients.clone() {
        bench.request(behind(port), "a");
    }
    for block in 1..=2 {
        for port in clients.clone() {
            bench.ack(behind(port), FIRST, block);
        }
    }
    let calls = bench.calls();
    let delivered = calls.iter().filter(|call| call.contains("Delivered"));
    assert_eq!(delivered.count(), 50, "{calls:?}");
}

#[test]
fn good_clients_are_served_beside_a_thousand_half_open_transfers_of_the_same_address() {
    let mut bench = Bench::new();
    for n in 0..1_000 {
        bench.request(behind(2000 + n), "a");
        if n % 100 == 50 {
            let good = behind(10_000 + n);
            assert_eq!(bench.request(good, "a")[0].1[..4], [0, 3, 0, 1], "{n}");
            assert_eq!(bench.ack(good, FIRST, 1)[0].1[..4], [0, 3, 0, 2], "{n}");
            bench.ack(good, FIRST, 2);
            assert!(bench.calls().last().unwrap().contains("Delivered"), "{n}");
        }
    }
}

#[test]
fn all_addresses_together_have_a_limit_and_give_it_back() {
    let mut bench = Bench::new();
    let most = u32::try_from(EngineLimits::default().transfers).unwrap();
    for n in 0..most {
        bench.request(phone(n), "a");
        bench.ack(phone(n), FIRST, 1);
    }
    assert_eq!(bench.request(PHONE, "a")[0].1[..4], [0, 5, 0, 0]);
    for _ in 0..2700 {
        bench.advance(Duration::from_millis(10));
    }
    assert_eq!(bench.engine.transfers(), 0);
    assert!(bench.engine.by_address.is_empty() && bench.engine.unacknowledged.len() <= 1);
    assert_eq!(bench.request(PHONE, "a")[0].1[1], 3);
}

#[test]
fn unacknowledged_transfers_are_evicted_for_new_requests() {
    for age in [Duration::ZERO, Duration::from_secs(6)] {
        let mut bench = Bench::new();
        let most = u32::try_from(EngineLimits::default().transfers).unwrap();
        for n in 0..most {
            bench.request(phone(n), "a");
        }
        // The first of them acknowledges, as a phone does.
        bench.ack(phone(0), FIRST, 1);
        bench.advance(age);
        bench.calls();
        for n in 0..16 {
            let peer = SocketAddrV4::new(*PHONE.ip(), 3000 + n);
            assert_eq!(bench.request(peer, "a")[0].1[1], 3, "{n}");
        }
        let end = if age.is_zero() {
            "Replaced"
        } else {
            "TimedOut"
        };
        let calls = bench.calls();
        let ended: Vec<_> = calls.iter().filter(|call| call.contains("ended")).collect();
        assert_eq!(ended.len(), 16);
        assert!(ended.iter().all(|call| call.contains(end)), "{ended:?}");
        assert_eq!(bench.engine.transfers(), most as usize);
    }
}

#[test]
fn an_invalid_name_is_reported_and_not_found() {
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
            calls[0].starts_with("request ") && calls[1].ends_with("Refused 0"),
            "{calls:?}"
        );
    }
    let sent = bench.request(PHONE, &"a".repeat(NAME_MAX + 1));
    assert_eq!(sent[0].1[..4], [0, 5, 0, 4]);
    assert_eq!(bench.calls(), [""; 0]);
    assert_eq!(bench.request(PHONE, &"a".repeat(NAME_MAX))[0].1[1], 3);
}

#[test]
fn a_source_port_of_zero_cannot_be_answered() {
    let mut bench = Bench::new();
    assert_eq!(bench.request(SocketAddrV4::new(*PHONE.ip(), 0), "a"), []);
    assert_eq!(bench.calls(), [""; 0]);
}

/// Fills the table with transfers of four addresses, which all have an ACK.
fn fill_table_from_four_addresses(bench: &mut Bench) {
    for port in 0..512 {
        for address in 0..4 {
            let peer = SocketAddrV4::new(*phone(100 + address).ip(), 2000 + port);
            bench.request(peer, "a");
            bench.ack(peer, FIRST, 1);
            bench.now += Duration::from_micros(10);
        }
    }
    assert_eq!(bench.engine.transfers(), EngineLimits::default().transfers);
    bench.calls();
}

#[test]
fn the_address_with_the_most_transfers_gives_way_when_the_table_is_full() {
    let mut bench = Bench::new();
    fill_table_from_four_addresses(&mut bench);
    for n in 0..40 {
        assert_eq!(bench.request(phone(n), "a")[0].1[..4], [0, 3, 0, 1], "{n}");
        bench.ack(phone(n), FIRST, 1);
    }
    for n in 0..40 {
        bench.ack(phone(n), FIRST, 2);
    }
    let calls = bench.calls();
    let count = |end: &str| calls.iter().filter(|call| call.contains(end)).count();
    assert_eq!(
        (count("Delivered"), count("Replaced")),
        (40, 40),
        "{calls:?}"
    );
    let first_of_an_address = (0..4).map(|id| format!("ended {id} Replaced 512"));
    assert!(
        first_of_an_address.into_iter().any(|call| call == calls[1]),
        "the one without progress for the longest time: {}",
        calls[1]
    );
}

#[test]
fn a_client_has_time_for_its_first_ack_beside_four_addresses_that_fill_the_table() {
    let mut bench = Bench::new();
    fill_table_from_four_addresses(&mut bench);
    assert_eq!(bench.request(PHONE, "a")[0].1[..4], [0, 3, 0, 1]);
    for n in 0..300 {
        bench.request(phone(1_000 + n), "a");
        bench.now += Duration::from_micros(500);
    }
    assert_eq!(bench.ack(PHONE, FIRST, 1)[0].1[..4], [0, 3, 0, 2]);
}

#[test]
fn an_address_never_gives_up_its_only_transfer_once_it_has_an_ack() {
    let mut bench = Bench::new();
    let most = u32::try_from(EngineLimits::default().transfers).unwrap();
    for n in 0..most {
        bench.request(phone(n), "a");
        bench.ack(phone(n), FIRST, 1);
    }
    assert_eq!(bench.request(PHONE, "a")[0].1[..4], [0, 5, 0, 0]);
    assert_eq!(
        bench.request(phone(0), "b")[0].1[..4],
        [0, 3, 0, 1],
        "its own"
    );
}
