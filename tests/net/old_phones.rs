//! `rehearse` and `convert` with the 7940 and 7960 from before their loader, as processes.

use std::process::Command;

use reflash::{
    phone::Family,
    simulator::{Release, Sizes, SyntheticBundle},
};
use serde_json::Value;

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

#[test]
fn an_old_7960_installs_each_step_and_then_the_target_by_itself() {
    // Unsigned SIP and unsigned SCCP: the two longest paths but that of the AL loads.
    for (from, steps) in [
        ("P0S3-03-2-00", &["P0S3-04-4-00", "P0S3-05-3-00"][..]),
        ("P00304000000", &["P00305000700"]),
    ] {
        let output = Command::new(REFLASH)
            .args(["rehearse", "--json", "--model", "7960", "--phones", "2"])
            .args(["--from", from])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let lines: Vec<Value> = String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let last = lines.last().unwrap();
        assert_eq!(last["kind"], "finished");
        for phone in last["report"]["phones"].as_array().unwrap() {
            assert_eq!(phone["to"], "P0S3-8-12-00", "{phone}");
            assert_eq!(phone["state"], "flashed", "{phone}");
            assert_eq!(phone["diagnoses"].as_array().map(Vec::len), Some(0));
            let evidence = phone["evidence"].to_string();
            for step in steps {
                let arrived = format!("fetched all of '{step}.bin'");
                assert!(evidence.contains(&arrived), "{evidence}");
            }
        }
    }
}

#[test]
fn a_step_as_the_target_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let made = SyntheticBundle::new(Family::P3, 7).unwrap();
    let release = Release {
        load: "04-4-00".to_owned(),
        images: "04-4-00".to_owned(),
    };
    let made = made.sizes(Sizes::Small).release(release);
    let path = folder.path().join(made.file_name());
    made.write_zip(&path).unwrap();
    let output = Command::new(REFLASH)
        .args(["rehearse", "--accept-unknown"])
        .arg(&path)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("from before their loader"), "{text}");
    assert!(text.contains("--bridge"), "{text}");
}
