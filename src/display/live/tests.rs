//! Screens of the live display, from events in virtual time.

mod properties;
mod screens;

use std::net::Ipv4Addr;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::{
    diagnose::{Code, Diagnosis},
    phone::MacAddress,
    track::{
        Event, Evidence, EvidenceSource, ImageNumber, MissingPhone, PhoneId, PhoneRef, PhoneStep,
        State, StepDetails, TransferProgress,
    },
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_000 + seconds).unwrap()
}

fn tick(seconds: i64) -> Tick {
    Tick {
        at: at(seconds),
        awaited: Some(0),
        unexpected: crate::reporter::UnexpectedPhones::default(),
    }
}

fn phone(id: u8) -> PhoneRef {
    PhoneRef {
        id: PhoneId(id.into()),
        mac: Some(MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, id])),
        address: Ipv4Addr::new(192, 0, 2, id),
        model: Some("7965".to_owned()),
        family: None,
        name: None,
    }
}

fn step(phone: PhoneRef, state: State) -> Event {
    Event::Step(PhoneStep {
        phone,
        done: matches!(state, State::Confirmed | State::Already),
        up: false,
        state,
        pass: 1,
        details: StepDetails::default(),
    })
}

fn confirmed(phone: PhoneRef) -> Event {
    let Event::Step(step) = step(phone, State::Confirmed) else {
        unreachable!()
    };
    Event::Step(PhoneStep {
        details: StepDetails {
            evidence: Some(Evidence {
                source: EvidenceSource::Cdp,
                detail: "SIP45.9-3-1SR4-1S (192.0.2.3, Port 1)".to_owned(),
                disputed: false,
            }),
            ..StepDetails::default()
        },
        ..step
    })
}

fn progress(phone: PhoneRef, bytes: u64, (number, count): (u32, u32)) -> Event {
    Event::Progress(TransferProgress {
        phone,
        file: "apps45.9-3-1ES26.sbn".to_owned(),
        bytes,
        size: 4_000_000,
        pass: 1,
        image: Some(ImageNumber { number, count }),
    })
}

fn diagnosis(code: Code) -> Diagnosis {
    Diagnosis {
        code,
        severity: code.severity(),
        evidence: "took 'term65.default.loads' 3 times and asked for no image".to_owned(),
        cure: "Get the bundle of 8.5(2) and start again with --bridge: the phone then gets the \
               bridge and after its reboot this release, by itself."
            .to_owned(),
    }
}

fn raised(phone: PhoneRef, code: Code) -> Event {
    Event::Diagnosis {
        phone: Some(phone),
        diagnosis: diagnosis(code),
    }
}

fn screen(live: &LiveRun, columns: usize, rows: usize, tick: Tick) -> Vec<String> {
    super::rows(live, Size { columns, rows }, tick, Style::plain())
}

/// Four phones: one fetches, one writes, one is confirmed, one failed.
fn four() -> LiveRun {
    let mut live = LiveRun::default();
    live.started(at(0));
    let reception = PhoneRef {
        name: Some("Reception".to_owned()),
        ..phone(3)
    };
    for event in [
        step(phone(1), State::Images),
        step(phone(2), State::Writing),
        step(reception.clone(), State::Seen),
        step(phone(4), State::Failed),
        raised(phone(4), Code::BridgeNeeded),
    ] {
        assert_eq!(live.event(at(0), &event), None);
    }
    live.event(at(60), &progress(phone(1), 2_300_000, (3, 5)));
    live.waiting(
        PhoneId(2),
        "its restart, after writing; do not unplug",
        Duration::from_secs(500),
    );
    let line = live.event(at(90), &confirmed(reception));
    let (state, text) = line.unwrap();
    assert_eq!(state, State::Confirmed);
    assert_eq!(
        text,
        "SEP001D45AABB03 Reception: confirmed – CDP reports SIP45.9-3-1SR4-1S (192.0.2.3, Port 1)"
    );
    live
}

/// 300 phones: 2 refused alike, 1 stalled, 40 writing, 100 done, the rest fetches.
fn many() -> LiveRun {
    let mut live = LiveRun::default();
    for number in 0..300_u32 {
        let mut phone = phone(u8::try_from(number % 256).unwrap());
        phone.id = PhoneId(number);
        let state = match number {
            0 | 1 => State::Failed,
            2 => State::Stalled,
            3..43 => State::Writing,
            43..143 => State::Confirmed,
            _ => State::Images,
        };
        live.event(at(i64::from(number)), &step(phone.clone(), state));
        if number < 2 {
            live.event(at(400), &raised(phone, Code::BridgeNeeded));
        } else if number == 2 {
            live.event(at(400), &raised(phone, Code::Stalled));
        }
    }
    live
}
