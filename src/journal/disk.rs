//! The two threads of a journal. One writes: what is written survives the end of this
//! program, so no line waits for the one before it to be on the disk. The other syncs
//! whatever was written meanwhile in one go: what is synced survives a power cut.

use std::{
    fs::File,
    io, mem,
    os::unix::fs::FileExt as _,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How often a disk that refused is tried again.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Where lines go to.
pub(super) trait Disk: Send + 'static {
    /// Puts these bytes behind what is there; or nothing.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
}

/// What makes them durable.
pub(super) trait Durable: Send + 'static {
    /// Everything that was put there before this is on the disk after it.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file whose whole lines end at `end`.
#[derive(Debug)]
pub(super) struct OnDisk {
    pub(super) file: Arc<File>,
    pub(super) end: u64,
}

impl Durable for Arc<File> {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

impl Disk for OnDisk {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all_at(bytes, self.end) {
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
    /// Something to sync, or the end.
    written: Condvar,
    /// Something is in the file or on the disk, or failed.
    done: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// Lines that were pushed in, those of them in the file, and of these those on the disk.
    pushed: u64,
    written: u64,
    synced: u64,
    /// Since when something is on its way to the disk, and to the file.
    unsynced_since: Option<Instant>,
    unwritten_since: Option<Instant>,
    /// The disk's words, while it takes nothing.
    write_error: Option<String>,
    /// The same, when it could not sync. What it then has is not known: that stays.
    sync_error: Option<String>,
    closing: bool,
    /// Nothing more will be written.
    closed: bool,
    listener: Option<Box<dyn Fn() + Send>>,
}

/// How far the writer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WriterStatus {
    /// Lines on the disk, and lines that were pushed in.
    pub(super) synced: u64,
    pub(super) pushed: u64,
    /// For how long the oldest of the others has waited.
    pub(super) delay: Duration,
    /// Why the disk error.
    pub(super) error: Option<String>,
}

impl State {
    fn error(&self) -> Option<&String> {
        self.sync_error.as_ref().or(self.write_error.as_ref())
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands lines in; the number of the last. `None` where `most` bytes wait already.
    pub(super) fn push(&self, bytes: &[u8], lines: u64, limit: usize) -> Option<u64> {
        let mut state = self.state();
        if state.waiting.len() + bytes.len() > limit {
            return None;
        }
        state.waiting.extend_from_slice(bytes);
        state.pushed += lines;
        state.unsynced_since.get_or_insert_with(Instant::now);
        state.unwritten_since.get_or_insert_with(Instant::now);
        self.work.notify_one();
        Some(state.pushed)
    }

    pub(super) fn status(&self) -> WriterStatus {
        let state = self.state();
        WriterStatus {
            synced: state.synced,
            pushed: state.pushed,
            delay: state
                .unsynced_since
                .map_or(Duration::ZERO, |since| since.elapsed()),
            error: state.error().cloned(),
        }
    }

    /// Calls this whenever something was written or refused.
    pub(super) fn on_change(&self, listener: Box<dyn Fn() + Send>) {
        self.state().listener = Some(listener);
    }

    /// Waits until this line is in the file, where the end of this program cannot take it
    /// away; at most until the oldest line that is not has waited for `patience`.
    pub(super) fn wait_written(&self, line: u64, patience: Duration) {
        let state = self.state();
        let left = state.unwritten_since.map_or(Duration::ZERO, |since| {
            patience.saturating_sub(since.elapsed())
        });
        let busy = |state: &mut State| state.written < line && state.error().is_none();
        let waited = self.done.wait_timeout_while(state, left, busy);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits until everything is written, the disk error, or `patience` is over.
    pub(super) fn flush(&self, patience: Duration) {
        let busy = |state: &mut State| state.synced < state.pushed && state.error().is_none();
        let waited = self.done.wait_timeout_while(self.state(), patience, busy);
        // A panic of the writer leaves a queue that says how far it came.
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Nothing more will come: the writer ends after what waits, or at once if it cannot.
    pub(super) fn close(&self) {
        self.state().closing = true;
        self.work.notify_one();
    }

    /// There is no writer after all.
    pub(super) fn abandon(&self) {
        self.state().closed = true;
        self.written.notify_one();
    }

    /// Syncs what is written until the queue is closed.
    pub(super) fn sync(&self, mut disk: impl Durable) {
        loop {
            let idle = |state: &mut State| state.written == state.synced && !state.closed;
            let waited = self.written.wait_while(self.state(), idle);
            let state = waited.unwrap_or_else(PoisonError::into_inner);
            let upto = state.written;
            if upto == state.synced {
                return;
            }
            drop(state);
            let synced = disk.sync();
            let mut state = self.state();
            if let Err(error) = synced {
                state.sync_error = Some(error.to_string());
                self.notify(&state);
                return;
            }
            state.synced = upto;
            state.unsynced_since = (state.synced < state.pushed).then(Instant::now);
            self.notify(&state);
        }
    }

    /// Writes what is pushed in until the queue is closed.
    pub(super) fn write(&self, mut disk: impl Disk) {
        self.write_all(&mut disk);
        self.state().closed = true;
        self.written.notify_one();
    }

    fn write_all(&self, disk: &mut impl Disk) {
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
            let upto = state.pushed;
            drop(state);
            while let Err(error) = disk.append(&batch) {
                let mut state = self.state();
                state.write_error = Some(error.to_string());
                self.notify(&state);
                let waiting = |state: &mut State| !state.closing;
                let waited = self.work.wait_timeout_while(state, RETRY_INTERVAL, waiting);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
                if state.closing {
                    return;
                }
            }
            let mut state = self.state();
            state.written = upto;
            state.unwritten_since = (!state.waiting.is_empty()).then(Instant::now);
            state.write_error = None;
            self.written.notify_one();
            self.done.notify_all();
        }
    }

    fn notify(&self, state: &State) {
        self.done.notify_all();
        if let Some(listener) = &state.listener {
            listener();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use super::*;

    const FINISH_TIMEOUT: Duration = Duration::from_secs(20);

    /// A disk that does what the test tells it: each append takes one answer.
    struct ScriptedDisk {
        answers: mpsc::Receiver<io::Result<()>>,
        held: Arc<Mutex<Vec<u8>>>,
    }

    impl Disk for ScriptedDisk {
        fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
            let gone = |_| io::Error::other("the test is over");
            self.answers.recv().map_err(gone)??;
            self.held.lock().unwrap().extend_from_slice(bytes);
            Ok(())
        }
    }

    /// What is written is on the disk.
    struct WorkingSync;

    impl Durable for WorkingSync {
        fn sync(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Nothing ever is.
    struct FailingSync;

    impl Durable for FailingSync {
        fn sync(&mut self) -> io::Result<()> {
            Err(io::Error::other("I/O error"))
        }
    }

    struct Rig {
        queue: Arc<Queue>,
        answers: mpsc::Sender<io::Result<()>>,
        held: Arc<Mutex<Vec<u8>>>,
        threads: [thread::JoinHandle<()>; 2],
    }

    impl Rig {
        /// Both threads end by themselves.
        fn end(self) {
            self.queue.close();
            drop(self.answers);
            for thread in self.threads {
                thread.join().unwrap();
            }
        }
    }

    fn rig(durable: impl Durable) -> Rig {
        let queue = Arc::new(Queue::default());
        let held = Arc::new(Mutex::new(Vec::new()));
        let (answers, receiver) = mpsc::channel();
        let disk = ScriptedDisk {
            answers: receiver,
            held: Arc::clone(&held),
        };
        let (writer, syncer) = (Arc::clone(&queue), Arc::clone(&queue));
        let threads = [
            thread::spawn(move || writer.write(disk)),
            thread::spawn(move || syncer.sync(durable)),
        ];
        Rig {
            queue,
            answers,
            held,
            threads,
        }
    }

    #[test]
    fn lines_are_on_the_disk_when_it_says_so_and_not_before() {
        let rig = rig(WorkingSync);
        assert_eq!(rig.queue.push(b"one\n", 1, 100), Some(1));
        assert_eq!(rig.queue.push(b"two\nthree\n", 2, 100), Some(3));
        assert_eq!(rig.queue.status().synced, 0, "the disk is busy");
        // The first batch holds one to three lines, as the writer woke.
        rig.answers.send(Ok(())).unwrap();
        rig.answers.send(Ok(())).unwrap();
        rig.queue.flush(FINISH_TIMEOUT);
        let status = rig.queue.status();
        assert_eq!((status.synced, status.pushed), (3, 3));
        assert_eq!(*rig.held.lock().unwrap(), b"one\ntwo\nthree\n");
        rig.end();
    }

    #[test]
    fn a_disk_that_refuses_is_tried_again_and_nothing_is_missing() {
        let rig = rig(WorkingSync);
        rig.queue.push(b"one\n", 1, 100);
        rig.answers
            .send(Err(io::ErrorKind::StorageFull.into()))
            .unwrap();
        rig.queue.flush(FINISH_TIMEOUT);
        let status = rig.queue.status();
        assert_eq!(status.synced, 0);
        assert!(status.error.is_some());
        rig.queue.push(b"two\n", 1, 100);
        rig.answers.send(Ok(())).unwrap();
        rig.answers.send(Ok(())).unwrap();
        let (told, news) = mpsc::channel();
        rig.queue.on_change(Box::new(move || {
            // The other end is gone once the test has seen enough.
            let _ = told.send(());
        }));
        while rig.queue.status().synced < 2 {
            news.recv_timeout(FINISH_TIMEOUT).unwrap();
        }
        assert_eq!(rig.queue.status().error, None);
        assert_eq!(*rig.held.lock().unwrap(), b"one\ntwo\n");
        rig.end();
    }

    #[test]
    fn what_could_not_be_synced_is_never_called_safe_again() {
        let rig = rig(FailingSync);
        for line in [b"one\n", b"two\n"] {
            rig.queue.push(line, 1, 100);
            rig.answers.send(Ok(())).unwrap();
        }
        rig.queue.flush(FINISH_TIMEOUT);
        let status = rig.queue.status();
        assert_eq!(status.synced, 0);
        assert_eq!(status.error.as_deref(), Some("I/O error"));
        rig.end();
    }

    #[test]
    fn no_more_waits_than_there_is_room_for() {
        let rig = rig(WorkingSync);
        // One batch may be with the writer already.
        assert_eq!(rig.queue.push(&[b'x'; 60], 1, 100), Some(1));
        let taken = (0..3).filter_map(|_| rig.queue.push(&[b'x'; 60], 1, 100));
        assert!(taken.count() <= 1);
        rig.end();
    }
}
