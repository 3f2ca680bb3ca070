//! Frames of a live interface as sightings, and no more of them than a run can use.

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use super::{Listener, Malformed, frame::Frame};
use crate::track::{MAX_PHONES, Seen, Sighting, Witness};

/// What a witness says again of an address within this time says nothing new. Phones speak
/// CDP once a minute.
pub const REPEAT: Duration = Duration::from_secs(5);

/// Frames with something new in them that are taken a second, in the long run. A thousand
/// phones say 50.
pub const FRAMES_A_SECOND: u32 = 200;

/// As many at once: a building that gets its power back.
pub const FRAMES_AT_ONCE: u32 = 1000;

/// Remembered facts: two witnesses of as many phones as are tracked.
const REMEMBERED: usize = 2 * MAX_PHONES;

/// Hears sightings in frames.
///
/// The record keeps every sighting, so a flood of frames must not become a flood of
/// sightings: what is only repeated is left out, and of the rest [`Rate`] takes so many.
/// ARP is left out too. The kernel's table says the same, and a router in it can be told
/// from a phone.
#[derive(Debug, Default)]
pub struct Ear {
    listener: Listener,
    told: HashMap<(Ipv4Addr, Witness), (Instant, Vec<Sighting>)>,
    rate: Rate,
}

impl Ear {
    /// What a frame says at this moment. An error says that it is damaged.
    pub fn hear(&mut self, at: Instant, bytes: &[u8]) -> Result<Vec<Sighting>, Malformed> {
        let sightings = self.listener.hear(&Frame::decode(bytes)?)?;
        let Some((address, witness)) = sightings.first().and_then(place) else {
            return Ok(Vec::new());
        };
        if witness == Witness::Neighbour || self.is_repeated(at, (address, witness), &sightings) {
            return Ok(Vec::new());
        }
        if !self.rate.takes(at) {
            return Ok(Vec::new());
        }
        if self.told.len() >= REMEMBERED {
            self.told.clear();
        }
        self.told
            .insert((address, witness), (at, sightings.clone()));
        Ok(sightings)
    }

    /// Frames that were too many.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.rate.refused()
    }

    fn is_repeated(&self, at: Instant, place: (Ipv4Addr, Witness), now: &[Sighting]) -> bool {
        self.told.get(&place).is_some_and(|(before, sightings)| {
            at.saturating_duration_since(*before) < REPEAT && sightings == now
        })
    }
}

/// One frame is of one witness and about one address.
fn place(sighting: &Sighting) -> Option<(Ipv4Addr, Witness)> {
    match &sighting.seen {
        Seen::Named { witness, .. } | Seen::Load { witness, .. } => {
            Some((sighting.address, *witness))
        }
        _ => None,
    }
}

/// Takes [`FRAMES_AT_ONCE`] frames, and [`FRAMES_A_SECOND`] more each second.
#[derive(Debug, Clone)]
pub struct Rate {
    left: f64,
    last: Option<Instant>,
    refused: u64,
}

impl Default for Rate {
    fn default() -> Self {
        Self {
            left: FRAMES_AT_ONCE.into(),
            last: None,
            refused: 0,
        }
    }
}

impl Rate {
    /// Whether one more is taken.
    pub fn takes(&mut self, at: Instant) -> bool {
        let last = self.last.replace(at).unwrap_or(at);
        let gained = at.saturating_duration_since(last).as_secs_f64() * f64::from(FRAMES_A_SECOND);
        self.left = (self.left + gained).min(FRAMES_AT_ONCE.into());
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
