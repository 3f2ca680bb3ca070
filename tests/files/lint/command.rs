//! `reflash lint`: its output, its exit codes and its options.

use serde_json::Value;

use super::{DEFAULT, DEFAULT_XML, DEVICE_XML, PJSIP, SEP, reflash, text, written};
use crate::support::synthetic::bundle;

#[test]
fn lint_prints_each_finding_with_its_place_and_sets_the_exit_code() {
    let base = tempfile::tempdir().unwrap();
    let valid = written(base.path(), SEP, DEVICE_XML);
    let warned = DEVICE_XML.replace("Enabled>false", "Enabled>true");
    let warned = written(base.path(), "SEP001D45AABB0D.cnf.xml", &warned);
    let faulty = DEFAULT_XML.replace("loadInformation436", "loadInformation8");
    let faulty = written(base.path(), DEFAULT, &faulty);
    let absent = base.path().join("absent.xml");
    let archive = written(base.path(), "dialplan.xml", "PK\u{3}\u{4}");
    let plain = written(base.path(), "notes.xml", "mac,model\n");
    let folder = base.path().to_str().unwrap();

    let run = reflash(&["lint", &valid]).success();
    assert_eq!(text(&run.get_output().stdout), "");
    let err = text(&run.get_output().stderr);
    assert_eq!(err, "1 file checked (1 phone configuration): no findings\n");
    let run = reflash(&["lint", "-q", &valid]).success();
    assert_eq!(text(&run.get_output().stderr), "");

    let run = reflash(&["lint", &warned]).success();
    let out = text(&run.get_output().stdout);
    assert!(
        out.contains("warning: natEnabled") && out.contains("[nat]"),
        "{out}"
    );

    let run = reflash(&["lint", absent.to_str().unwrap(), folder, &faulty]).code(1);
    let out = text(&run.get_output().stdout);
    assert!(
        out.contains("absent.xml: error") && out.contains("8 is the 7940"),
        "{out}"
    );
    assert!(
        out.contains("8 is the 7940"),
        "the other files are checked: {out}"
    );
    assert!(
        out.contains("it does not exist") && out.contains("Check the name"),
        "{out}"
    );
    let run = reflash(&["lint", "--json", &archive, &plain]).code(1);
    let document: Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    for format in ["a zip archive", "text without a tag"] {
        let message = format!("the file is not XML; it seems to be {format}");
        let findings = document["findings"].as_array().unwrap();
        assert!(
            findings.iter().any(|finding| finding["message"] == message),
            "{document:#}"
        );
    }
    // A path that is longer than a line has its own line.
    for line in out
        .lines()
        .filter(|line| line.contains(' ') && !line.contains(folder))
    {
        assert!(line.chars().count() <= 80, "{line}");
    }

    let run = reflash(&["lint", "--json", &valid, &warned, &faulty]).code(1);
    let document: Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2);
    assert_eq!(findings[0]["code"], "nat");
    assert_eq!(findings[0]["severity"], "warning");
    assert_eq!(findings[0]["path"], warned);
    assert_eq!(findings[1]["line"], 7);
    assert_eq!(findings[1]["column"], 3);
    for key in ["message", "cure"] {
        assert!(!findings[1][key].as_str().unwrap().is_empty());
    }
    let run = reflash(&["lint", "--json", &valid]).success();
    assert_eq!(
        text(&run.get_output().stdout),
        "{\"version\":1,\"findings\":[]}\n"
    );

    reflash(&["lint"]).code(2);
    let run = reflash(&["lint", &valid, "--model", "1234"]).code(2);
    assert!(text(&run.get_output().stderr).contains("reflash models"));
}

#[test]
fn lint_compares_with_bundles_and_pjsip_conf() {
    let base = tempfile::tempdir().unwrap();
    let bundle = bundle(base.path());
    let bundle = bundle.to_str().unwrap();
    let valid = written(base.path(), SEP, DEVICE_XML);
    let pjsip = written(base.path(), "pjsip.conf", PJSIP);
    reflash(&[
        "lint", &valid, "--bundle", bundle, "--pjsip", &pjsip, "--model", "7965",
    ])
    .success();
    let other = DEVICE_XML.replace("9-3-1SR4-1S", "9-4-2SR4-3S");
    let other = other.replace("Protocol>2<", "Protocol>3<");
    let other = written(base.path(), SEP, &other);
    let run = reflash(&["lint", &other, "--bundle", bundle, "--pjsip", &pjsip]).code(1);
    let out = text(&run.get_output().stdout);
    assert!(
        out.contains("[load-not-staged]") && out.contains("[transport]"),
        "{out}"
    );
    let run = reflash(&["lint", &other, "--pjsip", "absent.conf"]).code(1);
    assert!(text(&run.get_output().stderr).contains("cannot read absent.conf"));
    let run = reflash(&["lint", &other, "--bundle", &pjsip]).code(1);
    assert!(text(&run.get_output().stderr).contains("contains no load"));
}
