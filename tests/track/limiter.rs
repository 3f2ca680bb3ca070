//! What a run takes in of a flood, and that a phone's evidence is not lost in it.

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use reflash::{
    phone::LoadName,
    track::{
        Counted, EvidenceSource, Fleet, Intake, Observation, ObservationKind, ObservationLimiter,
        REPEATED_REPORT, REPORTED_BURST, RunTime, STRANGERS_BURST, Sender, ServedFile, Space,
        State, TransferEnd, TransferId, Transport, UNACKNOWLEDGED_BURST,
    },
};

use crate::support::conversation::*;

const STRANGER: Sender = Sender {
    is_known: false,
    is_wanted: false,
    is_idle: true,
};
const PHONE: Sender = Sender {
    is_known: true,
    is_wanted: false,
    is_idle: true,
};

fn limiter() -> ObservationLimiter {
    ObservationLimiter::new(Instant::now())
}

fn host(number: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x0a00_0000 + number)
}

fn request(address: Ipv4Addr, transfer: u64, name: &str, served: bool) -> Observation {
    let kind = ObservationKind::Requested {
        transfer: TransferId(transfer),
        transport: Transport::Tftp,
        name: name.to_owned(),
        port: 49_152,
        served: served.then(|| ServedFile {
            name: name.to_owned(),
            size: 1_000,
        }),
        error: None,
        sender: None,
    };
    Observation { address, kind }
}

fn fact(address: Ipv4Addr, load: &str) -> Observation {
    let kind = ObservationKind::Load {
        load: LoadName::new(load),
        source: EvidenceSource::Cdp,
        detail: load.to_owned(),
    };
    Observation { address, kind }
}

fn named(address: Ipv4Addr, last: u8) -> Observation {
    let kind = ObservationKind::MacReported {
        mac: mac(last),
        source: EvidenceSource::Cdp,
        sender: None,
    };
    Observation { address, kind }
}

#[test]
fn a_host_that_acknowledges_nothing_gets_600_requests_taken_in_and_one_per_second() {
    for sender in [STRANGER, PHONE] {
        let mut limiter = limiter();
        let mut taken = 0;
        for number in 0..2_000 {
            let one = request(host(1), number, "nope.bin", false);
            let intake = limiter.take_in(seconds(1.0), &one, sender, Space::All);
            taken += u32::from(intake == Intake::Taken);
        }
        assert_eq!(taken, UNACKNOWLEDGED_BURST);
        let counted = limiter.take_counted();
        assert_eq!(counted.requests, u64::from(2_000 - UNACKNOWLEDGED_BURST));
        assert!(limiter.take_counted().is_empty());
        let later = request(host(1), 2_000, "nope.bin", false);
        for (at, intake) in [(2.0, Intake::Taken), (2.0, Intake::Counted)] {
            assert_eq!(
                limiter.take_in(seconds(at), &later, sender, Space::All),
                intake
            );
        }
        let other = request(host(2), 2_001, "nope.bin", false);
        let intake = limiter.take_in(seconds(2.0), &other, sender, Space::All);
        assert_eq!(intake, Intake::Taken, "another host");
    }
}

#[test]
fn forged_addresses_share_one_limit_and_take_none_of_a_phone() {
    let mut limiter = limiter();
    let mut taken = 0;
    for number in 0..STRANGERS_BURST + 5_000 {
        let one = request(host(number), number.into(), "nope.bin", false);
        let intake = limiter.take_in(seconds(1.0), &one, STRANGER, Space::All);
        taken += u32::from(intake == Intake::Taken);
    }
    assert_eq!(taken, STRANGERS_BURST);
    let phone = request(address(9), 1, "CTLSEP001D45AABB01.tlv", false);
    assert_eq!(
        limiter.take_in(seconds(1.0), &phone, PHONE, Space::All),
        Intake::Taken
    );
}

/// What the fleet and a journal get of these observations.
struct Recorded {
    limiter: ObservationLimiter,
    fleet: Fleet,
    lines: Vec<(RunTime, Observation)>,
}

impl Recorded {
    fn new() -> Self {
        Self {
            limiter: limiter(),
            fleet: Fleet::new(plan()),
            lines: Vec::new(),
        }
    }

    fn observe(&mut self, at: RunTime, observation: &Observation) {
        let sender = self.fleet.sender(observation);
        let mut lines = match self.limiter.take_in(at, observation, sender, Space::All) {
            Intake::Taken => Vec::new(),
            Intake::After(before) => before,
            Intake::Counted => return,
        };
        lines.push(observation.clone());
        for line in lines {
            self.fleet.observe(at, &line);
            self.lines.push((at, line));
        }
    }
}

#[test]
fn a_phone_whose_address_and_network_are_flooded_is_tracked_by_what_it_acknowledges() {
    let mut recorded = Recorded::new();
    let mut next = 1_000_000;
    let flood = |recorded: &mut Recorded, at: f64, next: &mut u64| {
        for number in 0..25_000_u32 {
            *next += 1;
            let forged = match number % 2 {
                0 => request(address(9), *next, "nope.bin", false),
                _ => request(host(number), *next, "nope.bin", false),
            };
            recorded.observe(seconds(at), &forged);
        }
    };
    flood(&mut recorded, 1.0, &mut next);
    flood(&mut recorded, 1.0, &mut next);
    let own = IMAGES.iter().map(|(name, _)| *name);
    let config = "SEP001D45AABB09.cnf.xml";
    let names: Vec<&str> = [config, LOADS].into_iter().chain(own).collect();
    for (number, name) in names.iter().enumerate() {
        let number = number as u64;
        let at = seconds(2.0) + Duration::from_millis(10 * number);
        recorded.observe(at, &request(address(9), number, name, true));
        let transfer = TransferId(number);
        for kind in [
            ObservationKind::Acknowledged {
                transfer,
                bytes: 512,
            },
            ObservationKind::Ended {
                transfer,
                end: TransferEnd::Delivered,
                bytes: 1_000,
            },
        ] {
            let address = address(9);
            recorded.observe(at, &Observation { address, kind });
        }
    }
    let report = recorded.fleet.report(jiff::Timestamp::UNIX_EPOCH);
    let phone = report.phones.iter().find(|p| p.mac == Some(mac(9)));
    assert_eq!(phone.unwrap().state, State::Writing, "{phone:#?}");
    // The journal has what the fleet has.
    let mut replayed = Fleet::new(plan());
    for (at, line) in &recorded.lines {
        replayed.observe(*at, line);
    }
    assert_eq!(replayed.report(jiff::Timestamp::UNIX_EPOCH), report);
    let most = STRANGERS_BURST + UNACKNOWLEDGED_BURST + 100;
    assert!(recorded.lines.len() <= most as usize);
}

#[test]
fn a_repeated_report_is_counted_until_it_changes_or_the_phone_requests_a_file() {
    let mut limiter = limiter();
    let here = address(1);
    let (name, sccp, sip) = (named(here, 1), fact(here, "SCCP45"), fact(here, LOAD));
    let mut report = |at: Duration, load: &Observation, sender| {
        [&name, load].map(|one| limiter.take_in(at, one, sender, Space::All))
    };
    let taken = [Intake::Taken, Intake::Taken];
    let counted = [Intake::Counted, Intake::Counted];
    let minute = |minutes: u32| Duration::from_mins(minutes.into());
    assert_eq!(report(minute(0), &sccp, PHONE), taken);
    assert_eq!(report(minute(1), &sccp, PHONE), counted);
    // The MAC comes first again: a fact without it would count for whatever has the address.
    let after = [Intake::Counted, Intake::After(vec![name.clone()])];
    assert_eq!(report(minute(2), &sip, PHONE), after);
    assert_eq!(report(minute(3), &sip, PHONE), counted);
    let busy = Sender {
        is_idle: false,
        ..PHONE
    };
    assert_eq!(report(minute(4), &sip, busy), taken, "a phone at work");
    assert_eq!(report(minute(5), &sip, PHONE), counted);
    assert_eq!(report(minute(4) + REPEATED_REPORT, &sip, PHONE), taken);
    let request = request(here, 1, "CTLSEP001D45AABB01.tlv", false);
    let at = minute(15);
    assert_eq!(report(at, &sip, PHONE), counted);
    assert_eq!(
        limiter.take_in(at, &request, PHONE, Space::All),
        Intake::Taken
    );
    let report = [&name, &sip].map(|one| limiter.take_in(at, one, PHONE, Space::All));
    assert_eq!(report, taken, "after a request");
    // Two reports counted, one of these partly taken in after all.
    assert_eq!(limiter.take_counted().reports, 8);
}

#[test]
fn a_request_between_the_facts_of_a_counted_report_does_not_make_the_rest_count_alone() {
    let mut limiter = limiter();
    let here = address(1);
    let facts = [named(here, 1), fact(here, LOAD)];
    for one in &facts {
        limiter.take_in(seconds(0.0), one, PHONE, Space::All);
    }
    let mut take = |one: &Observation| limiter.take_in(seconds(60.0), one, PHONE, Space::All);
    assert_eq!(take(&facts[0]), Intake::Counted);
    assert_eq!(take(&request(here, 1, "nope.bin", false)), Intake::Taken);
    assert_eq!(take(&facts[1]), Intake::Counted);
    assert_eq!(facts.each_ref().map(take), [Intake::Taken, Intake::Taken]);
}

#[test]
fn the_facts_of_a_report_over_the_limits_are_counted_with_its_mac() {
    let mut limiter = limiter();
    let here = address(1);
    let at = seconds(1.0);
    for number in 0..REPORTED_BURST {
        let one = named(here, u8::try_from(number % 200).unwrap());
        assert_eq!(
            limiter.take_in(at, &one, PHONE, Space::All),
            Intake::Taken,
            "{number}"
        );
    }
    let mut take = |at, one: &Observation| limiter.take_in(at, one, PHONE, Space::All);
    assert_eq!(take(at, &named(here, 201)), Intake::Counted);
    // A token is there again, but the fact is that of another MAC.
    let later = seconds(5.0);
    assert_eq!(take(later, &fact(here, LOAD)), Intake::Counted);
    assert_eq!(take(later, &named(here, 1)), Intake::Taken);
    let other = fact(address(2), LOAD);
    assert_eq!(take(later, &other), Intake::Taken, "another address");
}

#[test]
fn a_full_journal_keeps_the_lines_of_known_phones_and_last_their_transfers() {
    let at = seconds(1.0);
    let asked = request(address(1), 1, "CTLSEP001D45AABB01.tlv", false);
    let reported = named(address(1), 1);
    for (space, sender, takes_request, takes_report) in [
        (Space::All, STRANGER, true, true),
        (Space::Phones, STRANGER, false, false),
        (Space::Phones, PHONE, true, true),
        (Space::Requests, STRANGER, false, false),
        (Space::Requests, PHONE, true, false),
    ] {
        let mut limiter = limiter();
        let mut is_taken = |one| limiter.take_in(at, one, sender, space) == Intake::Taken;
        let found = (is_taken(&asked), is_taken(&reported));
        assert_eq!(found, (takes_request, takes_report), "{space:?} {sender:?}");
    }
}

#[test]
fn in_a_full_journal_a_stranger_counts_by_what_it_acknowledges_unless_phones_are_listed() {
    let at = seconds(1.0);
    let (address, transfer) = (host(1), TransferId(1));
    let asked = request(address, 1, LOADS, true);
    let own = |kind| Observation { address, kind };
    let repeated = own(ObservationKind::RequestRepeated { transfer });
    let acknowledged = own(ObservationKind::Acknowledged {
        transfer,
        bytes: 512,
    });
    let ended = own(ObservationKind::Ended {
        transfer,
        end: TransferEnd::Delivered,
        bytes: 1_000,
    });
    let unlisted = Sender {
        is_wanted: true,
        ..STRANGER
    };
    for (space, sender, is_taken) in [
        (Space::Phones, STRANGER, true),
        (Space::Requests, STRANGER, false),
        (Space::Requests, unlisted, true),
    ] {
        let mut limiter = limiter();
        let mut take = |one| limiter.take_in(at, one, sender, space);
        assert_eq!(take(&asked), Intake::Counted);
        assert_eq!(take(&repeated), Intake::Counted);
        let (first, last) = if is_taken {
            (Intake::After(vec![asked.clone()]), Intake::Taken)
        } else {
            (Intake::Counted, Intake::Counted)
        };
        assert_eq!((take(&acknowledged), take(&ended)), (first, last));
        let counted = Counted {
            requests: 2 - u64::from(is_taken),
            reports: 0,
        };
        assert_eq!(limiter.take_counted(), counted, "{space:?} {sender:?}");
    }
}
