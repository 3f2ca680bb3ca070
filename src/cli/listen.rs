//! What is heard of phones while they are served: the sockets before the rights are given
//! away, the threads after.

use std::{
    net::SocketAddrV4,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio::sync::mpsc::{Receiver, channel};

use super::privileges;
use crate::{
    discovery::{
        Deduplicator,
        capture::{Capture, CaptureThread, OpenError, QUEUE},
    },
    preflight::{self, SelectedInterface},
    track::Observation,
};

/// Interfaces that can be heard, and the words for those that cannot.
#[derive(Debug, Default)]
pub(crate) struct Ears {
    captures: Vec<Capture>,
    words: Vec<String>,
    sip: u16,
    ours: Option<SocketAddrV4>,
}

impl Ears {
    /// Opens the interface that is served on. That it cannot be heard ends no run: it is
    /// said, and all but the witnesses works. `sip`: the port of the PBX; `ours`: where this
    /// program takes REGISTERs itself.
    pub(crate) fn open(chosen: &SelectedInterface, sip: u16, ours: Option<SocketAddrV4>) -> Self {
        let mut ears = Self {
            sip,
            ours,
            ..Self::default()
        };
        let names = match &chosen.interface {
            Some(name) => vec![name.clone()],
            None if chosen.address.is_unspecified() => preflight::audible(),
            None => preflight::interfaces()
                .into_iter()
                .filter(|interface| interface.address == chosen.address)
                .map(|interface| interface.name)
                .collect(),
        };
        for name in names {
            match Capture::open(&name, sip) {
                Ok(capture) => ears.captures.push(capture),
                Err(OpenError::Permission(_)) => {
                    let missing =
                        "without the right to listen (CAP_NET_RAW) no load can be seen on the wire";
                    ears.words = vec![missing.to_owned()];
                    let how = privileges::how();
                    ears.words.extend(how.lines().map(ToOwned::to_owned));
                    return ears;
                }
                Err(error) => ears
                    .words
                    .push(format!("no load can be seen on the wire: {error}")),
            }
        }
        if !ears.captures.is_empty() {
            let names: Vec<&str> = ears.captures.iter().map(Capture::interface).collect();
            ears.words.push(format!(
                "listens on {} for CDP, LLDP, DHCP and SIP (port {sip}) of phones",
                names.join(", ")
            ));
        }
        ears
    }

    /// The port of SIP, where anything is heard.
    pub(crate) fn sip(&self) -> Option<u16> {
        (!self.captures.is_empty()).then_some(self.sip)
    }

    /// What a person should know of it.
    pub(crate) fn words(&self) -> Vec<String> {
        self.words.clone()
    }

    /// Begins to hear.
    pub(crate) fn start(self) -> (Vec<Receiver<(Instant, Observation)>>, Threads) {
        let mut queues = Vec::new();
        let mut threads = Threads::default();
        for capture in self.captures {
            let (queue, heard) = channel(QUEUE);
            let mut ear = Deduplicator::new(self.sip, self.ours);
            let name = capture.interface().to_owned();
            let left_out = Arc::new(AtomicU64::new(0));
            let count = Arc::clone(&left_out);
            let started = capture.start(queue, move |at, frame| {
                let dropped = ear.dropped();
                let observations = ear.observe(at, frame)?;
                count.store(ear.dropped(), Ordering::Relaxed);
                if dropped == 0 && ear.dropped() > 0 {
                    tracing::warn!(
                        "{name}: somebody says more of phones than a building full of them; \
                         some of it is left out"
                    );
                }
                Ok(observations.into_iter().map(|one| (at, one)).collect())
            });
            match started {
                Ok(thread) => {
                    queues.push(heard);
                    threads.push(thread, left_out);
                }
                Err(error) => tracing::warn!("no load can be seen on the wire: {error}"),
            }
        }
        (queues, threads)
    }
}

/// The threads that hear.
#[derive(Debug, Default)]
pub(crate) struct Threads(Vec<Thread>);

/// One of them.
#[derive(Debug)]
struct Thread {
    thread: CaptureThread,
    /// Frames of phones that were too many.
    left_out: Arc<AtomicU64>,
}

impl Threads {
    /// One more. `left_out`: where it counts the frames of phones that were too many for it.
    pub(crate) fn push(&mut self, thread: CaptureThread, left_out: Arc<AtomicU64>) {
        self.0.push(Thread { thread, left_out });
    }

    /// Ends them, and says what they lost.
    pub(crate) fn end(self) {
        for Thread { thread, left_out } in self.0 {
            let name = thread.interface().to_owned();
            let Some(totals) = thread.end() else {
                tracing::error!("the thread that listens on {name} panicked");
                continue;
            };
            tracing::info!(
                "{name}: {} frames heard, {} of them damaged",
                totals.frames,
                totals.damaged
            );
            if totals.dropped > 0 || totals.lost > 0 {
                tracing::warn!(
                    "{name}: {} frames and {} of what was heard of phones were lost: there was \
                     more than could be taken",
                    totals.lost,
                    totals.dropped
                );
            }
            let left_out = left_out.load(Ordering::Relaxed);
            if left_out > 0 {
                tracing::warn!(
                    "{name}: {left_out} frames of phones were left out: somebody said more of \
                     phones than a building full of them"
                );
            }
        }
    }
}
