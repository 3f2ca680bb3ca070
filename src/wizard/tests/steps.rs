//! All steps: forward, back, answered by options, stopped.

use super::{Act::*, *};
use crate::preflight::code;

/// The questions of a plain run: bundle, phones, network, route, configuration, start.
const QUESTIONS: usize = 6;

pub(super) fn enters(count: usize) -> Vec<Act> {
    vec![Enter; count]
}

/// The command line without the key and without the folder's name.
pub(super) fn line(environment: &TestEnvironment, answers: &Answers) -> String {
    let mut words = answers.command_line.clone();
    words.clear("trust_keys");
    let folder = format!("{}/", environment.folder.path().display());
    words.line("convert").replace(&folder, "")
}

#[test]
fn enter_accepts_every_default() {
    let mut environment = test_environment();
    environment.target();
    let (answers, script, ended) = environment.run(&[], enters(QUESTIONS));
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    let line = line(&environment, &answers);
    assert_eq!(
        line,
        "reflash convert cmterm-7945_7965-sip.9-3-1SR4-1.zip --expect 1"
    );
    assert!(
        script
            .output
            .contains(&answers.command_line.lines("sudo reflash", "convert"))
    );
    assert!(script.output.contains("run.jsonl"), "{}", script.output);
}

#[test]
fn given_options_are_not_asked() {
    let mut environment = test_environment();
    let path = environment.target();
    let bridge = environment.bridge();
    let flags = [
        path.to_str().unwrap(),
        "--bridge",
        bridge.to_str().unwrap(),
        "--expect",
        "3",
        "--interface",
        "eth0",
        "--timeout",
        "2h",
    ];
    let (answers, script, ended) = environment.run(&flags, enters(2));
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    assert_eq!(script.offered, ["No, firmware only", "Start"]);
    let line = line(&environment, &answers);
    let wanted = "--interface eth0 --expect 3 --timeout 2h";
    assert!(line.ends_with(wanted), "{line}");
    // Going back leads to the configuration; nothing was asked before it.
    let (_, script, ended) = environment.run(&flags, vec![Back, Pick("Leave")]);
    assert!(matches!(ended, Err(Stopped::Left)), "{}", script.output);
}

#[test]
fn going_back_keeps_the_answers() {
    let mut environment = test_environment();
    environment.target();
    environment.bridge();
    let acts = vec![
        Enter,
        Pick("Several"),
        types("0"),
        types("five"),
        types("5"),
        Enter,
        Pick("No: try"),
        Enter,
        // Goes back from the summary to the first question, and forward with Enter only.
        Back,
        Pick("Back"),
        Back,
        Back,
        Pick("Back"),
        Back,
        Pick("Stay"),
        Enter,
        Enter,
        Enter,
        Enter,
        Pick("No: try"),
        Enter,
        Enter,
    ];
    let (answers, script, ended) = environment.run(&[], acts);
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    assert!(script.is_done(), "{}", script.output);
    assert!(line(&environment, &answers).ends_with("--expect 5"));
    assert!(script.output.contains("Type a number from 1 to 4096."));
}

#[test]
fn signal_at_any_question_ends_it_and_writes_nothing() {
    for question in 0..QUESTIONS {
        let mut environment = test_environment();
        environment.target();
        let mut acts = enters(question);
        acts.push(Stop);
        let (_, script, ended) = environment.run(&[], acts);
        assert!(
            matches!(ended, Err(Stopped::Signal(2))),
            "{}",
            script.output
        );
        let left = std::fs::read_dir(environment.folder.path())
            .unwrap()
            .count();
        assert_eq!(left, 1, "the bundle alone is there");
    }
}

#[test]
fn detected_phones_are_chosen_by_mac() {
    let mut environment = test_environment()
        .with_phone("001D45AABB0C", "7965", "SCCP45.9-3-1SR1-1S")
        .with_phone("001D45AABB0D", "7945", "SCCP45.8-5-2S")
        .with_phone("001D45AABB0E", "7975", "SCCP75.8-5-2S");
    environment.target();
    let (answers, script, ended) = environment.run(&[], enters(QUESTIONS - 1));
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    let output = &script.output;
    assert!(
        output.contains("This firmware is for 2 of them"),
        "{output}"
    );
    // Both loads can verify the target: no bridge is offered.
    assert!(output.contains("route: direct"), "{output}");
    let line = line(&environment, &answers);
    assert!(line.contains("--only 001d45aabb0c,001d45aabb0d"), "{line}");
    assert!(line.contains("--interface eth0"), "detected there: {line}");
    let numbers: Vec<&str> = answers.wanted_models().iter().map(|it| it.number).collect();
    assert_eq!(numbers, ["7945", "7965"]);
}

#[test]
fn old_load_needs_the_bridge() {
    let mut environment = test_environment().with_phone("001D45AABB0C", "7965", "SCCP45.8-3-1S");
    environment.target();
    environment.bridge();
    let (answers, script, ended) = environment.run(&[], enters(QUESTIONS));
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    let output = &script.output;
    assert!(output.contains("runs a load below 8.3(3)"), "{output}");
    let line = line(&environment, &answers);
    let bridge = "--bridge cmterm-7945_7965-sccp.8-5-2.zip";
    assert!(line.contains(bridge), "{line}");

    // A path that cannot be read is not accepted as the bridge.
    let acts = vec![
        Enter,
        Enter,
        Enter,
        Pick("type the path"),
        types("x.zip"),
        Stop,
    ];
    let (_, script, _) = environment.run(&[], acts);
    assert!(
        script.output.contains("cannot read x.zip"),
        "{}",
        script.output
    );
}

#[test]
fn survey_is_offered_when_loads_are_unknown() {
    let mut environment = test_environment();
    environment.target();
    environment.bridge();
    let listens = vec![Enter, Enter, Enter, Pick("First survey")];
    let (answers, script, ended) =
        environment.run(&[], [listens.clone(), vec![Enter, Enter, Enter]].concat());
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    let output = line(&environment, &answers);
    assert!(output.contains("--survey 5m"), "{output}");
    assert!(output.contains("--bridge"), "{output}");
    assert!(
        script.output.contains("begins with a survey"),
        "{}",
        script.output
    );

    // The survey can be declined afterwards.
    let acts = [listens, vec![Pick("No survey"), Pick("No: try"), Stop]].concat();
    let (answers, ..) = environment.run(&[], acts);
    let output = line(&environment, &answers);
    assert!(!output.contains("--survey"), "{output}");

    // The survey is not offered without time for it, or if `--survey` is given.
    for flag in ["--timeout=5m", "--survey=9m"] {
        let acts = vec![Enter, Enter, Enter, Stop];
        let (answers, script, _) = environment.run(&[flag], acts);
        let offered = script.offered.concat() + &script.output;
        assert!(!offered.contains("First survey "), "{flag}: {offered}");
        let kept = line(&environment, &answers).contains("--survey 9m");
        assert_eq!(kept, flag.contains("survey"), "{flag}");
    }
}

#[test]
fn busy_port_blocks_until_it_is_free() {
    let mut environment = test_environment();
    environment.target();
    let busy = finding(code::PORT_BUSY, Severity::Error);
    environment.looks = VecDeque::from([vec![busy], Vec::new()]);
    let (_, script, ended) = environment.run(
        &[],
        vec![
            Enter,
            Enter,
            Pick("check again"),
            Enter,
            Enter,
            Enter,
            Enter,
        ],
    );
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    let (before, _) = script.output.split_once("Pick(\"check again\")").unwrap();
    let (_, menu) = before.rsplit_once("? What next?").unwrap();
    assert!(!menu.contains("Continue"), "{menu}");
}

#[test]
fn missing_privileges_show_the_sudo_command() {
    let mut environment = test_environment();
    environment.target();
    environment.capture_error = Some("this user may not".to_owned());
    environment.looks = VecDeque::from([vec![finding(code::NO_RIGHT, Severity::Error)]]);
    let (_, script, ended) = environment.run(&[], vec![Enter, Enter, Enter]);
    assert!(matches!(ended, Err(Stopped::Left)));
    let output = &script.output;
    assert!(output.contains("  sudo /"), "{output}");
    assert!(output.contains(" wizard "), "{output}");
    assert!(output.contains("wizard --model 7945 /"), "{output}");
    assert!(output.contains("--expect 1"), "{output}");
    assert!(output.contains("Phones cannot be detected"), "{output}");
    assert!(!output.contains("Listen again"), "{output}");
}

#[test]
fn dhcp_settings_are_shown_or_reflash_serves_dhcp() {
    let mut environment = test_environment();
    environment.target();
    let missing = finding(code::NO_TFTP_ADDRESS, Severity::Error);
    environment.looks = VecDeque::from([vec![missing.clone()], vec![missing], Vec::new()]);
    let acts = vec![
        Enter,
        Enter,
        Pick("settings for my DHCP server"),
        Pick("dnsmasq"),
        Enter,
        Pick("serve addresses"),
        Pick("check again"),
        Enter,
        Enter,
        Enter,
        Enter,
    ];
    let (answers, script, ended) = environment.run(&[], acts);
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    assert!(
        script.output.contains("dhcp-option=150,192.0.2.10"),
        "{}",
        script.output
    );
    assert!(line(&environment, &answers).contains("--dhcp isolated"));
    assert!(script.output.contains("Continue anyway"));
}

#[test]
fn interface_is_asked_and_findings_have_pages() {
    let mut environment = test_environment();
    environment.target();
    environment
        .interfaces
        .get_mut()
        .push(Interface::example("eth1", 11));
    let many = vec![finding(code::FIREWALL, Severity::Warning); 9];
    environment.looks = VecDeque::from([many]);
    let acts = vec![Enter, Enter, Pick("eth1"), Pick("more"), Pick("Continue")];
    let (answers, script, _) = environment.run(&[], [acts, vec![Stop]].concat());
    assert!(line(&environment, &answers).contains("--interface eth1"));
    assert!(script.output.contains("Show 4 more"), "{}", script.output);
}
