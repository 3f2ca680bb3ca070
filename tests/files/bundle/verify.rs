//! The verb: JSON, exit codes, what people read.

use assert_cmd::Command;
use serde_json::Value;

use super::{
    BundleFolder,
    fixtures::{self, Entry, good, good_entries, unproven_entries, zip},
};

fn reflash() -> Command {
    Command::cargo_bin("reflash").unwrap()
}

fn json(arguments: &[&str]) -> (Value, Option<i32>) {
    let output = reflash()
        .arg("verify")
        .arg("--json")
        .args(arguments)
        .output()
        .unwrap();
    let value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (value, output.status.code())
}

#[test]
fn the_json_has_the_documented_shape() {
    let dir = BundleFolder::new();
    let path = dir.file("good.zip", &good());
    let key = dir.key();
    let (value, code) = json(&[path.to_str().unwrap(), "--trust-key", key.to_str().unwrap()]);
    assert_eq!(code, Some(0));
    let bundle = &value["bundles"][0];
    let keys: Vec<_> = bundle
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut expected = [
        "path",
        "verdict",
        "digests",
        "catalogue",
        "protocol",
        "loads",
        "models",
        "members",
        "sets",
        "problems",
    ];
    expected.sort_unstable();
    let mut keys = keys;
    keys.sort_unstable();
    assert_eq!(keys, expected);
    assert_eq!(bundle["verdict"], "genuine");
    assert_eq!(bundle["protocol"], "SIP");
    assert_eq!(bundle["catalogue"], Value::Null);
    assert_eq!(bundle["loads"], serde_json::json!(["SIP45.9-3-1SR4-1S"]));
    assert_eq!(bundle["models"], serde_json::json!(["7945", "7965"]));
    assert_eq!(bundle["digests"]["sha512"].as_str().unwrap().len(), 128);
    let member = &bundle["members"][0];
    assert_eq!(member["name"], "apps45.9-3-1ES26.sbn");
    assert_eq!(member["kind"], "image");
    assert_eq!(member["signature"], "valid");
    assert_eq!(member["key"], "rehearsal.pem");
    assert_eq!(member["signed_at"], "2015-04-22T07:21:26Z");
    assert_eq!(member["size"], good_entries()[0].data.len());
    assert_eq!(member["sha256"].as_str().unwrap().len(), 64);
    let old = dir.file("old.zip", &zip(&unproven_entries()));
    let (value, code) = json(&[old.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    let bundle = &value["bundles"][0];
    assert_eq!(bundle["members"][0]["signature"], "unchecked");
    assert_eq!(bundle["members"][0]["key"], Value::Null);
    assert_eq!(bundle["members"][0]["signed_at"], Value::Null);
    let problem = &bundle["problems"][1];
    assert_eq!(problem["code"], "bundle-unknown");
    assert_eq!(problem["severity"], "warning");
    assert_eq!(problem["member"], Value::Null);
    assert!(
        problem["cure"]
            .as_str()
            .unwrap()
            .contains("--accept-unknown")
    );
}

#[test]
fn exit_codes_follow_the_verdict() {
    let dir = BundleFolder::new();
    let path = dir.file("old.zip", &zip(&unproven_entries()));
    let path = path.to_str().unwrap();
    let md5 = json(&[path]).0["bundles"][0]["digests"]["md5"]
        .as_str()
        .unwrap()
        .to_uppercase();
    let (value, code) = json(&[path, "--checksum", &md5]);
    assert_eq!(
        (value["bundles"][0]["verdict"].as_str(), code),
        (Some("known"), Some(0))
    );
    assert_eq!(json(&[path, "--accept-unknown"]).1, Some(0));

    let wrong = "4088c17c622a1e181b1c2b1265349df6";
    let (value, code) = json(&[path, "--checksum", wrong, "--accept-unknown"]);
    let bundle = &value["bundles"][0];
    assert_eq!(
        (bundle["verdict"].as_str(), code),
        (Some("damaged"), Some(1))
    );
    let problem = &bundle["problems"][1];
    assert_eq!(problem["code"], "checksum-mismatch");
    let message = problem["message"].as_str().unwrap();
    assert!(
        message.contains(wrong) && message.contains(&md5.to_lowercase()),
        "{message}"
    );

    // Whatever else holds: a hostile file, and one that is no zip.
    let hostile = dir.file("hostile.zip", &zip(&[Entry::new("../x", b"x")]));
    let foreign = dir.file("foreign.zip", b"hello");
    for path in [hostile, foreign] {
        let (value, code) = json(&[path.to_str().unwrap(), "--checksum", wrong]);
        assert_eq!(
            (value["bundles"][0]["verdict"].as_str(), code),
            (Some("damaged"), Some(1))
        );
    }
}

#[test]
fn with_several_bundles_an_unmatched_checksum_fails_the_run_and_no_bundle() {
    let dir = BundleFolder::new();
    let one = dir.file("one.zip", &zip(&unproven_entries()));
    let two = dir.file(
        "two.zip",
        &fixtures::by_library(&unproven_entries(), zip::CompressionMethod::Deflated),
    );
    let wrong = "4088c17c622a1e181b1c2b1265349df6";
    let output = reflash()
        .args(["verify", "--json", "--accept-unknown", "--checksum", wrong])
        .args([&one, &two])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["bundles"][0]["verdict"], "intact");
    assert_eq!(value["bundles"][1]["verdict"], "intact");
    assert!(String::from_utf8_lossy(&output.stderr).contains(wrong));
    // A file that cannot be read does not make the other one the only one.
    let output = reflash()
        .args(["verify", "--json", "--checksum", wrong, "/nonexistent.zip"])
        .arg(&one)
        .output()
        .unwrap();
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["bundles"][0]["verdict"], "intact");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        text.contains("/nonexistent.zip") && text.contains(wrong),
        "{text}"
    );
}

#[test]
fn only_errors_visible_in_the_command_line_are_usage_errors() {
    let dir = BundleFolder::new();
    let path = dir.file("good.zip", &good());
    for checksum in ["", "abc", &"0".repeat(33), &"g".repeat(32)] {
        let output = reflash()
            .args(["verify", "--checksum", checksum])
            .arg(&path)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{checksum}");
        assert!(output.stdout.is_empty());
    }
    assert_eq!(
        reflash().arg("verify").output().unwrap().status.code(),
        Some(2)
    );
    for (path, message) in [
        ("/nonexistent.zip", "cannot read"),
        ("/dev/null", "not a regular file"),
        // A regular file whose first byte cannot be read, not even by root.
        #[cfg(target_os = "linux")]
        ("/proc/self/mem", "cannot read"),
    ] {
        let output = reflash().args(["verify", path]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{path}");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(message) && error.contains('→'), "{error}");
    }
}

#[test]
fn the_text_has_80_columns_and_a_cure_for_each_problem() {
    let dir = BundleFolder::new();
    let mut entries = good_entries();
    entries.retain(|entry| !entry.name.starts_with("dsp45"));
    entries.push(Entry::new("README-(first).txt", b"x"));
    let path = dir.file("short.zip", &zip(&entries));
    let output = reflash()
        .current_dir(dir.folder.path())
        .args(["verify", "-v", path.file_name().unwrap().to_str().unwrap()])
        .arg("--trust-key")
        .arg(dir.key())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("short.zip: incomplete\n"), "{text}");
    for part in [
        "SIP45.9-3-1SR4-1S",
        "7945, 7965",
        "missing-image: dsp45",
        "→ ",
        "SHA-512",
        "other",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );

    let hostile = dir.file("hostile.zip", &zip(&[Entry::new("../\u{1b}[2J", b"x")]));
    let output = reflash().arg("verify").arg(hostile).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("refused") && !text.contains('\u{1b}'),
        "{text}"
    );
}

#[test]
fn the_text_names_the_signing_key_and_that_it_was_given_by_trust_key() {
    let dir = BundleFolder::new();
    let path = dir.file("good.zip", &good());
    let output = reflash()
        .args(["verify", "-v", "--trust-key"])
        .arg(dir.key())
        .arg(path)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "some were made with a key",
        "8 files signed by rehearsal.pem, 2015-04-22T07:21:26Z",
        "term65.default.loads: hardware mask 15",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn an_invalid_key_file_is_an_error_with_a_cure() {
    let dir = BundleFolder::new();
    let path = dir.file("good.zip", &good());
    let text = dir.file("text.pem", b"hello");
    let missing = dir.folder.path().join("missing.pem");
    for key in [text, missing] {
        let output = reflash()
            .arg("verify")
            .arg(&path)
            .arg("--trust-key")
            .arg(key)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(".pem") && error.contains('→'), "{error}");
    }
}
