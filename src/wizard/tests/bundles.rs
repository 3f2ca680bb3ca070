//! Step 1: how bundles are described, accepted and rejected.

use super::{Act::*, *};

#[test]
fn found_bundle_is_the_default_and_is_described() {
    let mut test_environment = test_environment();
    test_environment.target();
    let (_, script, _) = test_environment.run(&[], vec![Enter, Stop]);
    let sentence = "cmterm-7945_7965-sip.9-3-1SR4-1.zip is complete and signed with the key you \
                    gave: SIP45.9-3-1SR4-1S for 7945 and 7965.";
    assert!(script.said.contains(sentence), "{}", script.said);
}

#[test]
fn damaged_bundle_is_rejected_with_its_reason() {
    let mut test_environment = test_environment();
    let path = test_environment.target();
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    let broken = test_environment.path("cmterm-broken.zip");
    std::fs::write(&broken, bytes).unwrap();
    let (answers, script, _) = test_environment.run(&[], vec![Pick("broken"), Pick("-sip"), Stop]);
    assert!(
        script.said.contains("cmterm-broken.zip is damaged"),
        "{}",
        script.said
    );
    assert_eq!(answers.bundle_files(), [path]);
}

#[test]
fn sccp_and_foreign_files_are_rejected() {
    let mut test_environment = test_environment();
    test_environment.bridge();
    std::fs::write(
        test_environment.path("holiday.zip"),
        b"PK\x05\x06".repeat(9),
    )
    .unwrap();
    let acts = vec![
        Pick("-sccp"),
        Pick("holiday"),
        Pick("Another"),
        types(""),
        types("/nowhere/at/all.zip"),
        Pick("Another"),
        types(test_environment.folder.path().to_str().unwrap()),
        Stop,
    ];
    let (answers, script, _) = test_environment.run(&[], acts);
    let said = &script.said;
    assert!(
        said.contains("contains SCCP firmware (SCCP45.8-5-2S)"),
        "{said}"
    );
    assert!(said.contains("holiday.zip is "), "{said}");
    assert!(said.contains("Type a path"), "{said}");
    assert!(said.contains("cannot read /nowhere/at/all.zip"), "{said}");
    assert!(
        script.is_done() && answers.selection.targets.is_empty(),
        "{said}"
    );
}

#[test]
fn unproven_bundle_needs_consent() {
    let mut test_environment = test_environment();
    let path = test_environment.path("cmterm-7945_7965-sip.unproven.zip");
    small(Family::F45).write_zip(&path).unwrap();
    let (answers, script, _) =
        test_environment.run(&[], vec![Enter, Enter, Enter, Pick("Yes"), Stop]);
    assert!(
        script.said.contains("its origin is not proven"),
        "{}",
        script.said
    );
    assert!(
        answers
            .command_line
            .line("convert")
            .contains("--accept-unknown")
    );
    // Another bundle needs no consent.
    test_environment.target();
    let acts = vec![Pick("unproven"), Pick("Yes"), Back, Pick("SR4"), Stop];
    let (answers, _, _) = test_environment.run(&[], acts);
    assert!(
        !answers
            .command_line
            .line("convert")
            .contains("--accept-unknown")
    );
}

#[test]
fn unmatched_checksum_rejects_the_file() {
    let mut test_environment = test_environment();
    let path = test_environment.target();
    let flags = [path.to_str().unwrap(), "--checksum", &"0".repeat(32)];
    let (_, script, _) = test_environment.run(&flags, vec![Stop]);
    assert!(
        script.said.contains("No file has the MD5"),
        "{}",
        script.said
    );
}
