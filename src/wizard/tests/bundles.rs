//! Step 1: how bundles are described, accepted and rejected.

use super::{Act::*, *};

#[test]
fn found_bundle_is_the_default_and_is_described() {
    let mut environment = test_environment();
    environment.target();
    let (_, script, _) = environment.run(&[], vec![Enter, Stop]);
    let sentence = "cmterm-7945_7965-sip.9-3-1SR4-1.zip is complete and signed with the key you \
                    gave: SIP45.9-3-1SR4-1S for 7945 and 7965.";
    assert!(script.output.contains(sentence), "{}", script.output);
}

#[test]
fn damaged_bundle_is_rejected_with_its_reason() {
    let mut environment = test_environment();
    let path = environment.target();
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    let broken = environment.path("cmterm-broken.zip");
    std::fs::write(&broken, bytes).unwrap();
    let (answers, script, _) = environment.run(&[], vec![Pick("broken"), Pick("-sip"), Stop]);
    assert!(
        script.output.contains("cmterm-broken.zip is damaged"),
        "{}",
        script.output
    );
    assert_eq!(answers.bundle_files(), [path]);
}

#[test]
fn sccp_and_foreign_files_are_rejected() {
    let mut environment = test_environment();
    environment.bridge();
    std::fs::write(environment.path("holiday.zip"), b"PK\x05\x06".repeat(9)).unwrap();
    let acts = vec![
        Pick("-sccp"),
        Pick("holiday"),
        Pick("Another"),
        types(""),
        types("/nowhere/at/all.zip"),
        Pick("Another"),
        types(environment.folder.path().to_str().unwrap()),
        Stop,
    ];
    let (answers, script, _) = environment.run(&[], acts);
    let output = &script.output;
    assert!(
        output.contains("contains SCCP firmware (SCCP45.8-5-2S)"),
        "{output}"
    );
    assert!(output.contains("holiday.zip is "), "{output}");
    assert!(output.contains("Type a path"), "{output}");
    assert!(
        output.contains("cannot read /nowhere/at/all.zip"),
        "{output}"
    );
    assert!(
        script.is_done() && answers.selection.targets.is_empty(),
        "{output}"
    );
}

#[test]
fn unproven_bundle_needs_consent() {
    let mut environment = test_environment();
    let path = environment.path("cmterm-7945_7965-sip.unproven.zip");
    small(Family::F45).write_zip(&path).unwrap();
    let (answers, script, _) = environment.run(&[], vec![Enter, Enter, Enter, Pick("Yes"), Stop]);
    assert!(
        script.output.contains("its origin is not proven"),
        "{}",
        script.output
    );
    assert!(
        answers
            .command_line
            .line("convert")
            .contains("--accept-unknown")
    );
    // Another bundle, of proven origin, needs no consent.
    environment.target();
    let acts = vec![Pick("unproven"), Pick("Yes"), Back, Pick("SR4"), Stop];
    let (answers, _, _) = environment.run(&[], acts);
    assert!(
        !answers
            .command_line
            .line("convert")
            .contains("--accept-unknown")
    );
}

#[test]
fn firmware_without_recovery_manifests_needs_consent() {
    let mut environment = test_environment();
    let path = environment.path("cmterm-7945_7965-sip.no-recovery.zip");
    small(Family::F45).without("term").write_zip(&path).unwrap();
    let (answers, script, _) = environment.run(&[], vec![Enter, Enter, Enter, Pick("Yes"), Stop]);
    let output = script
        .output
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(
        output.contains("no SIP recovery manifest for the 7945, 7965"),
        "{output}"
    );
    assert!(output.contains("must not be reset"), "{output}");
    let line = answers.command_line.line("convert");
    assert!(line.contains("--without-recovery"), "{line}");
    assert!(!line.contains("--accept-unknown"), "{line}");
    let stuck = answers.models_without_recovery();
    assert_eq!(
        stuck.iter().map(|model| model.number).collect::<Vec<_>>(),
        ["7945", "7965"]
    );
    // Complete firmware needs no consent.
    environment.target();
    let acts = vec![Pick("no-recovery"), Pick("Yes"), Back, Pick("SR4"), Stop];
    let (answers, _, _) = environment.run(&[], acts);
    assert!(
        !answers
            .command_line
            .line("convert")
            .contains("--without-recovery")
    );
}

#[test]
fn unmatched_checksum_rejects_the_file() {
    let mut environment = test_environment();
    let path = environment.target();
    let flags = [path.to_str().unwrap(), "--checksum", &"0".repeat(32)];
    let (_, script, _) = environment.run(&flags, vec![Stop]);
    assert!(
        script.output.contains("No file has the MD5"),
        "{}",
        script.output
    );
}
