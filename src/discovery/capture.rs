//! Live frames: a packet socket on one interface, and a thread that reads it.
//!
//! The socket is opened while the process has `CAP_NET_RAW`; the thread starts after privileges are
//! dropped. Items go into a bounded queue: if the reader is late, items are dropped and counted, and
//! nothing blocks.

mod socket;

use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use pnet::datalink;
use tokio::sync::mpsc::{Sender, error::TrySendError};

use crate::protocol::Malformed;
use socket::OpenedCapture;

/// How long the thread waits for a frame before it checks whether it should stop.
const READ_TIMEOUT: Duration = Duration::from_millis(200);

/// Maximum number of items that wait in the queue.
pub const QUEUE: usize = 1024;

/// Why frames of an interface cannot be captured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// `CAP_NET_RAW` is missing.
    #[error("cannot capture on {0}: CAP_NET_RAW is missing")]
    Permission(String),
    /// There is no such interface.
    #[error("there is no network interface '{0}'")]
    Unknown(String),
    /// Any other error.
    #[error("cannot capture on {0}: {1}")]
    Other(String, #[source] io::Error),
}

/// An open packet socket.
pub struct Capture {
    interface: String,
    opened: OpenedCapture,
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture")
            .field("interface", &self.interface)
            .finish_non_exhaustive()
    }
}

impl Capture {
    /// Opens a packet socket on the interface of this name; SIP is captured at port `sip`.
    ///
    /// # Errors
    /// The interface does not exist, or the socket cannot be opened.
    pub fn open(name: &str, sip: u16) -> Result<Self, OpenError> {
        let interface = datalink::interfaces()
            .into_iter()
            .find(|interface| interface.name == name)
            .ok_or_else(|| OpenError::Unknown(name.to_owned()))?;
        let opened =
            socket::open(&interface, READ_TIMEOUT, sip).map_err(|error| match error.kind() {
                io::ErrorKind::PermissionDenied => OpenError::Permission(name.to_owned()),
                _ => OpenError::Other(name.to_owned(), error),
            })?;
        Ok(Self {
            interface: name.to_owned(),
            opened,
        })
    }

    /// The name of the interface.
    #[must_use]
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// Starts a thread that passes each frame to `decode` and queues the items that it returns. The
    /// thread ends when [`CaptureThread`] is dropped or the queue is closed.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start<T, F>(self, queue: Sender<T>, decode: F) -> io::Result<CaptureThread>
    where
        T: Send + 'static,
        F: FnMut(Instant, &[u8]) -> Result<Vec<T>, Malformed> + Send + 'static,
    {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let interface = self.interface.clone();
        let thread = thread::Builder::new()
            .name("capture".to_owned())
            .spawn(move || self.read_frames(&stopped, &queue, decode))?;
        Ok(CaptureThread {
            interface,
            stop,
            thread: Some(thread),
        })
    }

    fn read_frames<T, F>(
        mut self,
        stop: &AtomicBool,
        queue: &Sender<T>,
        mut decode: F,
    ) -> CaptureTotals
    where
        F: FnMut(Instant, &[u8]) -> Result<Vec<T>, Malformed>,
    {
        let mut totals = CaptureTotals::default();
        let mut has_failed = false;
        while !stop.load(Ordering::Relaxed) && !queue.is_closed() {
            let decoded = match self.opened.frames.next() {
                Ok(frame) => {
                    has_failed = false;
                    totals.frames += 1;
                    decode(Instant::now(), frame)
                }
                Err(error) if is_nothing(&error) => continue,
                Err(error) => {
                    self.recover(&error, &mut has_failed);
                    continue;
                }
            };
            let Ok(items) = decoded else {
                totals.damaged += 1;
                continue;
            };
            for item in items {
                if let Err(TrySendError::Full(_)) = queue.try_send(item) {
                    if totals.dropped == 0 {
                        tracing::warn!(
                            "{}: more discovery frames than can be processed; dropping the excess",
                            self.interface
                        );
                    }
                    totals.dropped += 1;
                }
            }
        }
        totals.lost = socket::lost(&self.opened.socket).unwrap_or_else(|error| {
            tracing::debug!(
                "{}: cannot read the number of lost frames: {error}",
                self.interface
            );
            0
        });
        totals
    }

    /// Pauses after an error. An interface that was down is captured again when it is up.
    fn recover(&self, error: &io::Error, has_failed: &mut bool) {
        // Clears the pending error, which would otherwise wake the thread again and again.
        let fault = self.opened.socket.take_error().ok().flatten();
        if !*has_failed {
            let error = fault.as_ref().unwrap_or(error);
            tracing::info!("{}: capture interrupted: {error}", self.interface);
        }
        *has_failed = true;
        thread::sleep(READ_TIMEOUT);
    }
}

/// Whether no frame came and nothing failed.
fn is_nothing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
    )
}

/// What a capture counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CaptureTotals {
    /// Frames that passed the filter.
    pub frames: u64,
    /// Frames that were damaged.
    pub damaged: u64,
    /// Items that the queue had no room for.
    pub dropped: u64,
    /// Frames that the kernel's buffer had no room for.
    pub lost: u32,
}

/// A thread that reads frames. Dropping it stops the thread.
#[derive(Debug)]
pub struct CaptureThread {
    interface: String,
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<CaptureTotals>>,
}

impl CaptureThread {
    /// The name of the interface.
    #[must_use]
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// Stops the thread, within a fraction of a second. `None`: the thread panicked.
    #[must_use]
    pub fn end(mut self) -> Option<CaptureTotals> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take()?.join().ok()
    }
}

impl Drop for CaptureThread {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
