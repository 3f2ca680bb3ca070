//! The frames of a live interface as observations, without repetitions and within a limit.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddrV4},
    time::{Duration, Instant},
};

use super::{Observer, frame_limiter::FrameLimiter};
use crate::{
    protocol::{Malformed, frame::EthernetFrame},
    track::{EvidenceSource, MAX_PHONES, Observation, ObservationKind},
};

/// Time within which an identical report from the same source about the same address is a
/// repetition. Phones send CDP once a minute.
pub const REPEAT_WINDOW: Duration = Duration::from_secs(5);

/// Reports that are remembered: those of two sources for each of the most phones that are tracked.
const MAX_REMEMBERED: usize = 2 * MAX_PHONES;

/// Turns frames into observations and drops repetitions.
///
/// The journal keeps every observation, so a flood of frames must not become a flood of
/// observations: repetitions are dropped, and of the rest at most
/// [`FRAMES_PER_SECOND`](super::FRAMES_PER_SECOND) are passed on. ARP is dropped too: the
/// kernel's ARP table has the same entries, and distinguishes routers from phones.
#[derive(Debug, Default)]
pub struct Deduplicator {
    observer: Observer,
    recent: HashMap<(Ipv4Addr, Subject), (Instant, Vec<Observation>)>,
    limiter: FrameLimiter,
}

impl Deduplicator {
    /// Reads SIP at port `sip`. Messages to and from `own` are left out: at this address the
    /// program receives REGISTERs itself.
    #[must_use]
    pub fn new(sip: u16, own: Option<SocketAddrV4>) -> Self {
        Self {
            observer: Observer::new(sip, own),
            ..Self::default()
        }
    }

    /// The new observations in a frame.
    ///
    /// # Errors
    /// The frame is of a protocol that is read here, and damaged.
    pub fn observe(&mut self, at: Instant, bytes: &[u8]) -> Result<Vec<Observation>, Malformed> {
        let observed = self.observer.observe(&EthernetFrame::decode(bytes)?)?;
        // Copies of a REGISTER are evidence; `RegisterTracker` limits their number. So are
        // repeated DHCP requests.
        let (mut observations, reports): (Vec<_>, Vec<_>) = observed.into_iter().partition(|one| {
            matches!(
                one.kind,
                ObservationKind::Register { .. }
                    | ObservationKind::AddressWanted { .. }
                    | ObservationKind::AddressAnswered { .. }
            )
        });
        let subject = reports
            .first()
            .and_then(subject)
            .filter(|subject| !self.is_repetition(at, *subject, &reports));
        if subject.is_none() && observations.is_empty() || !self.limiter.admit(at) {
            return Ok(Vec::new());
        }
        if let Some(subject) = subject {
            if self.recent.len() >= MAX_REMEMBERED {
                self.recent.clear();
            }
            self.recent.insert(subject, (at, reports.clone()));
            // The phone's identity comes before its REGISTER.
            observations.splice(..0, reports);
        }
        Ok(observations)
    }

    /// Frames dropped because they were over the limit.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.limiter.dropped()
    }

    fn is_repetition(
        &self,
        at: Instant,
        subject: (Ipv4Addr, Subject),
        reports: &[Observation],
    ) -> bool {
        self.recent.get(&subject).is_some_and(|(before, known)| {
            at.saturating_duration_since(*before) < REPEAT_WINDOW && known == reports
        })
    }
}

/// What a report of an address is about: a newer report replaces an older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Subject {
    Source(EvidenceSource),
    ClosedPort,
}

/// The address and the subject of a frame's report; `None` for ARP, which is left out. A frame
/// is from one source and about one address.
fn subject(observation: &Observation) -> Option<(Ipv4Addr, Subject)> {
    let subject = match &observation.kind {
        ObservationKind::MacReported {
            source: EvidenceSource::Neighbour,
            ..
        } => return None,
        ObservationKind::MacReported { source, .. } | ObservationKind::Load { source, .. } => {
            Subject::Source(*source)
        }
        ObservationKind::PortClosed { .. }
        | ObservationKind::TftpPortClosed { .. }
        | ObservationKind::ContactClosed { .. } => Subject::ClosedPort,
        _ => return None,
    };
    Some((observation.address, subject))
}
