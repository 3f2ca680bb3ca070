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
fn a_full_disk_is_reported_once_and_stops_neither_transfer_nor_display() {
    let site = Site::new();
    // 56 KiB for each file: enough for every image, too little for the journal. The signal of
    // this limit is ignored, as a full disk sends none.
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
    let log = site.folder.path().join("log");
    command.stderr(fs::File::create(&log).unwrap());
    let mut server = Running::start(&mut command);
    server.kind("started");
    let _phones = site.phones(8);
    let report = server.kind("finished")["report"].clone();
    assert_eq!(server.end(), Some(0));
    let totals = &report["totals"];
    let done = totals["confirmed"].as_u64().unwrap() + totals["flashed"].as_u64().unwrap();
    assert_eq!(done, 8, "{report:#}");
    let log = fs::read_to_string(&log).unwrap();
    let warnings = log.matches("cannot be written").count();
    assert_eq!(warnings, 1, "{log}");
    assert!(log.contains("incomplete since"), "{log}");
    let recorded = journal::read(&site.journal()).unwrap();
    assert!(!recorded.finished, "the last line is missing");
    assert_eq!(recorded.lines_cut, 0);
    assert!(
        recorded.fleet().done_of_total().1 > 0,
        "the lines that fitted are kept"
    );
}

#[test]
fn a_journal_that_does_not_fit_the_command_is_refused_with_the_reason() {
    let site = Site::new();
    let mut server = site.begin(&["--timeout", "2m"]);
    let started = server.kind("started");
    assert_eq!(started["journal"], site.journal().to_str().unwrap());
    // Another port, because that one is in use, but the same journal.
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
    let (code, message) = Site::refused(&mut second);
    assert_eq!(code, Some(1), "{message}");
    assert!(message.contains("a run that is still active"), "{message}");
    server.signal("KILL");
    server.end();

    let mut fresh = site.command(&["--trust-key", KEY]);
    fresh.arg(&site.bundle).arg("--journal").arg(site.journal());
    let (code, message) = Site::refused(&mut fresh);
    assert_eq!(code, Some(1), "{message}");
    assert!(
        message.contains("exists already") && message.contains("--resume"),
        "{message}"
    );

    let mut others = site.command(&["--resume", "--only", "001122334455", "--journal"]);
    let (code, message) = Site::refused(others.arg(site.journal()));
    assert_eq!(code, Some(1), "{message}");
    assert!(message.contains("--only names other phones"), "{message}");

    let mut foreign = site.command(&["--resume", "--journal"]);
    let (code, message) = Site::refused(foreign.arg(&site.bundle));
    assert_eq!(code, Some(1), "{message}");
    assert!(message.contains("not a journal of reflash"), "{message}");

    synthetic::bundle_of(site.folder.path(), 8);
    let mut changed = site.command(&["--resume", "--journal"]);
    let (code, message) = Site::refused(changed.arg(site.journal()));
    assert_eq!(code, Some(1), "{message}");
    assert!(message.contains("its digest differs"), "{message}");
    let whole = fs::read_to_string(site.journal()).unwrap();
    assert_eq!(whole.lines().count(), 1, "nothing was appended: {whole}");

    let mut nowhere = site.command(&["--trust-key", KEY, "--journal", "/proc/no/run.jsonl"]);
    let (code, message) = Site::refused(nowhere.arg(&site.bundle));
    assert_eq!(code, Some(1), "{message}");
    assert!(message.contains("cannot be written"), "{message}");
}

#[test]
fn the_default_journal_is_in_the_state_folder_and_resume_finds_the_newest() {
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
    let (code, message) = Site::refused(&mut while_it_runs);
    assert_eq!(code, Some(1));
    assert!(
        message.contains("no journal of an unfinished run"),
        "{message}"
    );
    server.signal("KILL");
    server.end();

    let mut command = site.command(&["--resume", "--timeout", "1s"]);
    let log = site.folder.path().join("log");
    command.stderr(fs::File::create(&log).unwrap());
    let mut server = Running::start(&mut command);
    assert_eq!(server.kind("started")["journal"], path.to_str().unwrap());
    server.kind("finished");
    assert_eq!(server.end(), Some(1), "no phone requested anything");
    let log = fs::read_to_string(&log).unwrap();
    assert!(log.contains("0 phones, 0 done"), "{log}");
    // The timeout ended the run: there is no run to resume.
    let (code, _) = Site::refused(&mut site.command(&["--resume"]));
    assert_eq!(code, Some(1));
}

#[test]
fn an_old_run_is_continued_only_if_it_is_named() {
    let site = Site::new();
    let mut command = site.command(&["--trust-key", KEY]);
    command.arg(&site.bundle).args(["--timeout", "2m"]);
    let mut server = Running::start(&mut command);
    let path = PathBuf::from(server.kind("started")["journal"].as_str().unwrap());
    server.signal("KILL");
    server.end();
    // As if it were of the day before.
    let text = fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once("\"at\":\"").unwrap();
    let rest = rest.split_once('"').unwrap().1;
    fs::write(
        &path,
        format!("{head}\"at\":\"2026-01-05T08:00:00Z\"{rest}"),
    )
    .unwrap();
    let (code, message) = Site::refused(&mut site.command(&["--resume"]));
    assert_eq!(code, Some(1), "{message}");
    for part in [
        "begun 2026-01-05",
        "days ago",
        &site.bundle.display().to_string(),
        "more than 12 hours old",
        &format!("add --journal {}", path.display()),
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }
    let mut named = site.command(&["--resume", "--timeout", "1s", "--journal"]);
    let mut server = Running::start(named.arg(&path));
    server.kind("started");
    server.kind("finished");
}

#[test]
fn a_resumed_run_serves_the_configurations_of_the_run_or_stops() {
    let site = Site::new();
    let list = site.folder.path().join("office.toml");
    let phone = "[[phone]]\nmac = \"001D45AABB21\"\nmodel = 7965\nextension = 1001\n";
    let office = format!("[site]\npbx = \"192.0.2.77\"\ntime_zone = \"UTC\"\n{phone}");
    fs::write(&list, format!("{office}secret = \"hunter2\"\n")).unwrap();
    let list = list.to_str().unwrap();
    let mut server = site.begin(&["--inventory", list, "--timeout", "2m"]);
    server.kind("started");
    server.signal("KILL");
    server.end();
    // The secret is gone: the phone would be converted and not register.
    fs::write(list, &office).unwrap();
    let mut again = site.command(&["--resume", "--inventory", list, "--journal"]);
    let (code, message) = Site::refused(again.arg(site.journal()));
    assert_eq!(code, Some(1), "{message}");
    for part in ["SEP001D45AABB21", "--secrets FILE", "nothing was served"] {
        assert!(message.contains(part), "{part} in {message}");
    }
    fs::write(list, format!("{office}secret = \"hunter2\"\n")).unwrap();
    let mut server = site.resume(&["--timeout", "1s"]);
    server.kind("started");
    server.kind("finished");
}

#[test]
fn without_a_state_folder_the_run_warns_and_writes_no_journal() {
    let site = Site::new();
    let mut command = site.command(&["--trust-key", KEY]);
    command.arg(&site.bundle).args(["--timeout", "1s"]);
    command.env("XDG_STATE_HOME", "/proc/nowhere");
    let log = site.folder.path().join("log");
    command.stderr(fs::File::create(&log).unwrap());
    let mut server = Running::start(&mut command);
    assert_eq!(server.kind("started")["journal"], Value::Null);
    server.kind("finished");
    let log = fs::read_to_string(&log).unwrap();
    assert!(log.contains("this run is not recorded"), "{log}");
}

#[test]
fn rehearse_and_serve_write_a_journal_on_request() {
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
