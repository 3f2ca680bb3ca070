//! When each phone is polled. Pure: time in, polls to start and to cancel out.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use crate::track::{MAX_PHONES, PhoneId, PollCandidate, RunTime};

/// The delay before each poll: the first from when the phone should be polled, the others from the
/// end of the previous poll. A phone's web server starts shortly after the phone's first request; a
/// phone that installs a load requests it within seconds.
pub const DELAYS: [Duration; 5] = [
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_mins(1),
    Duration::from_mins(2),
    Duration::from_mins(5),
];

/// Refused connections in a row after which a phone's page counts as off. The first may be refused
/// because the web server is not up yet.
pub const REFUSALS_UNTIL_OFF: u32 = 2;

/// Maximum number of polls of one phone in a run, however often it restarts.
pub const MAX_ATTEMPTS: u32 = 20;

/// Maximum number of concurrent polls.
pub const MAX_CONCURRENT: usize = 4;

/// How a poll ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollOutcome {
    /// With a phone's page. It may change later.
    Page,
    /// The connection was refused.
    Refused,
    /// With a response that is not a phone's page; another poll would get the same.
    NoPage,
    /// Without a whole response in time.
    Silent,
}

/// Polls to start and to cancel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// Poll these phones.
    pub start: Vec<PollCandidate>,
    /// Cancel the polls of these: they fetch images, are confirmed, or have another address.
    pub cancel: Vec<PhoneId>,
}

/// The schedule of all phones.
#[derive(Debug, Clone, Default)]
pub struct Schedule {
    phones: BTreeMap<PhoneId, PhoneSchedule>,
}

/// The schedule of one phone.
#[derive(Debug, Clone)]
struct PhoneSchedule {
    candidate: PollCandidate,
    /// Time of the next poll; `None`: there is no reason to poll it now.
    next: Option<RunTime>,
    is_running: bool,
    /// Polls in this pass.
    attempts: usize,
    total_attempts: u32,
    refusals: u32,
    /// The page counts as off until the next pass.
    is_closed: bool,
}

impl Schedule {
    /// The polls to start and to cancel at `now`. `wanted`: every phone that should be polled.
    pub fn due(&mut self, now: RunTime, wanted: &[PollCandidate]) -> Due {
        let mut due = Due::default();
        let now_wanted: HashMap<PhoneId, &PollCandidate> =
            wanted.iter().map(|phone| (phone.id, phone)).collect();
        for (id, entry) in &mut self.phones {
            let phone = now_wanted.get(id);
            let is_where_it_was = phone.is_some_and(|phone| entry.candidate == **phone);
            if entry.is_running && !is_where_it_was {
                entry.is_running = false;
                due.cancel.push(*id);
            }
            if phone.is_none() {
                entry.next = None;
            }
        }
        for phone in wanted {
            if !self.phones.contains_key(&phone.id) && self.phones.len() >= MAX_PHONES {
                // Phones without a reason to be polled can be forgotten.
                self.phones.retain(|_, entry| entry.next.is_some());
            }
            let entry = self
                .phones
                .entry(phone.id)
                .or_insert_with(|| PhoneSchedule::new(phone));
            entry.update(now, phone);
        }
        let running = self
            .phones
            .values()
            .filter(|entry| entry.is_running)
            .count();
        let mut ready: Vec<(RunTime, PhoneId)> = self
            .phones
            .iter()
            .filter_map(|(id, entry)| Some((entry.ready(now)?, *id)))
            .collect();
        ready.sort_unstable();
        for (_, id) in ready
            .into_iter()
            .take(MAX_CONCURRENT.saturating_sub(running))
        {
            if let Some(entry) = self.phones.get_mut(&id) {
                entry.is_running = true;
                entry.attempts += 1;
                entry.total_attempts += 1;
                due.start.push(entry.candidate.clone());
            }
        }
        due
    }

    /// A poll ended. `true`: the phone's page counts as off from now on.
    pub fn done(&mut self, now: RunTime, id: PhoneId, outcome: PollOutcome) -> bool {
        let Some(entry) = self.phones.get_mut(&id).filter(|entry| entry.is_running) else {
            return false;
        };
        entry.is_running = false;
        entry.refusals = match outcome {
            PollOutcome::Refused => entry.refusals + 1,
            _ => 0,
        };
        let is_off = entry.refusals >= REFUSALS_UNTIL_OFF;
        entry.is_closed |= is_off || outcome == PollOutcome::NoPage;
        entry.next = entry.wait().map(|wait| now.saturating_add(wait));
        is_off
    }
}

impl PhoneSchedule {
    fn new(phone: &PollCandidate) -> Self {
        Self {
            candidate: phone.clone(),
            next: None,
            is_running: false,
            attempts: 0,
            total_attempts: 0,
            refusals: 0,
            is_closed: false,
        }
    }

    /// Updates a phone that there is a reason to poll.
    fn update(&mut self, now: RunTime, phone: &PollCandidate) {
        if phone.pass != self.candidate.pass {
            // Other firmware, and maybe another configuration: the page may be on now.
            self.attempts = 0;
            self.refusals = 0;
            self.is_closed = false;
            self.next = None;
        }
        self.candidate = phone.clone();
        if self.next.is_none() && !self.is_running {
            self.next = self.wait().map(|wait| now.saturating_add(wait));
        }
    }

    /// The time before its next poll; `None`: there is none.
    fn wait(&self) -> Option<Duration> {
        let is_open = !self.is_closed && self.total_attempts < MAX_ATTEMPTS;
        DELAYS.get(self.attempts).copied().filter(|_| is_open)
    }

    /// Since when its poll is due.
    fn ready(&self, now: RunTime) -> Option<RunTime> {
        let next = self
            .next
            .filter(|_| !self.is_running && self.wait().is_some())?;
        (next <= now).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::phone::MacAddress;

    fn phone(number: u8, pass: u32) -> PollCandidate {
        PollCandidate {
            id: PhoneId(number.into()),
            address: Ipv4Addr::new(192, 0, 2, number),
            mac: Some(MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, number])),
            pass,
        }
    }

    fn at(seconds: u64) -> RunTime {
        Duration::from_secs(seconds)
    }

    fn numbers(phones: &[PollCandidate]) -> Vec<u32> {
        phones.iter().map(|phone| phone.id.0).collect()
    }

    /// The seconds at which one phone is polled.
    fn attempts(schedule: &mut Schedule, seconds: u64, outcome: PollOutcome) -> Vec<u64> {
        let wanted = [phone(1, 1)];
        let mut candidate = Vec::new();
        for second in 0..seconds {
            for phone in schedule.due(at(second), &wanted).start {
                candidate.push(second);
                schedule.done(at(second), phone.id, outcome);
            }
        }
        candidate
    }

    #[test]
    fn a_phone_is_polled_a_few_times_at_growing_intervals() {
        let day = 24 * 3600;
        let candidate = attempts(&mut Schedule::default(), day, PollOutcome::Silent);
        assert_eq!(candidate, [10, 40, 100, 220, 520]);
        let candidate = attempts(&mut Schedule::default(), day, PollOutcome::Page);
        assert_eq!(candidate.len(), DELAYS.len(), "what it runs may change");
    }

    #[test]
    fn a_page_refused_twice_counts_as_off_and_is_reported_once() {
        let mut schedule = Schedule::default();
        assert_eq!(
            attempts(&mut schedule, 3600, PollOutcome::Refused),
            [10, 40]
        );
        let mut schedule = Schedule::default();
        let wanted = [phone(1, 1)];
        let mut turned_off = Vec::new();
        for second in 0..3600 {
            for phone in schedule.due(at(second), &wanted).start {
                turned_off.push(schedule.done(at(second), phone.id, PollOutcome::Refused));
            }
        }
        assert_eq!(turned_off, [false, true]);
        assert_eq!(
            attempts(&mut Schedule::default(), 3600, PollOutcome::NoPage),
            [10]
        );
    }

    #[test]
    fn new_firmware_may_have_its_page_on() {
        let mut schedule = Schedule::default();
        attempts(&mut schedule, 3600, PollOutcome::Refused);
        assert!(schedule.due(at(3600), &[]).start.is_empty());
        let second = [phone(1, 2)];
        assert!(
            schedule.due(at(4000), &second).start.is_empty(),
            "not at once"
        );
        assert_eq!(numbers(&schedule.due(at(4010), &second).start), [1]);
    }

    #[test]
    fn a_phone_that_fetches_is_not_polled_and_waits_again_afterwards() {
        let mut schedule = Schedule::default();
        let wanted = [phone(1, 1)];
        schedule.due(at(0), &wanted);
        assert_eq!(numbers(&schedule.due(at(10), &wanted).start), [1]);
        let due = schedule.due(at(11), &[]);
        assert_eq!((due.start.len(), due.cancel), (0, vec![PhoneId(1)]));
        assert!(
            !schedule.done(at(12), PhoneId(1), PollOutcome::Page),
            "too late"
        );
        assert!(schedule.due(at(500), &wanted).start.is_empty());
        assert!(schedule.due(at(529), &wanted).start.is_empty());
        assert_eq!(numbers(&schedule.due(at(530), &wanted).start), [1]);
    }

    #[test]
    fn a_phone_with_a_new_address_is_not_polled_at_the_old_one() {
        let mut schedule = Schedule::default();
        schedule.due(at(0), &[phone(1, 1)]);
        schedule.due(at(10), &[phone(1, 1)]);
        let moved = PollCandidate {
            address: Ipv4Addr::new(192, 0, 2, 99),
            ..phone(1, 1)
        };
        let due = schedule.due(at(11), std::slice::from_ref(&moved));
        assert_eq!(due.cancel, [PhoneId(1)]);
        let later = schedule.due(at(60), std::slice::from_ref(&moved));
        assert_eq!([due.start, later.start].concat(), [moved]);
    }

    #[test]
    fn many_phones_are_polled_four_at_a_time_and_none_twice_at_once() {
        let mut schedule = Schedule::default();
        let wanted: Vec<PollCandidate> = (1..=200).map(|number| phone(number, 1)).collect();
        schedule.due(at(0), &wanted);
        let first = numbers(&schedule.due(at(10), &wanted).start);
        assert_eq!(first, [1, 2, 3, 4]);
        assert!(schedule.due(at(11), &wanted).start.is_empty());
        schedule.done(at(12), PhoneId(3), PollOutcome::Silent);
        assert_eq!(numbers(&schedule.due(at(12), &wanted).start), [5]);
        let mut candidate = 5;
        for second in 13..9 * 60 {
            let polled: Vec<PhoneId> = schedule.phones.keys().copied().collect();
            for id in polled {
                schedule.done(at(second), id, PollOutcome::NoPage);
            }
            candidate += schedule.due(at(second), &wanted).start.len();
        }
        assert_eq!(candidate, 201, "each once, and the third twice");
    }

    #[test]
    fn polls_of_one_phone_are_limited_however_often_it_restarts() {
        let mut schedule = Schedule::default();
        let mut candidate = 0;
        for second in 0..20_000_u32 {
            let wanted = [phone(1, second / 100)];
            for phone in schedule.due(at(second.into()), &wanted).start {
                candidate += 1;
                schedule.done(at(second.into()), phone.id, PollOutcome::Silent);
            }
        }
        assert_eq!(candidate, MAX_ATTEMPTS);
    }

    #[test]
    fn the_number_of_remembered_phones_is_bounded() {
        let mut schedule = Schedule::default();
        let most = u32::try_from(MAX_PHONES).unwrap();
        let many = |numbers: std::ops::Range<u32>| -> Vec<PollCandidate> {
            let one = |number| PollCandidate {
                id: PhoneId(number),
                ..phone(1, 1)
            };
            numbers.map(one).collect()
        };
        schedule.due(at(0), &many(0..most));
        schedule.due(at(1), &many(most..most + 50));
        assert_eq!(schedule.phones.len(), 50, "who is not wanted is forgotten");
    }
}
