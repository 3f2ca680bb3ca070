//! Requests that the service does not decide at once.

use super::{super::super::policy::DEFERRED_MAX, *};

const STEP: Duration = Duration::from_millis(25);

/// Whether these are the first packet of one transfer.
fn is_block(sent: &[(TransferPort, Vec<u8>)]) -> bool {
    matches!(sent, [(_, packet)] if packet.starts_with(&[0, 3, 0, 1]))
}

#[test]
fn a_request_that_is_not_decided_is_answered_later_and_delays_no_other() {
    let mut bench = Bench::new();
    assert!(bench.request(PHONE, "secret").is_empty());
    assert!(is_block(&bench.request(phone(1), "file")));
    assert_eq!(bench.engine.next_deadline(), Some(bench.now + STEP));
    for _ in 0..3 {
        assert!(bench.advance(STEP).is_empty());
    }
    assert!(is_block(&bench.advance(STEP)));
    let calls = bench.calls();
    let asked = |name: &str| calls.iter().filter(|call| call.ends_with(name)).count();
    assert_eq!((asked("secret"), asked("file")), (5, 1));
    assert_eq!(bench.engine.transfers(), 2);
}

#[test]
fn a_repeated_request_waits_once_and_another_one_of_the_peer_replaces_it() {
    let mut bench = Bench::new();
    for _ in 0..3 {
        assert!(bench.request(PHONE, "secret").is_empty());
    }
    assert_eq!(bench.calls().len(), 1);
    assert!(bench.request(PHONE, "secret 2").is_empty());
    assert!(is_block(&bench.advance(4 * STEP)));
    let calls = bench.calls();
    assert!(
        calls.iter().all(|call| call.ends_with("secret 2")),
        "{calls:?}"
    );
}

#[test]
fn more_requests_than_may_wait_force_the_decision_about_the_oldest() {
    let mut bench = Bench::new();
    let waiting = u32::try_from(DEFERRED_MAX).unwrap();
    for n in 0..waiting {
        assert!(bench.request(phone(n), "secret").is_empty());
    }
    bench.calls();
    assert!(is_block(&bench.request(phone(waiting), "secret")));
    assert_eq!(bench.engine.transfers(), 1, "the oldest is served");
    assert_eq!(bench.calls().len(), 2);
}

#[test]
fn requests_that_wait_are_refused_when_the_engine_stops() {
    let mut bench = Bench::new();
    bench.request(PHONE, "secret");
    bench.engine.stop(bench.now, &mut bench.out);
    let sent = bench.sent();
    assert!(matches!(&sent[..], [(_, packet)] if packet.starts_with(&[0, 5, 0, 0])));
    assert!(bench.advance(4 * STEP).is_empty());
}
