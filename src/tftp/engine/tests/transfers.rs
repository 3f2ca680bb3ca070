//! A transfer from its request to its end: progress, timers, errors and transfer IDs.

use super::*;

#[test]
fn a_transfer_is_reported_from_its_request_to_its_last_ack() {
    let mut bench = Bench::new();
    let first = bench.request(PHONE, "a");
    assert_eq!(
        (first[0].0, first[0].1.len(), &first[0].1[..4]),
        (PORT_1, 516, &[0, 3, 0, 1][..])
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
        ["request 0 a", "acked 0 512", "ended 0 Delivered 1000"]
    );
    assert_eq!(bench.engine.transfers(), 0);
}

#[test]
fn the_first_progress_is_reported_at_once_and_more_at_most_every_100_ms() {
    let mut bench = Bench::new();
    let file = StagedFile {
        name: "large".into(),
        bytes: vec![1; 2000].into(),
    };
    bench.engine.service.large = Some(file.into());
    bench.request(PHONE, "large");
    bench.ack(PHONE, FIRST, 1);
    assert_eq!(bench.calls(), ["request 0 large", "acked 0 512"]);
    bench.now += PROGRESS_INTERVAL / 2;
    bench.ack(PHONE, FIRST, 2);
    assert_eq!(bench.calls(), [""; 0]);
    bench.now += PROGRESS_INTERVAL / 2;
    bench.ack(PHONE, FIRST, 3);
    assert_eq!(bench.calls(), ["acked 0 1536"]);
}

#[test]
fn after_the_final_ack_a_repeated_ack_gets_nothing() {
    let mut bench = Bench::new();
    bench.request(PHONE, "a");
    bench.ack(PHONE, FIRST, 1);
    bench.ack(PHONE, FIRST, 2);
    bench.now += MEMORY / 2;
    assert_eq!(bench.ack(PHONE, FIRST, 2), []);
}

#[test]
fn a_late_ack_of_the_last_file_does_not_count_for_the_next() {
    let mut bench = Bench::new();
    bench.request(PHONE, "a");
    bench.ack(PHONE, FIRST, 1);
    bench.ack(PHONE, FIRST, 2);
    assert_eq!(bench.request(PHONE, "b")[0].0, PORT_2);
    assert_eq!(bench.ack(PHONE, FIRST, 1), []);
    assert_eq!(bench.ack(PHONE, SECOND, 1).len(), 1);
    bench.ack(PHONE, SECOND, 2);
    bench.now += MEMORY;
    assert_eq!(bench.request(PHONE, "c")[0].0, PORT_1);
}

#[test]
fn an_unknown_transfer_id_gets_error_5_once_a_second() {
    let mut bench = Bench::new();
    bench.request(PHONE, "a");
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
    assert_eq!(
        bench.ack(PHONE, FIRST, 1).len(),
        1,
        "the transfer continues"
    );
}

#[test]
fn runts_of_the_transfers_own_peer_are_ignored() {
    for runt in [&b""[..], b"\0", b"\0\x04", b"\0\x04\0", b"\0\x09", b"zzz"] {
        let mut bench = Bench::new();
        bench.request(PHONE, "a");
        for socket in [FIRST, SECOND, Socket::Listener] {
            assert_eq!(bench.send(PHONE, socket, runt), [], "{runt:?} {socket:?}");
        }
        assert_eq!(bench.ack(PHONE, FIRST, 1).len(), 1, "{runt:?}");
    }
}

#[test]
fn malformed_packets_and_writes_sent_to_the_listener_draw_no_error_from_the_port_of_a_transfer() {
    let mut bench = Bench::new();
    for packet in [&b"\0\x07zz"[..], b"\0\x01a\0mail\0", b"\0\x02a\0octet\0"] {
        let port = bench.request(PHONE, "a")[0].0;
        let sent = bench.send(PHONE, Socket::Listener, packet);
        assert!(
            sent.iter()
                .all(|(from, sent)| *from != port || sent[1] == 3),
            "{packet:?}"
        );
        bench.now += Duration::from_mins(1);
        bench.engine.tick(bench.now, &mut bench.out);
        bench.sent();
    }
}

#[test]
fn a_stranger_gets_error_5_whatever_it_sends_and_within_a_budget_of_its_own() {
    for strange in [
        &b"\0\x04\0\x01"[..],
        b"\0\x03\0\x01x",
        b"\0\x01a\0octet\0",
        b"\0",
        b"\0\x09zz",
    ] {
        let mut bench = Bench::new();
        bench.request(PHONE, "a");
        let stranger = phone(1);
        // A malformed packet uses up the answers to malformed packets.
        assert_eq!(
            bench.send(stranger, Socket::Listener, b"\0\x09zz")[0].1[..4],
            [0, 5, 0, 4]
        );
        let sent = bench.send(stranger, FIRST, strange);
        assert_eq!(sent.len(), 1, "{strange:?}");
        assert_eq!(sent[0].1[..4], [0, 5, 0, 5], "{strange:?}");
        assert_eq!(bench.send(stranger, FIRST, strange), [], "once a second");
        assert_eq!(
            bench.ack(PHONE, FIRST, 1).len(),
            1,
            "the transfer continues"
        );
    }
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
    bench.request(PHONE, "a");
    bench.send(PHONE, SECOND, b"\0\x05\0\x05other port\0");
    bench.send(PHONE, FIRST, b"\0\x05\0\x03disk \xff full\0");
    assert_eq!(
        bench.calls(),
        [
            "request 0 a",
            "ended 0 PeerError(3, \"disk \u{fffd} full\") 0"
        ]
    );
}

#[test]
fn an_error_text_is_kept_to_a_limit() {
    let mut bench = Bench::new();
    bench.request(PHONE, "a");
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
    bench.request(PHONE, "a");
    bench.engine.port_closed(bench.now, PORT_2, PHONE);
    bench.engine.port_closed(bench.now, PORT_1, phone(9));
    assert_eq!(bench.engine.transfers(), 1);
    bench.engine.port_closed(bench.now, PORT_1, PHONE);
    assert_eq!(bench.calls(), ["request 0 a", "ended 0 PortClosed 0"]);
}

#[test]
fn an_ack_moves_the_timer_forward_from_the_first_wait() {
    let mut bench = Bench::new();
    bench.request(PHONE, "a");
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
    assert_eq!(bench.advance(Duration::from_millis(99)), []);
    assert_eq!(bench.advance(Duration::from_millis(1)).len(), 1);
}

#[test]
fn timers_do_not_pile_up() {
    let mut bench = Bench::new();
    for round in 0..2_000 {
        bench.request(PHONE, "a");
        bench.now += Duration::from_millis(1);
        let port = Socket::Transfer([PORT_1, PORT_2][round % 2]);
        bench.ack(PHONE, port, 1);
        bench.ack(PHONE, port, 2);
        bench.advance(Duration::from_millis(9));
    }
    assert_eq!(bench.engine.slots.len(), 1);
    assert!(
        bench.engine.timers.len() < 300,
        "{}",
        bench.engine.timers.len()
    );
}

#[test]
fn stopping_ends_every_transfer_once_and_sends_an_error_to_the_peer() {
    let mut bench = Bench::new();
    bench.request(PHONE, "a");
    bench.request(phone(1), "b");
    bench.engine.stop(bench.now, &mut bench.out);
    let sent = bench.sent();
    assert!(sent.len() == 2 && sent.iter().all(|(_, p)| p[..4] == [0, 5, 0, 0]));
    bench.engine.stop(bench.now, &mut bench.out);
    let ends = bench
        .calls()
        .iter()
        .filter(|t| t.ends_with("Stopped 0"))
        .count();
    assert_eq!(ends, 2);
}
