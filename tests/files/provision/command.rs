//! `reflash provision`: findings, secrets, firmware and exit codes.

use std::fs;

use assert_cmd::Command;
use reflash::{
    phone::Family,
    simulator::{Sizes, SyntheticBundle},
};
use serde_json::Value;

use super::office::{OFFICE, Office, stderr, stdout};

#[test]
fn show_secrets_prints_the_passwords() {
    let office = Office::new(OFFICE);
    let text = stdout(&office.provision(&["--show-secrets"]).success());
    assert!(text.contains("hunter2") && text.contains("PIN"), "{text}");
    let text = stdout(&office.provision(&["--show-secrets", "--json"]).success());
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["secrets"][1]["user"], "1002");
    assert_eq!(document["secrets"][1]["secret"], "hunter2");
    assert_eq!(document["secrets"][0]["secret"].as_str().unwrap().len(), 12);
}

#[test]
fn faults_are_findings_and_nothing_is_written() {
    let wrong = OFFICE
        .replace("Reception", "a;b")
        .replace("Europe/Vienna", "Europe/Wien");
    let office = Office::new(&wrong);
    let assert = office.provision(&["--json"]).code(1);
    let document: Value = serde_json::from_str(&stdout(&assert)).unwrap();
    let places: Vec<_> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| {
            (
                found["line"].as_u64().unwrap(),
                found["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(places, [(3, "inventory-fault"), (10, "inventory-fault")]);
    let assert = office.provision(&[]).code(1);
    assert!(
        stdout(&assert).contains("office.toml:3:13: error:"),
        "{}",
        stdout(&assert)
    );
    assert!(!office.path("to").exists());
    office.write_inventory(&OFFICE.replace("internal", "nowhere.xml"));
    let assert = office.provision(&[]).code(1);
    let found = stdout(&assert);
    assert!(found.contains("office.toml:4:13: error:"), "{found}");
    assert!(found.contains("nowhere.xml"), "{found}");
    fs::write(
        office.path("nowhere.xml"),
        "<DIALTEMPLATE><template MATCH=\"1\"/></DIALTEMPLATE",
    )
    .unwrap();
    let assert = office.provision(&[]).code(1);
    let found = stdout(&assert);
    assert!(found.contains("nowhere.xml"), "{found}");
    fs::write(
        office.path("nowhere.xml"),
        "<DIALTEMPLATE><TEMPLATE MATCH=\"1...\" Timeout=\"0\"/></DIALTEMPLATE>",
    )
    .unwrap();
    office.provision(&[]).success();
    let written = fs::read_to_string(office.path("to/tftp/dialplan.xml")).unwrap();
    assert!(written.contains("1..."), "{written}");
}

/// Syntax, values and the dial plan in one report, and none of them twice.
#[test]
fn all_faults_of_an_inventory_are_reported_at_once() {
    let office = Office::new(
        "[site]\nport = 0\ntime_zone = \"W. Europe Standard/Daylight\"\n\
         dial_plan = \"nowhere.xml\"\n\
         [[phone]]\nmac = \"x\"\nextension = \"a b\"\n\
         [[phone]]\nmac = \"001D45AABB02\"\nmodel = 1\nextension = \"a b\"\n\
         line2_number = 5\n\
         [[phone]]\nmac = \"001D45AABB03\"\nextension = \"\"\nsecret = \"a;b\"\n",
    );
    let assert = office.provision(&["--json"]).code(1);
    let document: Value = serde_json::from_str(&stdout(&assert)).unwrap();
    let findings = document["findings"].as_array().unwrap();
    let lines: Vec<_> = findings
        .iter()
        .map(|found| found["line"].as_u64().unwrap())
        .collect();
    // Line 1: no `pbx`. The extension of a phone without a MAC address is not checked further.
    assert_eq!(lines, [1, 2, 3, 4, 6, 10, 11, 15, 16], "{findings:#?}");
    assert!(
        findings
            .iter()
            .all(|found| found["code"] == "inventory-fault")
    );
    assert!(!office.path("to").exists());
    for syntax in ["[site\n", "mac\n", "[[phone]]\nmac = \n"] {
        office.write_inventory(syntax);
        let assert = office.provision(&["--json"]).code(1);
        let document: Value = serde_json::from_str(&stdout(&assert)).unwrap();
        assert_eq!(
            document["findings"].as_array().unwrap().len(),
            1,
            "{document}"
        );
    }
}

#[test]
fn with_firmware_the_root_is_complete_and_names_the_load_of_each_phone() {
    let office = Office::new(OFFICE);
    let bundle = office.path("cmterm-7945_7965-sip.9-3-1SR4-1.zip");
    let made = SyntheticBundle::new(Family::F45, 7)
        .unwrap()
        .sizes(Sizes::Small);
    made.write_zip(&bundle).unwrap();
    let bundle = bundle.to_str().unwrap();
    let assert = office.provision(&["--firmware", bundle]).code(1);
    assert!(
        stderr(&assert).contains("genuine")
            || stderr(&assert).contains("damaged")
            || stderr(&assert).contains("verify"),
        "{}",
        stderr(&assert)
    );
    assert!(!office.path("to").exists());
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/test-key.pem");
    let assert = office
        .provision(&["--firmware", bundle, "--trust-key", key, "--json"])
        .success();
    let document: Value = serde_json::from_str(&stdout(&assert)).unwrap();
    let load = made.load();
    assert_eq!(document["loads"], serde_json::json!([load.as_str()]));
    let files = office.files();
    for (name, bytes) in made.files() {
        assert_eq!(files.get(&format!("tftp/{name}")), Some(&bytes), "{name}");
    }
    for sep in ["001D45AABB01", "001D45AABB02"] {
        let sep = String::from_utf8(files[&format!("tftp/SEP{sep}.cnf.xml")].clone()).unwrap();
        assert!(sep.contains(&format!("<loadInformation>{load}</loadInformation>")));
        assert!(files.contains_key(&format!("tftp/{}", load.manifest())));
    }
    let default = String::from_utf8(files["tftp/XMLDefault.cnf.xml"].clone()).unwrap();
    assert!(
        default.contains(&format!(">{load}</loadInformation436>")),
        "{default}"
    );
    assert!(default.contains("<processNodeName>192.0.2.10</processNodeName>"));
    // Without it, the firmware goes and the phones keep their load.
    office.provision(&[]).success();
    assert!(
        !office
            .files()
            .contains_key(&format!("tftp/{}", load.manifest()))
    );
}

#[test]
fn usage_errors_exit_with_2() {
    for args in [
        &["provision"][..],
        &["provision", "a.toml"],
        &["provision", "--to", "x"],
    ] {
        Command::cargo_bin("reflash")
            .unwrap()
            .args(args)
            .assert()
            .code(2);
    }
    let help = Command::cargo_bin("reflash")
        .unwrap()
        .args(["provision", "--help"])
        .assert()
        .success();
    assert!(stdout(&help).contains("Example:"));
}
