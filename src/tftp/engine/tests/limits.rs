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

#[test]
fn an_address_has_at_most_sixteen_transfers_and_further_ones_are_refused() {
    let mut bench = Bench::new();
    let ports = 2000..2016;
    for port in ports {
        let peer = SocketAddrV4::new(*PHONE.ip(), port);
        assert_eq!(bench.request(peer, "a")[0].1[1], 3);
    }
    assert_eq!(bench.request(PHONE, "a")[0].1[..4], [0, 5, 0, 0]);
    assert_eq!(bench.calls().last().unwrap(), "ended 16 Refused 0");
    assert_eq!(bench.request(PHONE, "absent")[0].1[..4], [0, 5, 0, 1]);
    assert_eq!(
        bench.request(phone(1), "a")[0].1[1],
        3,
        "other addresses are served"
    );
    bench.ack(SocketAddrV4::new(*PHONE.ip(), 2000), FIRST, 1);
    bench.ack(SocketAddrV4::new(*PHONE.ip(), 2000), FIRST, 2);
    assert_eq!(bench.request(PHONE, "a")[0].1[1], 3, "one transfer less");
}

#[test]
fn all_addresses_together_have_a_limit_and_give_it_back() {
    let mut bench = Bench::new();
    let most = u32::try_from(EngineLimits::default().transfers).unwrap();
    for n in 0..most {
        bench.request(phone(n), "a");
    }
    assert_eq!(bench.request(PHONE, "a")[0].1[..4], [0, 5, 0, 0]);
    for _ in 0..2100 {
        bench.advance(Duration::from_millis(10));
    }
    assert_eq!(bench.engine.transfers(), 0);
    assert!(bench.engine.by_address.is_empty() && bench.engine.unacknowledged.len() <= 1);
    assert_eq!(bench.request(PHONE, "a")[0].1[1], 3);
}

#[test]
fn unacknowledged_transfers_are_evicted_for_new_requests() {
    let mut bench = Bench::new();
    let most = u32::try_from(EngineLimits::default().transfers).unwrap();
    for n in 0..most {
        bench.request(phone(n), "a");
    }
    // The first of them acknowledges, as a phone does.
    bench.ack(phone(0), FIRST, 1);
    for _ in 0..60 {
        bench.advance(Duration::from_millis(100));
        bench.ack(phone(0), FIRST, 2);
    }
    bench.calls();
    for n in 0..16 {
        let peer = SocketAddrV4::new(*PHONE.ip(), 3000 + n);
        assert_eq!(bench.request(peer, "a")[0].1[1], 3, "{n}");
    }
    let ended = |calls: &String| calls.contains("ended") && calls.contains("TimedOut");
    assert_eq!(
        bench.calls().iter().filter(|calls| ended(calls)).count(),
        15
    );
    // The limit of one address remains.
    assert_eq!(bench.request(PHONE, "a")[0].1[..4], [0, 5, 0, 0]);
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
