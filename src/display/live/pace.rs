//! How fast it goes: bytes a second, and the time that phones like these took from here to
//! their end.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use jiff::Timestamp;

use crate::track::State;

/// Bytes a second are those of so much time.
const WINDOW: Duration = Duration::from_secs(10);

/// Nothing is said of a shorter time.
const SHORTEST: Duration = Duration::from_secs(2);

/// Phones that must have come from a place to the end before anything is said of others
/// that are there.
const FEW: usize = 3;

/// Times that are kept of each place: those of the phones that came through last.
const KEPT: usize = 16;

/// What all phones acknowledged, and when.
#[derive(Debug, Default)]
pub(super) struct Bytes {
    sum: u64,
    ticks: VecDeque<(Timestamp, u64)>,
}

impl Bytes {
    pub(super) fn add(&mut self, bytes: u64) {
        self.sum = self.sum.saturating_add(bytes);
    }

    pub(super) fn tick(&mut self, at: Timestamp) {
        self.ticks.push_back((at, self.sum));
        // The one before the window stays: the rate is taken from there.
        while self
            .ticks
            .get(1)
            .is_some_and(|(then, _)| between(*then, at) >= WINDOW)
        {
            self.ticks.pop_front();
        }
    }

    /// Bytes a second, lately; `None` while nothing moves or nobody knows yet.
    pub(super) fn rate(&self) -> Option<u64> {
        let ((first, before), (last, now)) = (self.ticks.front()?, self.ticks.back()?);
        let time = between(*first, *last);
        if time < SHORTEST || now == before {
            return None;
        }
        let rate = u128::from(now - before) * 1000 / time.as_millis();
        u64::try_from(rate).ok()
    }
}

/// A place on the way: which pass, which state, which image.
pub(super) type Place = (u32, State, u32);

/// How long it took from each place to the end.
#[derive(Debug, Default)]
pub(super) struct Pace(BTreeMap<Place, Times>);

#[derive(Debug, Default)]
struct Times {
    lately: VecDeque<Duration>,
    median: Duration,
}

impl Pace {
    /// A phone is at its end, and was at these places then.
    pub(super) fn learn(&mut self, way: &[(Place, Timestamp)], end: Timestamp) {
        for (place, at) in way {
            let times = self.0.entry(*place).or_default();
            times.lately.push_back(between(*at, end));
            if times.lately.len() > KEPT {
                times.lately.pop_front();
            }
            let mut sorted: Vec<Duration> = times.lately.iter().copied().collect();
            sorted.sort_unstable();
            times.median = sorted[sorted.len() / 2];
        }
    }

    /// How long it takes to the end for one that has been here since; zero where it takes
    /// longer than others did. `None`: too few came from here to the end.
    pub(super) fn left(
        &self,
        (place, since): (Place, Timestamp),
        now: Timestamp,
    ) -> Option<Duration> {
        let times = self
            .0
            .get(&place)
            .filter(|times| times.lately.len() >= FEW)?;
        Some(times.median.saturating_sub(between(since, now)))
    }
}

fn between(then: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_rate_is_that_of_the_last_ten_seconds() {
        let mut bytes = Bytes::default();
        bytes.tick(at(0));
        bytes.add(1_000_000);
        bytes.tick(at(1));
        assert_eq!(bytes.rate(), None, "a second says nothing");
        bytes.tick(at(2));
        assert_eq!(bytes.rate(), Some(500_000));
        for second in 3..=12 {
            bytes.add(1_000);
            bytes.tick(at(second));
        }
        assert_eq!(bytes.rate(), Some(1_000));
        for second in 13..=23 {
            bytes.tick(at(second));
        }
        assert_eq!(bytes.rate(), None, "nothing moves");
    }

    #[test]
    fn nothing_is_said_of_a_place_from_which_few_came() {
        let mut known = Pace::default();
        let place = (1, State::Writing, 0);
        for took in [100, 300] {
            known.learn(&[(place, at(0))], at(took));
            assert_eq!(known.left((place, at(0)), at(0)), None);
        }
        known.learn(&[(place, at(0))], at(200));
        let left = |now| known.left((place, at(0)), at(now));
        assert_eq!(left(50), Some(Duration::from_secs(150)), "the median");
        assert_eq!(left(500), Some(Duration::ZERO));
        assert_eq!(known.left(((2, State::Writing, 0), at(0)), at(0)), None);
    }
}
