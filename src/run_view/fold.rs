//! Folding a record of observations.

use jiff::Timestamp;

use super::RunView;
use crate::track::{Fleet, Observation, RunTime};

/// Folds observations, and every deadline that is due between them and until `last`, into the
/// fleet, and the fleet's events into a view. `wall` gives the time of day of a run time.
pub fn fold(
    fleet: &mut Fleet,
    observations: &[(RunTime, Observation)],
    last: RunTime,
    wall: impl Fn(RunTime) -> Timestamp,
) -> RunView {
    let mut view = RunView::default();
    let mut now = RunTime::ZERO;
    let observations = observations.iter().map(|(at, seen)| (*at, Some(seen)));
    for (at, observation) in observations.chain([(last, None)]) {
        let at = now.max(at);
        while let Some(due) = fleet.next_deadline().filter(|due| *due <= at) {
            let due = due.max(now);
            for event in fleet.tick(due) {
                view.apply(wall(due), &event);
            }
            now = due;
            // If the tick did not move the deadline, there is nothing to do yet; ticking again
            // would loop forever.
            if fleet.next_deadline().is_some_and(|next| next <= due) {
                break;
            }
        }
        now = at;
        let events = match observation {
            Some(observation) => fleet.observe(at, observation),
            None => fleet.tick(at),
        };
        for event in events {
            view.apply(wall(at), &event);
        }
    }
    view.close(wall(now));
    view
}
