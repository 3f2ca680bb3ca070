//! Journals of the real program: where they are written, and which runs are refused.

use std::{fs, path::PathBuf, process::Command};

use reflash::journal::{self};
use serde_json::Value;

use super::{REFLASH, site::Site};
use crate::support::{
    process::Running,
    synthetic::{self, KEY},
};

#[test]
fn a_full_disk_is_told_once_and_stops_neither_transfer_nor_display() {
    let site = Site::new();
    // 56 KiB a file: enough for every image, too little for the journal. The signal that
    // would come with it is ignored, as a full disk sends none.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 112; exec \"$@\"", "sh"]);
    let convert = {
        let mut convert = site.command(&["--trust-key", KEY]);
        convert.arg(&site.bundle);
        convert.args(["--expect", "8", "--timeout", "100s"]);
        convert.arg("--journal").arg(site.journal());
        convert
    };
    command.arg(convert.get_program()).args(convert.get_args());
    for (name, value) in convert.get_envs() {
        command.env(name, value.unwrap());
    }
    let words = site.folder.path().join("words");
    command.stderr(fs::File::create(&words).unwrap());
    let mut server = Running::start(&mut command);
    server.kind("started");
    let _phones = site.phones(8);
    let report = server.kind("finished")["report"].clone();
    assert_eq!(server.end(), Some(0));
    let totals = &report["totals"];
    let done = totals["confirmed"].as_u64().unwrap() + totals["flashed"].as_u64().unwrap();
    assert_eq!(done, 8, "{report:#}");
    let words = fs::read_to_string(&words).unwrap();
    let told = words.matches("cannot be written").count();
    assert_eq!(told, 1, "{words}");
    assert!(words.contains("incomplete since"), "{words}");
    let recorded = journal::read(&site.journal()).unwrap();
    assert!(!recorded.finished, "its end is missing");
    assert_eq!(recorded.lines_cut, 0);
    assert!(
        recorded.fleet().done_of_total().1 > 0,
        "what fitted is there"
    );
}

#[test]
fn what_does_not_fit_together_is_refused_with_words() {
    let site = Site::new();
    let mut server = site.begin(&["--timeout", "2m"]);
    let started = server.kind("started");
    assert_eq!(started["journal"], site.journal().to_str().unwrap());
    // Another port, as that one is in use, but the same journal.
    let mut second = Command::new(REFLASH);
    second.args([
        "convert",
        "--json",
        "--listen",
        "127.0.0.1",
        "--http-port",
        "0",
    ]);
    second.args(["--tftp-port", "0", "--resume", "--journal"]);
    second.arg(site.journal()).env("TMPDIR", site.folder.path());
    let (code, words) = Site::refused(&mut second);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("a run that is still active"), "{words}");
    server.signal("KILL");
    server.end();

    let mut fresh = site.command(&["--trust-key", KEY]);
    fresh.arg(&site.bundle).arg("--journal").arg(site.journal());
    let (code, words) = Site::refused(&mut fresh);
    assert_eq!(code, Some(1), "{words}");
    assert!(
        words.contains("exists already") && words.contains("--resume"),
        "{words}"
    );

    let mut others = site.command(&["--resume", "--only", "001122334455", "--journal"]);
    let (code, words) = Site::refused(others.arg(site.journal()));
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("--only names other phones"), "{words}");

    let mut foreign = site.command(&["--resume", "--journal"]);
    let (code, words) = Site::refused(foreign.arg(&site.bundle));
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("not a journal of reflash"), "{words}");

    synthetic::bundle_of(site.folder.path(), 8);
    let mut changed = site.command(&["--resume", "--journal"]);
    let (code, words) = Site::refused(changed.arg(site.journal()));
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("its digest differs"), "{words}");
    let whole = fs::read_to_string(site.journal()).unwrap();
    assert_eq!(whole.lines().count(), 1, "nothing was added: {whole}");

    let mut nowhere = site.command(&["--trust-key", KEY, "--journal", "/proc/no/run.jsonl"]);
    let (code, words) = Site::refused(nowhere.arg(&site.bundle));
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("cannot be written"), "{words}");
}

#[test]
fn without_a_name_the_state_folder_has_it_and_resume_finds_the_newest() {
    let site = Site::new();
    let mut command = site.command(&["--trust-key", KEY]);
    command.arg(&site.bundle).args(["--timeout", "2m"]);
    let mut server = Running::start(&mut command);
    let path = PathBuf::from(server.kind("started")["journal"].as_str().unwrap());
    let state = site.folder.path().join("state/reflash");
    assert_eq!(path.parent(), Some(&*state));
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(name.ends_with("Z-SIP45.9-3-1SR4-1S.jsonl"), "{name}");
    let mut while_it_runs = site.command(&["--resume"]);
    let (code, words) = Site::refused(&mut while_it_runs);
    assert_eq!(code, Some(1));
    assert!(words.contains("no journal of an unfinished run"), "{words}");
    server.signal("KILL");
    server.end();

    let mut command = site.command(&["--resume", "--timeout", "1s"]);
    let words = site.folder.path().join("words");
    command.stderr(fs::File::create(&words).unwrap());
    let mut server = Running::start(&mut command);
    assert_eq!(server.kind("started")["journal"], path.to_str().unwrap());
    server.kind("finished");
    assert_eq!(server.end(), Some(1), "no phone came");
    let words = fs::read_to_string(&words).unwrap();
    assert!(words.contains("0 phones, 0 done"), "{words}");
    // Ended by its time: there is nothing left to go on with.
    let (code, _) = Site::refused(&mut site.command(&["--resume"]));
    assert_eq!(code, Some(1));
}

#[test]
fn a_state_folder_that_cannot_be_made_is_told_and_gone_without() {
    let site = Site::new();
    let mut command = site.command(&["--trust-key", KEY]);
    command.arg(&site.bundle).args(["--timeout", "1s"]);
    command.env("XDG_STATE_HOME", "/proc/nowhere");
    let words = site.folder.path().join("words");
    command.stderr(fs::File::create(&words).unwrap());
    let mut server = Running::start(&mut command);
    assert_eq!(server.kind("started")["journal"], Value::Null);
    server.kind("finished");
    let words = fs::read_to_string(&words).unwrap();
    assert!(words.contains("this run is not recorded"), "{words}");
}

#[test]
fn a_rehearsal_and_a_plain_folder_record_when_they_are_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rehearsal.jsonl");
    let output = Command::new(REFLASH)
        .args(["rehearse", "--json", "--phones", "2", "--journal"])
        .arg(&path)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let recorded = journal::read(&path).unwrap();
    assert!(recorded.finished && recorded.header.speed > 1.0);
    assert_eq!(
        serde_json::to_value(recorded.report()).unwrap(),
        last["report"]
    );

    let log = folder.path().join("serve.jsonl");
    let mut command = Command::new(REFLASH);
    command.arg("serve").arg(folder.path());
    command.args(["--json", "--listen", "127.0.0.1", "--tftp-port", "0"]);
    command.args(["--http-port", "0", "--journal"]).arg(&log);
    let mut server = Running::start(&mut command);
    server.kind("started");
    server.signal("INT");
    server.kind("finished");
    assert_eq!(server.end(), Some(130));
    let recorded = journal::read(&log).unwrap();
    assert_eq!(recorded.header.command, "serve");
    assert_eq!(recorded.end.unwrap().signal, Some(2));
    let mut resume = Command::new(REFLASH);
    let resume = resume.args(["convert", "--resume", "--journal"]).arg(&log);
    let output = resume.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}
