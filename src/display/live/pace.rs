//! How fast phones move: bytes a second, and the time that other phones took from here to their
//! end.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use jiff::Timestamp;

use crate::track::State;

/// The time over which a rate is measured.
const WINDOW: Duration = Duration::from_secs(10);

/// The shortest time over which a rate is shown.
const SHORTEST: Duration = Duration::from_secs(2);

/// The number of phones that must have gone from a position to the end before other phones at that
/// position get an estimate.
const FEW: usize = 3;

/// Times that are kept of each position: the newest.
const KEPT: usize = 16;

/// Bytes that all phones acknowledged, and when.
#[derive(Debug, Default)]
pub(super) struct ByteRate {
    ticks: VecDeque<(Timestamp, u64)>,
}

impl ByteRate {
    /// Adds the number of bytes acknowledged so far.
    pub(super) fn tick(&mut self, at: Timestamp, acknowledged: u64) {
        self.ticks.push_back((at, acknowledged));
        // The one before the window stays: the rate is measured from there.
        while self
            .ticks
            .get(1)
            .is_some_and(|(then, _)| between(*then, at) >= WINDOW)
        {
            self.ticks.pop_front();
        }
    }

    /// Bytes a second; `None` while nothing moves or too little time has passed.
    pub(super) fn rate(&self) -> Option<u64> {
        let ((first, before), (last, now)) = (self.ticks.front()?, self.ticks.back()?);
        let time = between(*first, *last);
        if time < SHORTEST || now == before {
            return None;
        }
        let rate = u128::from(now.saturating_sub(*before)) * 1000 / time.as_millis();
        u64::try_from(rate).ok()
    }
}

/// Where a phone is: its pass, its state, its image.
pub(super) type PacePosition = (u32, State, u32);

/// How long phones took from each position to their end.
#[derive(Debug, Default)]
pub(super) struct Pace(BTreeMap<PacePosition, PaceTimes>);

#[derive(Debug, Default)]
struct PaceTimes {
    newest: VecDeque<Duration>,
    median: Duration,
}

impl Pace {
    /// A phone has reached its end, and was at these positions then.
    pub(super) fn learn(&mut self, positions: &[(PacePosition, Timestamp)], end: Timestamp) {
        for (position, at) in positions {
            let times = self.0.entry(*position).or_default();
            times.newest.push_back(between(*at, end));
            if times.newest.len() > KEPT {
                times.newest.pop_front();
            }
            let mut sorted: Vec<Duration> = times.newest.iter().copied().collect();
            sorted.sort_unstable();
            times.median = sorted[sorted.len() / 2];
        }
    }

    /// The time to the end for a phone that has been at this position since then; zero if it
    /// already takes longer than others did. `None`: too few phones have gone from there to the
    /// end.
    pub(super) fn left(
        &self,
        (position, since): (PacePosition, Timestamp),
        now: Timestamp,
    ) -> Option<Duration> {
        let times = self.0.get(&position)?;
        if times.newest.len() < FEW {
            return None;
        }
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
    fn a_rate_is_measured_over_the_last_ten_seconds() {
        let mut bytes = ByteRate::default();
        bytes.tick(at(0), 0);
        let mut sum = 1_000_000;
        bytes.tick(at(1), sum);
        assert_eq!(bytes.rate(), None, "one second is too short");
        bytes.tick(at(2), sum);
        assert_eq!(bytes.rate(), Some(500_000));
        for second in 3..=12 {
            sum += 1_000;
            bytes.tick(at(second), sum);
        }
        assert_eq!(bytes.rate(), Some(1_000));
        for second in 13..=23 {
            bytes.tick(at(second), sum);
        }
        assert_eq!(bytes.rate(), None, "nothing moves");
    }

    #[test]
    fn there_is_no_estimate_for_a_position_that_few_phones_left() {
        let mut known = Pace::default();
        let position = (1, State::Writing, 0);
        for took in [100, 300] {
            known.learn(&[(position, at(0))], at(took));
            assert_eq!(known.left((position, at(0)), at(0)), None);
        }
        known.learn(&[(position, at(0))], at(200));
        let left = |now| known.left((position, at(0)), at(now));
        assert_eq!(left(50), Some(Duration::from_secs(150)), "the median");
        assert_eq!(left(500), Some(Duration::ZERO));
        assert_eq!(known.left(((2, State::Writing, 0), at(0)), at(0)), None);
    }
}
