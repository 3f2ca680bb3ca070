//! The clock of a run: monotonic for every wait, the time of day for the journal and reports.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::{
    journal::Sessions,
    reporter::{Tick, UnexpectedPhones},
    track::{Report, RunTime},
};

/// The highest speed of simulated phones.
const MAX_SPEED: f64 = 1000.0;

/// The time of day, in whole milliseconds.
#[must_use]
pub fn wall_clock() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// The speed of a run's phones relative to real ones: `speed` from 1 to 1000, else 1.
#[must_use]
pub fn valid_speed(speed: f64) -> f64 {
    match speed {
        speed if (1.0..=MAX_SPEED).contains(&speed) => speed,
        _ => 1.0,
    }
}

/// The start of this session on the monotonic clock, the start of every session in time of day,
/// and the speed of the phones. Run times are phone time; times of day are not scaled.
#[derive(Debug, Clone)]
pub(super) struct RunClock {
    started: Instant,
    sessions: Sessions,
    speed: f64,
}

impl RunClock {
    /// Starts the clock of the last of these sessions.
    pub(super) fn start(sessions: Sessions, speed: f64) -> Self {
        Self {
            started: Instant::now(),
            sessions,
            speed: valid_speed(speed),
        }
    }

    pub(super) fn now(&self) -> RunTime {
        self.at(Instant::now())
    }

    pub(super) fn at(&self, instant: Instant) -> RunTime {
        let elapsed = instant.saturating_duration_since(self.started);
        self.run_time(elapsed)
    }

    /// The run time after this much real time in this session.
    pub(super) fn run_time(&self, elapsed: Duration) -> RunTime {
        let scaled = Duration::try_from_secs_f64(elapsed.as_secs_f64() * self.speed);
        let scaled = scaled.unwrap_or(Duration::MAX);
        self.sessions.last().start.saturating_add(scaled)
    }

    /// The real duration of this much phone time.
    pub(super) fn real(&self, phone_time: Duration) -> Duration {
        Duration::try_from_secs_f64(phone_time.as_secs_f64() / self.speed).unwrap_or(phone_time)
    }

    /// The time of day at a run time; setting the system clock during the run does not change it.
    pub(super) fn wall(&self, run_time: RunTime) -> Timestamp {
        self.sessions.wall(run_time)
    }

    pub(super) fn wall_now(&self) -> Timestamp {
        self.wall(self.now())
    }

    /// The current time, for displays.
    pub(super) fn tick(&self, awaited: Option<usize>, unexpected: UnexpectedPhones) -> Tick {
        Tick {
            at: self.wall_now(),
            awaited,
            unexpected,
        }
    }

    /// The start of the run, from which the times of a report are counted.
    pub(super) fn began(&self) -> Timestamp {
        self.sessions.began()
    }

    /// Converts the times of a report from run time to time of day.
    pub(super) fn to_wall_clock(&self, report: &mut Report) {
        self.sessions.to_wall_clock(report);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Session;

    fn clock(speed: f64) -> RunClock {
        RunClock::start(Sessions::new(wall_clock(), valid_speed(speed)), speed)
    }

    #[test]
    fn scaled_clock_scales_run_time_but_not_time_of_day() {
        let clock = clock(36.0);
        let elapsed = Duration::from_secs(10);
        assert_eq!(clock.run_time(elapsed), Duration::from_mins(6));
        assert_eq!(clock.at(clock.started + elapsed), Duration::from_mins(6));
        let wall = clock.wall(Duration::from_mins(6));
        assert_eq!(wall.duration_since(clock.began()).as_millis(), 10_000);
    }

    #[test]
    fn speed_1_and_invalid_speeds_do_not_scale() {
        let plain = clock(1.0);
        for speed in [1.0, 0.0, -3.0, f64::NAN, f64::INFINITY] {
            let clock = RunClock::start(plain.sessions.clone(), speed);
            let moment = Duration::from_millis(90_061_001);
            assert_eq!(clock.run_time(moment), moment);
            assert_eq!(clock.wall(moment), plain.wall(moment));
        }
    }

    #[test]
    fn resumed_clock_continues_run_time_with_current_time_of_day() {
        let mut sessions = Sessions::new(Timestamp::from_second(1000).unwrap(), 1.0);
        let at = wall_clock();
        let moment = Duration::from_mins(5);
        sessions.push(Session { start: moment, at });
        let clock = RunClock::start(sessions, 1.0);
        let elapsed = Duration::from_secs(10);
        assert_eq!(clock.run_time(elapsed), moment + elapsed);
        assert_eq!(
            clock.wall(moment + elapsed).duration_since(at).as_secs(),
            10
        );
    }
}
