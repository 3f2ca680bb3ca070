//! Step 1: what a bundle is, and what is said of it.

use super::{Act::*, *};

#[test]
fn the_bundle_that_lies_there_is_taken_and_explained_in_a_sentence() {
    let mut test_environment = test_environment();
    test_environment.target();
    let (_, script, _) = test_environment.run(&[], vec![Enter, Stop]);
    let sentence = "cmterm-7945_7965-sip.9-3-1SR4-1.zip is whole and signed with the key that you \
                    named: SIP45.9-3-1SR4-1S for 7945 and 7965.";
    assert!(script.said.contains(sentence), "{}", script.said);
}

#[test]
fn a_damaged_bundle_is_explained_and_another_is_asked_for() {
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
    assert_eq!(answers.named().bundles, [path]);
}

#[test]
fn sccp_and_foreign_files_are_named_for_what_they_are() {
    let mut test_environment = test_environment();
    test_environment.bridge();
    std::fs::write(test_environment.path("holiday.zip"), b"PK\x05\x06".repeat(9)).unwrap();
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
        said.contains("holds SCCP firmware (SCCP45.8-5-2S)"),
        "{said}"
    );
    assert!(said.contains("holiday.zip is "), "{said}");
    assert!(said.contains("Type a path"), "{said}");
    assert!(said.contains("cannot read /nowhere/at/all.zip"), "{said}");
    assert!(script.is_done() && answers.bundles.is_empty(), "{said}");
}

#[test]
fn what_nothing_proves_needs_a_consent() {
    let mut test_environment = test_environment();
    let path = test_environment.path("cmterm-7945_7965-sip.unproven.zip");
    small(Family::F45).write_zip(&path).unwrap();
    let (answers, script, _) = test_environment.run(&[], vec![Enter, Enter, Enter, Pick("Yes"), Stop]);
    assert!(
        script.said.contains("nothing proves where it comes from"),
        "{}",
        script.said
    );
    assert!(answers.words.line("convert").contains("--accept-unknown"));
    // Another one needs no consent any more.
    test_environment.target();
    let acts = vec![Pick("unproven"), Pick("Yes"), Back, Pick("SR4"), Stop];
    let (answers, _, _) = test_environment.run(&[], acts);
    assert!(!answers.words.line("convert").contains("--accept-unknown"));
}

#[test]
fn a_checksum_that_nothing_has_is_a_wrong_file() {
    let mut test_environment = test_environment();
    let path = test_environment.target();
    let flags = [path.to_str().unwrap(), "--checksum", &"0".repeat(32)];
    let (_, script, _) = test_environment.run(&flags, vec![Stop]);
    assert!(
        script.said.contains("No file that was named has the MD5"),
        "{}",
        script.said
    );
}
