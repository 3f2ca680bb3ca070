//! Frames of a live interface as observations, and no more of them than a run can use.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddrV4},
    time::{Duration, Instant},
};

use super::Observer;
use crate::protocol::{Malformed, frame::Frame};
use crate::track::{EvidenceSource, MAX_PHONES, Observation, ObservationKind};

/// What a witness says again of an address within this time says nothing new. Phones speak
/// CDP once a minute.
pub const REPEAT_WINDOW: Duration = Duration::from_secs(5);

/// Frames with something new in them that are taken a second, in the long run. A thousand
/// phones say 50.
pub const FRAMES_PER_SECOND: u32 = 200;

/// As many at once: a building that gets its power back.
pub const FRAME_BURST: u32 = 1000;

/// Remembered facts: two witnesses of as many phones as are tracked.
const REMEMBERED: usize = 2 * MAX_PHONES;

/// Hears observations in frames.
///
/// The record keeps every observation, so a flood of frames must not become a flood of
/// observations: what is only repeated is left out, and of the rest [`Rate`] takes so many.
/// ARP is left out too. The kernel's table says the same, and a router in it can be recent
/// from a phone.
#[derive(Debug, Default)]
pub struct Deduplicator {
    listener: Observer,
    recent: HashMap<(Ipv4Addr, Subject), (Instant, Vec<Observation>)>,
    rate: Rate,
}

impl Deduplicator {
    /// One that hears SIP at this port, and leaves it to `listen` where that has `ours`.
    #[must_use]
    pub fn new(sip: u16, ours: Option<SocketAddrV4>) -> Self {
        Self {
            listener: Observer::new(sip, ours),
            ..Self::default()
        }
    }

    /// What a frame says at this moment. An error says that it is damaged.
    pub fn observe(&mut self, at: Instant, bytes: &[u8]) -> Result<Vec<Observation>, Malformed> {
        let observed = self.listener.observe(&Frame::decode(bytes)?)?;
        // A copy of a REGISTER is news, and bounded where REGISTERs are followed.
        let (mut observations, said): (Vec<_>, Vec<_>) = observed
            .into_iter()
            .partition(|observation| matches!(observation.seen, ObservationKind::Register { .. }));
        let subject = said
            .first()
            .and_then(subject)
            .filter(|subject| !self.is_duplicate(at, *subject, &said));
        if subject.is_none() && observations.is_empty() || !self.rate.takes(at) {
            return Ok(Vec::new());
        }
        if let Some(subject) = subject {
            if self.recent.len() >= REMEMBERED {
                self.recent.clear();
            }
            self.recent.insert(subject, (at, said.clone()));
            // Who it is comes before what it asks.
            observations.splice(..0, said);
        }
        Ok(observations)
    }

    /// Frames that were too many.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.rate.refused()
    }

    fn is_duplicate(&self, at: Instant, subject: (Ipv4Addr, Subject), now: &[Observation]) -> bool {
        self.recent
            .get(&subject)
            .is_some_and(|(before, observations)| {
                at.saturating_duration_since(*before) < REPEAT_WINDOW && observations == now
            })
    }
}

/// Who says it, as far as one fact takes another's subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Subject {
    Source(EvidenceSource),
    ClosedPort,
}

/// One frame is of one witness and about one address. ARP is left out.
fn subject(observation: &Observation) -> Option<(Ipv4Addr, Subject)> {
    let said = match &observation.seen {
        ObservationKind::MacReported {
            source: EvidenceSource::Neighbour,
            ..
        } => return None,
        ObservationKind::MacReported { source, .. } | ObservationKind::Load { source, .. } => {
            Subject::Source(*source)
        }
        ObservationKind::PortClosed { .. } => Subject::ClosedPort,
        _ => return None,
    };
    Some((observation.address, said))
}

/// Takes [`FRAME_BURST`] frames, and [`FRAMES_PER_SECOND`] more each second.
#[derive(Debug, Clone)]
pub struct Rate {
    left: f64,
    last: Option<Instant>,
    refused: u64,
}

impl Default for Rate {
    fn default() -> Self {
        Self {
            left: FRAME_BURST.into(),
            last: None,
            refused: 0,
        }
    }
}

impl Rate {
    /// Whether one more is taken.
    pub fn takes(&mut self, at: Instant) -> bool {
        let last = self.last.replace(at).unwrap_or(at);
        let gained =
            at.saturating_duration_since(last).as_secs_f64() * f64::from(FRAMES_PER_SECOND);
        self.left = (self.left + gained).min(FRAME_BURST.into());
        if self.left < 1.0 {
            self.refused += 1;
            return false;
        }
        self.left -= 1.0;
        true
    }

    /// Those that were not taken.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_to_what_a_second_takes() {
        let began = Instant::now();
        let mut rate = Rate::default();
        let taken = (0..100_000).filter(|_| rate.takes(began)).count();
        assert_eq!(taken, 1000);
        let later = began + Duration::from_secs(1);
        assert_eq!((0..1000).filter(|_| rate.takes(later)).count(), 200);
        assert_eq!(rate.refused(), 99_000 + 800);
        let rested = later + Duration::from_hours(1);
        assert_eq!((0..5000).filter(|_| rate.takes(rested)).count(), 1000);
    }
}
