//! Instructions during the run, and the question at its end.

use std::sync::{Arc, Mutex};

use super::{
    super::{answers::PhoneSetup, display_check, guide::Guide, guided_reporter::GuidedReporter},
    Act::*,
    *,
};
use crate::{
    diagnose::{Code, Finding},
    phone::RESET_KEYS,
    reporter::{Reporter, Started, Tick},
    track::{
        Event, Fleet, Observation, ObservationKind, PhoneId, PhoneRef, PhoneStep, Plan,
        RemarkMeaning, Report, State, StepDetails,
    },
};

fn guide(numbers: &[&str]) -> Guide {
    let models = numbers.iter().filter_map(|number| Model::by_number(number));
    Guide::new(models.collect(), PhoneSetup::default())
}

fn step(id: u32, state: State) -> PhoneStep {
    PhoneStep {
        phone: PhoneRef {
            id: PhoneId(id),
            mac: Some(MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, 0x0c])),
            address: Ipv4Addr::new(192, 0, 2, 101),
            model: None,
            family: None,
            name: None,
        },
        done: matches!(state, State::Confirmed | State::Already),
        up: false,
        state,
        pass: 1,
        details: StepDetails::default(),
    }
}

#[test]
fn phones_without_recovery_manifest_are_restarted_and_not_reset() {
    let models = |numbers: &[&str]| -> Vec<&'static Model> {
        let found = numbers.iter().filter_map(|number| Model::by_number(number));
        found.collect()
    };
    let stuck = guide(&["7945", "7965"]).without_recovery(&models(&["7945", "7965"]));
    let output = stuck.opening().join("\n");
    assert!(output.contains("Do not reset a 7945, 7965"), "{output}");
    assert!(
        output.contains("**#**") && !output.contains(RESET_KEYS),
        "{output}"
    );
    let mut stuck = stuck;
    for state in [State::Seen, State::Configuring] {
        let said = stuck.step(&step(1, state)).unwrap_or_default();
        assert!(!said.contains("reset"), "{said}");
    }
    let one = guide(&["7945", "7965"]).without_recovery(&models(&["7965"]));
    let output = one.opening().join("\n");
    assert!(output.contains("Do not reset a 7965"), "{output}");
    assert!(output.contains(RESET_KEYS), "{output}");
}

#[test]
fn phones_with_a_loader_are_restarted_and_not_reset() {
    let mut first = guide(&["7940", "7960"]);
    let output = first.opening().join("\n");
    assert!(
        output.contains("7940, 7960: disconnect the phone's power"),
        "{output}"
    );
    assert!(!output.contains(RESET_KEYS), "{output}");
    let said = first.step(&step(1, State::Seen)).unwrap_or_default();
    assert!(said.contains("Restart it"), "{said}");
    let mixed = guide(&["7960", "7965"]).opening().join("\n");
    assert!(
        mixed.contains("7960: disconnect") && mixed.contains(RESET_KEYS),
        "{mixed}"
    );
}

#[test]
fn opening_names_lamps_and_hazards_of_each_model() {
    for (number, lamps, hazard) in [
        ("7965", "turn red", Some("FN63772")),
        ("7941", "turn red", None),
        ("7970", "turn green", Some("power supply")),
        ("7911", "flashes faster", None),
    ] {
        let output = guide(&[number]).opening().join("\n");
        assert!(output.contains(RESET_KEYS), "{output}");
        assert!(output.contains("within 60 seconds"), "{output}");
        assert!(output.contains(lamps), "{number}: {output}");
        assert_eq!(output.contains("Caution, "), hazard.is_some(), "{output}");
        assert!(
            hazard.is_none_or(|words| output.contains(words)),
            "{output}"
        );
    }
    let both = guide(&["7945", "7965"]).opening().join("\n");
    assert_eq!(both.matches("Keep holding").count(), 1, "{both}");
    let mixed = guide(&["7970", "7911"]).opening().join("\n");
    assert!(
        mixed.contains("(7911)") && mixed.contains("(7970)"),
        "{mixed}"
    );
}

#[test]
fn each_instruction_is_given_once() {
    let mut guide = guide(&["7965"]);
    let mut output = |state| guide.step(&step(1, state));
    let taken = output(State::Manifest).unwrap();
    assert!(taken.contains("The reset was accepted"), "{taken}");
    assert!(output(State::Images).unwrap().contains("DO NOT UNPLUG"));
    assert_eq!(output(State::Images), None);
    assert!(output(State::Writing).unwrap().contains("DO NOT UNPLUG"));
    assert!(output(State::Rebooted).unwrap().contains("DO NOT UNPLUG"));
    assert_eq!(output(State::Stalled), None, "the display shows that");
    assert!(output(State::Confirmed).unwrap().contains("is converted"));
}

#[test]
fn a_phone_that_fetched_all_images_is_not_called_one_with_new_firmware() {
    let text = guide(&["7965"]).step(&step(1, State::Flashed)).unwrap();
    assert!(text.contains("fetched all images and starts"), "{text}");
    assert!(!text.contains("has the new firmware"), "{text}");
}

#[test]
fn only_a_phone_with_a_configuration_is_to_register() {
    let models = || vec![Model::by_number("7965").unwrap()];
    let phone = step(1, State::Confirmed);
    let setup = |configured: Vec<MacAddress>| PhoneSetup {
        pbx: Some("the PBX 192.0.2.20".to_owned()),
        models: models(),
        configured,
    };
    let mac = phone.phone.mac.unwrap();
    let mut listed = Guide::new(models(), setup(vec![mac]));
    let text = listed.step(&phone).unwrap();
    assert!(text.contains("is to register with the PBX"), "{text}");
    let mut other = Guide::new(models(), setup(Vec::new()));
    let text = other.step(&phone).unwrap();
    assert!(text.contains("does not register"), "{text}");
    // The configuration of a phone of another model is withheld.
    let mut wrong = Guide::new(models(), setup(vec![mac]));
    wrong.diagnosed(phone.phone.id, Code::ModelMismatch, true);
    let text = wrong.step(&phone).unwrap();
    assert!(text.contains("made for another model"), "{text}");
    assert!(!text.contains("is to register"), "{text}");
}

#[test]
fn a_phone_on_a_cable_is_not_sent_to_a_switch_and_the_bridge_is_announced() {
    let output = guide(&["7965"]).isolated(true).opening().join("\n");
    assert!(output.contains("to this machine, directly"), "{output}");
    assert!(!output.contains("same switch"), "{output}");
    let bridge = Some("SCCP45.8-5-2S".to_owned());
    let output = guide(&["7965"]).bridge(bridge).opening().join("\n");
    assert!(
        output.contains("gets the bridge SCCP45.8-5-2S first"),
        "{output}"
    );
}

#[test]
fn a_run_that_continues_has_no_reset_instructions() {
    let output = guide(&["7965"]).resumed(true).opening().join("\n");
    assert!(!output.contains(RESET_KEYS), "{output}");
    assert!(output.contains("plugged in"), "{output}");
}

/// Keeps all notices.
struct Notices(Arc<Mutex<Vec<String>>>);

impl Reporter for Notices {
    fn started(&mut self, _: jiff::Timestamp, started: &Started) {
        for message in &started.messages {
            self.notice(message);
        }
    }
    fn event(&mut self, _: jiff::Timestamp, _: &Event) {}
    fn finding(&mut self, _at: jiff::Timestamp, found: &Finding) {
        for line in crate::display::finding(found, crate::display::Style::plain()).lines() {
            self.notice(line);
        }
    }

    fn tick(&mut self, _: Tick) {}
    fn notice(&mut self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
    fn finished(&mut self, _: jiff::Timestamp, _: &Report, _: &[String]) {}
}

#[test]
fn reset_instructions_follow_the_survey() {
    let started = Started {
        tftp: std::net::SocketAddrV4::new(Ipv4Addr::LOCALHOST, 69),
        http: None,
        web: None,
        root: PathBuf::new(),
        journal: None,
        stages: Vec::new(),
        messages: Vec::new(),
    };
    for surveys in [false, true] {
        let output = Arc::new(Mutex::new(Vec::new()));
        let inner = Box::new(Notices(Arc::clone(&output)));
        let mut guided = GuidedReporter::new(inner, guide(&["7965"]), surveys);
        let keys = || {
            output
                .lock()
                .unwrap()
                .join("\n")
                .matches(RESET_KEYS)
                .count()
        };
        guided.started(jiff::Timestamp::UNIX_EPOCH, &started);
        assert_eq!(keys(), usize::from(!surveys));
        guided.survey_finished(jiff::Timestamp::UNIX_EPOCH, &[]);
        assert_eq!(keys(), 1);
    }
}

#[test]
fn instructions_are_given_once() {
    let models: Vec<_> = ["7940", "7960", "8831"]
        .iter()
        .filter_map(|number| Model::by_number(number))
        .collect();
    let mut messages = crate::phone::restart_instructions(&models);
    messages.push("ports are open: all".to_owned());
    let started = Started {
        tftp: std::net::SocketAddrV4::new(Ipv4Addr::LOCALHOST, 69),
        http: None,
        web: None,
        root: PathBuf::new(),
        journal: None,
        stages: Vec::new(),
        messages,
    };
    let output = Arc::new(Mutex::new(Vec::new()));
    let inner = Box::new(Notices(Arc::clone(&output)));
    let mut guided = GuidedReporter::new(inner, guide(&["7960", "8831"]), false);
    guided.started(jiff::Timestamp::UNIX_EPOCH, &started);
    let output = output.lock().unwrap().join("\n");
    assert_eq!(output.matches("Copying to Bank").count(), 1, "{output}");
    assert_eq!(output.matches("Mute key").count(), 1, "{output}");
    assert!(output.contains("ports are open: all"), "{output}");
}

#[test]
fn many_phones_get_no_instructions_of_their_own() {
    let mut guide = guide(&["7965"]);
    let spoken = (0..50).filter_map(|id| guide.step(&step(id, State::Manifest)));
    assert_eq!(spoken.count(), 4);
}

fn report(state: State) -> crate::track::Report {
    let mut report = Fleet::new(Plan::default()).report(jiff::Timestamp::UNIX_EPOCH);
    report.phones.push(crate::track::PhoneReport {
        id: PhoneId::UNKNOWN,
        mac: None,
        address: Ipv4Addr::new(192, 0, 2, 101),
        model: None,
        family: None,
        name: None,
        listed_model: None,
        on_inventory: None,
        from: None,
        to: None,
        state,
        reason: None,
        done: matches!(state, State::Confirmed | State::Already),
        rests_on: None,
        up: false,
        restarts: crate::track::RestartStatus::default(),
        uplink: crate::track::Uplink::default(),
        lines: Vec::new(),
        pass: 1,
        evidence: Vec::new(),
        files: Vec::new(),
        diagnoses: Vec::new(),
        withdrawn: Vec::new(),
        first_seen: jiff::Timestamp::UNIX_EPOCH,
        last_seen: jiff::Timestamp::UNIX_EPOCH,
    });
    report
}

#[test]
fn display_check_asks_about_unconfirmed_phones() {
    let asked = |state, acts| {
        let mut script = ScriptedPrompt::new(acts);
        let output = display_check::ask_each_phone(&report(state), &mut script);
        (output, script)
    };
    let (output, script) = asked(State::Flashed, vec![Enter]);
    let [
        Observation {
            address,
            kind:
                ObservationKind::Remark {
                    source,
                    detail,
                    means: None,
                },
        },
    ] = &output.unwrap()[..]
    else {
        panic!("{}", script.output);
    };
    assert_eq!(
        (*address, *source),
        (Ipv4Addr::new(192, 0, 2, 101), EvidenceSource::Person)
    );
    assert!(
        detail.contains("SIP at Settings > Model Information"),
        "{detail}"
    );
    assert!(
        asked(State::Flashed, vec![Pick("cannot")])
            .0
            .unwrap()
            .is_empty()
    );
    assert!(asked(State::Confirmed, vec![]).0.unwrap().is_empty());
    let (output, script) = asked(State::Flashed, vec![Pick("SCCP")]);
    let [observation] = &output.unwrap()[..] else {
        panic!("{}", script.output);
    };
    assert!(
        matches!(
            observation.kind,
            ObservationKind::Remark {
                means: Some(RemarkMeaning::RunsSccp),
                ..
            }
        ),
        "{observation:?}"
    );
    assert!(asked(State::Flashed, vec![Stop]).0.is_err());
}
