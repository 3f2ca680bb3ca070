//! The thread that reads files, so that no server waits for a disk.

use std::{
    collections::VecDeque,
    fmt, io,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

/// The number of waiting reads at which those of ended transfers are removed. The transfers and
/// connections that a server has at once wait for fewer.
const PRUNE_AT: usize = 4096;

/// One read.
pub(super) trait ReadJob: Send {
    /// Whether a transfer still waits for it.
    fn is_wanted(&self) -> bool;
    /// How long it must wait before it may run.
    fn delay(&self) -> Option<Duration>;
    /// Reads, and wakes the transfer.
    fn run(&self);
}

/// A thread that is started by its first read, and ends when this is dropped.
#[derive(Debug, Default)]
pub(super) struct ReadThread(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Box<dyn ReadJob>>,
    is_started: bool,
    is_stopped: bool,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadThread")
    }
}

impl ReadThread {
    /// Adds a read.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn push(&self, job: Box<dyn ReadJob>) -> io::Result<()> {
        let mut queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if !queue.is_started {
            let shared = Arc::clone(&self.0);
            thread::Builder::new()
                .name("read".to_owned())
                .spawn(move || shared.run())?;
            queue.is_started = true;
        }
        if queue.jobs.len() >= PRUNE_AT {
            queue.jobs.retain(|job| job.is_wanted());
        }
        queue.jobs.push_back(job);
        self.0.changed.notify_one();
        Ok(())
    }
}

impl ReadThread {
    /// Ends the thread after the read that it is busy with. The others wait forever.
    pub(super) fn stop(&self) {
        let mut queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.is_stopped = true;
        self.0.changed.notify_one();
    }
}

impl Drop for ReadThread {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn run(&self) {
        while let Some(job) = self.next() {
            if job.is_wanted() {
                job.run();
            }
        }
    }

    /// Waits for a read that may run; `None`: the thread must end.
    fn next(&self) -> Option<Box<dyn ReadJob>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if queue.is_stopped {
                return None;
            }
            let mut pause: Option<Duration> = None;
            let mut due = None;
            for (at, job) in queue.jobs.iter().enumerate() {
                let Some(delay) = job.delay() else {
                    due = Some(at);
                    break;
                };
                pause = Some(pause.map_or(delay, |pause| pause.min(delay)));
            }
            if let Some(at) = due {
                return queue.jobs.remove(at);
            }
            queue = match pause {
                Some(pause) => {
                    let waited = self.changed.wait_timeout(queue, pause);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => (self.changed.wait(queue)).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}
