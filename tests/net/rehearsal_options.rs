//! `rehearse` as a process: faults and first loads that its phones cannot have.

use std::process::{Command, Output};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

fn reflash(arguments: &[&str]) -> Output {
    Command::new(REFLASH).args(arguments).output().unwrap()
}

#[test]
fn a_fault_that_no_phone_can_have_is_a_usage_error_that_says_which_it_can_have() {
    for (model, fault, cure) in [
        ("7960", "wrong-hardware@1", "It can have: loss=PERCENT"),
        ("7960", "needs-bridge@1", "It can have: loss=PERCENT"),
        ("7960", "config-refused@1", "It can have: loss=PERCENT"),
        ("7960", "multiplatform@1", "It can have: loss=PERCENT"),
        ("7960", "refuses-manifest@1", "It can have: loss=PERCENT"),
        (
            "7821",
            "needs-bridge@1",
            "It can have: refuses-manifest, wrong-hardware",
        ),
        ("8851", "power-cut=apps:40", "kern"),
        ("6945", "power-cut=bin4:40", "SIP6945"),
        ("7965", "power-cut=nosuch:40", "apps45"),
        (
            "7965",
            "trust-list",
            "It can have: refuses-manifest, wrong-hardware",
        ),
        ("7965", "in-call", "Add --restart"),
    ] {
        let output = reflash(&["rehearse", "--model", model, "--fault", fault]);
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{model} {fault}: {words}");
        let plain = words.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(plain.contains(cure), "{model} {fault}: {words}");
    }
}

#[test]
fn a_first_load_of_other_phones_is_a_usage_error_that_names_both() {
    for (model, from, words) in [
        (
            "7940",
            "SIP45.9-3-1SR4-1S",
            "a load of the 7945, 7965, not of the 7940",
        ),
        (
            "8851",
            "SCCP45.8-5-2S",
            "a load of the 7945, 7965, not of the 8851",
        ),
        (
            "7821",
            "P0S3-03-2-00",
            "a load of the 7940, 7960, not of the 7821",
        ),
        ("7960", "P0M3-07-4-00", "MGCP firmware is not simulated"),
    ] {
        let output = reflash(&["rehearse", "--model", model, "--from", from]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{model} {from}: {text}");
        let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(plain.contains(words), "{model} {from}: {text}");
    }
    let upgrade = ["--model", "8851", "--from", "sip88xx.10-3-1-20"];
    let output = reflash(
        &[
            &["rehearse", "--phones", "1", "--timeout", "30s"],
            &upgrade[..],
        ]
        .concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
