//! Phones on an interface without an address, and the reason that is given for an interface.

use super::{
    Act::*,
    steps::{enters, line},
    *,
};

const PHONE: &str = "001D45AABB0C";
const LOAD: &str = "SCCP45.9-3-1SR1-1S";

/// A phone on `eth1`, which has no address; Wi-Fi or a LAN on `eth0`.
fn on_eth1() -> TestEnvironment {
    let environment = test_environment().with_phone_on("eth1", PHONE, "7965", LOAD);
    environment.target();
    environment
}

#[test]
fn a_phone_on_an_interface_without_an_address_is_served_once_it_has_one() {
    let mut environment = on_eth1();
    *environment.assigned.get_mut() = Some(Interface::example("eth1", 20));
    let acts = vec![Enter, Enter, Pick("Yes: continue"), Enter, Enter, Enter];
    let (answers, script, ended) = environment.run(&[], acts);
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    let output = &script.output;
    for text in [
        "eth1 has no IPv4 address, so reflash cannot serve phones there yet",
        "1 phone detected on eth1, but eth1 has no IPv4 address",
        "    assign eth1",
        "    remove eth1",
        "Serving address: 192.0.2.20 (eth1: 1 phone detected there)",
    ] {
        assert!(output.contains(text), "{text}\n{output}");
    }
    let line = line(&environment, &answers);
    assert!(line.contains("--interface eth1"), "{line}");
}

#[test]
fn without_an_address_another_interface_can_be_used() {
    let mut environment = on_eth1();
    let acts = vec![
        Enter,
        Enter,
        Pick("Yes"),
        Pick("another"),
        Enter,
        Enter,
        Enter,
    ];
    let (_, script, ended) = environment.run(&[], acts);
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    let output = &script.output;
    assert!(
        output.contains("eth1 still has no IPv4 address."),
        "{output}"
    );
    // The question is repeated while nothing has changed.
    assert_eq!(
        output.matches("? Has eth1 an address now?").count(),
        2,
        "{output}"
    );
    assert!(output.contains("(eth0: you chose it)"), "{output}");
}

#[test]
fn a_machine_without_any_address_shows_the_commands_too() {
    let mut environment = on_eth1();
    environment.interfaces.get_mut().clear();
    *environment.assigned.get_mut() = Some(Interface::example("eth1", 20));
    let acts = vec![Enter, Enter, Pick("Yes"), Enter, Enter, Enter];
    let (answers, script, ended) = environment.run(&[], acts);
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    assert!(!script.output.contains("Use another network interface"));
    assert!(line(&environment, &answers).contains("--interface eth1"));
}

#[test]
fn a_phone_on_a_part_of_a_bridge_is_served_by_the_bridge() {
    let mut environment = test_environment().with_phone_on("eth1", PHONE, "7965", LOAD);
    environment.target();
    environment
        .interfaces
        .get_mut()
        .push(Interface::example("br0", 30));
    environment
        .bridges
        .insert("eth1".to_owned(), "br0".to_owned());
    let (answers, script, ended) = environment.run(&[], enters(5));
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    assert!(
        !script.output.contains("no IPv4 address"),
        "{}",
        script.output
    );
    assert!(line(&environment, &answers).contains("--interface br0"));
}

#[test]
fn the_interface_of_the_chosen_phone_counts() {
    let mut environment = test_environment()
        .with_phone("001D45AABB0D", "7965", LOAD)
        .with_phone_on("eth1", PHONE, "7965", LOAD);
    environment.target();
    environment
        .interfaces
        .get_mut()
        .push(Interface::example("eth1", 20));
    let acts = [vec![Enter, Pick("Only SEP001D45AABB0C")], enters(3)].concat();
    let (answers, script, ended) = environment.run(&[], acts);
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    assert!(line(&environment, &answers).contains("--interface eth1"));
}

#[test]
fn checking_again_uses_the_phones_that_were_detected() {
    // Nothing was detected at first: eth0 is checked. After going back and listening again, a phone
    // is known on eth1.
    let mut environment = test_environment();
    environment.target();
    environment.interfaces.get_mut().push(Interface {
        wireless: true,
        ..Interface::example("eth1", 20)
    });
    let (_, script, _) = environment.run(&[], vec![Enter, Enter, Stop]);
    assert!(
        script.output.contains("(eth0: set by the test)"),
        "{}",
        script.output
    );
    let mut answers = answers(&[]);
    let acts = vec![
        Enter,
        Pick("Several"),
        Enter,
        Pick("Back"),
        Pick("Listen again"),
        Stop,
    ];
    let mut script = ScriptedPrompt::new(acts);
    assert!(flow::run(&mut answers, &mut script, &mut environment).is_err());
    let mut environment = environment.with_phone_on("eth1", PHONE, "7965", LOAD);
    let mut script = ScriptedPrompt::new(vec![Enter, Pick("Listen again"), Enter, Enter, Stop]);
    assert!(flow::run(&mut answers, &mut script, &mut environment).is_err());
    let expected = "(eth1: 1 phone detected there)";
    assert!(script.output.contains(expected), "{}", script.output);
}

#[test]
fn a_phone_that_was_detected_earlier_is_kept() {
    let environment = test_environment()
        .with_phone("001D45AABB0C", "7965", LOAD)
        .with_phone("001D45AABB0D", "7965", LOAD);
    let detected = |environment: &TestEnvironment| DetectedPhones {
        phones: environment.detected.borrow().clone(),
        ..DetectedPhones::default()
    };
    let mut now = detected(&test_environment().with_phone_on("eth1", PHONE, "7965", LOAD));
    now.add_earlier(detected(&environment));
    let shown: Vec<_> = now
        .phones
        .iter()
        .map(|(interface, phone)| (interface.as_str(), phone.mac.upper_hex()))
        .collect();
    let expected = [("eth1", "001D45AABB0C"), ("eth0", "001D45AABB0D")];
    assert_eq!(shown, expected.map(|(name, mac)| (name, mac.to_owned())));
}

#[test]
fn an_interface_that_was_given_is_used_without_a_question() {
    let mut environment = on_eth1();
    let (_, script, ended) = environment.run(&["--interface", "eth0"], enters(4));
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    assert!(
        !script.output.contains("Has eth1 an address"),
        "{}",
        script.output
    );
}

#[test]
fn a_cable_that_was_connected_meanwhile_is_listened_to() {
    let mut environment = test_environment();
    environment.target();
    let acts = vec![Enter, Pick("the first that comes"), Pick("Back"), Stop];
    let (_, script, _) = environment.run(&[], acts.clone());
    let listened = |output: &str| output.matches("Listening for phones for 5 s").count();
    let before = listened(&script.output);
    // The links change between the two visits of the page.
    environment.changes_links = true;
    let (_, script, _) = environment.run(&[], acts);
    assert!(listened(&script.output) > before, "{}", script.output);
}

#[test]
fn phones_are_listened_for_from_the_page_of_the_network() {
    let mut environment = test_environment();
    environment.target();
    let acts = vec![
        Enter,
        Pick("the first that comes"),
        Pick("Listen again for phones"),
        Stop,
    ];
    let (_, script, _) = environment.run(&[], acts);
    let output = &script.output;
    assert!(output.contains("for 65 s … (Enter: stop)"), "{output}");
}

#[test]
fn a_dhcp_server_that_cannot_be_configured_has_a_way_out() {
    let mut environment = test_environment();
    environment.target();
    environment.looks = VecDeque::from([vec![finding("no-tftp-address", Severity::Warning)]]);
    let acts = vec![
        Enter,
        Pick("the first that comes"),
        Pick("settings for my DHCP server"),
        Pick("My internet router"),
        Enter,
        Stop,
    ];
    let (_, script, _) = environment.run(&[], acts);
    let output = &script.output;
    for text in ["dnsmasq (also Pi-hole, OpenWrt)", "--dhcp isolated"] {
        assert!(output.contains(text), "{text}: {output}");
    }
}

#[test]
fn phones_without_a_dhcp_server_are_offered_addresses_first() {
    let mut environment = test_environment().with_phone("001D45AABB0C", "7965", LOAD);
    environment.target();
    let mut none = finding("no-tftp-address", Severity::Error);
    none.message = "no DHCP server answered on eth0 within 6 s".to_owned();
    environment.looks = VecDeque::from([vec![none]]);
    let (_, script, _) = environment.run(&[], vec![Enter, Enter, Stop]);
    let offered = script.offered.last().unwrap();
    assert!(offered.contains("Let reflash serve addresses"), "{offered}");
}
