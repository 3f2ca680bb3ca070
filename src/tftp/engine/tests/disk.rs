use std::fs::{self, File};

use super::*;
use crate::stage::ServedFolder;

const LARGE: usize = 1 << 20;

/// A file on a disk that does not answer, and where it is.
fn unread() -> (tempfile::TempDir, OpenFile) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("large"), vec![1; LARGE]).unwrap();
    let folder = ServedFolder::open(dir.path()).unwrap();
    folder.stop_reading();
    let file = folder.resolve("large").unwrap().unwrap();
    (dir, file)
}

#[test]
fn a_disk_that_does_not_answer_delays_no_other_transfer_and_ends_its_own() {
    let (_dir, file) = unread();
    let mut bench = Bench::new();
    bench.engine.service.large = Some(file);
    assert_eq!(bench.request(phone(1), "large"), []);
    let sent = bench.request(phone(2), "small");
    assert_eq!(sent.len(), 1);
    let [(port, _)] = sent[..] else { panic!() };
    assert_eq!(bench.ack(phone(2), Socket::Transfer(port), 1).len(), 1);
    bench.ack(phone(2), Socket::Transfer(port), 2);
    bench.calls();
    assert_eq!(bench.advance(sending::DISK_TIME / 2), []);
    let ended = bench.advance(sending::DISK_TIME);
    let [(_, error)] = &ended[..] else {
        panic!("{ended:?}")
    };
    assert_eq!(error[..4], [0, 5, 0, 0]);
    assert_eq!(bench.calls(), ["ended 0 FileFailed 0"]);
    assert_eq!(bench.engine.transfers(), 0);
}

#[test]
fn transfers_that_wait_for_the_disk_take_bounded_memory() {
    let (_dir, file) = unread();
    let mut bench = Bench::new();
    bench.engine.service.large = Some(file);
    for n in 0..5000 {
        bench.now += Duration::from_millis(100);
        bench.request(phone(n), "large");
        bench.request(phone(n), "large");
        bench.engine.tick(bench.now, &mut bench.out);
    }
    let limit = bench.engine.limits.transfers;
    assert!(bench.engine.transfers() <= limit);
    assert!(bench.engine.waiting.len() <= 2 * limit);
}

#[test]
fn blocks_are_sent_when_the_disk_has_answered() {
    struct Woken(std::sync::mpsc::SyncSender<()>);
    impl std::task::Wake for Woken {
        fn wake(self: std::sync::Arc<Self>) {
            // The test may be over.
            let _ = self.0.try_send(());
        }
    }
    let dir = tempfile::tempdir().unwrap();
    File::create(dir.path().join("large"))
        .unwrap()
        .set_len(LARGE as u64)
        .unwrap();
    let folder = ServedFolder::open(dir.path()).unwrap();
    let mut bench = Bench::new();
    bench.engine.service.large = folder.resolve("large").unwrap();
    let (sender, woken) = std::sync::mpsc::sync_channel(1);
    let waker = Waker::from(std::sync::Arc::new(Woken(sender)));
    bench.engine.set_waker(waker);
    let mut sent = bench.request(phone(1), "large");
    let mut blocks = 0;
    while bench.engine.transfers() > 0 {
        let Some((port, packet)) = sent.pop() else {
            woken.recv_timeout(Duration::from_secs(10)).unwrap();
            bench.engine.resume(bench.now, &mut bench.out);
            sent = bench.sent();
            continue;
        };
        blocks += 1;
        let expected = if blocks == LARGE / 512 + 1 { 4 } else { 516 };
        assert_eq!((packet[1], packet.len()), (3, expected));
        let ack = [0, 4, packet[2], packet[3]];
        sent = bench.send(phone(1), Socket::Transfer(port), &ack);
    }
    assert_eq!(blocks, LARGE / 512 + 1);
    assert!(
        bench
            .calls()
            .contains(&format!("ended 0 Delivered {LARGE}"))
    );
}
