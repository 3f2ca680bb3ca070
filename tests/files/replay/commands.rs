//! `reflash replay` and `reflash report`: formats, errors and exit codes.

use std::{fmt::Write as _, fs, path::Path};

use assert_cmd::Command;
use reflash::{
    phone::Family,
    simulator::{Sizes, SyntheticBundle},
};
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
fn a_log_is_replayed_in_every_format() {
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
    assert!(table.contains("lines not understood: 1"), "{table}");
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
fn a_file_without_requests_is_refused_with_a_cure() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    fs::write(&file, "nothing here\n").unwrap();
    let file = file.display().to_string();
    let output = reflash(&["replay", &file]).assert().code(1);
    let error_text = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(
        error_text.contains("has no request") && error_text.contains("→"),
        "{error_text}"
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

#[test]
fn each_kind_of_wrong_file_has_its_own_error_and_cure() {
    let folder = tempfile::tempdir().unwrap();
    let head = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
    let other = br#"{"at":"2026-01-01T00:00:00Z","kind":"journal","schema":99}"#;
    let mut old_link = head.to_vec();
    old_link.extend([0; 8]);
    old_link.extend([0xff, 0xff, 0, 0, 105, 0, 0, 0]);
    let no_packet = old_link.clone();
    old_link.extend([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7]);
    for (name, bytes) in [
        ("empty", &b""[..]),
        ("text", b"nothing here\n"),
        ("binary", &[0, 1, 2, 0xff]),
        ("gzip", &[0x1f, 0x8b, 8, 0]),
        ("bzip2", b"BZh9"),
        ("head", &head),
        ("no-packet", &no_packet),
        ("link", &old_link),
        ("other", &[&other[..], b"\n"].concat()),
    ] {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    fs::create_dir(folder.path().join("folder")).unwrap();
    for (verb, name, error, cure) in [
        ("replay", "empty", "is empty", "Known formats"),
        ("replay", "text", "none of its 1 lines", "Known formats"),
        (
            "replay",
            "binary",
            "neither text nor a capture",
            "Known formats",
        ),
        (
            "replay",
            "gzip",
            "its beginning is damaged",
            "Copy the file again",
        ),
        (
            "replay",
            "bzip2",
            "is compressed",
            "bzcat FILE | reflash replay",
        ),
        (
            "replay",
            "head",
            "without a readable packet",
            "Known formats",
        ),
        (
            "replay",
            "no-packet",
            "without a readable packet",
            "Known formats",
        ),
        (
            "replay",
            "link",
            "1 are of an unknown link",
            "Readable link layers",
        ),
        ("replay", "folder", "Is a directory", "Name one file in it"),
        ("replay", "missing", "No such file", "Name an existing file"),
        ("replay", "other", "has schema 99", "Use the version"),
        ("report", "empty", "is empty", "Name a journal"),
        ("report", "text", "is not a journal", "`reflash replay`"),
        ("report", "binary", "is not a journal", "`reflash replay`"),
        (
            "report",
            "folder",
            "is a folder",
            "Name one journal in the folder",
        ),
        ("report", "missing", "No such file", "Name an existing file"),
        ("report", "other", "has schema 99", "Use the version"),
    ] {
        let path = folder.path().join(name).display().to_string();
        let output = reflash(&[verb, &path]).assert().code(1).stdout("");
        let error_text = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        let (first, second) = error_text.split_once('\n').unwrap();
        assert!(first.contains(error), "{verb} {name}: {error_text}");
        assert!(second.contains(cure), "{verb} {name}: {error_text}");
    }
}

#[test]
fn the_output_of_a_run_in_json_names_the_journal_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let started = r#"{"at":"2026-01-01T00:00:00Z","kind":"started","version":1,"journal":"/var/lib/a.jsonl"}"#;
    let started = format!("{started}\n");
    let step = &br#"{"at":"2026-01-01T00:00:01Z","kind":"step","state":"seen"}
"#[..];
    let output = [started.as_bytes(), step].concat();
    let late = [step, started.as_bytes()].concat();
    let named = ": /var/lib/a.jsonl";
    for (name, bytes, cure) in [
        ("output", &output[..], named),
        ("late", &late[..], named),
        ("unrecorded", step, "No record `started`"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        for verb in ["replay", "report"] {
            let path = path.display().to_string();
            let failed = reflash(&[verb, &path]).assert().code(1).stdout("");
            let text = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
            assert!(text.contains("is the output of --json"), "{verb}: {text}");
            assert!(text.contains(cure), "{verb}: {text}");
        }
    }
}

#[test]
fn a_journal_is_reported_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("run.jsonl").display().to_string();
    reflash(&[
        "rehearse",
        "--phones",
        "2",
        "--seed",
        "3",
        "--journal",
        &journal,
        "--json",
    ])
    .assert()
    .success();
    for verb in ["report", "replay"] {
        let output = reflash(&[verb, &journal, "--json"]).assert().success();
        let json: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
        assert_eq!(json["journal"]["finished"], true);
        assert_eq!(json["journal"]["sessions"], 1);
        let phones = json["report"]["phones"].as_array().unwrap();
        assert_eq!(phones.len(), 2);
        let is_done = |phone: &Value| phone["state"] == "confirmed" || phone["state"] == "flashed";
        assert!(phones.iter().all(is_done), "{json:#}");
    }
    let page = reflash(&["report", &journal, "--format", "html"])
        .assert()
        .success();
    let page = String::from_utf8_lossy(&page.get_output().stdout).into_owned();
    assert_eq!(page.matches("<svg ").count(), 2);
    assert!(page.contains("fill=\"var(--images)\"") && page.contains("fill=\"var(--writing)\""));
    let table = reflash(&["report", &journal]).assert().success();
    let table = String::from_utf8_lossy(&table.get_output().stdout).into_owned();
    assert!(
        table.contains("2 phones: ") && table.contains("seen for "),
        "{table}"
    );
    let rows = reflash(&["report", &journal, "--format", "csv"])
        .assert()
        .success();
    let rows = String::from_utf8_lossy(&rows.get_output().stdout).into_owned();
    assert_eq!(rows.matches("\r\n").count(), 3);
}

#[test]
fn a_bundle_gives_the_images_and_their_sizes() {
    let folder = tempfile::tempdir().unwrap();
    let made = SyntheticBundle::new(Family::F45, 7)
        .unwrap()
        .sizes(Sizes::Small);
    let bundle = folder.path().join(made.file_name());
    made.write_zip(&bundle).unwrap();
    let bundle = bundle.display().to_string();
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/test-key.pem");
    let files = made.files();
    let image = |part: &str| {
        let found = files.iter().find(|(name, _)| name.starts_with(part));
        let (name, bytes) = found.unwrap();
        (name.as_str(), bytes.len())
    };
    let state = |parts: &[&str], bundles: &[&str]| {
        let mut names = vec!["term65.default.loads"];
        names.extend(parts.iter().map(|part| image(part).0));
        names.push("SEP001D45AABB0C.cnf.xml");
        let mut text = String::new();
        for (at, name) in names.iter().enumerate() {
            for message in [
                format!("RRQ from 192.0.2.9 filename {name}"),
                format!("Client 192.0.2.9 finished {name}"),
            ] {
                writeln!(
                    text,
                    "Mar  1 10:{:02}:00 h in.tftpd[{at}]: {message}",
                    at * 2
                )
                .unwrap();
            }
        }
        let log = folder.path().join("log");
        fs::write(&log, text).unwrap();
        let log = log.display().to_string();
        let mut args = vec![
            "replay",
            &log,
            "--json",
            "--year",
            "2026",
            "--trust-key",
            key,
        ];
        for bundle in bundles {
            args.extend(["--bundle", bundle]);
        }
        let output = reflash(&args).assert().success();
        let json: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
        json["report"]["phones"][0].clone()
    };
    let all = ["jar", "cnu", "apps", "dsp", "cvm"];
    let phone = state(&all, &[&bundle]);
    assert_eq!(phone["state"], "flashed");
    assert_eq!(phone["to"], made.load().as_str());
    assert_eq!(phone["files"][3]["size"], image("apps").1);
    assert_eq!(phone["files"][3]["bytes"], image("apps").1);
    let phone = state(&all, &[]);
    assert_eq!(
        (&phone["state"], &phone["to"]),
        (&"flashed".into(), &"term65.default".into())
    );
    assert_eq!(phone["files"][3]["size"], Value::Null);
    assert_ne!(state(&all[..4], &[&bundle])["state"], "flashed");
    assert_ne!(state(&all[..4], &[])["state"], "flashed");
    reflash(&["replay", &bundle, "--bundle", &bundle, "--bundle", &bundle])
        .args(["--trust-key", key])
        .assert()
        .code(2);
}
