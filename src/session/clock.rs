//! The one reader of clocks: monotonic for every wait, the wall for the record alone.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::track::Moment;

/// The beginning of a run on both clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    instant: Instant,
    wall: Timestamp,
}

impl Clock {
    pub(super) fn start() -> Self {
        let wall = Timestamp::now();
        // Milliseconds are what a record of phones needs.
        let wall = Timestamp::from_millisecond(wall.as_millisecond()).unwrap_or(wall);
        Self {
            instant: Instant::now(),
            wall,
        }
    }

    pub(super) fn began(self) -> Timestamp {
        self.wall
    }

    pub(super) fn now(self) -> Moment {
        self.at(Instant::now())
    }

    pub(super) fn at(self, instant: Instant) -> Moment {
        instant.saturating_duration_since(self.instant)
    }

    /// The time of day of a moment; a clock that was set meanwhile does not move it.
    pub(super) fn wall(self, moment: Moment) -> Timestamp {
        // Whole milliseconds: what a record of phones needs, and no more digits.
        let millis = u64::try_from(moment.as_millis()).unwrap_or(u64::MAX);
        self.wall
            .checked_add(Duration::from_millis(millis))
            .unwrap_or(Timestamp::MAX)
    }

    pub(super) fn wall_now(self) -> Timestamp {
        self.wall(self.now())
    }
}
