//! From the engine's thread to the display's: every step, and of progress the newest.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::track::{Event, PhoneId};

/// What waits to be told. Steps are bounded by what phones do (a few dozen each), progress
/// by the number of phones.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: Mutex<Waiting>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    events: Vec<(Timestamp, Event)>,
    progress: BTreeMap<PhoneId, (Timestamp, Event)>,
}

impl Outbox {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn put(&self, at: Timestamp, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let mut waiting = self.waiting();
        for event in events {
            match &event {
                Event::Progress(progress) => {
                    waiting.progress.insert(progress.phone.id, (at, event));
                }
                Event::Step(step) => {
                    // A step after progress: what the progress said is history.
                    waiting.progress.remove(&step.phone.id);
                    waiting.events.push((at, event));
                }
                Event::Gone { phone } => {
                    waiting.progress.remove(&phone.id);
                    waiting.events.push((at, event));
                }
                Event::Diagnosis { .. } | Event::Withdrawn { .. } => {
                    waiting.events.push((at, event));
                }
            }
        }
        self.news.notify_one();
    }

    /// Everything that waits, steps in their order before progress.
    pub(super) fn take(&self) -> Vec<(Timestamp, Event)> {
        let Waiting {
            mut events,
            progress,
        } = mem::take(&mut *self.waiting());
        events.extend(progress.into_values());
        events
    }

    /// Waits until something was put in since the last [`Outbox::take`].
    pub(super) async fn news(&self) {
        self.news.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::track::{PhoneRef, Progress, State, Step};

    fn phone(id: u32) -> PhoneRef {
        PhoneRef {
            id: PhoneId(id),
            mac: None,
            address: Ipv4Addr::LOCALHOST,
            model: None,
            name: None,
        }
    }

    fn progress(id: u32, bytes: u64) -> Event {
        let file = "apps45.sbn".to_owned();
        Event::Progress(Progress {
            phone: phone(id),
            file,
            bytes,
            size: 9,
            pass: 1,
            place: (3, 5),
        })
    }

    fn step(id: u32) -> Event {
        Event::Step(Step {
            phone: phone(id),
            state: State::Writing,
            pass: 1,
            file: None,
            bytes: None,
            load: None,
            evidence: None,
        })
    }

    #[test]
    fn of_progress_the_newest_is_left_and_a_step_ends_it() {
        let outbox = Outbox::default();
        outbox.put(
            Timestamp::UNIX_EPOCH,
            vec![progress(1, 1), progress(2, 1), progress(1, 2)],
        );
        outbox.put(Timestamp::UNIX_EPOCH, vec![step(2)]);
        let told: Vec<Event> = outbox.take().into_iter().map(|(_, event)| event).collect();
        assert_eq!(told, [step(2), progress(1, 2)]);
        assert!(outbox.take().is_empty());
    }
}
