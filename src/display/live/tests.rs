//! Screens of the live display, from events in virtual time.
//!
//! Long because: every case builds on the same few phones and compares whole screens.

use std::net::Ipv4Addr;

use proptest::prelude::*;

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::{
    diagnose::{Code, Diagnosis},
    phone::MacAddress,
    track::{
        Event, Evidence, EvidenceSource, PhoneId, PhoneRef, Progress, State, Step, StepDetails,
    },
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_000 + seconds).unwrap()
}

fn tick(seconds: i64) -> Tick {
    Tick {
        at: at(seconds),
        awaited: Some(0),
    }
}

fn phone(id: u8) -> PhoneRef {
    PhoneRef {
        id: PhoneId(id.into()),
        mac: Some(MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, id])),
        address: Ipv4Addr::new(192, 0, 2, id),
        model: Some("7965".to_owned()),
        name: None,
    }
}

fn step(phone: PhoneRef, state: State) -> Event {
    Event::Step(Step {
        phone,
        state,
        pass: 1,
        details: StepDetails::default(),
    })
}

fn confirmed(phone: PhoneRef) -> Event {
    let Event::Step(step) = step(phone, State::Confirmed) else {
        unreachable!()
    };
    Event::Step(Step {
        details: StepDetails {
            evidence: Some(Evidence {
                source: EvidenceSource::Cdp,
                detail: "SIP45.9-3-1SR4-1S (192.0.2.3, Port 1)".to_owned(),
            }),
            ..StepDetails::default()
        },
        ..step
    })
}

fn progress(phone: PhoneRef, bytes: u64, place: (u32, u32)) -> Event {
    Event::Progress(Progress {
        phone,
        file: "apps45.9-3-1ES26.sbn".to_owned(),
        bytes,
        size: 4_000_000,
        pass: 1,
        place,
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

#[test]
fn few_phones_have_a_row_each_with_diagnoses_below() {
    let expected = "\
phone           model stage              for progress, or what comes next
SEP001D45AABB04 7965  failed            1:40 action needed; see its diagnosis
    bridge-needed: took 'term65.default.loads' 3 times and asked for no image
    → Get the bundle of 8.5(2) and start again with --bridge: the phone then
      gets the bridge and after its reboot this release, by itself.
SEP001D45AABB01 7965  image 3/5         1:40 ████▌░░░  57% apps45.9-3-1ES26.sbn
SEP001D45AABB02 7965  writing           1:40 DO NOT UNPLUG, restart within 8:20
Reception       7965  confirmed              CDP reports SIP45.9-3-1SR4-1S (19…
1 of 4 done";
    assert_eq!(screen(&four(), 80, 24, tick(100)).join("\n"), expected);
}

#[test]
fn a_narrow_screen_keeps_what_matters_most() {
    let expected = "\
phone        stage       progress
001D45AABB04 failed      action needed…
    bridge-needed: took
      'term65.default.loads' 3 times
      and asked for no image
    → Get the bundle of 8.5(2) and
      start again with --bridge: the
      phone then gets the bridge and
      after its reboot this release, by
      itself.
001D45AABB01 image 3/5   █████▏░░░  57%
001D45AABB02 writing     DO NOT UNPLUG
Reception    confirmed   CDP reports S…
1 of 4 done";
    assert_eq!(screen(&four(), 40, 24, tick(100)).join("\n"), expected);
}

#[test]
fn a_wide_screen_shows_more() {
    let lines = screen(&four(), 140, 24, tick(100));
    let took = "Reception       7965  confirmed              CDP reports SIP45.9-3-1SR4-1S \
                (192.0.2.3, Port 1); took 1:30";
    assert!(lines.iter().any(|line| line == took), "{lines:#?}");
}

#[test]
fn an_image_of_unknown_place_has_no_number() {
    let mut live = four();
    let Event::Step(got) = step(phone(1), State::Images) else {
        unreachable!()
    };
    let got = Event::Step(Step {
        details: StepDetails {
            file: Some("dsp45.9-3-1ES26.sbn".to_owned()),
            bytes: Some(364_000),
            ..StepDetails::default()
        },
        ..got
    });
    live.event(at(99), &got);
    let row = "SEP001D45AABB01 7965  images            1:40 ████████ 100% dsp45.9-3-1ES26.sbn";
    let lines = screen(&live, 80, 24, tick(100));
    assert!(lines.iter().any(|line| line == row), "{lines:#?}");
}

#[test]
fn a_withdrawn_diagnosis_is_removed_and_reported() {
    let mut live = four();
    let withdrawn = Event::Withdrawn {
        phone: Some(phone(4)),
        diagnosis: diagnosis(Code::BridgeNeeded),
    };
    let (_, line) = live.event(at(100), &withdrawn).unwrap();
    assert_eq!(line, "SEP001D45AABB04 (7965): bridge-needed withdrawn");
    let text = screen(&live, 80, 24, tick(100)).join("\n");
    assert!(!text.contains("bridge-needed"), "{text}");
}

#[test]
fn the_run_as_a_whole_can_have_a_diagnosis() {
    let mut live = four();
    let event = Event::Diagnosis {
        phone: None,
        diagnosis: diagnosis(Code::SecondDhcp),
    };
    live.event(at(0), &event);
    let lines = screen(&live, 80, 24, tick(100));
    let at = lines
        .iter()
        .position(|line| line.contains("this run: second-dhcp"));
    assert_eq!(at, Some(1), "{lines:#?}");
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

#[test]
fn more_phones_than_rows_show_those_that_need_attention_first() {
    let expected = "\
SEP001D45AABB00 7965  failed            8:20 action needed; see its diagnosis
    bridge-needed: took 'term65.default.loads' 3 times and asked for no image
SEP001D45AABB01 7965  failed            8:19 action needed; see its diagnosis
    bridge-needed: took 'term65.default.loads' 3 times and asked for no image
    → Get the bundle of 8.5(2) and start again with --bridge: the phone then
      gets the bridge and after its reboot this release, by itself.
SEP001D45AABB02 7965  stalled           8:18 no activity for longer than normal
    stalled: took 'term65.default.loads' 3 times and asked for no image
    → Get the bundle of 8.5(2) and start again with --bridge: the phone then
      gets the bridge and after its reboot this release, by itself.
DO NOT UNPLUG, 40 writing: SEP001D45AABB03 SEP001D45AABB04 SEP001D45AABB05
    SEP001D45AABB06 SEP001D45AABB07 SEP001D45AABB08 SEP001D45AABB09
    SEP001D45AABB0A SEP001D45AABB0B SEP001D45AABB0C SEP001D45AABB0D
    SEP001D45AABB0E SEP001D45AABB0F SEP001D45AABB10 SEP001D45AABB11
    SEP001D45AABB12 SEP001D45AABB13 SEP001D45AABB14 SEP001D45AABB15
    SEP001D45AABB16 SEP001D45AABB17 SEP001D45AABB18 SEP001D45AABB19 and 17 more
SEP001D45AABB8F 7965  images            5:57 fetches its images
SEP001D45AABB90 7965  images            5:56 fetches its images
… and 155 more under way
██████▋░░░░░░░░░░░░░ 100 of 300 done
2 failed, 1 stalled, 40 writing: DO NOT UNPLUG, 157 fetching";
    let lines = screen(&many(), 80, 23, tick(500));
    assert_eq!(lines.join("\n"), expected);
}

#[test]
fn with_little_room_phones_that_need_attention_are_listed_by_name() {
    let expected = "\
bridge-needed, 2 phones
stalled, 1 phone: 001D45AABB02
DO NOT UNPLUG, 40 writing: 001D45AABB03
    001D45AABB04 and 38 more
… and 157 more under way
100 of 300 done
2 failed, 1 stalled, 40 writing: DO NOT
UNPLUG, 157 fetching";
    let lines = screen(&many(), 40, 9, tick(500));
    assert_eq!(lines.join("\n"), expected);
}

#[test]
fn a_long_cure_displaces_no_names() {
    let mut live = many();
    let long = Diagnosis {
        cure: "a long way to go ".repeat(30),
        ..diagnosis(Code::ManifestRefused)
    };
    for number in 0..3 {
        let mut phone = phone(number);
        phone.id = PhoneId(u32::from(number));
        for code in [Code::BridgeNeeded, Code::Stalled] {
            let diagnosis = diagnosis(code);
            let phone = Some(phone.clone());
            live.event(at(401), &Event::Withdrawn { phone, diagnosis });
        }
        let phone = Some(phone);
        let diagnosis = long.clone();
        live.event(at(402), &Event::Diagnosis { phone, diagnosis });
    }
    let lines = screen(&live, 40, 24, tick(500)).join("\n");
    assert!(lines.contains("001D45AABB01"), "{lines}");
    assert!(lines.contains("001D45AABB02"), "{lines}");
    assert!(lines.contains("→ a long way"), "{lines}");
    assert!(lines.contains("a long way to g…\n"), "{lines}");
}

#[test]
fn time_left_is_shown_when_it_is_known_for_all_phones_under_way() {
    let mut live = LiveRun::default();
    for id in 1..=4 {
        live.event(at(0), &step(phone(id), State::Writing));
    }
    for id in 1..=3 {
        assert!(!screen(&live, 80, 24, tick(60)).concat().contains("left"));
        live.event(at(240), &confirmed(phone(id)));
    }
    let foot = |live: &LiveRun, tick| screen(live, 80, 24, tick).pop().unwrap();
    assert_eq!(foot(&live, tick(60)), "3 of 4 done, about 3 min left");
    assert_eq!(
        foot(&live, tick(200)),
        "3 of 4 done, less than a minute left"
    );
    assert_eq!(foot(&live, tick(300)), "3 of 4 done", "it takes longer");
    let more = Tick {
        awaited: Some(5),
        ..tick(60)
    };
    assert_eq!(
        foot(&live, more),
        "3 of 9 done, about 3 min left for those under way"
    );
    live.event(at(0), &step(phone(5), State::Manifest));
    assert_eq!(
        foot(&live, tick(60)),
        "3 of 5 done",
        "no phone came from there"
    );
}

#[test]
fn before_the_first_phone_it_shows_that_it_waits() {
    let mut live = LiveRun::default();
    live.started(at(0));
    let lines = screen(&live, 80, 24, tick(75));
    assert_eq!(
        lines,
        ["waiting for the first phone (Ctrl-C ends the run) 1:15"]
    );
}

#[test]
fn a_removed_phone_has_no_row() {
    let mut live = four();
    live.event(at(100), &Event::Gone { phone: phone(4) });
    let lines = screen(&live, 80, 24, tick(100));
    assert_eq!(lines.len(), 5, "{lines:#?}");
}

/// Texts as the network, inventories and garbage may have them.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("apps45.9-3-1ES26.sbn".to_owned()),
        Just("受付電話 ☎\u{fe0f} e\u{301}\u{301}".to_owned()),
        Just("👩\u{200d}👩\u{200d}👧\u{1f3fd} 🇩🇪".to_owned()),
        Just("\u{1b}[2J\u{7}\r\n\t\u{202e}".to_owned()),
        ".{0,60}",
    ]
}

fn phones() -> impl Strategy<Value = PhoneRef> {
    let name = prop::option::of(texts());
    (0..90_u8, any::<bool>(), name, prop::option::of(texts())).prop_map(
        |(id, named, name, model)| PhoneRef {
            mac: phone(id).mac.filter(|_| named),
            name,
            model,
            ..phone(id)
        },
    )
}

fn events() -> impl Strategy<Value = Event> {
    let steps = (
        phones(),
        0..11_usize,
        0..4_u32,
        prop::option::of(texts()),
        any::<u32>(),
    );
    let steps = steps.prop_map(|(phone, state, pass, text, bytes)| {
        Event::Step(Step {
            phone,
            state: State::ALL[state],
            pass,
            details: StepDetails {
                bytes: text.as_ref().map(|_| bytes.into()),
                evidence: text.clone().map(|detail| Evidence {
                    source: EvidenceSource::Lldp,
                    detail,
                }),
                file: text,
                load: None,
            },
        })
    });
    let moves = (
        phones(),
        texts(),
        any::<u64>(),
        any::<u64>(),
        any::<(u32, u32)>(),
    );
    let moves = moves.prop_map(|(phone, file, bytes, size, place)| {
        Event::Progress(Progress {
            phone,
            file,
            bytes,
            size,
            pass: 1,
            place,
        })
    });
    let diagnoses = (
        prop::option::of(phones()),
        0..Code::ALL.len(),
        texts(),
        texts(),
        any::<bool>(),
    );
    let diagnoses = diagnoses.prop_map(|(phone, code, evidence, cure, withdrawn)| {
        let code = Code::ALL[code];
        let diagnosis = Diagnosis {
            code,
            severity: code.severity(),
            evidence,
            cure,
        };
        if withdrawn {
            Event::Withdrawn { phone, diagnosis }
        } else {
            Event::Diagnosis { phone, diagnosis }
        }
    });
    let gone = phones().prop_map(|phone| Event::Gone { phone });
    prop_oneof![8 => steps, 6 => moves, 3 => diagnoses, 1 => gone]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn rows_fit_the_screen_whatever_happens(
        events in prop::collection::vec((events(), 0..100_i64, any::<u16>()), 0..160),
        columns in 40..=200_usize,
        rows in 5..=60_usize,
        awaited in prop::option::of(0..500_usize),
    ) {
        let mut live = LiveRun::default();
        let mut now = 0;
        live.started(at(now));
        for (event, pause, left) in events {
            now += pause;
            live.event(at(now), &event);
            if let Event::Step(step) = &event {
                live.waiting(step.phone.id, "its restart, then", Duration::from_secs(left.into()));
            }
            let tick = Tick { awaited, ..tick(now) };
            live.tick(tick);
        }
        let tick = Tick { awaited, ..tick(now) };
        let size = Size { columns, rows };
        let plain = super::rows(&live, size, tick, Style::plain());
        prop_assert!(!plain.is_empty() && plain.len() < rows, "{} rows of {rows}", plain.len());
        for line in &plain {
            prop_assert!(crate::text::measure::width(line) < columns, "{line:?}");
            prop_assert!(console::measure_text_width(line) < columns, "{line:?}");
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
        }
        let coloured = super::rows(&live, size, tick, Style { color: true });
        let stripped: Vec<_> = coloured.iter().map(|line| console::strip_ansi_codes(line)).collect();
        prop_assert_eq!(stripped, plain);
    }

    #[test]
    fn cut_text_fits(text in texts(), most in 0..40_usize) {
        prop_assert!(crate::text::measure::width(&crate::text::measure::cut(&text, most)) <= most);
    }
}
