//! The real world of a run of `reflash restart`.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{AmiConnection, CapturedSip, RestartRecord, captured, udp};
use crate::{
    failure::Failure,
    restart::{
        ami::{AmiResult, EndpointState},
        converted::{Order, PhoneSignal, RestartSite, RestartedPhone},
        notify::Answer,
    },
    services::runtime,
    session::wall_clock,
};

/// How long a wait lasts before it is checked whether the operator ends the run.
const SLICE: Duration = Duration::from_millis(100);

/// The signal that ends a run.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicU8>);

impl Stop {
    /// Catches the signals on a thread of its own, from now on. A second signal ends the process.
    ///
    /// # Errors
    /// The thread or the handlers cannot be set up.
    pub fn catch() -> Result<Self, Failure> {
        let stop = Self::default();
        let number = Arc::clone(&stop.0);
        let runtime = runtime::runtime()?;
        let mut signals = runtime.block_on(async { runtime::signals() })?;
        let thread = thread::Builder::new().name("signals".to_owned());
        let run = move || {
            runtime.block_on(async {
                number.store(signals.next().await, Ordering::Relaxed);
                let second = signals.next().await;
                std::process::exit(128 + i32::from(second));
            });
        };
        thread.spawn(run).map_err(|error| {
            Failure::new(format!("cannot start a thread for signals: {error}"), "")
        })?;
        Ok(stop)
    }

    /// The number of the signal that came.
    #[must_use]
    pub fn signal(&self) -> Option<u8> {
        Some(self.0.load(Ordering::Relaxed)).filter(|number| *number != 0)
    }
}

/// Shows that a phone's status has changed.
pub type ShowChange = Box<dyn FnMut(&RestartedPhone)>;

/// Clock, network and record.
pub struct LiveSite {
    began: Instant,
    ami: Option<AmiConnection>,
    captured: Option<CapturedSip>,
    record: Option<RestartRecord>,
    stop: Stop,
    show: ShowChange,
}

impl std::fmt::Debug for LiveSite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveSite")
            .field("ami", &self.ami)
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

impl LiveSite {
    /// A run that begins now. Without a record, no order can be sent.
    #[must_use]
    pub fn new(
        ami: Option<AmiConnection>,
        captured: Option<CapturedSip>,
        record: Option<RestartRecord>,
        stop: Stop,
        show: ShowChange,
    ) -> Self {
        Self {
            began: Instant::now(),
            ami,
            captured,
            record,
            stop,
            show,
        }
    }

    /// Ends the connection and the captures.
    pub fn end(self) {
        if let Some(ami) = self.ami {
            ami.end();
        }
        if let Some(captured) = self.captured {
            captured.end();
        }
    }
}

impl RestartSite for LiveSite {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn wait(&mut self, time: Duration) -> bool {
        let end = Instant::now() + time;
        while self.stop.signal().is_none() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            thread::sleep(left.min(SLICE));
        }
        false
    }

    fn signals(&mut self) -> Vec<PhoneSignal> {
        self.captured
            .as_mut()
            .map(CapturedSip::take)
            .unwrap_or_default()
    }

    fn has_pbx(&self) -> bool {
        self.ami.is_some()
    }

    fn is_own(&self, address: Ipv4Addr) -> bool {
        captured::is_own(address)
    }

    fn endpoint(&mut self, name: &str) -> Result<Option<EndpointState>, Failure> {
        match &mut self.ami {
            Some(ami) => ami.endpoint(name),
            None => Ok(None),
        }
    }

    fn notify_by_pbx(&mut self, order: &Order) -> Result<AmiResult, Failure> {
        match &mut self.ami {
            Some(ami) => ami.notify(order),
            None => Ok(AmiResult::NotifyRefused(
                "there is no connection".to_owned(),
            )),
        }
    }

    fn notify_by_udp(&mut self, order: &Order) -> Result<Option<Answer>, Failure> {
        udp::notify(order, || self.stop.signal().is_some())
    }

    fn record(&mut self, order: &Order) -> Result<(), Failure> {
        match &mut self.record {
            Some(record) => record.order(wall_clock(), order),
            None => Err(Failure::new("there is no record of restarts", "")),
        }
    }

    fn changed(&mut self, phone: &RestartedPhone) {
        if phone.status.name().is_some()
            && let Some(record) = &mut self.record
            && let Err(error) = record.result(wall_clock(), phone)
        {
            tracing::warn!("{}", error.error);
        }
        (self.show)(phone);
    }
}
