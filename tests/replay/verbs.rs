//! The verbs as people type them.

use std::{fs, path::Path};

use assert_cmd::Command;
use serde_json::Value;

fn reflash(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("reflash").unwrap();
    command.args(args);
    command
}

fn log(folder: &Path) -> String {
    let path = folder.join("tftpd.log");
    let text = "\
Dec 31 23:59:58 h in.tftpd[1]: RRQ from 192.0.2.9 filename CTLSEP001D45AABB0C.tlv
Dec 31 23:59:58 h in.tftpd[1]: Client 192.0.2.9 File not found CTLSEP001D45AABB0C.tlv
Jan  1 00:00:01 h in.tftpd[2]: RRQ from 192.0.2.9 filename =cmd|x-sip.jar
Jan  1 00:00:01 h in.tftpd[2]: something else
Jan  1 00:00:02 h sshd[3]: something else
";
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn a_log_is_replayed_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    let output = reflash(&["replay", &log, "--year", "2020", "--json"])
        .assert()
        .success();
    let json: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    let phone = &json["report"]["phones"][0];
    assert_eq!(phone["mac"], "001d45aabb0c");
    assert_eq!(phone["first_seen"], "2020-12-31T23:59:58Z");
    assert_eq!(phone["last_seen"], "2021-01-01T00:00:01Z");
    assert_eq!(phone["files"][1]["size"], Value::Null);
    assert_eq!(phone["files"][1]["outcome"], "asked");
    assert_eq!(json["record"]["unknown"], 1);
    assert_eq!(json["record"]["requests"], 2);
    let table = reflash(&["replay", &log, "--year", "2020"])
        .assert()
        .success();
    let table = String::from_utf8_lossy(&table.get_output().stdout).into_owned();
    assert!(table.contains("1 lines were not understood"), "{table}");
    let narrow = |line: &&str| line.chars().count() <= 80 || line.contains("tftpd.log");
    assert!(table.lines().all(|line| narrow(&line)), "{table}");
    let page = folder.path().join("page.html");
    let to = page.display().to_string();
    for _ in 0..2 {
        reflash(&["replay", &log, "--format", "html", "--to", &to])
            .assert()
            .success()
            .stdout("");
    }
    assert!(
        fs::read_to_string(&page)
            .unwrap()
            .starts_with("<!DOCTYPE html>")
    );
}

#[test]
fn what_is_no_record_is_told_with_a_cure() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    fs::write(&file, "nothing here\n").unwrap();
    let file = file.display().to_string();
    let output = reflash(&["replay", &file]).assert().code(1);
    let told = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(
        told.contains("tells of no request") && told.contains("→"),
        "{told}"
    );
    reflash(&["replay", "/nowhere/at/all"]).assert().code(1);
    reflash(&["report", &file]).assert().code(1);
    reflash(&["replay", &file, "--json", "--format", "csv"])
        .assert()
        .code(2);
    reflash(&["replay", &file, "--year", "20"]).assert().code(2);
    reflash(&["replay", &file, "--to", "/nowhere/at/all"])
        .assert()
        .code(1);
}
