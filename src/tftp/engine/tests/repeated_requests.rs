//! A request that is repeated: duplicated by the network, or sent again by a phone that restarted.

use super::*;

#[test]
fn a_repeated_request_draws_the_first_packet_again_and_no_second_transfer() {
    let mut bench = Bench::new();
    let first = bench.request(PHONE, "a");
    for _ in 0..3 {
        assert_eq!(bench.request(PHONE, "a"), first);
    }
    assert_eq!(bench.engine.transfers(), 1);
    assert_eq!(bench.calls(), ["request 0 a"]);
}

#[test]
fn a_request_for_another_name_or_with_other_options_replaces_the_transfer() {
    let mut bench = Bench::new();
    bench.request(PHONE, "a");
    assert_eq!(bench.request(PHONE, "b")[0].0, PORT_2);
    let with_options = b"\0\x01b\0octet\0blksize\x001000\0";
    let sent = bench.send(PHONE, Socket::Listener, with_options);
    assert_eq!((sent[0].0, sent[0].1[1]), (PORT_1, 6), "an OACK");
    bench.ack(PHONE, FIRST, 0);
    assert_eq!(bench.engine.transfers(), 1);
    assert_eq!(
        bench.calls(),
        [
            "request 0 a",
            "ended 0 Replaced 0",
            "request 1 b",
            "ended 1 Replaced 0",
            "request 2 b",
        ]
    );
}

#[test]
fn a_phone_that_starts_again_takes_the_new_transfer_by_its_first_ack() {
    let mut bench = Bench::new();
    bench.request(PHONE, "a");
    bench.ack(PHONE, FIRST, 1);
    bench.calls();
    assert_eq!(bench.request(PHONE, "a")[0].0, PORT_2);
    assert_eq!(
        bench.calls(),
        [""; 0],
        "the engine cannot tell yet whether the phone restarted"
    );
    // The first transfer sends nothing in the meantime.
    for _ in 0..19 {
        let sent = bench.advance(Duration::from_millis(100));
        assert!(sent.iter().all(|(port, _)| *port == PORT_2));
    }
    assert_eq!(bench.ack(PHONE, SECOND, 1)[0].1[..4], [0, 3, 0, 2]);
    assert_eq!(
        bench.calls(),
        ["ended 0 Replaced 512", "request 1 a", "acked 1 512"]
    );
    bench.ack(PHONE, SECOND, 2);
    assert_eq!(bench.calls(), ["ended 1 Delivered 1000"]);
    assert_eq!(bench.engine.transfers(), 0);
}

#[test]
fn a_request_that_the_network_duplicates_does_not_end_the_transfer() {
    for refuses in [true, false] {
        let mut bench = Bench::new();
        bench.request(PHONE, "a");
        bench.ack(PHONE, FIRST, 1);
        // The second copy arrives late: the client gets a first block from another transfer ID,
        // and refuses or ignores it.
        assert_eq!(bench.request(PHONE, "a")[0].0, PORT_2);
        assert_eq!(bench.request(PHONE, "a")[0].0, PORT_2, "no third transfer");
        if refuses {
            bench.send(PHONE, SECOND, b"\0\x05\0\x05unknown transfer ID\0");
        }
        bench.calls();
        bench.ack(PHONE, FIRST, 2);
        assert_eq!(bench.calls(), ["ended 0 Delivered 1000"], "{refuses}");
        for _ in 0..300 {
            bench.advance(Duration::from_millis(100));
        }
        assert_eq!(
            bench.calls(),
            [""; 0],
            "the second transfer is not reported"
        );
        assert_eq!(bench.engine.transfers(), 0);
        assert!(bench.engine.by_address.is_empty());
    }
}

#[test]
fn a_repeated_request_replaces_the_transfer_if_the_other_port_was_used_recently() {
    let mut bench = Bench::new();
    bench.request(PHONE, "a");
    bench.ack(PHONE, FIRST, 1);
    bench.ack(PHONE, FIRST, 2);
    bench.request(PHONE, "b");
    bench.ack(PHONE, SECOND, 1);
    assert_eq!(bench.request(PHONE, "b")[0].0, PORT_1);
    assert_eq!(
        bench.engine.transfers(),
        1,
        "no two transfers with ACKs that cannot be distinguished"
    );
}

#[test]
fn the_second_transfer_is_reported_if_the_first_has_ended_by_itself() {
    let mut bench = Bench::new();
    bench.request(PHONE, "a");
    bench.ack(PHONE, FIRST, 1);
    bench.request(PHONE, "a");
    // A late packet of the first transfer reached the phone while it restarted.
    bench.engine.port_closed(bench.now, PORT_1, PHONE);
    assert_eq!(
        bench.calls(),
        ["request 0 a", "acked 0 512", "ended 0 PortClosed 512"]
    );
    bench.ack(PHONE, SECOND, 1);
    bench.ack(PHONE, SECOND, 2);
    assert_eq!(
        bench.calls(),
        ["request 1 a", "acked 1 512", "ended 1 Delivered 1000"]
    );
    assert_eq!(bench.engine.transfers(), 0);
}
