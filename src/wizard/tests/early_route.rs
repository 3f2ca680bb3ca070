//! Step 4 for the 7940 and 7960: what the phones run, and each bridge in turn.

use super::{Act::*, *};

/// A made-up bundle of the 7940 and 7960.
fn made(environment: &TestEnvironment, protocol: Protocol, release: &str) -> PathBuf {
    let made = small(Family::P3).protocol(protocol);
    environment.bundle(&made.release(Release {
        load: release.to_owned(),
        images: release.to_owned(),
    }))
}

fn with_sip(releases: &[&str]) -> TestEnvironment {
    let environment = test_environment();
    for release in releases {
        made(&environment, Protocol::Sip, release);
    }
    environment
}

/// The target, and one phone that comes first.
const START: [Act; 3] = [Pick("P0S3-8-12-00"), Enter, Enter];

fn acts(more: &[Act]) -> Vec<Act> {
    [&START[..], more].concat()
}

#[test]
fn each_missing_bundle_of_an_old_7960_is_asked_for_in_turn() {
    let mut environment = with_sip(&["8-12-00", "04-4-00", "05-3-00"]);
    let (answers, script, ended) = environment.run(
        &["--accept-unknown"],
        acts(&[Pick("SIP 2.x to 4.x"), Enter, Enter, Enter, Enter]),
    );
    let output = &script.output;
    assert!(ended.is_ok(), "{ended:?}\n{output}");
    for line in [
        "Settings > Status",
        "  1. P0S3-04-4-00   missing\n  2. P0S3-05-3-00   missing\n  3. P0S3-8-12-00   the target",
        "Which bundle has P0S3-04-4-00?",
        "  1. P0S3-04-4-00   given\n  2. P0S3-05-3-00   missing\n",
        "Which bundle has P0S3-05-3-00?",
        "There is no way back",
    ] {
        assert!(output.contains(line), "{line}\n{output}");
    }
    let given: Vec<_> = answers
        .bridge_files()
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(given.len(), 2, "{given:?}");
    assert!(given[0].contains("P0S3-04-4-00") && given[1].contains("P0S3-05-3-00"));
    assert!(
        output.contains("via P0S3-04-4-00 and P0S3-05-3-00; no way back below 5.0"),
        "{output}"
    );
}

#[test]
fn a_bundle_that_is_not_the_step_is_refused_and_back_takes_the_last_one_away() {
    let mut environment = with_sip(&["8-12-00", "04-4-00", "05-3-00", "07-5-00"]);
    let other = environment.target();
    let (answers, script, _) = environment.run(
        &["--accept-unknown"],
        acts(&[
            Pick("Type the name"),
            types("SIP45.9-3-1SR4-1S"),
            types("P0S3-03-2-00"),
            Pick("Type the path"),
            Type(other.display().to_string()),
            Pick("P0S3-07-5-00"),
            Pick("P0S3-04-4-00"),
            Back,
            Pick("Go on without"),
            Stop,
        ]),
    );
    let output = &script.output;
    assert!(script.is_done(), "{output}");
    for line in [
        "That is no load of a 7940 or 7960",
        "is for none of the models of the target",
        "which is none of the missing steps",
        "phones that need one stay as they are",
    ] {
        assert!(output.contains(line), "{line}\n{output}");
    }
    assert!(answers.bridge_files().is_empty());
}

#[test]
fn an_unsigned_bridge_needs_consent() {
    let mut environment = with_sip(&["8-12-00"]);
    let path = made(&environment, Protocol::Sip, "04-4-00");
    let unproven = environment.path("P0S3-04-4-00-unproven.zip");
    std::fs::rename(path, unproven).unwrap();
    let steps = [Pick("SIP 2.x"), Enter, Enter, Enter, Pick("Yes"), Stop];
    let (answers, script, _) = environment.run(&[], acts(&steps));
    assert!(script.is_done(), "{}", script.output);
    assert_eq!(answers.bridge_files().len(), 1, "{}", script.output);
    assert!(answers.command_line.has("accept_unknown"));
}

#[test]
fn loads_that_are_detected_decide_without_a_question() {
    for (load, wanted) in [
        ("P0S3-07-5-00", "route: direct: the phones have the loader"),
        ("P00305000700", "route: direct: the phones have the loader"),
        ("P00304000000", "Which bundle has P00305000700?"),
        ("P003AL000000", "1. P0S30202"),
    ] {
        let mut environment = with_sip(&["8-12-00"]).with_phone("001D45AABB0C", "7960", load);
        let (_, script, _) = environment.run(&[], acts(&[Stop]));
        assert!(script.output.contains(wanted), "{load}\n{}", script.output);
        assert!(!script.output.contains("What do the phones run"), "{load}");
    }
}
