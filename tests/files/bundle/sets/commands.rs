//! `verify`, `stage`, `convert` and `serve` with folders as people have them.

use std::{fs, path::Path};

use assert_cmd::Command;
use reflash::{phone::Protocol, simulator::TEST_KEY_PEM};
use serde_json::Value;
use tempfile::TempDir;

use super::{Files, LOAD};

/// The exit code, the standard output and the errors of a command on this folder.
fn run(command: &str, folder: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let keys = TempDir::new().unwrap();
    let key = keys.path().join("key.pem");
    fs::write(&key, TEST_KEY_PEM).unwrap();
    let output = Command::cargo_bin("reflash")
        .unwrap()
        .arg(command)
        .arg(folder)
        .arg("--trust-key")
        .arg(&key)
        .args(more)
        .timeout(std::time::Duration::from_mins(1))
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn mixed() -> Files {
    Files::sip()
        .with("CP3905.9-9-1.loads", b"APP3905.9-9-1.zz\n")
        .with("APP3905.9-9-1.zz", b"\x27\x05\x19\x56 image of a phone")
        .with("SIP75.9-9-1S.loads", b"<!DOCTYPE html><html>404</html>")
}

/// Stages the folder to `root`, and returns what it printed to standard error.
fn stage(folder: &Path, root: &Path) -> String {
    let root = root.to_str().unwrap();
    let flags = ["--to", root, "--call-manager", "192.0.2.10"];
    let (code, _, error) = run("stage", folder, &flags);
    assert_eq!(code, Some(0), "{error}");
    error
}

#[test]
fn json_has_a_verdict_for_each_load() {
    let folder = mixed().folder();
    let (code, text, _) = run("verify", folder.path(), &["--json"]);
    let value: Value = serde_json::from_str(&text).unwrap();
    let bundle = &value["bundles"][0];
    assert_eq!((code, &bundle["verdict"]), (Some(0), &"genuine".into()));
    assert_eq!(
        bundle["sets"],
        serde_json::json!([
            {"load": "CP3905.9-9-1", "verdict": "intact", "protocol": "SIP", "models": ["3905"],
             "family": "the 3905", "support": "recognised", "reason": "sip-only"},
            {"load": LOAD, "verdict": "genuine", "protocol": "SIP", "models": ["7945", "7965"],
             "family": "7945/7965: five images", "support": "converts", "reason": null},
            {"load": "SIP75.9-9-1S", "verdict": "damaged", "protocol": "SIP", "models": ["7975"],
             "family": "7975: five images", "support": "converts", "reason": null},
        ])
    );
    assert_eq!(
        bundle["loads"],
        serde_json::json!(["CP3905.9-9-1", LOAD, "SIP75.9-9-1S"])
    );
    assert_eq!(bundle["models"], serde_json::json!(["7945", "7965"]));
}

#[test]
fn models_in_json_include_the_ge_variants() {
    let made = reflash::simulator::SyntheticBundle::new(reflash::phone::Family::F41, 1)
        .unwrap()
        .sizes(reflash::simulator::Sizes::Small);
    let folder = Files(made.files()).folder();
    let (_, text, _) = run("verify", folder.path(), &["--json"]);
    let value: Value = serde_json::from_str(&text).unwrap();
    let expected = serde_json::json!(["7941", "7941-GE", "7961", "7961-GE"]);
    assert_eq!(value["bundles"][0]["models"], expected);
    assert_eq!(value["bundles"][0]["sets"][0]["models"], expected);
}

#[test]
fn another_checksum_is_no_damage_where_every_signature_is_valid() {
    let folder = Files::sip().folder();
    let zip = folder.path().join("made.zip");
    reflash::simulator::SyntheticBundle::new(reflash::phone::Family::F45, 1)
        .unwrap()
        .sizes(reflash::simulator::Sizes::Small)
        .write_zip(&zip)
        .unwrap();
    let wrong = "0".repeat(32);
    let (code, text, _) = run("verify", &zip, &["--checksum", &wrong]);
    assert_eq!(code, Some(1));
    let flat = text.replace("\n    ", " ");
    for part in [
        "another file or release",
        "validly signed",
        "checksum-mismatch",
    ] {
        assert!(flat.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("make a phone unusable"), "{text}");
}

#[test]
fn one_complete_load_is_enough_unless_strict() {
    for (files, code, strict) in [
        (Files::sip(), 0, 0),
        (Files::sip().with("notes.txt", b"x"), 0, 0),
        (mixed(), 0, 1),
        (Files::sip().without("term65"), 0, 1),
        (Files::sip().without("cnu45"), 1, 1),
    ] {
        let folder = files.folder();
        assert_eq!(run("verify", folder.path(), &[]).0, Some(code));
        assert_eq!(run("verify", folder.path(), &["--strict"]).0, Some(strict));
    }
}

#[test]
fn text_fits_80_columns_names_each_load_and_repeats_no_cure() {
    let long = format!("{}.txt", "long-name-".repeat(15));
    let folder = mixed()
        .with(&long, b"x")
        .renamed(|name| match name {
            "cnu45.9-9-1ES4.sbn" | "dsp45.9-9-1ES4.sbn" => name.replace("ES4", "ES5"),
            name => name.to_owned(),
        })
        .folder();
    let (code, text, _) = run("verify", folder.path(), &[]);
    assert_eq!(code, Some(1));
    for line in text.lines().filter(|line| !line.starts_with('/')) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let squeezed = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        &format!("{LOAD} is incomplete, for 7945, 7965: it is not served")[..],
        "CP3905.9-9-1 is intact, for 3905: recognised, not converted: there is SIP firmware only",
        "SIP75.9-9-1S is damaged, for 7975: it is not served",
    ] {
        assert!(squeezed.contains(part), "{part} in {text}");
    }
    let cure = "Rename 'cnu45.9-9-1ES5.sbn' to 'cnu45.9-9-1ES4.sbn'";
    assert_eq!(squeezed.matches(cure).count(), 1, "{text}");
    // A verdict on a part does not claim the whole.
    let (_, text, _) = run("verify", mixed().folder().path(), &[]);
    assert!(!text.contains("Every signature in it"), "{text}");
    let squeezed = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        squeezed.contains("does not hold for everything in it"),
        "{text}"
    );
    let (_, text, _) = run("verify", Files::sip().folder().path(), &[]);
    assert!(
        text.contains("this program converts these phones"),
        "{text}"
    );
}

#[test]
fn convert_stops_before_a_reset_that_would_not_lead_to_sip() {
    let sccp = Files::of(Protocol::Sccp, "9-9-1SR2-1S", "9-9-1ES4");
    for (files, said) in [
        (
            Files::sip().without("term"),
            "7945, 7965: such a phone that is reset finds no firmware",
        ),
        (Files::sip().without("term65"), "7965: such a phone"),
        (
            Files::sip().without("term").and(&sccp),
            "finds SCCP firmware",
        ),
    ] {
        let folder = files.folder();
        let flags = ["--listen", "127.0.0.1", "--tftp-port", "0"];
        let (code, out, error) = run("convert", folder.path(), &flags);
        assert_eq!(code, Some(1), "{error}");
        assert!(error.contains(said), "{error}");
        assert!(error.contains("--without-recovery"), "{error}");
        assert!(!out.contains("123456789") && !error.contains("123456789"));
        // Nothing is reset here, so it goes on.
        let to = TempDir::new().unwrap();
        let error = stage(folder.path(), &to.path().join("root"));
        assert!(error.contains("recovery-"), "{error}");
    }
}

/// A run that ends by itself: all that it prints.
fn converted(files: &Files, more: &[&str]) -> String {
    let folder = files.folder();
    let state = TempDir::new().unwrap();
    let journal = state.path().join("run.jsonl");
    let mut flags: Vec<&str> = "--listen 127.0.0.1 --tftp-port 0 --http-port 0 --sip-port 0 \
        --sccp-port 0 --no-check --timeout 1s --journal"
        .split_whitespace()
        .collect();
    flags.push(journal.to_str().unwrap());
    flags.extend(more);
    let (code, out, error) = run("convert", folder.path(), &flags);
    assert_eq!(code, Some(1), "{error}");
    assert!(out.contains("No phone came"), "{out} {error}");
    format!("{error}{out}")
}

#[test]
fn a_run_names_what_it_does_not_serve_and_how_phones_are_reset() {
    let text = converted(&mixed().with("SEP020000000001.cnf.xml", b"<device/>"), &[]);
    for part in [
        "file-skipped: SEP020000000001.cnf.xml: it is a configuration",
        "set-not-served: CP3905.9-9-1 is complete",
        "manifest-invalid: SIP75.9-9-1S.loads",
        "123456789*0#",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn a_run_without_recovery_suggests_no_reset() {
    let sccp = Files::of(Protocol::Sccp, "9-9-1SR2-1S", "9-9-1ES4");
    for files in [
        Files::sip().without("term"),
        Files::sip().without("term").and(&sccp),
    ] {
        let text = converted(&files, &["--without-recovery"]);
        assert!(text.contains("do not reset a 7945 or 7965"), "{text}");
        assert!(text.contains("recovery-"), "{text}");
        assert!(
            !text.contains("123456789") && !text.contains("to reset"),
            "{text}"
        );
    }
    // Only one of the models can be reset.
    let text = converted(&Files::sip().without("term65"), &["--without-recovery"]);
    assert!(text.contains("do not reset a 7965"), "{text}");
    assert!(text.contains("123456789*0#"), "{text}");
}

#[test]
fn stage_writes_only_firmware_of_the_served_load_and_names_the_rest() {
    let old = Files::of(Protocol::Sip, "8-8-1S", "8-8-1ES1").without("term");
    let folder = Files::sip()
        .and(&old)
        .with("SEP020000000001.cnf.xml", b"<device/>")
        .with("XMLDefault.cnf.xml", b"<Default/>")
        .with("RINGLIST.XML", b"<a/>")
        .folder();
    let to = TempDir::new().unwrap();
    let root = to.path().join("root");
    let error = stage(folder.path(), &root);
    let names: Vec<_> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 9, "{names:?}");
    let default = fs::read_to_string(root.join("XMLDefault.cnf.xml")).unwrap();
    assert!(default.contains(LOAD));
    for part in [
        "SEP020000000001.cnf.xml",
        "RINGLIST.XML",
        "SIP45.8-8-1S is complete",
        "→ To serve a configuration with the firmware: --add FILE of `convert` or `stage`.",
        "→ Nothing to do. To serve such a file with the firmware: --add FILE",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn firmware_that_no_configuration_can_name_is_not_staged() {
    let name = "B015-9-9-1.SBN";
    let file = reflash::simulator::signed_file(name, b"x");
    let folder = Files(vec![(name.to_owned(), file)]).folder();
    let to = TempDir::new().unwrap();
    let root = to.path().join("root");
    let flags = [
        "--to",
        root.to_str().unwrap(),
        "--call-manager",
        "192.0.2.10",
    ];
    let (code, _, error) = run("stage", folder.path(), &flags);
    assert_eq!(code, Some(1));
    for part in [
        "contains B015-9-9-1 for 7915",
        "through its phone",
        "reflash serve DIR",
    ] {
        assert!(error.contains(part), "{error}");
    }
    assert!(!root.exists());
}
