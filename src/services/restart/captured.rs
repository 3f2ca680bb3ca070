//! Captures of SIP on the machine of the PBX.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::mpsc::{Receiver, channel};

use crate::{
    discovery::capture::{Capture, OpenError, QUEUE},
    failure::Failure,
    limits::RateLimiter,
    privileges,
    protocol::{Malformed, frame::EthernetFrame},
    restart::converted::{PhoneSignal, SignalReader},
    services::captures::CaptureThreads,
};

/// Maximum number of messages that are read per second, of one address and of all. A phone sends a
/// few for each of its lines.
const PER_ADDRESS: u32 = 20;
const IN_ALL: u32 = 500;
const WINDOW: Duration = Duration::from_secs(1);

/// Open packet sockets. Their threads start after the privileges are dropped.
#[derive(Debug, Default)]
pub struct OpenedCaptures(Vec<Capture>);

/// Running captures.
#[derive(Debug)]
pub struct CapturedSip {
    signals: Receiver<PhoneSignal>,
    threads: CaptureThreads,
}

/// Opens a capture of SIP at this port on each of the interfaces.
///
/// # Errors
/// An interface does not exist, or this user may not capture on it.
pub fn open_captures(interfaces: &[String], sip: u16) -> Result<OpenedCaptures, Failure> {
    let open = |name: &String| {
        Capture::open(name, sip).map_err(|error| {
            let cure = match &error {
                OpenError::Permission(_) => privileges::how_to_grant(),
                OpenError::Unknown(_) => "`ip link` lists the interfaces".to_owned(),
                _ => String::new(),
            };
            Failure::new(error, cure)
        })
    };
    let captures = interfaces.iter().map(open);
    Ok(OpenedCaptures(captures.collect::<Result<_, _>>()?))
}

impl OpenedCaptures {
    /// Starts the threads; `None` if nothing is captured.
    ///
    /// # Errors
    /// A thread cannot be started.
    pub fn start(self) -> Result<Option<CapturedSip>, Failure> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let (queue, signals) = channel(QUEUE);
        let mut threads = CaptureThreads::default();
        for capture in self.0 {
            let mut reader = SignalReader::default();
            let mut limiter = RateLimiter::new(WINDOW, PER_ADDRESS, IN_ALL);
            let dropped = Arc::new(AtomicU64::new(0));
            let count = Arc::clone(&dropped);
            let decode = move |at: Instant, bytes: &[u8]| -> Result<Vec<PhoneSignal>, Malformed> {
                let frame = EthernetFrame::decode(bytes)?;
                let Some(signal) = reader.read(&frame) else {
                    return Ok(Vec::new());
                };
                if limiter.admit(at, signal.address).is_none() {
                    count.fetch_add(1, Ordering::Relaxed);
                    return Ok(Vec::new());
                }
                Ok(vec![signal])
            };
            let thread = capture.start(queue.clone(), decode).map_err(|error| {
                Failure::new(
                    format!("cannot start a capture thread: {error}"),
                    "Check that the machine has free memory",
                )
            })?;
            threads.push(thread, dropped);
        }
        Ok(Some(CapturedSip { signals, threads }))
    }
}

impl CapturedSip {
    /// The messages since the last call.
    pub(super) fn take(&mut self) -> Vec<PhoneSignal> {
        let mut taken = Vec::new();
        // A flood fills the queue while it is emptied.
        while taken.len() < QUEUE
            && let Ok(signal) = self.signals.try_recv()
        {
            taken.push(signal);
        }
        taken
    }

    /// Ends the threads.
    pub(super) fn end(self) {
        drop(self.signals);
        self.threads.end();
    }
}

/// Whether this machine has an address.
pub(super) fn is_own(address: Ipv4Addr) -> bool {
    address.is_loopback()
        || crate::preflight::interfaces()
            .iter()
            .any(|interface| interface.address == address)
}
