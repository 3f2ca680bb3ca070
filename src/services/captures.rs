//! Packet captures of a run: the sockets are opened before privileges are dropped, the
//! threads start after.

use std::{
    net::SocketAddrV4,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio::sync::mpsc::{Receiver, channel};

use crate::{
    discovery::{
        Deduplicator, FRAMES_PER_SECOND, WireActivity,
        capture::{Capture, CaptureThread as Thread, OpenError, QUEUE},
    },
    phone::MacAddress,
    preflight::{self, SelectedInterface},
    privileges,
    track::{EvidenceSource, Observation, ObservationKind},
};

/// Open captures, and messages about interfaces that cannot be captured on.
#[derive(Debug, Default)]
pub struct Captures {
    open: Vec<Capture>,
    /// Captures on interfaces that are not served, for hints while no phone comes.
    others: Vec<Capture>,
    activity: Arc<WireActivity>,
    messages: Vec<String>,
    sip: u16,
    registrar: Option<SocketAddrV4>,
}

impl Captures {
    /// Opens a capture on the serving interface. If that fails, the run continues without a
    /// capture, and a message states why. `sip`: the port of the PBX. `registrar`: where this
    /// program itself listens for REGISTERs.
    #[must_use]
    pub fn open(chosen: &SelectedInterface, sip: u16, registrar: Option<SocketAddrV4>) -> Self {
        let mut captures = Self {
            sip,
            registrar,
            ..Self::default()
        };
        let names = match &chosen.interface {
            Some(name) => vec![name.clone()],
            None if chosen.address.is_unspecified() => preflight::capture_interfaces(),
            None => preflight::interfaces()
                .into_iter()
                .filter(|interface| interface.address == chosen.address)
                .map(|interface| interface.name)
                .collect(),
        };
        for name in names {
            match Capture::open(&name, sip) {
                Ok(capture) => captures.open.push(capture),
                Err(OpenError::Permission(_)) => {
                    let missing = "no packet capture without CAP_NET_RAW: phones' loads cannot be \
                                   read from CDP, LLDP, DHCP or SIP";
                    captures.messages = vec![missing.to_owned()];
                    let how = privileges::how_to_grant();
                    captures.messages.extend(how.lines().map(ToOwned::to_owned));
                    return captures;
                }
                Err(error) => captures
                    .messages
                    .push(format!("no packet capture: {error}")),
            }
        }
        if !captures.open.is_empty() {
            let names: Vec<&str> = captures.open.iter().map(Capture::interface).collect();
            captures.activity = Arc::new(WireActivity::new(names.join(", ")));
            captures.messages.push(format!(
                "capturing CDP, LLDP, DHCP and SIP (port {sip}) of phones on {}",
                names.join(", ")
            ));
        }
        captures
    }

    /// Also watches the interfaces that are not served, for phones that are connected there.
    pub fn watch_others(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let is_open = |name: &String| self.open.iter().any(|one| one.interface() == name);
        let others = preflight::capture_interfaces().into_iter();
        let others = others.filter(|name| !is_open(name));
        // It is only a help: an interface that cannot be captured is left out.
        self.others = others
            .filter_map(|name| Capture::open(&name, self.sip).ok())
            .collect();
    }

    /// What the interfaces receive while no phone comes.
    #[must_use]
    pub fn activity(&self) -> Arc<WireActivity> {
        Arc::clone(&self.activity)
    }

    /// The SIP port, if anything is captured.
    #[must_use]
    pub fn sip(&self) -> Option<u16> {
        (!self.open.is_empty()).then_some(self.sip)
    }

    /// Messages for the operator.
    #[must_use]
    pub fn messages(&self) -> &[String] {
        &self.messages
    }

    /// Starts a thread for each capture, with a queue of its observations.
    #[must_use]
    pub fn start(self) -> (Vec<Receiver<(Instant, Observation)>>, CaptureThreads) {
        let mut queues = Vec::new();
        let mut threads = CaptureThreads::default();
        for capture in self.open {
            let (queue, observations) = channel(QUEUE);
            let mut deduplicator = Deduplicator::new(self.sip, self.registrar);
            let name = capture.interface().to_owned();
            let dropped = Arc::new(AtomicU64::new(0));
            let count = Arc::clone(&dropped);
            let activity = Arc::clone(&self.activity);
            let started = capture.start(queue, move |at, frame| {
                activity.count(frame);
                let before = deduplicator.dropped();
                let found = deduplicator.observe(at, frame)?;
                count.store(deduplicator.dropped(), Ordering::Relaxed);
                if before == 0 && deduplicator.dropped() > 0 {
                    tracing::warn!(
                        "{name}: more than {FRAMES_PER_SECOND} discovery frames/s; dropping the \
                         excess"
                    );
                }
                Ok(found.into_iter().map(|one| (at, one)).collect())
            });
            match started {
                Ok(thread) => {
                    queues.push(observations);
                    threads.push(thread, dropped);
                }
                Err(error) => tracing::warn!("no packet capture: {error}"),
            }
        }
        for capture in self.others {
            let (queue, observations) = channel(QUEUE);
            let mut deduplicator = Deduplicator::new(self.sip, self.registrar);
            let name = capture.interface().to_owned();
            let activity = Arc::clone(&self.activity);
            let started = capture.start(queue, move |at, frame| {
                if !activity.is_over() {
                    let found = deduplicator.observe(at, frame)?;
                    for mac in found.iter().filter_map(announced) {
                        activity.phone_elsewhere(&name, mac);
                    }
                }
                Ok(Vec::new())
            });
            match started {
                Ok(thread) => {
                    queues.push(observations);
                    threads.push(thread, Arc::default());
                }
                Err(error) => tracing::debug!("no packet capture: {error}"),
            }
        }
        (queues, threads)
    }
}

/// The phone that announces itself by this observation.
fn announced(observation: &Observation) -> Option<MacAddress> {
    match observation.kind {
        ObservationKind::MacReported {
            mac,
            source: EvidenceSource::Cdp | EvidenceSource::Lldp | EvidenceSource::Dhcp,
            ..
        } => Some(mac),
        _ => None,
    }
}

/// The running capture threads.
#[derive(Debug, Default)]
pub struct CaptureThreads(Vec<RunningCapture>);

#[derive(Debug)]
struct RunningCapture {
    thread: Thread,
    /// Frames over the rate limit.
    dropped: Arc<AtomicU64>,
}

impl CaptureThreads {
    /// Adds a thread. `dropped`: its count of frames over the rate limit.
    pub(super) fn push(&mut self, thread: Thread, dropped: Arc<AtomicU64>) {
        self.0.push(RunningCapture { thread, dropped });
    }

    /// Ends the threads and logs what they lost.
    pub fn end(self) {
        for RunningCapture { thread, dropped } in self.0 {
            let name = thread.interface().to_owned();
            let Some(totals) = thread.end() else {
                tracing::error!("the capture thread on {name} panicked");
                continue;
            };
            tracing::info!(
                "{name}: {} frames captured, {} of them malformed",
                totals.frames,
                totals.damaged
            );
            if totals.dropped > 0 || totals.lost > 0 {
                tracing::warn!(
                    "{name}: lost {} frames and {} observations: more arrived than could be \
                     processed",
                    totals.lost,
                    totals.dropped
                );
            }
            let dropped = dropped.load(Ordering::Relaxed);
            if dropped > 0 {
                tracing::warn!(
                    "{name}: dropped {dropped} discovery frames over {FRAMES_PER_SECOND}/s"
                );
            }
        }
    }
}
