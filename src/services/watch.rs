//! Captures that only list the phones on the network, for `watch` and the wizard.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio::sync::mpsc::{Receiver, channel};

use super::captures::CaptureThreads;
use crate::{
    discovery::{
        SIP_PORT,
        capture::{Capture, OpenError, QUEUE},
        watch::{Fact, FactReader},
    },
    failure::Failure,
    preflight, privileges,
    protocol::Malformed,
};

/// A fact, when it was received, and the index of its interface.
pub type TimedFact = (Instant, usize, Fact);

/// Opens a capture on `interface`, or else on every interface with a link.
///
/// # Errors
/// No interface has a link, or one cannot be captured on.
pub fn open(interface: Option<&str>) -> Result<Vec<Capture>, Failure> {
    let names = interface.map_or_else(preflight::capture_interfaces, |name| vec![name.to_owned()]);
    if names.is_empty() {
        return Err(Failure::new(
            "no network interface of this machine has a link",
            "Connect the cable, or name an interface: --interface NAME (`ip link` lists them)",
        ));
    }
    names
        .iter()
        .map(|name| {
            Capture::open(name, SIP_PORT).map_err(|error| {
                let cure = match &error {
                    OpenError::Permission(_) => privileges::how_to_grant(),
                    OpenError::Unknown(_) => "`ip link` lists the interfaces".to_owned(),
                    _ => String::new(),
                };
                Failure::new(error, cure)
            })
        })
        .collect()
}

/// Starts a thread for each capture, with one queue of their facts.
///
/// # Errors
/// A thread cannot be started.
pub fn start(captures: Vec<Capture>) -> Result<(CaptureThreads, Receiver<TimedFact>), Failure> {
    let (queue, facts) = channel(QUEUE);
    let mut threads = CaptureThreads::default();
    for (number, capture) in captures.into_iter().enumerate() {
        let mut reader = FactReader::default();
        let dropped = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&dropped);
        let decode = move |at, bytes: &[u8]| -> Result<Vec<TimedFact>, Malformed> {
            let facts = reader.read(at, bytes)?;
            count.store(reader.dropped(), Ordering::Relaxed);
            Ok(facts.into_iter().map(|fact| (at, number, fact)).collect())
        };
        let started = capture.start(queue.clone(), decode);
        let thread = started.map_err(|error| {
            Failure::new(
                format!("cannot start a capture thread: {error}"),
                "Check that the machine has free memory",
            )
        })?;
        threads.push(thread, dropped);
    }
    Ok((threads, facts))
}
