//! Who is asked when. Pure: time is passed in, and what comes out is whom to ask.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use crate::track::{MAX_PHONES, PhoneId, PollCandidate, RunTime};

/// How long a phone is left alone before each try, from the moment at which there is a reason to
/// ask it, and then from the try before. A phone that starts has its web server a little after
/// its first request; one that fetches a load asks for it within seconds.
pub const DELAYS: [Duration; 5] = [
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_mins(1),
    Duration::from_mins(2),
    Duration::from_mins(5),
];

/// Refused connections in a row after which a phone's page counts as switched off. The first may
/// have come before its web server was up.
pub const REFUSALS_UNTIL_OFF: u32 = 2;

/// Tries of one phone in a run, however often it starts anew.
pub const MAX_ATTEMPTS: u32 = 20;

/// Phones that are asked at once.
pub const MAX_CONCURRENT: usize = 4;

/// What became of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A phone's page came. Whatever it says, it may say something else later.
    Page,
    /// The connection was refused.
    Refused,
    /// Something answered that is no phone's page, and will be none the next time.
    NoPage,
    /// Nothing came within the time, or only a part.
    Silent,
}

/// Whom to ask now, and whose answer is not wanted any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// Ask these.
    pub start: Vec<PollCandidate>,
    /// Give these up: they fetch images, are confirmed, or are elsewhere.
    pub cancel: Vec<PhoneId>,
}

/// When each phone is asked.
#[derive(Debug, Clone, Default)]
pub struct Schedule {
    phones: BTreeMap<PhoneId, PhoneSchedule>,
}

/// One phone's.
#[derive(Debug, Clone)]
struct PhoneSchedule {
    asked: PollCandidate,
    /// The next try; `None`: there is no reason to ask it just now.
    next: Option<RunTime>,
    is_running: bool,
    /// Tries in this pass through the images.
    tries: usize,
    all: u32,
    refusals: u32,
    /// No page will come before the next pass.
    is_over: bool,
}

impl Schedule {
    /// `wanted`: every phone that there is a reason to ask, as it is now.
    pub fn due(&mut self, now: RunTime, wanted: &[PollCandidate]) -> Due {
        let mut due = Due::default();
        let now_wanted: HashMap<PhoneId, &PollCandidate> =
            wanted.iter().map(|phone| (phone.id, phone)).collect();
        for (id, turn) in &mut self.phones {
            let phone = now_wanted.get(id);
            let is_where_it_was = phone.is_some_and(|phone| turn.asked == **phone);
            if turn.is_running && !is_where_it_was {
                turn.is_running = false;
                due.cancel.push(*id);
            }
            if phone.is_none() {
                turn.next = None;
            }
        }
        for phone in wanted {
            if !self.phones.contains_key(&phone.id) && self.phones.len() >= MAX_PHONES {
                // Whoever is not wanted may be forgotten.
                self.phones.retain(|_, turn| turn.next.is_some());
            }
            let turn = self
                .phones
                .entry(phone.id)
                .or_insert_with(|| PhoneSchedule::new(phone));
            turn.look(now, phone);
        }
        let asking = self.phones.values().filter(|turn| turn.is_running).count();
        let mut ready: Vec<(RunTime, PhoneId)> = self
            .phones
            .iter()
            .filter_map(|(id, turn)| Some((turn.ready(now)?, *id)))
            .collect();
        ready.sort_unstable();
        for (_, id) in ready
            .into_iter()
            .take(MAX_CONCURRENT.saturating_sub(asking))
        {
            if let Some(turn) = self.phones.get_mut(&id) {
                turn.is_running = true;
                turn.tries += 1;
                turn.all += 1;
                due.start.push(turn.asked.clone());
            }
        }
        due
    }

    /// A try is over. `true`: the phone's page is taken for switched off from now on.
    pub fn done(&mut self, now: RunTime, id: PhoneId, outcome: Outcome) -> bool {
        let Some(turn) = self.phones.get_mut(&id).filter(|turn| turn.is_running) else {
            return false;
        };
        turn.is_running = false;
        turn.refusals = match outcome {
            Outcome::Refused => turn.refusals + 1,
            _ => 0,
        };
        let is_off = turn.refusals >= REFUSALS_UNTIL_OFF;
        turn.is_over |= is_off || outcome == Outcome::NoPage;
        turn.next = turn.wait().map(|wait| now.saturating_add(wait));
        is_off
    }
}

impl PhoneSchedule {
    fn new(phone: &PollCandidate) -> Self {
        Self {
            asked: phone.clone(),
            next: None,
            is_running: false,
            tries: 0,
            all: 0,
            refusals: 0,
            is_over: false,
        }
    }

    /// There is a reason to ask it.
    fn look(&mut self, now: RunTime, phone: &PollCandidate) {
        if phone.pass != self.asked.pass {
            // Other firmware, and maybe another configuration: what was refused may be given.
            self.tries = 0;
            self.refusals = 0;
            self.is_over = false;
            self.next = None;
        }
        self.asked = phone.clone();
        if self.next.is_none() && !self.is_running {
            self.next = self.wait().map(|wait| now.saturating_add(wait));
        }
    }

    /// The time before its next try; `None`: there is none.
    fn wait(&self) -> Option<Duration> {
        let is_open = !self.is_over && self.all < MAX_ATTEMPTS;
        DELAYS.get(self.tries).copied().filter(|_| is_open)
    }

    /// Since when it waits for its try.
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

    /// The seconds of one phone's tries, looked at each second for so long.
    fn tries(schedule: &mut Schedule, seconds: u64, outcome: Outcome) -> Vec<u64> {
        let wanted = [phone(1, 1)];
        let mut asked = Vec::new();
        for second in 0..seconds {
            for phone in schedule.due(at(second), &wanted).start {
                asked.push(second);
                schedule.done(at(second), phone.id, outcome);
            }
        }
        asked
    }

    #[test]
    fn a_phone_is_asked_a_few_times_and_ever_more_seldom() {
        let day = 24 * 3600;
        let asked = tries(&mut Schedule::default(), day, Outcome::Silent);
        assert_eq!(asked, [10, 40, 100, 220, 520]);
        let asked = tries(&mut Schedule::default(), day, Outcome::Page);
        assert_eq!(asked.len(), DELAYS.len(), "what it runs may change");
    }

    #[test]
    fn a_page_that_is_refused_twice_is_off_and_that_is_said_once() {
        let mut schedule = Schedule::default();
        assert_eq!(tries(&mut schedule, 3600, Outcome::Refused), [10, 40]);
        let mut schedule = Schedule::default();
        let wanted = [phone(1, 1)];
        let mut said = Vec::new();
        for second in 0..3600 {
            for phone in schedule.due(at(second), &wanted).start {
                said.push(schedule.done(at(second), phone.id, Outcome::Refused));
            }
        }
        assert_eq!(said, [false, true]);
        assert_eq!(tries(&mut Schedule::default(), 3600, Outcome::NoPage), [10]);
    }

    #[test]
    fn new_firmware_may_have_its_page_on() {
        let mut schedule = Schedule::default();
        tries(&mut schedule, 3600, Outcome::Refused);
        assert!(schedule.due(at(3600), &[]).start.is_empty());
        let second = [phone(1, 2)];
        assert!(
            schedule.due(at(4000), &second).start.is_empty(),
            "not at once"
        );
        assert_eq!(numbers(&schedule.due(at(4010), &second).start), [1]);
    }

    #[test]
    fn who_begins_to_fetch_is_left_alone_and_waits_anew_afterwards() {
        let mut schedule = Schedule::default();
        let wanted = [phone(1, 1)];
        schedule.due(at(0), &wanted);
        assert_eq!(numbers(&schedule.due(at(10), &wanted).start), [1]);
        let due = schedule.due(at(11), &[]);
        assert_eq!((due.start.len(), due.cancel), (0, vec![PhoneId(1)]));
        assert!(
            !schedule.done(at(12), PhoneId(1), Outcome::Page),
            "too late"
        );
        assert!(schedule.due(at(500), &wanted).start.is_empty());
        assert!(schedule.due(at(529), &wanted).start.is_empty());
        assert_eq!(numbers(&schedule.due(at(530), &wanted).start), [1]);
    }

    #[test]
    fn who_is_elsewhere_is_not_asked_on_where_he_was() {
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
    fn a_building_is_asked_four_at_a_time_and_nobody_twice_at_once() {
        let mut schedule = Schedule::default();
        let wanted: Vec<PollCandidate> = (1..=200).map(|number| phone(number, 1)).collect();
        schedule.due(at(0), &wanted);
        let first = numbers(&schedule.due(at(10), &wanted).start);
        assert_eq!(first, [1, 2, 3, 4]);
        assert!(schedule.due(at(11), &wanted).start.is_empty());
        schedule.done(at(12), PhoneId(3), Outcome::Silent);
        assert_eq!(numbers(&schedule.due(at(12), &wanted).start), [5]);
        let mut asked = 5;
        for second in 13..9 * 60 {
            let asking: Vec<PhoneId> = schedule.phones.keys().copied().collect();
            for id in asking {
                schedule.done(at(second), id, Outcome::NoPage);
            }
            asked += schedule.due(at(second), &wanted).start.len();
        }
        assert_eq!(asked, 201, "each once, and the third twice");
    }

    #[test]
    fn however_often_a_phone_starts_anew_it_is_asked_so_often_and_no_more() {
        let mut schedule = Schedule::default();
        let mut asked = 0;
        for second in 0..20_000_u32 {
            let wanted = [phone(1, second / 100)];
            for phone in schedule.due(at(second.into()), &wanted).start {
                asked += 1;
                schedule.done(at(second.into()), phone.id, Outcome::Silent);
            }
        }
        assert_eq!(asked, MAX_ATTEMPTS);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
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
