//! Live frames: a packet socket on one interface and a thread that hears it. The one place
//! of this room with a socket.
//!
//! The socket is opened while there is a right to (`CAP_NET_RAW`); the thread begins later,
//! when the rights are given away. What is heard goes into a bounded queue: a reader that is
//! late loses frames, which are counted, and never holds anybody up.

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
use socket::Opened;

/// How long the thread waits for a frame before it looks whether it is to end.
const PATIENCE: Duration = Duration::from_millis(200);

/// What was heard and not taken yet, at most.
pub const QUEUE: usize = 1024;

/// Why an interface cannot be heard.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no right to.
    #[error("{0} cannot be heard: the right CAP_NET_RAW is missing")]
    Permission(String),
    /// There is no such interface.
    #[error("there is no network interface '{0}'")]
    Unknown(String),
    /// Anything else.
    #[error("{0} cannot be heard: {1}")]
    Other(String, #[source] io::Error),
}

/// An interface that can be heard.
pub struct Capture {
    interface: String,
    opened: Opened,
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture")
            .field("interface", &self.interface)
            .finish_non_exhaustive()
    }
}

impl Capture {
    /// Opens the interface of this name, to hear SIP at this port beside all else.
    pub fn open(name: &str, sip: u16) -> Result<Self, OpenError> {
        let interface = datalink::interfaces()
            .into_iter()
            .find(|interface| interface.name == name)
            .ok_or_else(|| OpenError::Unknown(name.to_owned()))?;
        let opened =
            socket::open(&interface, PATIENCE, sip).map_err(|error| match error.kind() {
                io::ErrorKind::PermissionDenied => OpenError::Permission(name.to_owned()),
                _ => OpenError::Other(name.to_owned(), error),
            })?;
        Ok(Self {
            interface: name.to_owned(),
            opened,
        })
    }

    /// Its name.
    #[must_use]
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// Hears it on a thread of its own: `hear` makes of a frame what goes into the queue. It
    /// ends when it is told to, or when nobody reads the queue any more.
    pub fn start<T, F>(self, queue: Sender<T>, hear: F) -> io::Result<CaptureThread>
    where
        T: Send + 'static,
        F: FnMut(Instant, &[u8]) -> Result<Vec<T>, Malformed> + Send + 'static,
    {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let interface = self.interface.clone();
        let thread = thread::Builder::new()
            .name("witness".to_owned())
            .spawn(move || self.listen(&told, &queue, hear))?;
        Ok(CaptureThread {
            interface,
            stop,
            thread: Some(thread),
        })
    }

    fn listen<T, F>(mut self, stop: &AtomicBool, queue: &Sender<T>, mut hear: F) -> CaptureTotals
    where
        F: FnMut(Instant, &[u8]) -> Result<Vec<T>, Malformed>,
    {
        let mut totals = CaptureTotals::default();
        let mut troubled = false;
        while !stop.load(Ordering::Relaxed) && !queue.is_closed() {
            let heard = match self.opened.frames.next() {
                Ok(frame) => {
                    troubled = false;
                    totals.frames += 1;
                    hear(Instant::now(), frame)
                }
                Err(error) if is_nothing(&error) => continue,
                Err(error) => {
                    self.recover(&error, &mut troubled);
                    continue;
                }
            };
            let Ok(items) = heard else {
                totals.damaged += 1;
                continue;
            };
            for item in items {
                if let Err(TrySendError::Full(_)) = queue.try_send(item) {
                    if totals.dropped == 0 {
                        tracing::warn!(
                            "{}: more is heard of phones than can be taken; some of it is lost",
                            self.interface
                        );
                    }
                    totals.dropped += 1;
                }
            }
        }
        totals.lost = socket::lost(&self.opened.socket).unwrap_or_else(|error| {
            tracing::debug!("{}: frames lost are not known: {error}", self.interface);
            0
        });
        totals
    }

    /// An interface that went down is heard again when it is back.
    fn recover(&self, error: &io::Error, troubled: &mut bool) {
        // Takes the fault off the socket, which would wake the thread for it for ever.
        let fault = self.opened.socket.take_error().ok().flatten();
        if !*troubled {
            let error = fault.as_ref().unwrap_or(error);
            tracing::info!("{} cannot be heard just now: {error}", self.interface);
        }
        *troubled = true;
        thread::sleep(PATIENCE);
    }
}

/// Whether there was no frame, and no fault.
fn is_nothing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
    )
}

/// What a thread heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CaptureTotals {
    /// Frames that passed the filter.
    pub frames: u64,
    /// Those meant for a witness that could not be read.
    pub damaged: u64,
    /// What the queue had no room for.
    pub dropped: u64,
    /// Frames that the kernel had no room for.
    pub lost: u32,
}

/// A thread that hears an interface; it ends when this is dropped.
#[derive(Debug)]
pub struct CaptureThread {
    interface: String,
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<CaptureTotals>>,
}

impl CaptureThread {
    /// The interface.
    #[must_use]
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// Ends it, within a fraction of a second. `None`: the thread panicked.
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
