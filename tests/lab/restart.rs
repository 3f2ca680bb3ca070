//! `reflash restart` on a PBX, with phones that obey NOTIFY by the rules of Cisco's SIP stack.

mod lab;

use std::{
    fs,
    process::{Command, Stdio},
};

use serde_json::Value;

use self::lab::{Lab, REFLASH};
use crate::support::lan::wait_for;

fn statuses(document: &Value) -> Vec<&str> {
    let phones = document["phones"].as_array();
    let phones = phones.unwrap_or_else(|| panic!("{document:#}"));
    phones
        .iter()
        .map(|phone| phone["restart"].as_str().unwrap_or("none"))
        .collect()
}

const INVENTORY: &str = "
[site]
pbx = '192.0.2.1'
transport = 'tcp'
[[phone]]
mac = '001D45AABB01'
model = 7965
extension = 1001
[[phone]]
mac = '001D45AABB02'
model = 7965
extension = 1002
[[phone]]
mac = '001D45AABB03'
model = 7960
extension = 1003
";

#[test]
fn phones_over_tcp_and_udp_restart_with_captured_call_ids_and_are_back() {
    let mut lab = Lab::new("rst", &[]);
    lab.write("office.toml", INVENTORY);
    lab.phone(0, &["tcp", "refresh"]);
    // Asterisk has its Call-ID from before it lost its power.
    lab.phone(1, &["tcp", "refresh", "stale"]);
    lab.phone(2, &["check-sync", "refresh"]);
    let common = [
        "--inventory",
        "office.toml",
        "--ami",
        "ami.toml",
        "--interface",
        "eth0",
    ];
    let run = [&common[..], &["--capture-time", "30s", "--wait", "30s"]].concat();
    let (code, document) = lab.restart(&run);
    assert_eq!(statuses(&document), ["back"; 3], "{document:#}");
    assert_eq!(code, Some(0));
    for number in 0..3 {
        assert_eq!(lab.log(number), ["notify 200", "reset"], "phone {number}");
    }
    for phone in document["phones"].as_array().unwrap() {
        let evidence = phone["evidence"].as_str().unwrap();
        assert!(evidence.starts_with("REGISTER with alarm 22"), "{evidence}");
    }
    let record = fs::read_to_string(lab.record()).unwrap();
    let kinds = |kind: &str| record.matches(&format!("\"kind\":\"{kind}\"")).count();
    assert_eq!(kinds("order"), 3, "{record}");

    // Within five minutes, no phone is ordered again.
    let (code, document) = lab.restart(&run);
    assert_eq!(code, Some(1));
    for phone in document["phones"].as_array().unwrap() {
        assert_eq!(phone["reason"], "ordered-recently", "{document:#}");
    }
    assert_eq!(lab.log(0).len(), 2);
}

#[test]
fn a_stale_call_id_is_answered_with_400_and_explained() {
    let mut lab = Lab::new("rst4", &[]);
    lab.write("office.toml", INVENTORY);
    lab.phone(1, &["tcp", "stale"]);
    let (code, document) = lab.restart(&[
        "1002",
        "--inventory",
        "office.toml",
        "--ami",
        "ami.toml",
        "--interface",
        "eth0",
        "--wait",
        "20s",
    ]);
    assert_eq!(
        (code, statuses(&document)),
        (Some(1), vec!["ignored"]),
        "{document:#}"
    );
    let phone = &document["phones"][0];
    let evidence = phone["evidence"].as_str().unwrap();
    assert!(
        evidence.contains("Asterisk keeps the Call-ID of the first REGISTER"),
        "{evidence}"
    );
    let cure = phone["cure"].as_str().unwrap();
    assert!(
        cure.contains("database del registrar/contact \"1002;@0123abcd\""),
        "{cure}"
    );
    assert_eq!(lab.log(1), ["notify 400"]);
}

#[test]
fn without_a_capture_asterisk_shows_that_a_phone_is_back() {
    let mut lab = Lab::new("rsta", &["busy=1001:4"]);
    lab.write("office.toml", INVENTORY);
    // In a call at first, and ordered after it.
    lab.phone(0, &["tcp"]);
    // Its call begins later: it answers 200 and restarts after the call.
    lab.phone(1, &["tcp", "call=8"]);
    let run = [
        "1001",
        "1002",
        "--inventory",
        "office.toml",
        "--ami",
        "ami.toml",
    ];
    let (code, document) = lab.restart(&[&run[..], &["--wait", "60s"]].concat());
    assert_eq!(statuses(&document), ["back"; 2], "{document:#}");
    assert_eq!(code, Some(0));
    let evidence = document["phones"][0]["evidence"].as_str().unwrap();
    assert_eq!(evidence, "Asterisk has a registration with a new Call-ID");
}

#[test]
fn over_udp_a_phone_answers_by_the_rules_of_its_stack() {
    for (options, extension, answer, restart) in [
        (&[][..], "1001", "notify 200", "back"),
        // It puts the restart off until the end of a call.
        (&["call=3"], "1001", "notify 200", "back"),
        (&["address-proxy"], "1001", "notify 400", "ignored"),
        (&[], "1009", "notify 404", "ignored"),
        // Its User-Agent names the model, which obeys another event.
        (&["check-sync"], "1001", "notify 200", "back"),
    ] {
        let mut lab = Lab::new("rstu", &[]);
        let options: Vec<&str> = options.iter().copied().chain(["refresh"]).collect();
        lab.phone(0, &options);
        let phone = format!("001D45AABB01={extension}");
        let run = [&phone, "--interface", "eth0", "--wait", "20s"];
        let (_, document) = lab.restart(&run);
        assert_eq!(statuses(&document), [restart], "{options:?} {document:#}");
        assert_eq!(document["phones"][0]["way"], "udp");
        assert_eq!(lab.log(0)[0], answer, "{options:?}");
    }
}

/// It takes 32 s: RFC 3261 gives a request so long (timer F).
#[test]
fn a_silent_phone_is_given_up_after_32_seconds() {
    let mut lab = Lab::new("rsts", &[]);
    lab.phone(0, &["silent", "refresh"]);
    let (code, document) = lab.restart(&["001D45AABB01=1001", "--interface", "eth0"]);
    assert_eq!(
        (code, statuses(&document)),
        (Some(1), vec!["ignored"]),
        "{document:#}"
    );
    let evidence = document["phones"][0]["evidence"].as_str().unwrap();
    assert_eq!(evidence, "the phone did not answer in 32 s");
    assert_eq!(lab.log(0), ["notify dropped"; 11]);
}

#[test]
fn a_phone_over_tcp_gets_no_notify_without_ami() {
    let mut lab = Lab::new("rstt", &[]);
    lab.phone(0, &["tcp", "refresh"]);
    let (code, document) = lab.restart(&["001D45AABB01=1001", "--interface", "eth0"]);
    assert_eq!(code, Some(1));
    assert_eq!(document["phones"][0]["reason"], "only-pbx", "{document:#}");
    assert!(lab.log(0).is_empty());
}

#[test]
fn a_hostile_manager_ends_the_run_and_no_phone_is_ordered() {
    for (manager, expected) in [
        (
            "manager=junk",
            "more than 1000 messages with another ActionID",
        ),
        ("manager=silent", "did not answer in 10 s"),
    ] {
        let mut lab = Lab::new("rsth", &[manager]);
        lab.write("office.toml", INVENTORY);
        lab.phone(0, &["tcp"]);
        let (code, said) =
            lab.restart(&["1001", "--inventory", "office.toml", "--ami", "ami.toml"]);
        assert_eq!(code, Some(1));
        let said = said.as_str().unwrap();
        assert!(said.contains(expected), "{said}");
        assert!(lab.log(0).is_empty());
    }
}

#[test]
fn an_interrupted_run_orders_no_further_phone_and_prints_its_report() {
    let mut lab = Lab::new("rsti", &[]);
    lab.write("office.toml", INVENTORY);
    // It puts its restart off, so that it is still awaited at the signal.
    lab.phone(0, &["tcp", "call=30"]);
    lab.phone(1, &["tcp"]);
    let mut command = lab.hosts.on_server(REFLASH);
    command
        .current_dir(lab.folder.path())
        .args([
            "restart",
            "1001",
            "1002",
            "--json",
            "--yes",
            "--record",
            "restarts.jsonl",
        ])
        .args(["--inventory", "office.toml", "--ami", "ami.toml"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let child = command.spawn().unwrap();
    wait_for(&lab.record(), "\"restart\":\"ordered\"");
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(statuses(&document), ["ordered", "none"], "{document:#}");
    assert_eq!(document["phones"][1]["reason"], "stopped", "{document:#}");
    assert!(lab.log(1).is_empty());
}

#[test]
fn a_dry_run_orders_no_phone_and_writes_no_record() {
    let mut lab = Lab::new("rstd", &["busy=1001:600"]);
    lab.write("office.toml", INVENTORY);
    lab.phone(0, &["tcp"]);
    lab.phone(1, &["tcp"]);
    let run = [
        "--inventory",
        "office.toml",
        "--ami",
        "ami.toml",
        "--dry-run",
    ];
    let (code, document) = lab.restart(&run);
    assert_eq!(code, Some(1));
    let phones = document["phones"].as_array().unwrap();
    let reasons: Vec<_> = phones
        .iter()
        .map(|phone| phone["reason"].as_str())
        .collect();
    assert_eq!(
        reasons,
        [Some("in-call"), None, Some("not-registered")],
        "{document:#}"
    );
    assert_eq!(phones[1]["ready"], true);
    assert!(lab.log(0).is_empty() && lab.log(1).is_empty());
    assert!(!lab.record().exists());
}

#[test]
fn without_consent_and_terminal_no_file_is_opened() {
    let lab = Lab::new("rstc", &[]);
    let output = lab
        .hosts
        .on_server(REFLASH)
        .args(["restart", "--inventory", "missing.toml"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("needs consent") && said.contains("Add --yes, or --dry-run"),
        "{said}"
    );
}
