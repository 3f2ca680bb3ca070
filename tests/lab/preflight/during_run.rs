//! `check` as the first step of `convert`: it is said while phones are served.

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
fn what_dhcp_servers_tell_follows_while_phones_are_served() {
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
    let said = found["evidence"].as_str().unwrap();
    assert!(said.contains("192.0.2.1 offers an address"), "{said}");
    assert!(
        found["cure"].as_str().unwrap().contains(SERVER),
        "{found:#}"
    );
    // The offers are waited for, and nobody waits for that.
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
fn people_read_findings_with_their_cure_and_what_is_right_too() {
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
    // The worst first.
    run.wait_for(|line| has(line, "error: DHCP server 192.0.2.2 offers an address"));
    run.wait_for(|line| has(line, "    → Set option 150"));
    run.wait_for(|line| has(line, "warning: 2 DHCP servers answer on eth0"));
    run.wait_for(|line| has(line, "note: DHCP server 192.0.2.1 announces this machine"));
    run.signal("INT");
    assert_eq!(run.end(), Some(130));
}

#[test]
#[ignore = "needs root (network namespaces), curl and nft"]
fn a_firewall_is_said_at_once_and_ends_no_run() {
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
    assert!(apart.as_secs() < 4, "it waited for no offer: {apart}");
    // Somebody pastes the line, and the run that goes on serves.
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
fn without_a_check_nothing_is_asked_and_nothing_found() {
    require_program("dnsmasq");
    let mut lan = lan("nocheck");
    dnsmasq(&mut lan, "router", &[]);
    let arguments = ["--json", "--no-check", "--timeout", "7s"];
    let mut run = Running::start(&mut convert(&lan, &arguments));
    run.kind("finished");
    let kinds: Vec<&Value> = run.seen.iter().map(|line| &line["kind"]).collect();
    assert_eq!(kinds, ["started", "finished"], "{:#?}", run.seen);
    assert_eq!(run.end(), Some(1), "nobody came");
    let log = lan.folder.path().join("0.log");
    let asked = std::fs::read_to_string(log).unwrap();
    assert!(!asked.contains("DHCPDISCOVER"), "{asked}");
}
