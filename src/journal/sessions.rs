//! The sessions of a run. A resumed run has several; each has a start in run time and in time of
//! day.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::run_time;
use crate::track::{Report, RunTime};

/// One session: one process that served the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The run time at its start: 0 for the first, the last recorded time for later ones.
    #[serde(rename = "ns", with = "run_time")]
    pub start: RunTime,
    /// The time of day.
    pub at: Timestamp,
}

/// All sessions of a run, at least one. Converts run times to times of day.
#[derive(Debug, Clone, PartialEq)]
pub struct Sessions {
    first: Session,
    later: Vec<Session>,
    /// The speed of the phones relative to real ones; 1 except in a rehearsal.
    speed: f64,
}

impl Sessions {
    /// The first session of a run that began at this time of day.
    #[must_use]
    pub fn new(at: Timestamp, speed: f64) -> Self {
        let first = Session {
            start: RunTime::ZERO,
            at,
        };
        Self {
            first,
            later: Vec::new(),
            speed: if speed.is_finite() && speed > 0.0 {
                speed
            } else {
                1.0
            },
        }
    }

    /// Adds the session that continued the run.
    pub fn push(&mut self, session: Session) {
        self.later.push(session);
    }

    /// The time of day at which the run began.
    #[must_use]
    pub fn began(&self) -> Timestamp {
        self.first.at
    }

    /// All sessions, in order.
    pub fn iter(&self) -> impl Iterator<Item = Session> {
        std::iter::once(self.first).chain(self.later.iter().copied())
    }

    /// The number of sessions.
    #[must_use]
    pub fn count(&self) -> usize {
        1 + self.later.len()
    }

    /// The newest session.
    #[must_use]
    pub fn last(&self) -> Session {
        self.later.last().copied().unwrap_or(self.first)
    }

    /// The time of day at a run time, in whole milliseconds.
    #[must_use]
    pub fn wall(&self, moment: RunTime) -> Timestamp {
        // The run time at which a session begins belongs to the one before.
        let session = self.later.iter().rev().find(|later| later.start < moment);
        let session = session.unwrap_or(&self.first);
        let since = moment.saturating_sub(session.start).as_secs_f64() / self.speed;
        let since = Duration::try_from_secs_f64(since).unwrap_or(Duration::MAX);
        let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        session
            .at
            .checked_add(Duration::from_millis(millis))
            .unwrap_or(Timestamp::MAX)
    }

    /// Converts the times of a report, which count run time from [`Sessions::began`], to times of
    /// day.
    pub fn to_wall_clock(&self, report: &mut Report) {
        let wall = |at: Timestamp| {
            let since = Duration::try_from(at.duration_since(self.began())).unwrap_or_default();
            self.wall(since)
        };
        for phone in &mut report.phones {
            phone.first_seen = wall(phone.first_seen);
            phone.last_seen = wall(phone.last_seen);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn run_times_are_converted_by_the_session_that_they_belong_to() {
        let mut sessions = Sessions::new(seconds(1000), 1.0);
        sessions.push(Session {
            start: Duration::from_mins(1),
            at: seconds(5000),
        });
        let wall = |moment| sessions.wall(Duration::from_secs(moment)).as_second();
        assert_eq!(
            [0, 59, 60, 61, 90].map(wall),
            [1000, 1059, 1060, 5001, 5030]
        );
        assert_eq!((sessions.count(), sessions.last().at), (2, seconds(5000)));
    }

    #[test]
    fn speed_scales_run_time_and_invalid_speeds_count_as_1() {
        let wall = |speed| Sessions::new(seconds(0), speed).wall(Duration::from_secs(36));
        assert_eq!(wall(36.0), seconds(1));
        for senseless in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(wall(senseless), seconds(36));
        }
    }
}
