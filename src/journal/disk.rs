//! The two threads of a journal. One writes: written lines survive the death of this program.
//! The other syncs everything that was written meanwhile: synced lines survive a power cut.

use std::{
    fs::File,
    io, mem,
    os::unix::fs::FileExt as _,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How often a failed write is retried.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The file that lines are appended to.
pub(super) trait Disk: Send + 'static {
    /// Appends all of these bytes or none.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
}

/// Makes written lines durable.
pub(super) trait Durable: Send + 'static {
    /// Puts everything that was written before on disk.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file whose complete lines end at `end`.
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
            // A partial line at the end is harmless, and the next attempt overwrites it.
            if let Err(error) = self.file.set_len(self.end) {
                tracing::debug!("cannot remove the partial last line of the journal: {error}");
            }
            return Err(error);
        }
        self.end += bytes.len() as u64;
        Ok(())
    }
}

/// The queue between the recording side and the two threads.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<WriterState>,
    /// Signals lines to write, or the end.
    work: Condvar,
    /// Signals lines to sync, or the end.
    written: Condvar,
    /// Signals that lines were written or synced, or that the disk failed.
    done: Condvar,
}

#[derive(Default)]
struct WriterState {
    waiting: Vec<u8>,
    /// Numbers of lines: queued, of these written to the file, and of these synced to disk.
    pushed: u64,
    written: u64,
    synced: u64,
    /// Since when the oldest line waits to be synced, and to be written.
    unsynced_since: Option<Instant>,
    unwritten_since: Option<Instant>,
    /// The error of the last write, while writing fails.
    write_error: Option<String>,
    /// The error of a failed sync. It is permanent: what is on disk is then unknown.
    sync_error: Option<String>,
    closing: bool,
    /// The writer has ended.
    closed: bool,
    listener: Option<Box<dyn Fn() + Send>>,
}

/// The progress of the two threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WriterStatus {
    /// Lines on disk, and lines queued so far.
    pub(super) synced: u64,
    pub(super) pushed: u64,
    /// How long the oldest unsynced line has waited.
    pub(super) delay: Duration,
    /// Why the disk fails, if it does.
    pub(super) error: Option<String>,
}

impl WriterState {
    fn error(&self) -> Option<&String> {
        self.sync_error.as_ref().or(self.write_error.as_ref())
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, WriterState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues lines and returns the number of the last; `None` if more than `limit` bytes would
    /// wait.
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

    /// Sets the function that is called when lines were synced or the disk failed.
    pub(super) fn on_change(&self, listener: Box<dyn Fn() + Send>) {
        self.state().listener = Some(listener);
    }

    /// Waits until this line is in the file, at most until the oldest unwritten line has waited
    /// for `patience`.
    pub(super) fn wait_written(&self, line: u64, patience: Duration) {
        let state = self.state();
        let left = state.unwritten_since.map_or(Duration::ZERO, |since| {
            patience.saturating_sub(since.elapsed())
        });
        let busy = |state: &mut WriterState| state.written < line && state.error().is_none();
        let waited = self.done.wait_timeout_while(state, left, busy);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits until every line is on disk, the disk fails, or `patience` is over.
    pub(super) fn flush(&self, patience: Duration) {
        let busy = |state: &mut WriterState| state.synced < state.pushed && state.error().is_none();
        let waited = self.done.wait_timeout_while(self.state(), patience, busy);
        // If the writer panicked, the queue still has its progress.
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// No more lines follow: the writer ends after the queued lines, or at once if writing fails.
    pub(super) fn close(&self) {
        self.state().closing = true;
        self.work.notify_one();
    }

    /// The writer thread could not be started.
    pub(super) fn abandon(&self) {
        self.state().closed = true;
        self.written.notify_one();
    }

    /// Syncs written lines until the queue is closed.
    pub(super) fn sync(&self, mut disk: impl Durable) {
        loop {
            let idle = |state: &mut WriterState| state.written == state.synced && !state.closed;
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

    /// Writes queued lines until the queue is closed.
    pub(super) fn write(&self, mut disk: impl Disk) {
        self.write_all(&mut disk);
        self.state().closed = true;
        self.written.notify_one();
    }

    fn write_all(&self, disk: &mut impl Disk) {
        let mut batch = Vec::new();
        loop {
            let idle = |state: &mut WriterState| state.waiting.is_empty() && !state.closing;
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
                let waiting = |state: &mut WriterState| !state.closing;
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

    fn notify(&self, state: &WriterState) {
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

    /// A disk whose appends return what the test sends.
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

    /// Every sync succeeds.
    struct WorkingSync;

    impl Durable for WorkingSync {
        fn sync(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Every sync fails.
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
        /// Waits for the end of both threads.
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
    fn lines_count_as_synced_only_after_the_sync() {
        let rig = rig(WorkingSync);
        assert_eq!(rig.queue.push(b"one\n", 1, 100), Some(1));
        assert_eq!(rig.queue.push(b"two\nthree\n", 2, 100), Some(3));
        assert_eq!(rig.queue.status().synced, 0, "the disk is busy");
        // The first batch holds one to three lines, depending on when the writer woke.
        rig.answers.send(Ok(())).unwrap();
        rig.answers.send(Ok(())).unwrap();
        rig.queue.flush(FINISH_TIMEOUT);
        let status = rig.queue.status();
        assert_eq!((status.synced, status.pushed), (3, 3));
        assert_eq!(*rig.held.lock().unwrap(), b"one\ntwo\nthree\n");
        rig.end();
    }

    #[test]
    fn failed_writes_are_retried_and_lose_nothing() {
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
        let (notify, changes) = mpsc::channel();
        rig.queue.on_change(Box::new(move || {
            // The receiver is dropped at the end of the test.
            let _ = notify.send(());
        }));
        while rig.queue.status().synced < 2 {
            changes.recv_timeout(FINISH_TIMEOUT).unwrap();
        }
        assert_eq!(rig.queue.status().error, None);
        assert_eq!(*rig.held.lock().unwrap(), b"one\ntwo\n");
        rig.end();
    }

    #[test]
    fn after_a_failed_sync_nothing_counts_as_synced() {
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
    fn push_refuses_more_than_the_limit() {
        let rig = rig(WorkingSync);
        // The writer may have taken one batch already.
        assert_eq!(rig.queue.push(&[b'x'; 60], 1, 100), Some(1));
        let taken = (0..3).filter_map(|_| rig.queue.push(&[b'x'; 60], 1, 100));
        assert!(taken.count() <= 1);
        rig.end();
    }
}
