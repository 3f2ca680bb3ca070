//! Transfers over a link that loses, duplicates and reorders packets, in virtual time and without
//! sockets: no client gets wrong bytes, and only complete files are reported as delivered.

mod link;

use std::time::Duration;

use proptest::prelude::*;
use reflash::tftp::TransferOutcome;

use super::support::{ServerEvent, pattern};
use link::{Link, Reader, play};

fn options() -> impl Strategy<Value = (String, usize, u64)> {
    let block = prop_oneof![Just(None), (8_usize..1500).prop_map(Some)];
    let window = prop_oneof![Just(None), (1_u64..12).prop_map(Some)];
    (block, window).prop_map(|(block, window)| {
        let requested = [
            block.map(|block| format!("blksize\0{block}\0")),
            window.map(|window| format!("windowsize\0{window}\0")),
        ];
        let options = requested.into_iter().flatten().collect();
        (
            options,
            block.map_or(512, |b| b.min(1468)),
            window.map_or(1, |w| w.min(8)),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_wrong_byte_arrives_and_only_complete_files_are_reported_as_delivered(
        seed in any::<u64>(),
        loss in 0_u64..350,
        doubling in 0_u64..300,
        delay in 1_u64..60,
        size in 0_usize..12_000,
        options in prop::collection::vec(options(), 1..6),
    ) {
        let world = play(seed, Link { loss, doubling, delay }, size, &options);
        let events: Vec<ServerEvent> = world.events.try_iter().collect();
        let mut delivered = 0;
        let mut ended = Vec::new();
        for event in &events {
            if let ServerEvent::Ended(transfer, end, bytes) = event {
                prop_assert!(!ended.contains(transfer), "transfer {} ended twice", transfer);
                ended.push(*transfer);
                if *end == TransferOutcome::Delivered {
                    prop_assert_eq!(*bytes, size as u64);
                    delivered += 1;
                }
            }
        }
        let requested = events.iter().filter(|t| matches!(t, ServerEvent::Requested(..))).count();
        prop_assert_eq!(requested, ended.len(), "every transfer ended");
        prop_assert_eq!(world.engine.transfers(), 0);
        let finished = world.readers.iter().filter(|r| r.finished).count();
        prop_assert!(delivered <= finished, "{} delivered, {} have it", delivered, finished);
        for reader in &world.readers {
            if reader.finished {
                prop_assert!(reader.bytes == pattern(size), "wrong bytes");
            } else {
                prop_assert!(reader.gave_up);
            }
        }
    }

    #[test]
    fn a_clean_link_delivers_everything(
        seed in any::<u64>(),
        size in 0_usize..12_000,
        options in prop::collection::vec(options(), 1..6),
    ) {
        // Without delay, because reordering is a fault of the link too.
        let world = play(seed, Link { loss: 0, doubling: 0, delay: 0 }, size, &options);
        let events: Vec<ServerEvent> = world.events.try_iter().collect();
        let all = ServerEvent::Ended(0, TransferOutcome::Delivered, size as u64);
        let delivered = events
            .iter()
            .filter(|t| matches!((t, &all), (ServerEvent::Ended(_, a, b), ServerEvent::Ended(_, c, d)) if a == c && b == d))
            .count();
        prop_assert_eq!(delivered, options.len());
        prop_assert!(world.readers.iter().all(|r| r.finished && r.bytes == pattern(size)));
    }
}

#[test]
fn every_client_completes_on_bad_links() {
    // Thousandths and milliseconds; 200 clients with files of 100 blocks on each.
    for (loss, doubling, delay) in [
        (10, 0, 5),
        (50, 0, 5),
        (200, 0, 5),
        (0, 100, 20),
        (50, 50, 20),
    ] {
        let link = Link {
            loss,
            doubling,
            delay,
        };
        let plain = (String::new(), 512, 1);
        let world = play(7, link, 51_000, &vec![plain; 200]);
        let complete = |reader: &Reader| reader.finished && reader.bytes == pattern(51_000);
        let done = world.readers.iter().filter(|r| complete(r)).count();
        assert_eq!(done, 200, "{link:?}");
    }
}

#[test]
fn doubled_packets_are_not_doubled_again() {
    // Every packet is duplicated in both directions, and the clients acknowledge each of them.
    let link = Link {
        loss: 0,
        doubling: 1000,
        delay: 1,
    };
    let plain = (String::new(), 512, 1);
    let world = play(3, link, 512 * 500, &[plain]);
    assert!(world.readers[0].finished);
    // The duplicated request causes a second first block, as nothing is acknowledged yet.
    assert!(world.data <= 502, "{} packets for 501 blocks", world.data);
}

#[test]
fn one_percent_loss_costs_little_time() {
    let link = Link {
        loss: 10,
        doubling: 0,
        delay: 1,
    };
    let plain = (String::new(), 512, 1);
    let world = play(1, link, 512 * 1000, &[plain]);
    assert!(world.readers[0].finished);
    let took = world.now - world.start;
    let events: Vec<ServerEvent> = world.events.try_iter().collect();
    assert_eq!(
        events.last(),
        Some(&ServerEvent::Ended(0, TransferOutcome::Delivered, 512_000))
    );
    // Virtual time: about twenty losses of at most a few shortest waits each.
    assert!(took < Duration::from_secs(30), "{took:?}");
}
