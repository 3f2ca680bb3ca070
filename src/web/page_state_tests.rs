//! The state of the page, and that a page that follows it misses nothing.

use std::net::Ipv4Addr;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{
    diagnose::{Code, Diagnosis, Severity},
    phone::MacAddress,
    track::{
        Evidence, EvidenceSource, ImageNumber, PhoneReport, PhoneStep, State, StepDetails, Totals,
    },
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + seconds).unwrap()
}

fn phone(id: u32) -> PhoneRef {
    PhoneRef {
        id: PhoneId(id),
        mac: (id != 3).then(|| MacAddress::new([0, 0, 0, 0, 0, u8::try_from(id).unwrap()])),
        address: Ipv4Addr::LOCALHOST,
        model: None,
        family: None,
        name: None,
    }
}

fn step(id: u32, state: State) -> Event {
    Event::Step(PhoneStep {
        phone: phone(id),
        done: matches!(state, State::Confirmed | State::Already),
        up: false,
        state,
        pass: 1,
        details: StepDetails::default(),
    })
}

fn progress(id: u32, bytes: u64) -> Event {
    Event::Progress(TransferProgress {
        phone: phone(id),
        file: "apps\u{1b}[2J45.sbn".to_owned(),
        bytes,
        size: 9,
        pass: 1,
        image: Some(ImageNumber {
            number: 3,
            count: 5,
        }),
    })
}

fn diagnosis(code: Code) -> Diagnosis {
    Diagnosis {
        code,
        severity: Severity::Error,
        evidence: "this".to_owned(),
        cure: "that".to_owned(),
    }
}

/// The state of a page that follows the run, folded as its script does it.
#[derive(Debug, Default)]
struct Follower {
    known: Option<u64>,
    head: Value,
    rows: BTreeMap<u64, Value>,
    last: &'static str,
}

impl Follower {
    fn follow(&mut self, shown: &PageState) {
        let Some(sent) = shown.since(self.known, at(0)) else {
            return;
        };
        assert!(!sent.data.contains(['\n', '\r']), "one line");
        self.known = Some(sent.version);
        self.last = sent.event;
        let message: Value = serde_json::from_str(&sent.data).unwrap();
        if sent.event != "news" {
            self.rows.clear();
        }
        if !message["head"].is_null() {
            self.head = message["head"].clone();
        }
        for row in message["phones"].as_array().unwrap() {
            self.rows.insert(row["id"].as_u64().unwrap(), row.clone());
        }
        for moved in message["moved"].as_array().into_iter().flatten() {
            let row = self.rows.get_mut(&moved["id"].as_u64().unwrap()).unwrap();
            for field in ["file", "waiting"] {
                row["moving"][field] = moved[field].clone();
            }
        }
    }
}

/// One step of a run, or of its page.
#[derive(Debug, Clone)]
enum Happens {
    Event(Box<Event>),
    Waiting(u32, u64),
    Notice,
    /// The follower gets its message; nothing else happens.
    Message,
}

fn event(event: Event) -> Happens {
    Happens::Event(Box::new(event))
}

fn anything() -> impl Strategy<Value = Happens> {
    let id = || 0..4_u32;
    let state = prop::sample::select(State::ALL.to_vec());
    let code = || prop::sample::select(vec![Code::Stalled, Code::TransferBroken]);
    let whose = || prop::option::of(id());
    prop_oneof![
        (id(), state).prop_map(|(id, state)| event(step(id, state))),
        (id(), 0..9_u64).prop_map(|(id, bytes)| event(progress(id, bytes))),
        (whose(), code()).prop_map(|(whose, code)| event(Event::Diagnosis {
            phone: whose.map(phone),
            diagnosis: diagnosis(code),
        })),
        (whose(), code()).prop_map(|(whose, code)| event(Event::Withdrawn {
            phone: whose.map(phone),
            diagnosis: diagnosis(code),
        })),
        id().prop_map(|id| event(Event::Gone { phone: phone(id) })),
        (id(), 0..3_u64).prop_map(|(id, left)| Happens::Waiting(id, left)),
        Just(Happens::Notice),
        Just(Happens::Message),
    ]
}

proptest! {
    #[test]
    fn a_connected_page_has_the_state_of_one_that_connects_late(
        happens in prop::collection::vec(anything(), 0..60)
    ) {
        let (mut shown, mut follower) = (PageState::default(), Follower::default());
        for (second, happens) in (0..).zip(happens) {
            match happens {
                Happens::Event(event) => shown.event(at(second), &event),
                Happens::Waiting(id, left) => {
                    shown.waiting(PhoneId(id), "its restart", Duration::from_secs(left));
                }
                Happens::Notice => shown.notice("stopping"),
                Happens::Message => follower.follow(&shown),
            }
        }
        follower.follow(&shown);
        let mut late = Follower::default();
        late.follow(&shown);
        prop_assert_eq!(late.last, "whole");
        prop_assert_eq!(&follower.rows, &late.rows);
        prop_assert_eq!(&follower.head, &late.head);
        prop_assert!(shown.since(follower.known, at(0)).is_none(), "nothing is new");
    }
}

#[test]
fn progress_sends_the_moving_part_and_a_step_the_whole_row() {
    let mut shown = PageState::default();
    shown.event(at(0), &step(1, State::Images));
    shown.event(at(0), &step(2, State::Images));
    let mut follower = Follower::default();
    follower.follow(&shown);
    shown.event(at(1), &progress(1, 1));
    shown.event(at(1), &progress(1, 5));
    let sent = shown.since(follower.known, at(1)).unwrap();
    let message: Value = serde_json::from_str(&sent.data).unwrap();
    assert_eq!(sent.event, "news");
    assert_eq!(message["phones"].as_array().unwrap().len(), 0);
    assert_eq!(message["moved"].as_array().unwrap().len(), 1);
    let file = &message["moved"][0]["file"];
    assert_eq!(
        (file["bytes"].as_u64(), file["at"].as_u64()),
        (Some(5), Some(3))
    );
    assert_eq!(
        file["name"], "apps\\u{1b}[2J45.sbn",
        "nothing of it is a control"
    );
    follower.follow(&shown);
    shown.event(at(2), &step(1, State::Writing));
    let sent = shown.since(follower.known, at(2)).unwrap();
    let message: Value = serde_json::from_str(&sent.data).unwrap();
    assert_eq!(message["phones"].as_array().unwrap().len(), 1);
    let row = &message["phones"][0];
    assert_eq!(
        (&row["state"], &row["moving"]["file"]),
        (&"writing".into(), &Value::Null)
    );
    let states: Vec<_> = row["spans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it[0])
        .collect();
    assert_eq!(states, ["images", "writing"]);
    assert_eq!(row["spans"][1][1], 1_000_002_000_u64);
}

#[test]
fn a_removed_phone_makes_a_page_reload_everything() {
    let mut shown = PageState::default();
    shown.event(at(0), &step(1, State::Images));
    shown.event(at(0), &step(2, State::Images));
    let mut follower = Follower::default();
    follower.follow(&shown);
    shown.event(at(1), &Event::Gone { phone: phone(2) });
    follower.follow(&shown);
    assert_eq!((follower.last, follower.rows.len()), ("whole", 1));
}

#[test]
fn the_last_message_shows_the_report() {
    let mut shown = PageState::default();
    shown.event(at(0), &step(1, State::Writing));
    shown.event(at(3), &step(1, State::Rebooted));
    let of_report = PhoneReport {
        id: PhoneId(1),
        mac: phone(1).mac,
        address: Ipv4Addr::LOCALHOST,
        model: None,
        family: None,
        name: Some("Lobby".to_owned()),
        listed_model: None,
        on_inventory: None,
        from: None,
        to: Some(crate::phone::LoadName::new("SIP45.9-3-1SR4-1S")),
        state: State::Flashed,
        reason: None,
        rests_on: None,
        up: false,
        done: true,
        restarts: crate::track::RestartStatus::default(),
        uplink: crate::track::Uplink::default(),
        lines: Vec::new(),
        pass: 2,
        evidence: vec![Evidence {
            source: EvidenceSource::Cdp,
            detail: "SIP45".to_owned(),
            disputed: false,
        }],
        files: Vec::new(),
        diagnoses: Vec::new(),
        withdrawn: Vec::new(),
        first_seen: at(0),
        last_seen: at(3),
    };
    let report = Report {
        phones: vec![of_report],
        others: Vec::new(),
        totals: Totals::default(),
        missing: Vec::new(),
        registrations: None,
    };
    let mut follower = Follower::default();
    follower.follow(&shown);
    shown.finished(at(9), &report, &["Put option 150 back.".to_owned()]);
    follower.follow(&shown);
    assert_eq!((follower.last, follower.rows.len()), ("finished", 1));
    let row = &follower.rows[&1];
    assert_eq!(
        (&row["state"], &row["pass"]),
        (&"flashed".into(), &2.into())
    );
    assert_eq!(
        (&row["name"], &row["load"]),
        (&"Lobby".into(), &"SIP45.9-3-1SR4-1S".into())
    );
    assert_eq!(row["evidence"][0], "CDP reports SIP45");
    assert_eq!(
        row["spans"].as_array().unwrap().len(),
        2,
        "its time line is still there"
    );
    let mut late = Follower::default();
    late.follow(&shown);
    assert_eq!((late.last, &late.rows), ("finished", &follower.rows));
}

#[test]
fn phones_that_were_not_seen_are_named_while_the_run_goes_on() {
    let mut shown = PageState::default();
    let mut follower = Follower::default();
    let mac = MacAddress::new([0, 0, 0, 0, 0, 9]);
    let listed = |name: Option<&str>| MissingPhone {
        mac,
        name: name.map(str::to_owned),
        model: Some("7961".to_owned()),
    };
    let tick = |awaited| Tick {
        at: at(0),
        awaited: Some(awaited),
        unexpected: crate::reporter::UnexpectedPhones::default(),
    };
    shown.missing(&[listed(Some("Hall")), listed(None)]);
    shown.tick(tick(2));
    follower.follow(&shown);
    assert_eq!(follower.head["missing"][0], "Hall (7961)");
    assert_eq!(follower.head["missing"][1], "SEP000000000009 (7961)");
    assert_eq!(follower.head["awaited"], 2);
    shown.tick(tick(2));
    assert!(shown.since(follower.known, at(0)).is_none(), "no news");
    shown.missing(&[]);
    shown.tick(tick(0));
    follower.follow(&shown);
    assert_eq!(follower.head["awaited"], 0);
}
