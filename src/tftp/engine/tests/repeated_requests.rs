//! A request that is repeated: duplicated by the network, or sent again by a phone that restarted.

use super::*;

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
    assert_eq!(bench.ask(PHONE, "b")[0].0, TransferPort::Second);
    let with_options = b"\0\x01b\0octet\0blksize\x001000\0";
    let sent = bench.send(PHONE, Socket::Listener, with_options);
    assert_eq!(
        (sent[0].0, sent[0].1[1]),
        (TransferPort::First, 6),
        "an OACK"
    );
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
    assert_eq!(bench.ask(PHONE, "a")[0].0, TransferPort::Second);
    assert_eq!(bench.calls(), [""; 0], "its meaning is not known yet");
    // The first sends nothing by itself meanwhile.
    for _ in 0..19 {
        let sent = bench.pass(Duration::from_millis(100));
        assert!(sent.iter().all(|(port, _)| *port == TransferPort::Second));
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
        assert_eq!(bench.ask(PHONE, "a")[0].0, TransferPort::Second);
        assert_eq!(
            bench.ask(PHONE, "a")[0].0,
            TransferPort::Second,
            "and no third one"
        );
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
    assert_eq!(bench.ask(PHONE, "b")[0].0, TransferPort::First);
    assert_eq!(
        bench.engine.transfers(),
        1,
        "no two whose ACKs could be mixed up"
    );
}
