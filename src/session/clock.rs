//! The one reader of clocks: monotonic for every wait, the wall for the record alone.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::{
    journal::Sessions,
    reporter::Tick,
    track::{Report, RunTime},
};

/// Most of the phones' seconds that one of ours can be.
const FASTEST: f64 = 1000.0;

/// The time of day, in the whole milliseconds that a record of phones needs.
#[must_use]
pub fn wall_clock() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// How fast the phones of a run live: 1 to 1000 times as fast as real ones, else 1.
#[must_use]
pub fn valid_speed(speed: f64) -> f64 {
    match speed {
        speed if (1.0..=FASTEST).contains(&speed) => speed,
        _ => 1.0,
    }
}

/// The beginning of this sitting on the monotonic clock and of all on the wall, and how
/// fast the phones live: moments are the phones' time, the wall stays the wall.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    instant: Instant,
    sessions: Sessions,
    speed: f64,
}

impl Clock {
    /// A run of these sessions, the last of which begins now.
    pub(super) fn start(sessions: Sessions, speed: f64) -> Self {
        Self {
            instant: Instant::now(),
            sessions,
            speed: valid_speed(speed),
        }
    }

    pub(super) fn now(&self) -> RunTime {
        self.at(Instant::now())
    }

    pub(super) fn at(&self, instant: Instant) -> RunTime {
        let ours = instant.saturating_duration_since(self.instant);
        self.moment(ours)
    }

    /// The run's time after this much of ours in this sitting.
    pub(super) fn moment(&self, ours: Duration) -> RunTime {
        let theirs = Duration::try_from_secs_f64(ours.as_secs_f64() * self.speed);
        let theirs = theirs.unwrap_or(Duration::MAX);
        self.sessions.last().start.saturating_add(theirs)
    }

    /// The time of day of a moment; a clock that was set meanwhile does not move it.
    pub(super) fn wall(&self, moment: RunTime) -> Timestamp {
        self.sessions.wall(moment)
    }

    pub(super) fn wall_now(&self) -> Timestamp {
        self.wall(self.now())
    }

    /// This moment, for displays.
    pub(super) fn tick(&self, awaited: Option<usize>) -> Tick {
        Tick {
            at: self.wall_now(),
            speed: self.speed,
            awaited,
        }
    }

    /// Where a report's times are counted from.
    pub(super) fn began(&self) -> Timestamp {
        self.sessions.began()
    }

    /// Turns a report's times, which count the phones' time from our beginning, into times
    /// of day.
    pub(super) fn to_wall_clock(&self, report: &mut Report) {
        self.sessions.to_wall_clock(report);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Session;

    fn clock(speed: f64) -> Clock {
        Clock::start(Sessions::new(wall_clock(), valid_speed(speed)), speed)
    }

    #[test]
    fn a_scaled_clock_gives_the_phones_time_and_keeps_the_wall() {
        let clock = clock(36.0);
        let ours = Duration::from_secs(10);
        assert_eq!(clock.moment(ours), Duration::from_mins(6));
        assert_eq!(clock.at(clock.instant + ours), Duration::from_mins(6));
        let wall = clock.wall(Duration::from_mins(6));
        assert_eq!(wall.duration_since(clock.began()).as_millis(), 10_000);
    }

    #[test]
    fn an_unscaled_clock_and_a_senseless_scale_change_nothing() {
        let plain = clock(1.0);
        for speed in [1.0, 0.0, -3.0, f64::NAN, f64::INFINITY] {
            let clock = Clock::start(plain.sessions.clone(), speed);
            let moment = Duration::from_millis(90_061_001);
            assert_eq!(clock.moment(moment), moment);
            assert_eq!(clock.wall(moment), plain.wall(moment));
        }
    }

    #[test]
    fn a_resumed_run_goes_on_where_it_was_and_has_the_wall_of_now() {
        let mut sessions = Sessions::new(Timestamp::from_second(1000).unwrap(), 1.0);
        let at = wall_clock();
        let moment = Duration::from_mins(5);
        sessions.push(Session { start: moment, at });
        let clock = Clock::start(sessions, 1.0);
        let ours = Duration::from_secs(10);
        assert_eq!(clock.moment(ours), moment + ours);
        assert_eq!(clock.wall(moment + ours).duration_since(at).as_secs(), 10);
    }
}
