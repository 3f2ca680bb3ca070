//! A run that was resumed has several sessions: when each began, on the run's clock and on
//! the wall.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::run_time;
use crate::track::{Report, RunTime};

/// One session: from a start of the program to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The run's time when it began: 0 for the first, the last recorded moment for others.
    #[serde(rename = "ns", with = "run_time")]
    pub start: RunTime,
    /// The time of day.
    pub at: Timestamp,
}

/// All sessions of a run; never none. What turns a moment into a time of day.
#[derive(Debug, Clone, PartialEq)]
pub struct Sessions {
    first: Session,
    later: Vec<Session>,
    /// Seconds of the phones in one of ours: 1, but in a rehearsal.
    speed: f64,
}

impl Sessions {
    /// A run that began at this time of day.
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

    /// It went on.
    pub fn push(&mut self, session: Session) {
        self.later.push(session);
    }

    /// The time of day at which the run began.
    #[must_use]
    pub fn began(&self) -> Timestamp {
        self.first.at
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = Session> {
        std::iter::once(self.first).chain(self.later.iter().copied())
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        1 + self.later.len()
    }

    /// The newest.
    #[must_use]
    pub fn last(&self) -> Session {
        self.later.last().copied().unwrap_or(self.first)
    }

    /// The time of day of a moment, in whole milliseconds: what a record of phones needs.
    #[must_use]
    pub fn wall(&self, moment: RunTime) -> Timestamp {
        // A moment at which a session begins is the end of the one before.
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

    /// Turns a report's times, which count the run's time from [`Sessions::began`], into
    /// times of day.
    pub fn to_wall_clock(&self, report: &mut Report) {
        let told = |at: Timestamp| {
            let since = Duration::try_from(at.duration_since(self.began())).unwrap_or_default();
            self.wall(since)
        };
        for phone in &mut report.phones {
            phone.first_seen = told(phone.first_seen);
            phone.last_seen = told(phone.last_seen);
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
    fn each_sitting_has_the_wall_of_its_own() {
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
    fn a_fast_run_keeps_the_wall_and_a_senseless_speed_is_none() {
        let wall = |speed| Sessions::new(seconds(0), speed).wall(Duration::from_secs(36));
        assert_eq!(wall(36.0), seconds(1));
        for senseless in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(wall(senseless), seconds(36));
        }
    }
}
