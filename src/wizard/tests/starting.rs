//! What the first and the last page say: interrupted runs, unreadable bundles, more bundles than fit,
//! and the command to copy.

use super::{Act::*, steps::enters, *};

fn interrupted() -> InterruptedRun {
    InterruptedRun {
        path: PathBuf::from("/home/maria/.local/state/reflash/run.jsonl"),
        began: "2026-11-30T08:00:00Z".parse().unwrap(),
        phones: 3,
        done: 1,
        options: ["--interface", "eth0", "--dhcp", "isolated"]
            .map(ToOwned::to_owned)
            .to_vec(),
        models: vec![Model::by_number("7965").unwrap()],
    }
}

#[test]
fn an_interrupted_conversion_is_offered_first() {
    let mut environment = test_environment();
    environment.target();
    environment.interrupted = Some(interrupted());
    let (_, script, ended) = environment.run(&[], vec![Pick("Leave")]);
    assert!(matches!(ended, Err(Stopped::Left)), "{}", script.output);
    let output = &script.output;
    assert!(output.contains("3 phones came, 1 done"), "{output}");
    let command = output.replace(" \\\n   ", "");
    for words in [
        "sudo reflash convert",
        "--journal /home/maria/.local/state/reflash/run.jsonl",
        "--resume",
        "--interface eth0",
        "--dhcp isolated",
    ] {
        assert!(command.contains(words), "{words}: {output}");
    }
    // It is continued with the options of its record, without another question.
    let (answers, script, ended) = environment.run(&[], vec![Enter]);
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    assert!(answers.command_line.has("resume"));
    let options = answers.options().unwrap();
    assert!(options.check.isolated);
    assert_eq!(options.check.interface.as_deref(), Some("eth0"));
    // A new conversion is possible.
    let acts = [vec![Pick("new conversion")], enters(6)].concat();
    let (_, script, ended) = environment.run(&[], acts);
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    // A named bundle is a new conversion.
    let path = environment.target();
    let (_, script, ended) = environment.run(&[path.to_str().unwrap()], enters(5));
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    assert!(!script.output.contains("interrupted"), "{}", script.output);
}

#[test]
fn a_bundle_that_the_user_of_sudo_cannot_read_is_rejected_on_the_first_page() {
    let mut environment = test_environment();
    let path = environment.path("cmterm-unreadable.zip");
    small(Family::F45).write_zip(&path).unwrap();
    let (_, script, ended) = environment.run(&[], vec![Enter, Stop]);
    assert!(ended.is_err());
    let output = &script.output;
    assert!(output.contains("cannot be read by maria"), "{output}");
    assert!(!output.contains("== 2"), "{output}");
}

#[test]
fn bundles_that_are_not_listed_are_counted() {
    let mut environment = test_environment();
    for number in 0..10 {
        let path = environment.path(&format!("cmterm-{number}-sip.zip"));
        std::fs::write(path, "").unwrap();
    }
    let (_, script, _) = environment.run(&[], vec![Stop]);
    let expected = "Another file (2 more are not listed): type its path";
    assert!(script.output.contains(expected), "{}", script.output);
}

#[test]
fn the_last_page_shows_the_command_with_sudo() {
    let mut environment = test_environment();
    environment.target();
    let (_, script, ended) = environment.run(&[], enters(6));
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    let command = "The same conversion without the wizard:\n  sudo reflash convert";
    assert!(script.output.contains(command), "{}", script.output);
}

/// The last page on a screen with this many rows, and all keys up to the start.
fn last_page(rows: usize, last: Vec<Act>) -> String {
    let mut environment = test_environment();
    environment.target();
    let mut answers = answers(&[]);
    let acts = [enters(5), last].concat();
    let mut script = ScriptedPrompt::new(acts);
    script.rows = Some(rows);
    let ended = flow::run(&mut answers, &mut script, &mut environment);
    assert!(ended.is_ok() && script.is_done(), "{}", script.output);
    let (_, page) = script.output.split_once("== 6").unwrap();
    page.to_owned()
}

#[test]
fn a_command_line_that_would_not_fit_on_the_last_page_is_shown_on_request() {
    const HEADING: &str = "The same conversion without the wizard:\n  sudo reflash convert";
    let position = |page: &str, part: &str| page.find(part).unwrap_or_else(|| panic!("{page}"));
    let fits = last_page(40, vec![Enter]);
    assert!(
        position(&fits, HEADING) < position(&fits, "? Start"),
        "{fits}"
    );
    assert!(!fits.contains("Show the same"), "{fits}");

    let asked = last_page(12, vec![Pick("Show the same"), Enter]);
    let (before, after) = asked.split_at(position(&asked, "Pick("));
    assert!(!before.contains(HEADING), "{asked}");
    assert!(
        after.contains(HEADING) && !after.contains("Show the same conversion"),
        "{asked}"
    );

    // Whoever starts at once can still copy it.
    let started = last_page(12, vec![Enter]);
    assert!(
        position(&started, "? Start") < position(&started, HEADING),
        "{started}"
    );
}

#[test]
fn the_line_of_progress_counts_down_and_counts_phones() {
    let mut environment = test_environment().with_phone("001D45AABB0C", "7965", "SCCP45.8-3-1S");
    environment.target();
    let (_, script, _) = environment.run(&[], vec![Enter, Stop]);
    let expected = "Listening for phones for 5 s … 1 phone detected";
    assert!(script.output.contains(expected), "{}", script.output);
}
