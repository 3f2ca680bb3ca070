//! `check` as the first step of `convert`: findings are reported while phones are served.

use std::process::Command;

use serde_json::Value;

use super::{REFLASH, SERVER, dnsmasq, lan, own_dhcp_server::bundle};
use crate::support::{lan::Lan, process::Running, require_program};

fn convert(lan: &Lan, arguments: &[&str]) -> Command {
    let mut command = lan.on("server", REFLASH);
    command.arg("convert").arg(bundle(lan));
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/test-key.pem");
    command.args(["--trust-key", key]).args(arguments);
    command
}

fn time(line: &Value) -> jiff::Timestamp {
    line["at"].as_str().unwrap().parse().unwrap()
}

#[test]
#[ignore = "needs root (network namespaces) and dnsmasq"]
fn dhcp_findings_follow_while_phones_are_served() {
    require_program("dnsmasq");
    let mut lan = lan("first");
    dnsmasq(&mut lan, "router", &[]);
    let mut run = Running::start(&mut convert(&lan, &["--json"]));
    let started = run.kind("started");
    let found = run.kind("diagnosis");
    assert_eq!(found["code"], "no-tftp-address", "{found:#}");
    assert_eq!(
        (&found["phone"], &found["severity"]),
        (&Value::Null, &"error".into())
    );
    let evidence = found["evidence"].as_str().unwrap();
    assert!(
        evidence.contains("192.0.2.1 offers an address"),
        "{evidence}"
    );
    assert!(
        found["cure"].as_str().unwrap().contains(SERVER),
        "{found:#}"
    );
    // The check waits for offers, and the server does not wait for the check.
    let apart = time(&found).duration_since(time(&started));
    assert!(apart.as_secs() >= 4, "{apart}");
    run.signal("INT");
    assert_eq!(
        run.kind("finished")["report"]["phones"],
        Value::Array(Vec::new())
    );
    assert_eq!(run.end(), Some(130));
}

#[test]
#[ignore = "needs root (network namespaces) and dnsmasq"]
fn the_output_lists_findings_with_their_cure_and_passed_checks() {
    require_program("dnsmasq");
    let mut lan = lan("words");
    dnsmasq(
        &mut lan,
        "router",
        &[&format!("--dhcp-option=150,{SERVER}")],
    );
    dnsmasq(&mut lan, "other", &[]);
    let mut run = Running::start(&mut convert(&lan, &[]));
    let has = |line: &Value, words: &str| line.as_str().is_some_and(|line| line.contains(words));
    // Errors come first.
    run.wait_for(|line| has(line, "error: DHCP server 192.0.2.2 offers an address"));
    run.wait_for(|line| has(line, "    → Set option 150"));
    run.wait_for(|line| has(line, "warning: 2 DHCP servers answer on eth0"));
    run.wait_for(|line| has(line, "note: DHCP server 192.0.2.1 announces this machine"));
    run.signal("INT");
    assert_eq!(run.end(), Some(130));
}

#[test]
#[ignore = "needs root (network namespaces), curl and nft"]
fn a_firewall_is_reported_at_once_and_ends_no_run() {
    require_program("nft");
    let lan = lan("wall");
    let chain = [
        "add", "chain", "inet", "wall", "in", "{", "type", "filter", "hook", "input", "priority",
        "0", ";", "policy", "drop", ";", "}",
    ];
    for rule in [&["add", "table", "inet", "wall"][..], &chain] {
        assert!(lan.run("server", "nft", rule).status.success());
    }
    let mut run = Running::start(&mut convert(&lan, &["--json"]));
    let started = run.kind("started");
    let found = run.kind("diagnosis");
    assert_eq!(found["code"], "blocked-by-firewall", "{found:#}");
    assert!(
        found["cure"].as_str().unwrap().contains("sudo nft"),
        "{found:#}"
    );
    let apart = time(&found).duration_since(time(&started));
    assert!(apart.as_secs() < 4, "it did not wait for offers: {apart}");
    // The command is run, and the same run serves.
    for found in [found, run.kind("diagnosis")] {
        let cure = found["cure"].as_str().unwrap().to_owned();
        let line = cure.split_once("sudo ").unwrap().1.to_owned();
        assert!(lan.run("server", "sh", &["-c", &line]).status.success());
    }
    require_program("curl");
    let url = format!("tftp://{SERVER}/XMLDefault.cnf.xml");
    let fetched = lan.run("other", "curl", &["-sS", "--max-time", "20", &url]);
    assert!(fetched.status.success(), "{fetched:?}");
    run.signal("INT");
    assert_eq!(run.end(), Some(130));
}

#[test]
#[ignore = "needs root (network namespaces) and dnsmasq"]
fn no_check_sends_no_dhcp_probe_and_reports_no_finding() {
    require_program("dnsmasq");
    let mut lan = lan("nocheck");
    dnsmasq(&mut lan, "router", &[]);
    let arguments = ["--json", "--no-check", "--timeout", "7s"];
    let mut run = Running::start(&mut convert(&lan, &arguments));
    run.kind("finished");
    let kinds: Vec<&Value> = run.seen.iter().map(|line| &line["kind"]).collect();
    assert_eq!(kinds, ["started", "finished"], "{:#?}", run.seen);
    assert_eq!(run.end(), Some(1), "no phone requested anything");
    let log = lan.folder.path().join("0.log");
    let log_text = std::fs::read_to_string(log).unwrap();
    assert!(!log_text.contains("DHCPDISCOVER"), "{log_text}");
}
