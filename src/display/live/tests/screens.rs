//! Whole screens: few phones, many phones, narrow and wide.

use super::*;

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
fn a_narrow_screen_keeps_names_stages_and_diagnoses() {
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
    let expected = "Reception       7965  confirmed              CDP reports SIP45.9-3-1SR4-1S \
                (192.0.2.3, Port 1); took 1:30";
    assert!(lines.iter().any(|line| line == expected), "{lines:#?}");
}

#[test]
fn an_image_of_unknown_place_has_no_number() {
    let mut live = four();
    let Event::Step(images) = step(phone(1), State::Images) else {
        unreachable!()
    };
    let received = Event::Step(PhoneStep {
        details: StepDetails {
            file: Some("dsp45.9-3-1ES26.sbn".to_owned()),
            bytes: Some(364_000),
            ..StepDetails::default()
        },
        ..images
    });
    live.event(at(99), &received);
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
fn on_a_small_screen_phones_that_need_attention_are_listed_by_name() {
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
    assert_eq!(
        foot(&live, tick(300)),
        "3 of 4 done",
        "longer than estimated"
    );
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
        "no phone has left this stage yet"
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

#[test]
fn phones_of_the_list_that_were_not_seen_are_named() {
    let listed = |id: u8, name: Option<&str>| MissingPhone {
        mac: phone(id).mac.unwrap(),
        name: name.map(str::to_owned),
        model: name.map(|_| "7941".to_owned()),
    };
    let mut live = LiveRun::default();
    live.started(at(0));
    live.missing(&[listed(7, Some("Hall")), listed(8, None)]);
    let two = Tick {
        awaited: Some(2),
        ..tick(0)
    };
    let lines = screen(&live, 80, 24, two);
    assert_eq!(lines[0], "not seen yet: Hall (7941) SEP001D45AABB08");
    live.event(at(1), &step(phone(1), State::Images));
    let one = Tick {
        awaited: Some(1),
        ..tick(1)
    };
    let lines = screen(&live, 80, 24, one);
    let names = &lines[lines.len() - 2];
    assert_eq!(
        names,
        "1 of these not seen yet: Hall (7941) SEP001D45AABB08"
    );
    let many: Vec<MissingPhone> = (0..200).map(|id| listed(id, None)).collect();
    live.missing(&many);
    let all = Tick {
        awaited: Some(200),
        ..tick(1)
    };
    let lines = screen(&live, 80, 24, all).concat();
    assert!(lines.contains("more0 of 201 done"), "{lines}");
}

#[test]
fn a_phone_that_is_up_is_neither_done_nor_under_way() {
    let mut live = LiveRun::default();
    live.started(at(0));
    let Event::Step(known) = step(phone(1), State::Configuring) else {
        unreachable!()
    };
    live.event(at(1), &Event::Step(PhoneStep { up: true, ..known }));
    let lines = screen(&live, 80, 24, tick(1));
    assert!(lines[1].contains(" up "), "{lines:?}");
    assert_eq!(lines[2], "0 of 1 done, 1 up");
}
