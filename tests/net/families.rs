//! `rehearse` with every model and every state at its start, as processes. The program itself compares
//! its report with what the simulated phones have.

use std::{path::PathBuf, process::Command, thread};

use reflash::phone::{MODELS, Model};
use serde_json::Value;

use crate::support::synthetic::{self, KEY};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

/// The phones of the report, and the exit code.
fn rehearse(bundles: &[PathBuf], arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
    let output = Command::new(REFLASH)
        .args(["rehearse", "--json", "--accept-unknown", "--trust-key", KEY])
        .args(bundles)
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.lines().last();
    let last: Value = serde_json::from_str(last.unwrap_or("null")).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(last["kind"], "finished", "{arguments:?}: {errors}");
    assert!(!errors.contains("fault of reflash"), "{errors}");
    let phones = last["report"]["phones"].as_array().unwrap().clone();
    (output.status.code(), phones)
}

fn codes(phone: &Value) -> Vec<&str> {
    ["diagnoses", "withdrawn"]
        .iter()
        .flat_map(|list| phone[*list].as_array().unwrap())
        .map(|it| it["code"].as_str().unwrap())
        .collect()
}

/// The transports of the files that arrived.
fn transports(phone: &Value) -> Vec<&str> {
    let files = phone["files"].as_array().unwrap().iter();
    let mut all: Vec<&str> = files
        .filter(|file| file["outcome"] == "delivered")
        .map(|file| file["transport"].as_str().unwrap())
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn every_model_is_converted_or_upgraded_from_each_state_over_its_own_transport() {
    let folder = tempfile::tempdir().unwrap();
    let bundles = synthetic::bundles_of_all_families(folder.path());
    // Each model once after a reset and once running, as far as it has both.
    let models = MODELS.iter().filter(|model| model.family.is_supported());
    let count = (2 * models.clone().count()).to_string();
    let (code, phones) = rehearse(&bundles, &["--phones", &count]);
    for model in models {
        let target = synthetic::target(model.family);
        let number = model.plain_number();
        let tries_http = model.family.slots().is_some_and(|slots| slots.tries_http);
        let transport = if tries_http { "http" } else { "tftp" };
        let of_family: Vec<&Value> = phones.iter().filter(|it| it["to"] == *target).collect();
        assert!(of_family.len() >= 2, "{number}: {}", of_family.len());
        for phone in of_family {
            let state = phone["state"].as_str().unwrap();
            assert!(["flashed", "confirmed"].contains(&state), "{phone:#}");
            assert_eq!(codes(phone), [""; 0], "{phone:#}");
            assert_eq!(transports(phone), [transport], "{phone:#}");
        }
    }
    assert_eq!(code, Some(0));
    assert_eq!(phones.len().to_string(), count);
}

#[test]
fn every_release_of_the_7940_and_7960_reaches_the_target_by_its_steps() {
    let loads = [
        "P0S30203",
        "P0S3-03-2-00",
        "P0S3-04-4-00",
        "P0S3-05-3-00",
        "P0S3-06-3-00",
        "P0S3-07-5-00",
        "P003AL00",
        "P00303020214",
        "P00304000000",
        "P00305000700",
        "P0030801SR02",
    ];
    in_parallel(&loads, |load| {
        let (code, phones) = rehearse(&[], &["--phones", "1", "--from", load]);
        let [phone] = &phones[..] else {
            panic!("{load}: {phones:#?}");
        };
        assert_eq!(code, Some(0), "{load}: {phone:#}");
        assert_eq!(phone["state"], "flashed", "{load}: {phone:#}");
        assert_eq!(phone["to"], "P0S3-8-12-00", "{load}");
        assert_eq!(codes(phone), [""; 0], "{load}: {phone:#}");
    });
}

/// A fault of a model: the state in which the phone ends, and what is diagnosed.
struct Row(
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
);

const ROWS: [Row; 17] = [
    Row("6921", "trust-list", "stalled", Some("trust-list")),
    Row(
        "6911",
        "power-cut=BFS:50",
        "flashed",
        Some("rebooted-mid-image"),
    ),
    Row(
        "6901",
        "refuses-manifest",
        "failed",
        Some("manifest-refused"),
    ),
    Row("6945", "wrong-hardware", "failed", Some("manifest-refused")),
    Row("6961", "config-refused", "stalled", Some("config-rejected")),
    Row("8941", "weak-power", "flashed", Some("rebooted-mid-image")),
    Row("8945", "refuses-images", "stalled", Some("images-refused")),
    Row("8945", "no-witness", "flashed", None),
    // Nothing shows a load that was already there, but an announcement.
    Row("8941", "other-slot", "configuring", None),
    Row(
        "8961",
        "refuses-manifest",
        "failed",
        Some("manifest-refused"),
    ),
    Row(
        "9951",
        "power-cut=rootfs:50",
        "flashed",
        Some("rebooted-mid-image"),
    ),
    Row("7821", "multiplatform", "stalled", Some("multiplatform")),
    Row("7832", "tftp-only", "flashed", None),
    Row("8821", "address-change", "flashed", None),
    Row(
        "8865",
        "power-cut=kern:50",
        "flashed",
        Some("rebooted-mid-image"),
    ),
    Row("8831", "no-witness", "flashed", None),
    Row(
        "7960",
        "power-cut=P0:50",
        "flashed",
        Some("rebooted-mid-image"),
    ),
];

#[test]
fn every_fault_of_a_phone_with_two_slots_ends_as_the_phone_does_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let names = ROWS.map(|Row(model, ..)| {
        let family = Model::by_number(model).unwrap().family;
        synthetic::bundle_for(folder.path(), family)
    });
    let rows: Vec<(&Row, &PathBuf)> = ROWS.iter().zip(&names).collect();
    in_parallel(&rows, |(Row(model, fault, state, code), bundle)| {
        let arguments = ["--phones", "1", "--model", model, "--fault", fault];
        let arguments = [&arguments[..], &["--timeout", "22s"]].concat();
        let (_, phones) = rehearse(std::slice::from_ref(*bundle), &arguments);
        let [phone] = &phones[..] else {
            panic!("{model} {fault}: {phones:#?}");
        };
        assert_eq!(phone["state"], *state, "{model} {fault}: {phone:#}");
        let all = codes(phone);
        let found: Vec<&&str> = all.iter().filter(|found| **found != "stalled").collect();
        assert_eq!(
            found,
            code.iter().collect::<Vec<_>>(),
            "{model} {fault}: {phone:#}"
        );
    });
}

/// Simulated phones mostly wait: several runs at once.
fn in_parallel<T: Sync>(items: &[T], run: impl Fn(&T) + Sync) {
    thread::scope(|scope| {
        for item in items {
            let run = &run;
            scope.spawn(move || run(item));
        }
    });
}
