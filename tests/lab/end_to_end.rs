//! One phone from SCCP to SIP: it gets an address, announces itself, fetches its firmware, restarts
//! and registers, with a real `convert` on another host of its switch. The state of the phone is
//! what the available evidence supports.

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{Child, Stdio},
};

use serde_json::Value;

use crate::support::{
    helper,
    lan::Lan,
    process::Running,
    synthetic::{self, KEY, set_mode},
};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

/// Where `convert` runs.
const SERVER: &str = "192.0.2.10";
/// The phone's address, if it does not use DHCP.
const ADDRESS: &str = "192.0.2.101";
const PHONE: &str = "025245480000";
/// Another phone: when it is listed, all earlier frames have been read.
const LAST: &str = "0252454800ff";
const OLD: &str = "SCCP45.8-5-2S";
const TARGET: &str = "SIP45.9-3-1SR4-1S";

/// The phone's process; killed when dropped.
struct PhoneProcess(Child);

impl PhoneProcess {
    /// Sends the process a command, to which it continues.
    fn go(&mut self, word: &str) {
        let stdin = self.0.stdin.as_mut().unwrap();
        writeln!(stdin, "{word}").unwrap();
    }
}

impl Drop for PhoneProcess {
    fn drop(&mut self) {
        // Fails if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A switch, a server and a phone without an address.
fn build(name: &str) -> Lan {
    let server = format!("{SERVER}/24");
    let lan = Lan::build(name, &[("server", Some(&server)), ("phone", None)]);
    let mac = ["link", "set", "eth0", "address", "02:52:45:48:00:00"];
    lan.ip("phone", &mac);
    lan
}

/// The bundle and the configuration of the phone.
fn files(lan: &Lan) -> (PathBuf, PathBuf) {
    let folder = lan.folder.path();
    set_mode(folder, 0o755);
    let bundle = synthetic::bundle(folder);
    let own = folder.join(format!("SEP{PHONE}.cnf.xml"));
    let text = format!(
        "<device>\n<deviceProtocol>SIP</deviceProtocol>\n<devicePool>\n<callManagerGroup>\
         <members><member priority=\"0\"><callManager><ports><sipPort>5060</sipPort></ports>\
         <processNodeName>{SERVER}</processNodeName></callManager></member></members>\
         </callManagerGroup>\n</devicePool>\n<sipProfile><sipLines><line button=\"1\">\
         <featureID>9</featureID><proxy>USECALLMANAGER</proxy><port>5060</port>\
         <name>6010</name></line></sipLines></sipProfile>\n\
         <loadInformation>{TARGET}</loadInformation>\n</device>\n"
    );
    fs::write(&own, text).unwrap();
    set_mode(&own, 0o644);
    (bundle, own)
}

/// `convert` on the server; `own`: with a configuration of the phone that names the server.
fn convert(lan: &Lan, own: bool, arguments: &[&str]) -> Running {
    let (bundle, file) = files(lan);
    let mut command = lan.on("server", REFLASH);
    command
        .arg("convert")
        .arg(bundle)
        .args(["--trust-key", KEY, "--json"]);
    if own {
        command.arg("--add").arg(file);
    }
    let mut run = Running::start(command.args(arguments));
    run.kind("started");
    run
}

/// Starts the phone, with a static address unless its script uses DHCP.
fn play(lan: &Lan, script: &str) -> PhoneProcess {
    if !script.contains("dhcp") {
        let address = format!("{ADDRESS}/24");
        lan.ip("phone", &["addr", "add", &address, "dev", "eth0"]);
    }
    let mut command = lan.on("phone", helper());
    command
        .args(["simulated-phone", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    PhoneProcess(command.spawn().unwrap())
}

/// Waits for the phone's step into this state.
fn step(run: &mut Running, state: &str) -> Value {
    run.wait_for(|line| {
        line["kind"] == "step" && line["phone"]["mac"] == PHONE && line["state"] == state
    })
}

/// Waits for evidence of this source about the phone.
fn wait_for_evidence(run: &mut Running, witness: &str) -> Value {
    let is_it =
        |line: &Value| line["phone"]["mac"] == PHONE && line["evidence"]["witness"] == witness;
    if let Some(line) = run.seen.iter().find(|line| is_it(line)) {
        return line.clone();
    }
    run.wait_for(is_it)
}

/// Ends the run; returns the phone in its report.
fn end(mut run: Running) -> Value {
    run.signal("INT");
    let report = run.kind("finished")["report"].clone();
    assert_eq!(run.end(), Some(130));
    let phones = report["phones"].as_array().unwrap();
    let phone = phones.iter().find(|phone| phone["mac"] == PHONE);
    phone.unwrap_or_else(|| panic!("{report:#}")).clone()
}

/// The sources of evidence about the phone, each once.
fn sources(phone: &Value) -> Vec<&str> {
    let evidence = phone["evidence"].as_array().unwrap().iter();
    let mut sources: Vec<_> = evidence
        .map(|one| one["witness"].as_str().unwrap())
        .collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}

/// The details of all evidence of this source.
fn details<'a>(phone: &'a Value, witness: &str) -> Vec<&'a str> {
    let evidence = phone["evidence"].as_array().unwrap().iter();
    evidence
        .filter(|one| one["witness"] == witness)
        .map(|one| one["detail"].as_str().unwrap())
        .collect()
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn a_phone_with_every_kind_of_evidence_is_confirmed_and_the_evidence_is_listed() {
    let lan = build("all");
    let mut run = convert(&lan, true, &["--dhcp", "isolated"]);
    let mut player = play(&lan, "dhcp,cdp,register,web");
    // The phone has an address and announces itself; then it requests its files.
    wait_for_evidence(&mut run, "cdp");
    player.go("fetch");
    step(&mut run, "rebooted");
    player.go("on");
    step(&mut run, "flashed");
    let confirmed = step(&mut run, "confirmed");
    assert_eq!(confirmed["evidence"]["witness"], "cdp", "{confirmed:#}");
    player.go("register");
    wait_for_evidence(&mut run, "sip");
    let phone = end(run);
    assert_eq!(phone["state"], "confirmed", "{phone:#}");
    assert_eq!(
        (&phone["from"], &phone["to"]),
        (&OLD.into(), &TARGET.into())
    );
    assert_eq!(phone["model"], "7965");
    assert_eq!(
        sources(&phone),
        ["cdp", "dhcp", "requests", "sip"],
        "{phone:#}"
    );
    for (witness, word) in [
        ("cdp", OLD),
        ("cdp", TARGET),
        ("dhcp", "after the last image"),
        ("requests", "delivered"),
        ("sip", TARGET),
    ] {
        let all = details(&phone, witness);
        assert!(
            all.iter().any(|line| line.contains(word)),
            "{word} of {witness}: {phone:#}"
        );
    }
    let open = phone["diagnoses"].as_array().unwrap();
    assert!(open.is_empty(), "{phone:#}");
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn a_phone_without_announcements_is_confirmed_by_its_register() {
    let lan = build("sip");
    let mut run = convert(&lan, true, &[]);
    let _player = play(&lan, "register");
    let confirmed = step(&mut run, "confirmed");
    assert_eq!(confirmed["evidence"]["witness"], "sip", "{confirmed:#}");
    let phone = end(run);
    assert_eq!(phone["to"], TARGET);
    assert_eq!(phone["from"], Value::Null, "no evidence of the load before");
    assert_eq!(sources(&phone), ["requests", "sip"], "{phone:#}");
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn a_phone_with_requests_as_its_only_evidence_stays_flashed() {
    let lan = build("nothing");
    let mut run = convert(&lan, false, &[]);
    let mut player = play(&lan, "nothing");
    step(&mut run, "flashed");
    player.go("another");
    run.wait_for(|line| line["phone"]["mac"] == LAST);
    let phone = end(run);
    assert_eq!(phone["state"], "flashed", "{phone:#}");
    assert_eq!(sources(&phone), ["requests"], "{phone:#}");
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn a_phone_is_confirmed_by_its_web_page_alone() {
    let lan = build("web");
    let mut run = convert(&lan, false, &[]);
    let _player = play(&lan, "web");
    step(&mut run, "flashed");
    let confirmed = step(&mut run, "confirmed");
    assert_eq!(confirmed["evidence"]["witness"], "web", "{confirmed:#}");
    let phone = end(run);
    assert_eq!(phone["to"], TARGET);
    assert_eq!(sources(&phone), ["requests", "web"], "{phone:#}");
}
