//! `rehearse`, `convert` and `explain` as processes: inventories, injected faults, bridges, and the
//! texts of diagnoses.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use reflash::{
    phone::{Family, Protocol},
    simulator::{Release, Sizes, SyntheticBundle},
};
use serde_json::Value;

use crate::support::{
    helper,
    namespaces::{PHONES, SERVER, TwoHosts},
    process::Running,
};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

fn small(family: Family) -> SyntheticBundle {
    SyntheticBundle::new(family, 7).unwrap().sizes(Sizes::Small)
}

/// The SCCP 8.5(2) of a family.
fn bridge(family: Family) -> SyntheticBundle {
    small(family).protocol(Protocol::Sccp).release(Release {
        load: "8-5-2S".to_owned(),
        images: "8-5-2TH1-9".to_owned(),
    })
}

fn written(made: &SyntheticBundle, folder: &Path) -> PathBuf {
    let path = folder.join(made.file_name());
    made.write_zip(&path).unwrap();
    path
}

fn reflash(arguments: &[&str]) -> Output {
    Command::new(REFLASH).args(arguments).output().unwrap()
}

/// A rehearsal with short images: its exit code and its lines.
fn rehearse(arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
    let folder = tempfile::tempdir().unwrap();
    let bundle = written(&small(Family::F45), folder.path());
    let output = Command::new(REFLASH)
        .args([
            "rehearse",
            "--trust-key",
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/test-key.pem"),
            "--json",
        ])
        .arg(bundle)
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    (output.status.code(), lines.collect())
}

fn report(lines: &[Value]) -> &Value {
    let last = lines.last().expect("a last line");
    assert_eq!(last["kind"], "finished");
    &last["report"]
}

#[test]
fn an_inventory_names_phones_and_its_secrets_are_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let sheet = folder.path().join("phones.csv");
    fs::write(
        &sheet,
        "MAC;Name;Secret;Room\r\n02:52:45:48:00:00;Reception;hunter2;1\r\n\
         02:52:45:48:00:77;Cellar;hunter2;2\r\n",
    )
    .unwrap();
    let sheet = sheet.to_str().unwrap();
    let (code, lines) = rehearse(&["--phones", "2", "--inventory", sheet]);
    assert_eq!(code, Some(0));
    let report = report(&lines);
    let mut names = Vec::new();
    for phone in report["phones"].as_array().unwrap() {
        assert_eq!(phone["on_inventory"], true, "{phone:#}");
        assert_eq!(phone["state"], "confirmed");
        names.push((
            phone["mac"].as_str().unwrap(),
            phone["name"].as_str().unwrap(),
        ));
    }
    names.sort_unstable();
    let listed = [("025245480000", "Reception"), ("025245480077", "Cellar")];
    assert_eq!(names, listed);
    let named = |line: &Value| line["kind"] == "step" && line["phone"]["name"] == "Reception";
    assert!(lines.iter().any(named));
    let text: String = lines.iter().map(Value::to_string).collect();
    assert!(!text.contains("hunter2"));
}

#[test]
fn phones_of_the_list_that_never_came_are_named_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = written(&small(Family::F45), folder.path());
    let sheet = folder.path().join("phones.csv");
    fs::write(&sheet, "mac,name\n02:52:45:48:00:77,Cellar\n").unwrap();
    let output = Command::new(REFLASH)
        .args([
            "convert",
            "--json",
            "--listen",
            "127.0.0.1",
            "--tftp-port",
            "0",
        ])
        .args(["--http-port", "0", "--timeout", "1s", "--trust-key"])
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/support/test-key.pem"
        ))
        .arg("--journal")
        .arg(folder.path().join("run.jsonl"))
        .arg("--inventory")
        .args([&sheet, &bundle])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let missing = &last["report"]["missing"];
    assert_eq!(missing[0]["mac"], "025245480077");
    assert_eq!(missing[0]["name"], "Cellar");
}

#[test]
fn an_invalid_inventory_is_reported_with_its_line_and_nothing_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let sheet = folder.path().join("phones.csv");
    fs::write(&sheet, "mac,name\n001D45AABB01,a\n00:1d:45:aa:bb:01,b\n").unwrap();
    let output = reflash(&["rehearse", "--json", "--inventory", sheet.to_str().unwrap()]);
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), &*output.stdout), (Some(1), &b""[..]));
    assert!(words.contains("phones.csv, line 3, column 1"), "{words}");
    assert!(words.contains("line 2 already"), "{words}");
}

#[test]
fn a_rehearsal_ends_when_a_fault_prevents_a_phone_from_being_done() {
    for fault in ["refuses-manifest@1", "wrong-hardware@1", "needs-bridge@1"] {
        let (code, lines) = rehearse(&["--phones", "2", "--fault", fault]);
        assert_eq!(code, Some(1), "{fault}");
        let report = report(&lines);
        assert_eq!(report["totals"]["failed"], 1, "{fault}: {report:#}");
        let began: jiff::Timestamp = lines[0]["at"].as_str().unwrap().parse().unwrap();
        let ended: jiff::Timestamp = lines.last().unwrap()["at"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        for phone in report["phones"].as_array().unwrap() {
            for time in ["first_seen", "last_seen"] {
                let at: jiff::Timestamp = phone[time].as_str().unwrap().parse().unwrap();
                assert!(began <= at && at <= ended, "{fault}, {time}: time of day");
            }
        }
    }
}

#[test]
fn every_phone_is_done_after_a_fault_that_phones_recover_from() {
    for fault in [
        "power-cut=apps:40",
        "address-change",
        "no-witness",
        "no-second-pass",
    ] {
        let (code, lines) = rehearse(&["--phones", "2", "--fault", fault]);
        let report = report(&lines);
        assert_eq!(code, Some(0), "{fault}: {report:#}");
        assert_eq!(report["totals"]["failed"], 0, "{fault}: {report:#}");
        assert_eq!(report["totals"]["stalled"], 0, "{fault}: {report:#}");
    }
}

#[test]
fn a_lossy_network_takes_longer_and_stalls_nobody() {
    let (code, lines) = rehearse(&["--phones", "2", "--fault", "loss=2@1"]);
    let report = report(&lines);
    assert_eq!(code, Some(0), "{report:#}");
    assert!(!lines.iter().any(|line| line["code"] == "stalled"));
}

#[test]
fn a_phone_that_drops_its_configuration_is_not_done_and_the_timeout_ends_it() {
    let (code, lines) = rehearse(&[
        "--phones",
        "1",
        "--fault",
        "config-refused",
        "--timeout",
        "15s",
    ]);
    assert_eq!(code, Some(1));
    let report = report(&lines);
    assert_eq!(report["totals"]["confirmed"], 0, "{report:#}");
}

#[test]
fn an_unknown_fault_is_a_usage_error() {
    let output = reflash(&["rehearse", "--fault", "smoke"]);
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(words.contains("power-cut=IMAGE:PERCENT"), "{words}");
}

#[test]
fn a_bridge_is_staged_beside_the_target_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    let bridge = written(&bridge(Family::F45), folder.path());
    let bridge = bridge.to_str().unwrap();
    let (code, lines) = rehearse(&["--phones", "1", "--bridge", bridge]);
    assert_eq!(
        code,
        Some(0),
        "a phone that needs no bridge gets the target"
    );
    let stages = lines[0]["stages"].as_array().unwrap();
    assert_eq!(stages.len(), 2);
    assert_eq!(stages[0].get("bridge"), None);
    assert_eq!(
        (&stages[1]["bridge"], &stages[1]["load"]),
        (&Value::Bool(true), &Value::from("SCCP45.8-5-2S"))
    );
    assert_eq!(report(&lines)["phones"][0]["to"], "SIP45.9-3-1SR4-1S");
}

#[test]
fn a_bridge_for_other_models_is_a_usage_error_and_a_damaged_one_is_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let target = written(&small(Family::F45), folder.path());
    let other = written(&bridge(Family::F41), folder.path());
    let good = written(&bridge(Family::F45), folder.path());
    let cut = folder.path().join("cut.zip");
    let bytes = fs::read(&good).unwrap();
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let convert = |bridges: &[&Path]| {
        let mut command = Command::new(REFLASH);
        command.args([
            "convert",
            "--trust-key",
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/test-key.pem"),
            "--json",
            "--listen",
            "127.0.0.1",
        ]);
        command.args(["--tftp-port", "0"]).arg(&target);
        for bridge in bridges {
            command.arg("--bridge").arg(bridge);
        }
        let output = command.output().unwrap();
        assert_eq!(output.stdout, b"", "nothing is served");
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, words) = convert(&[&other]);
    assert_eq!(code, Some(2), "{words}");
    assert!(
        words.contains("for none of the models of the target"),
        "{words}"
    );
    let (code, words) = convert(&[&good, &good]);
    assert_eq!(code, Some(2), "{words}");
    let (code, words) = convert(&[&cut]);
    assert_eq!(code, Some(1), "{words}");
    // An SCCP bundle is accepted only as a bridge.
    let output = reflash(&[
        "convert",
        "--trust-key",
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/test-key.pem"),
        good.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn explain_prints_one_code_lists_all_and_suggests_the_nearest() {
    let text = |arguments: &[&str]| {
        let output = reflash(arguments);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let full = text(&["explain", "Manifest-Refused"]);
    for part in ["manifest-refused", "Signature", "Causes", "What to do"] {
        assert!(full.contains(part), "{full}");
    }
    let list = text(&["explain"]);
    let all: Value = serde_json::from_str(&text(&["explain", "--json"])).unwrap();
    let all = all["diagnoses"].as_array().unwrap();
    assert!(all.len() >= 8);
    for one in all {
        let code = one["code"].as_str().unwrap();
        assert!(list.lines().any(|line| line.starts_with(code)), "{list}");
        assert!(one["cure"].as_str().unwrap().len() > 10, "{one}");
    }
    let output = reflash(&["explain", "stalld"]);
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(words.contains("similar value exists: 'stalled'"), "{words}");
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn a_boot_loader_has_its_mac_before_it_names_itself() {
    let lab = TwoHosts::build("names");
    let mac = "02:52:45:48:00:2a";
    let set = ["link", "set", "eth0", "address", mac];
    assert!(lab.on_phones("ip").args(set).status().unwrap().success());
    let folder = tempfile::tempdir().unwrap();
    let bundle = written(&small(Family::F45), folder.path());
    let mut server = lab.on_server(REFLASH);
    server.arg("convert").arg(&bundle).args([
        "--trust-key",
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/test-key.pem"),
        "--json",
    ]);
    let mut server = Running::start(server.env("TMPDIR", folder.path()));
    server.kind("started");
    let (from, to) = (format!("{}:49152", PHONES[0]), format!("{SERVER}:69"));
    let asked = lab
        .on_phones(helper())
        .args(["fetch", &from, &to, "term65.default.loads"])
        .status()
        .unwrap();
    assert!(asked.success());
    let step = server.wait_for(|line| line["phone"]["mac"] == "02524548002a");
    assert_eq!(step["phone"]["address"], PHONES[0]);
    assert_eq!(step["phone"]["model"], "7965");
    // Two signals: the run does not wait for the phone's images.
    server.signal("INT");
    server.signal("TERM");
    let report = server.kind("finished")["report"].clone();
    assert!([Some(130), Some(143)].contains(&server.end()));
    let phones = report["phones"].as_array().unwrap();
    assert_eq!(
        phones.len(),
        1,
        "the existing entry got the name: {report:#}"
    );
    assert_eq!(phones[0]["mac"], "02524548002a");
}
