//! The one reader of clocks: monotonic for every wait, the wall for the record alone.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::track::{Moment, Report};

/// Most of the phones' seconds that one of ours can be.
const FASTEST: f64 = 1000.0;

/// The beginning of a run on both clocks, and how fast the phones live.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    instant: Instant,
    wall: Timestamp,
    speed: f64,
}

impl Clock {
    pub(super) fn start() -> Self {
        let wall = Timestamp::now();
        // Milliseconds are what a record of phones needs.
        let wall = Timestamp::from_millisecond(wall.as_millisecond()).unwrap_or(wall);
        Self {
            instant: Instant::now(),
            wall,
            speed: 1.0,
        }
    }

    /// The same clock for phones that live `speed` times as fast as real ones (1 to
    /// [`FASTEST`], else 1): moments are the phones' time, the wall stays the wall.
    pub(super) fn scaled(self, speed: f64) -> Self {
        let speed = match speed {
            speed if (1.0..=FASTEST).contains(&speed) => speed,
            _ => 1.0,
        };
        Self { speed, ..self }
    }

    pub(super) fn began(self) -> Timestamp {
        self.wall
    }

    pub(super) fn now(self) -> Moment {
        self.at(Instant::now())
    }

    pub(super) fn at(self, instant: Instant) -> Moment {
        self.moment(instant.saturating_duration_since(self.instant))
    }

    /// The phones' time after this much of ours.
    pub(super) fn moment(self, ours: Duration) -> Moment {
        scale(ours, self.speed)
    }

    /// The time of day of a moment; a clock that was set meanwhile does not move it.
    pub(super) fn wall(self, moment: Moment) -> Timestamp {
        // Whole milliseconds: what a record of phones needs, and no more digits.
        let ours = scale(moment, 1.0 / self.speed);
        let millis = u64::try_from(ours.as_millis()).unwrap_or(u64::MAX);
        self.wall
            .checked_add(Duration::from_millis(millis))
            .unwrap_or(Timestamp::MAX)
    }

    pub(super) fn wall_now(self) -> Timestamp {
        self.wall(self.now())
    }

    /// Turns a report's times, which count the phones' time from our beginning, into times
    /// of day.
    pub(super) fn on_the_wall(self, report: &mut Report) {
        let told = |at: Timestamp| {
            let since = Duration::try_from(at.duration_since(self.wall)).unwrap_or_default();
            self.wall(since)
        };
        for phone in &mut report.phones {
            phone.first_seen = told(phone.first_seen);
            phone.last_seen = told(phone.last_seen);
        }
    }
}

fn scale(time: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(time.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scaled_clock_gives_the_phones_time_and_keeps_the_wall() {
        let clock = Clock::start().scaled(36.0);
        let ours = Duration::from_secs(10);
        assert_eq!(clock.moment(ours), Duration::from_mins(6));
        assert_eq!(clock.at(clock.instant + ours), Duration::from_mins(6));
        let wall = clock.wall(Duration::from_mins(6));
        assert_eq!(wall.duration_since(clock.began()).as_millis(), 10_000);
    }

    #[test]
    fn an_unscaled_clock_and_a_senseless_scale_change_nothing() {
        let plain = Clock::start();
        for speed in [1.0, 0.0, -3.0, f64::NAN, f64::INFINITY] {
            let clock = plain.scaled(speed);
            let moment = Duration::from_millis(90_061_001);
            assert_eq!(clock.moment(moment), moment);
            assert_eq!(clock.wall(moment), plain.wall(moment));
        }
    }
}
