//! What all threads of a run share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU64};

use super::{
    clock::RunClock, event_queue::EventQueue, secrets::SecretGuard, senders::Senders, setup::Source,
};
use crate::{
    journal::Journal,
    metrics::Counters,
    track::{Fleet, ObservationLimiter, Report},
};

/// What all threads of a run share.
#[derive(Debug)]
pub(super) struct RunShared {
    pub(super) source: Source,
    pub(super) fleet: Mutex<Fleet>,
    /// Locked after the fleet, if both are.
    pub(super) limiter: Mutex<ObservationLimiter>,
    pub(super) events: Arc<EventQueue>,
    pub(super) clock: RunClock,
    /// The number of the next transfer, over all transports.
    pub(super) transfers: AtomicU64,
    pub(super) journal: Option<Journal>,
    pub(super) secrets: SecretGuard,
    pub(super) counters: Counters,
    pub(super) senders: Senders,
}

impl RunShared {
    /// The fleet. A panic of another thread leaves it good enough for a report.
    pub(super) fn fleet(&self) -> MutexGuard<'_, Fleet> {
        self.fleet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the run takes in. A panic of another thread leaves it usable.
    pub(super) fn limiter(&self) -> MutexGuard<'_, ObservationLimiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state of every phone so far, with times of day.
    pub(super) fn report(&self) -> Report {
        let mut report = self.fleet().report(self.clock.began());
        self.clock.to_wall_clock(&mut report);
        report
    }
}
