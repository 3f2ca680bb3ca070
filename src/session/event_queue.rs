//! The queue of events from the server threads to the display: every step, and the newest
//! progress of each phone.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::track::{Event, PhoneId};

/// Events that are not reported yet. A phone causes a few dozen steps, and has at most one
/// progress entry.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    waiting: Mutex<QueuedEvents>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct QueuedEvents {
    steps: VecDeque<QueuedEvent>,
    progress: BTreeMap<PhoneId, (Timestamp, Event)>,
}

#[derive(Debug)]
struct QueuedEvent {
    /// `None` for an event of the whole run.
    phone: Option<PhoneId>,
    /// The journal line that must be on disk before the event is reported.
    line: u64,
    at: Timestamp,
    event: Event,
}

impl EventQueue {
    fn waiting(&self) -> MutexGuard<'_, QueuedEvents> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues events that may be reported when the journal's `line` is on disk.
    pub(super) fn push(&self, at: Timestamp, line: u64, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let mut waiting = self.waiting();
        for event in events {
            match &event {
                Event::Progress(progress) => {
                    waiting.progress.insert(progress.phone.id, (at, event));
                }
                Event::Step(_) | Event::Gone { .. } => {
                    let phone = phone_of(&event);
                    // The step is newer than the progress.
                    if let Some(id) = phone {
                        waiting.progress.remove(&id);
                    }
                    let step = QueuedEvent {
                        phone,
                        line,
                        at,
                        event,
                    };
                    waiting.steps.push_back(step);
                }
                Event::Diagnosis { .. } | Event::Withdrawn { .. } => {
                    let step = QueuedEvent {
                        phone: phone_of(&event),
                        line,
                        at,
                        event,
                    };
                    waiting.steps.push_back(step);
                }
            }
        }
        self.changed.notify_one();
    }

    /// Takes what may be reported now that the journal lines up to `written` are on disk: steps
    /// in order, then progress.
    pub(super) fn take_reportable(&self, written: u64) -> Vec<(Timestamp, Event)> {
        let waiting = &mut *self.waiting();
        let held = waiting.steps.iter().position(|step| step.line > written);
        let ready = held.unwrap_or(waiting.steps.len());
        let taken = waiting.steps.drain(..ready);
        let mut taken: Vec<_> = taken.map(|step| (step.at, step.event)).collect();
        // The progress of a phone is not reported before the steps that led to it.
        let held: BTreeSet<PhoneId> = waiting.steps.iter().filter_map(|s| s.phone).collect();
        let progress = mem::take(&mut waiting.progress).into_iter();
        let (later, now): (BTreeMap<_, _>, BTreeMap<_, _>) =
            progress.partition(|(id, _)| held.contains(id));
        waiting.progress = later;
        taken.extend(now.into_values());
        taken
    }

    /// The newest journal line that an event waits for; 0 if none does.
    pub(super) fn newest_line(&self) -> u64 {
        self.waiting().steps.back().map_or(0, |step| step.line)
    }

    /// Whether an event waits for a line up to this one.
    pub(super) fn waits_for(&self, line: u64) -> bool {
        let waiting = self.waiting();
        waiting.steps.front().is_some_and(|step| step.line <= line)
    }

    /// Wakes the event loop after the journal wrote more.
    pub(super) fn wake(&self) {
        self.changed.notify_one();
    }

    /// Waits until events were queued since the last [`EventQueue::take_reportable`].
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }
}

fn phone_of(event: &Event) -> Option<PhoneId> {
    match event {
        Event::Step(step) => Some(step.phone.id),
        Event::Progress(progress) => Some(progress.phone.id),
        Event::Gone { phone } => Some(phone.id),
        Event::Diagnosis { phone, .. } | Event::Withdrawn { phone, .. } => {
            phone.as_ref().map(|phone| phone.id)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::track::{ImageNumber, PhoneRef, State, TransferProgress};

    fn phone(id: u32) -> PhoneRef {
        PhoneRef {
            id: PhoneId(id),
            mac: None,
            address: Ipv4Addr::LOCALHOST,
            model: None,
            family: None,
            name: None,
        }
    }

    fn progress(id: u32, bytes: u64) -> Event {
        let file = "apps45.sbn".to_owned();
        Event::Progress(TransferProgress {
            phone: phone(id),
            file,
            bytes,
            size: 9,
            pass: 1,
            image: Some(ImageNumber {
                number: 3,
                count: 5,
            }),
        })
    }

    fn step(id: u32) -> Event {
        Event::Step(crate::track::PhoneStep {
            phone: phone(id),
            done: false,
            up: false,
            state: State::Writing,
            pass: 1,
            details: crate::track::StepDetails::default(),
        })
    }

    fn taken(queue: &EventQueue, written: u64) -> Vec<Event> {
        let taken = queue.take_reportable(written).into_iter();
        taken.map(|(_, event)| event).collect()
    }

    #[test]
    fn only_the_newest_progress_is_kept_and_a_step_replaces_it() {
        let queue = EventQueue::default();
        let push = |events| queue.push(Timestamp::UNIX_EPOCH, 0, events);
        push(vec![progress(1, 1), progress(2, 1), progress(1, 2)]);
        push(vec![step(2)]);
        assert_eq!(taken(&queue, 0), [step(2), progress(1, 2)]);
        assert!(queue.take_reportable(0).is_empty());
    }

    #[test]
    fn events_wait_for_their_line_and_progress_for_earlier_steps() {
        let queue = EventQueue::default();
        let push = |line, events| queue.push(Timestamp::UNIX_EPOCH, line, events);
        push(1, vec![step(1)]);
        push(2, vec![step(2)]);
        push(0, vec![progress(1, 5), progress(2, 5)]);
        assert_eq!(taken(&queue, 0), []);
        assert_eq!(taken(&queue, 1), [step(1), progress(1, 5)]);
        assert_eq!(taken(&queue, 1), []);
        assert_eq!(
            (queue.newest_line(), queue.waits_for(1), queue.waits_for(2)),
            (2, false, true)
        );
        assert_eq!(taken(&queue, 2), [step(2), progress(2, 5)]);
        push(3, vec![step(1)]);
        assert_eq!(taken(&queue, u64::MAX), [step(1)], "the disk fails");
    }
}
