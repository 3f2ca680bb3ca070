use super::{
    super::rtt::{TIMEOUT_MAX, TIMEOUT_MIN},
    *,
};
use crate::tftp::packet::RequestOptions;

const MS: Duration = Duration::from_millis(1);

fn started(size: usize, options: &[u8]) -> (TftpTransfer, Send, Instant) {
    let now = Instant::now();
    let negotiated = NegotiatedOptions::negotiate(RequestOptions::new(options), size as u64, 1468);
    let (transfer, send) = TftpTransfer::start(now, size as u64, negotiated);
    (transfer, send, now)
}

fn blocks(range: RangeInclusive<u64>) -> Send {
    Send::Blocks(range)
}

#[test]
fn each_ack_draws_the_next_block_up_to_the_short_one() {
    let (mut t, first, now) = started(1000, b"");
    assert_eq!(first, blocks(1..=1));
    assert_eq!(t.block(1).1, 0..512);
    assert_eq!(t.acknowledge(now, 1), TransferAction::Send(blocks(2..=2)));
    assert_eq!(t.block(2).1, 512..1000);
    assert_eq!(t.acknowledged(), 512);
    assert_eq!(
        t.acknowledge(now, 2),
        TransferAction::End(TransferOutcome::Delivered)
    );
    assert_eq!(t.acknowledged(), 1000);
}

#[test]
fn an_empty_file_and_an_exact_multiple_end_with_an_empty_block() {
    let (mut t, first, now) = started(0, b"");
    assert_eq!((first, t.block(1).1), (blocks(1..=1), 0..0));
    assert_eq!(
        t.acknowledge(now, 1),
        TransferAction::End(TransferOutcome::Delivered)
    );
    let (mut t, _, now) = started(512, b"");
    assert_eq!(t.acknowledge(now, 1), TransferAction::Send(blocks(2..=2)));
    assert_eq!(t.block(2).1, 512..512);
}

#[test]
fn a_repeated_old_or_future_ack_gets_no_answer() {
    let (mut t, _, now) = started(5000, b"");
    assert_eq!(t.acknowledge(now, 0), TransferAction::Ignored);
    assert_eq!(t.acknowledge(now, 2), TransferAction::Ignored);
    assert!(!t.has_acknowledged());
    t.acknowledge(now, 1);
    for block in [1, 0, 3, 65535] {
        assert_eq!(
            t.acknowledge(now, block),
            TransferAction::Ignored,
            "{block}"
        );
    }
    assert_eq!(t.acknowledge(now, 2), TransferAction::Send(blocks(3..=3)));
}

#[test]
fn block_numbers_wrap_to_zero() {
    let (mut t, _, now) = started(8 * 65_540, b"blksize\x008\0");
    assert_eq!(t.acknowledge(now, 0), TransferAction::Send(blocks(1..=1)));
    for block in 1..=65_540_u64 {
        let wire = u16::try_from(block % 65_536).unwrap();
        assert_eq!(t.block(block).0.as_bytes()[2..], wire.to_be_bytes());
        assert_eq!(
            t.acknowledge(now, wire),
            TransferAction::Send(blocks(block + 1..=block + 1))
        );
    }
    assert_eq!(
        t.acknowledge(now, 5),
        TransferAction::End(TransferOutcome::Delivered)
    );
}

#[test]
fn an_oack_waits_for_ack_0() {
    let (mut t, first, now) = started(1000, b"tsize\x000\0");
    assert_eq!(first, Send::OptionAck);
    assert_eq!(t.acknowledge(now, 1), TransferAction::Ignored);
    assert_eq!(t.retransmit(now), Some(Send::OptionAck));
    assert_eq!(t.acknowledge(now, 0), TransferAction::Send(blocks(1..=1)));
    assert_eq!(t.acknowledge(now, 0), TransferAction::Ignored);
    assert_eq!(t.retransmit(now), None);
}

#[test]
fn a_peer_that_never_acknowledges_gets_three_packets() {
    let (mut t, _, start) = started(1000, b"");
    for after in [1, 3] {
        assert_eq!(t.deadline(), start + Duration::from_secs(after));
        assert_eq!(t.timeout(t.deadline()), TransferAction::Send(blocks(1..=1)));
    }
    // Nothing more is sent, but the transfer still accepts a late ACK.
    assert_eq!(t.deadline(), start + Duration::from_secs(5));
    assert_eq!(t.timeout(t.deadline()), TransferAction::Ignored);
    assert_eq!(t.deadline(), start + FIRST_SILENCE);
    let end = TransferOutcome::TimedOut { all_sent: false };
    assert_eq!(t.timeout(t.deadline()), TransferAction::End(end));
}

#[test]
fn a_late_first_ack_resumes_the_transfer() {
    let (mut t, _, start) = started(1000, b"");
    while t.timeout(t.deadline()) != TransferAction::Ignored {}
    let late = start + Duration::from_secs(11);
    assert!(t.has_used_up_first_sends(late));
    assert_eq!(t.acknowledge(late, 1), TransferAction::Send(blocks(2..=2)));
    assert!(!t.has_used_up_first_sends(late));
    assert_eq!(t.deadline(), late + t.rtt.timeout());
}

#[test]
fn repeated_requests_do_not_keep_a_transfer_forever() {
    for options in [&b""[..], b"timeout\x0010\0"] {
        let (mut t, _, start) = started(1000, options);
        let mut now = start;
        let end = loop {
            now += Duration::from_millis(800);
            assert!(now < start + FIRST_SILENCE * 2, "{options:?}");
            if now >= t.deadline()
                && let TransferAction::End(end) = t.timeout(now)
            {
                break end;
            }
            assert!(t.retransmit(now).is_some());
        };
        assert!(matches!(end, TransferOutcome::TimedOut { .. }));
    }
}

#[test]
fn a_window_is_sent_whole_twice_and_then_its_first_block() {
    let (mut t, _, now) = started(512 * 20, b"windowsize\x008\0");
    assert_eq!(t.acknowledge(now, 0), TransferAction::Send(blocks(1..=8)));
    assert_eq!(t.timeout(t.deadline()), TransferAction::Send(blocks(1..=8)));
    assert_eq!(t.timeout(t.deadline()), TransferAction::Send(blocks(1..=1)));
    assert_eq!(t.acknowledge(now, 1), TransferAction::Send(blocks(2..=9)));
}

#[test]
fn silence_in_the_middle_causes_a_bounded_number_of_retransmissions() {
    let (mut t, _, start) = started(1000, b"");
    t.acknowledge(start + MS, 1);
    let mut sends = 0;
    let end = loop {
        match t.timeout(t.deadline()) {
            TransferAction::Send(send) => assert_eq!(send, blocks(2..=2)),
            TransferAction::End(end) => break end,
            TransferAction::Ignored => panic!("a timeout is never nothing"),
        }
        sends += 1;
    };
    assert_eq!(sends, 13);
    assert_eq!(end, TransferOutcome::TimedOut { all_sent: true });
    let silence = t.deadline() - start;
    assert!(
        silence >= SILENCE && silence < SILENCE + TIMEOUT_MAX + MS,
        "{silence:?}"
    );
    assert_eq!(t.acknowledged(), 512);
}

#[test]
fn progress_resets_the_count_of_retransmissions() {
    let (mut t, _, start) = started(5000, b"");
    t.acknowledge(start + MS, 1);
    for _ in 0..13 {
        assert!(matches!(t.timeout(t.deadline()), TransferAction::Send(_)));
    }
    let late = start + (t.deadline() - start).mul_f32(0.99);
    assert_eq!(t.acknowledge(late, 2), TransferAction::Send(blocks(3..=3)));
    assert!(matches!(t.timeout(t.deadline()), TransferAction::Send(_)));
}

#[test]
fn a_window_is_sent_again_from_the_first_missing_block() {
    let (mut t, _, now) = started(512 * 20, b"windowsize\x004\0");
    assert_eq!(t.acknowledge(now, 0), TransferAction::Send(blocks(1..=4)));
    assert_eq!(t.acknowledge(now, 4), TransferAction::Send(blocks(5..=8)));
    assert_eq!(t.acknowledge(now, 6), TransferAction::Send(blocks(7..=10)));
    assert_eq!(t.acknowledge(now, 6), TransferAction::Ignored);
    assert_eq!(
        t.timeout(t.deadline()),
        TransferAction::Send(blocks(7..=10))
    );
    assert_eq!(t.acknowledge(now, 11), TransferAction::Ignored);
    for (acked, next) in [(10, 11..=14), (14, 15..=18), (18, 19..=21)] {
        assert_eq!(
            t.acknowledge(now, acked),
            TransferAction::Send(Send::Blocks(next))
        );
    }
    assert_eq!(
        t.acknowledge(now, 21),
        TransferAction::End(TransferOutcome::Delivered)
    );
}

#[test]
fn a_retransmitted_block_gives_no_round_trip_sample() {
    let (mut t, _, start) = started(5000, b"");
    t.acknowledge(start + MS, 1);
    let quick = t.deadline() - (start + MS);
    assert_eq!(quick, TIMEOUT_MIN);
    t.timeout(t.deadline());
    let late = start + Duration::from_secs(3);
    t.acknowledge(late, 2);
    assert_eq!(
        t.deadline() - late,
        quick * 2,
        "backed off until a clean sample"
    );
    t.acknowledge(late + MS, 3);
    assert_eq!(t.deadline() - (late + MS), quick);
}

#[test]
fn rare_acks_do_not_keep_a_transfer_forever() {
    let (mut t, _, start) = started(1 << 20, b"");
    let mut now = start;
    for block in 1.. {
        now += Duration::from_secs(4);
        if let TransferAction::End(end) = t.acknowledge(now, block) {
            assert_eq!(end, TransferOutcome::TimedOut { all_sent: false });
            break;
        }
    }
    assert!(now - start <= GRACE + Duration::from_secs((1 << 20) / SLOWEST + 4));
}

#[test]
fn a_granted_timeout_is_used() {
    let (mut t, _, start) = started(5000, b"timeout\x003\0");
    assert_eq!(t.deadline() - start, Duration::from_secs(3));
    t.acknowledge(start + MS, 0);
    assert_eq!(t.deadline() - (start + MS), Duration::from_secs(3));
}
