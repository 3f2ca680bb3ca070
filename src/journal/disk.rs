//! The thread that writes: lines are gathered while the disk is busy and synced together.

use std::{
    fs::File,
    io, mem,
    os::unix::fs::FileExt as _,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How often a disk that refused is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Where lines go to.
pub(super) trait Disk: Send + 'static {
    /// Puts these bytes behind what is there, durably; or nothing.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
}

/// A file whose whole lines end at `end`.
#[derive(Debug)]
pub(super) struct OnDisk {
    pub(super) file: File,
    pub(super) end: u64,
}

impl Disk for OnDisk {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self
            .file
            .write_all_at(bytes, self.end)
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // Half a line would be torn: harmless at the end, and there it stays. The next
            // attempt writes over it.
            if let Err(error) = self.file.set_len(self.end) {
                tracing::debug!("the journal's torn end stays: {error}");
            }
            return Err(error);
        }
        self.end += bytes.len() as u64;
        Ok(())
    }
}

/// What lines and their writer share.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Something to write, or the end.
    work: Condvar,
    /// Something was written, or failed.
    done: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// Lines that were handed in, and those of them that are on the disk.
    handed: u64,
    written: u64,
    /// Since when something is on its way.
    since: Option<Instant>,
    /// The disk's words, while it refuses.
    refuses: Option<String>,
    closing: bool,
    told: Option<Box<dyn Fn() + Send>>,
}

/// How far the writer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// Lines on the disk, and lines that were handed in.
    pub(super) written: u64,
    pub(super) handed: u64,
    /// For how long the oldest of the others has waited.
    pub(super) late: Duration,
    /// Why the disk refuses.
    pub(super) refuses: Option<String>,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands lines in; the number of the last. `None` where `most` bytes wait already.
    pub(super) fn hand(&self, bytes: &[u8], lines: u64, most: usize) -> Option<u64> {
        let mut state = self.state();
        if state.waiting.len() + bytes.len() > most {
            return None;
        }
        state.waiting.extend_from_slice(bytes);
        state.handed += lines;
        state.since.get_or_insert_with(Instant::now);
        self.work.notify_one();
        Some(state.handed)
    }

    pub(super) fn standing(&self) -> Standing {
        let state = self.state();
        Standing {
            written: state.written,
            handed: state.handed,
            late: state.since.map_or(Duration::ZERO, |since| since.elapsed()),
            refuses: state.refuses.clone(),
        }
    }

    /// Calls this whenever something was written or refused.
    pub(super) fn on_news(&self, told: Box<dyn Fn() + Send>) {
        self.state().told = Some(told);
    }

    /// Waits until everything is written, the disk refuses, or `patience` is over.
    pub(super) fn flush(&self, patience: Duration) {
        let busy = |state: &mut State| state.written < state.handed && state.refuses.is_none();
        let waited = self.done.wait_timeout_while(self.state(), patience, busy);
        // A panic of the writer leaves a queue that says how far it came.
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Nothing more will come: the writer ends after what waits, or at once if it cannot.
    pub(super) fn close(&self) {
        self.state().closing = true;
        self.work.notify_one();
    }

    /// Writes what is handed in until the queue is closed.
    pub(super) fn write(self: &Arc<Self>, mut disk: impl Disk) {
        let mut batch = Vec::new();
        loop {
            let idle = |state: &mut State| state.waiting.is_empty() && !state.closing;
            let waited = self.work.wait_while(self.state(), idle);
            let mut state = waited.unwrap_or_else(PoisonError::into_inner);
            if state.waiting.is_empty() {
                return;
            }
            batch.clear();
            mem::swap(&mut batch, &mut state.waiting);
            let upto = state.handed;
            drop(state);
            while let Err(error) = disk.append(&batch) {
                let mut state = self.state();
                state.refuses = Some(error.to_string());
                self.tell(&state);
                let waiting = |state: &mut State| !state.closing;
                let waited = self.work.wait_timeout_while(state, AGAIN, waiting);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
                if state.closing {
                    return;
                }
            }
            let mut state = self.state();
            state.written = upto;
            state.refuses = None;
            state.since = (state.written < state.handed).then(Instant::now);
            self.tell(&state);
        }
    }

    fn tell(&self, state: &State) {
        self.done.notify_all();
        if let Some(told) = &state.told {
            told();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// A disk that does what the test tells it: each append takes one answer.
    struct Told {
        answers: mpsc::Receiver<io::Result<()>>,
        held: Arc<Mutex<Vec<u8>>>,
    }

    impl Disk for Told {
        fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
            let gone = |_| io::Error::other("the test is over");
            self.answers.recv().map_err(gone)??;
            self.held.lock().unwrap().extend_from_slice(bytes);
            Ok(())
        }
    }

    struct Rig {
        queue: Arc<Queue>,
        answers: mpsc::Sender<io::Result<()>>,
        held: Arc<Mutex<Vec<u8>>>,
        writer: thread::JoinHandle<()>,
    }

    fn rig() -> Rig {
        let queue = Arc::new(Queue::default());
        let held = Arc::new(Mutex::new(Vec::new()));
        let (answers, receiver) = mpsc::channel();
        let disk = Told {
            answers: receiver,
            held: Arc::clone(&held),
        };
        let writer = Arc::clone(&queue);
        let writer = thread::spawn(move || writer.write(disk));
        Rig {
            queue,
            answers,
            held,
            writer,
        }
    }

    #[test]
    fn lines_are_on_the_disk_when_it_says_so_and_not_before() {
        let rig = rig();
        assert_eq!(rig.queue.hand(b"one\n", 1, 100), Some(1));
        assert_eq!(rig.queue.hand(b"two\nthree\n", 2, 100), Some(3));
        assert_eq!(rig.queue.standing().written, 0, "the disk is busy");
        // The first batch holds one to three lines, as the writer woke.
        rig.answers.send(Ok(())).unwrap();
        rig.answers.send(Ok(())).unwrap();
        rig.queue.flush(PATIENCE);
        let standing = rig.queue.standing();
        assert_eq!((standing.written, standing.handed), (3, 3));
        assert_eq!(*rig.held.lock().unwrap(), b"one\ntwo\nthree\n");
        rig.queue.close();
        rig.writer.join().unwrap();
    }

    #[test]
    fn a_disk_that_refuses_is_tried_again_and_nothing_is_missing() {
        let rig = rig();
        rig.queue.hand(b"one\n", 1, 100);
        rig.answers
            .send(Err(io::ErrorKind::StorageFull.into()))
            .unwrap();
        rig.queue.flush(PATIENCE);
        let standing = rig.queue.standing();
        assert_eq!(standing.written, 0);
        assert!(standing.refuses.is_some());
        rig.queue.hand(b"two\n", 1, 100);
        rig.answers.send(Ok(())).unwrap();
        rig.answers.send(Ok(())).unwrap();
        let (told, news) = mpsc::channel();
        rig.queue.on_news(Box::new(move || {
            // The other end is gone once the test has seen enough.
            let _ = told.send(());
        }));
        while rig.queue.standing().written < 2 {
            news.recv_timeout(PATIENCE).unwrap();
        }
        assert_eq!(rig.queue.standing().refuses, None);
        assert_eq!(*rig.held.lock().unwrap(), b"one\ntwo\n");
        rig.queue.close();
        rig.writer.join().unwrap();
    }

    #[test]
    fn no_more_waits_than_there_is_room_for() {
        let rig = rig();
        // One batch may be with the writer already.
        assert_eq!(rig.queue.hand(&[b'x'; 60], 1, 100), Some(1));
        let taken = (0..3).filter_map(|_| rig.queue.hand(&[b'x'; 60], 1, 100));
        assert!(taken.count() <= 1);
        rig.queue.close();
        drop(rig.answers);
        rig.writer.join().unwrap();
    }
}
