//! Journals of schema 1: `report` and `replay` read them, and `--resume` continues them.
//!
//! `killed.jsonl` was written by the last version with schema 1: a conversion of three simulated
//! phones that was killed, resumed and killed again. `every-line.jsonl` is written by hand and
//! has every kind of line, observation and ending; that program read it without an unknown line.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use reflash::journal;
use serde_json::{Value, json};

use super::{REFLASH, site::Site};
use crate::support::synthetic::KEY;

fn fixture(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/net/journal/schema1");
    Path::new(folder).join(name)
}

/// The JSON document that a command prints about a journal.
fn json_of(command: &str, journal: &Path) -> Value {
    let output = Command::new(REFLASH)
        .args([command, "--json"])
        .arg(journal)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{command}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// One phone of a report: MAC, state, pass, loads, and the outcome of every file.
fn summary(phone: &Value) -> Value {
    let files = phone["files"].as_array().unwrap().iter();
    let files: Vec<String> = files
        .map(|file| {
            let name = file["name"].as_str().unwrap();
            format!(
                "{name} {} {}",
                file["outcome"].as_str().unwrap(),
                file["bytes"]
            )
        })
        .collect();
    json!([
        phone["mac"],
        phone["state"],
        phone["pass"],
        phone["from"],
        phone["to"],
        files
    ])
}

fn summaries(report: &Value) -> Vec<Value> {
    report["phones"]
        .as_array()
        .unwrap()
        .iter()
        .map(summary)
        .collect()
}

#[test]
fn every_line_of_schema_1_is_known() {
    for (name, observations, events, sessions) in
        [("every-line.jsonl", 38, 4, 2), ("killed.jsonl", 65, 39, 2)]
    {
        let recorded = journal::read(&fixture(name)).unwrap();
        assert_eq!(recorded.unknown_lines, 0, "{name}");
        assert_eq!(recorded.lines_cut, 0, "{name}");
        assert_eq!(recorded.observations.len(), observations, "{name}");
        assert_eq!(recorded.events.len(), events, "{name}");
        assert_eq!(recorded.sessions.count(), sessions, "{name}");
        assert!(!recorded.finished, "{name}: resumed and killed");
    }
    let recorded = journal::read(&fixture("every-line.jsonl")).unwrap();
    assert_eq!(recorded.end.unwrap().signal, Some(2));
}

#[test]
fn report_and_replay_of_schema_1_match_the_old_program() {
    let killed = |name: &str| {
        let files = [
            "term65.default.loads delivered 667",
            "jar45sip.9-3-1ES26.sbn delivered 24576",
            "cnu45.9-3-1ES26.sbn delivered 12345",
            "apps45.9-3-1ES26.sbn delivered 50001",
            "dsp45.9-3-1ES26.sbn delivered 9000",
            "cvm45sip.9-3-1ES26.sbn delivered 30721",
        ];
        let lists = ["CTLSEP", "ITLSEP"].map(|list| format!("{list}{name}.tlv not-found 0"));
        let mut all: Vec<String> = files.map(str::to_owned).into();
        all.extend(lists);
        all.push("ITLFile.tlv not-found 0".to_owned());
        all.push(format!("SEP{name}.cnf.xml not-found 0"));
        all.push("XMLDefault.cnf.xml delivered 768".to_owned());
        all.push("SIP45.9-3-1SR4-1S.loads delivered 667".to_owned());
        all.extend(files[1..].iter().map(|file| (*file).to_owned()));
        all
    };
    let load = "SIP45.9-3-1SR4-1S";
    let written = killed("025245480000");
    let fetching = killed("025245480002")[..14].to_vec();
    let mut started = killed("025245480001")[6..13].to_vec();
    started.insert(5, "/sp-sccp.jar not-found 0".to_owned());
    let expected = [
        json!(["025245480001", "images", 1, null, load, started]),
        json!(["025245480000", "writing", 2, null, load, written]),
        json!(["025245480002", "images", 2, null, load, fetching]),
    ];
    let every_line = [json!([
        "001d45aabb01",
        "images",
        0,
        "SCCP45.8-3-2S",
        null,
        [
            "term65.default.loads delivered 667",
            "jar45sip.9-3-1ES26.sbn aborted 512",
            "jar45sip.9-3-1ES26.sbn aborted 0",
            "jar45sip.9-3-1ES26.sbn vanished 0",
            "jar45sip.9-3-1ES26.sbn aborted 0",
            "jar45sip.9-3-1ES26.sbn delivered 1000",
            "cnu45.9-3-1ES26.sbn aborted 512",
            "SEP001D45AABB01.cnf.xml not-found 0"
        ]
    ])];
    for command in ["report", "replay"] {
        let output = json_of(command, &fixture("killed.jsonl"));
        assert_eq!(summaries(&output["report"]), expected, "{command}");
        let output = json_of(command, &fixture("every-line.jsonl"));
        assert_eq!(summaries(&output["report"]), every_line, "{command}");
    }
    let report = json_of("report", &fixture("every-line.jsonl"));
    let phone = &report["report"]["phones"][0];
    assert_eq!(phone["name"], "Reception");
    assert_eq!(phone["first_seen"], "2026-07-14T03:33:22Z");
    assert_eq!(phone["last_seen"], "2026-07-14T03:33:58Z");
}

#[test]
fn a_run_recorded_in_schema_1_is_resumed_to_its_end() {
    let site = Site::new();
    let text = fs::read_to_string(fixture("killed.jsonl")).unwrap();
    let folder = site.folder.path().to_str().unwrap();
    let text = text.replace("{FOLDER}", folder).replace("{KEY}", KEY);
    // No simulated phone comes back with its old address.
    let text = text.replace("127.20.1.", "127.9.1.");
    let (header, rest) = text.split_once('\n').unwrap();
    // The packed bytes may differ between releases of the zip crate, the contents do not.
    let mut header: Value = serde_json::from_str(header).unwrap();
    header["bundles"][0]["digests"] = Value::Null;
    let before = format!("{header}\n{rest}");
    fs::write(site.journal(), &before).unwrap();

    let mut server = site.resume(&["--timeout", "95s"]);
    server.kind("started");
    let _phones = site.phones(3);
    let report = server.kind("finished")["report"].clone();
    assert_eq!(server.end(), Some(0), "{report:#}");
    assert_eq!(report["totals"]["confirmed"], 3, "{report:#}");
    for phone in report["phones"].as_array().unwrap() {
        let first = phone["files"][0]["outcome"].as_str().unwrap();
        assert!(["delivered", "not-found"].contains(&first), "{phone:#}");
        let first_seen = phone["first_seen"].as_str().unwrap();
        assert!(
            first_seen.starts_with("2026-11-30T05:45:38"),
            "{first_seen}"
        );
    }

    let after = fs::read_to_string(site.journal()).unwrap();
    let added = after.strip_prefix(&before).unwrap();
    let session: Value = serde_json::from_str(added.lines().next().unwrap()).unwrap();
    assert_eq!(session["kind"], "session");
    assert_eq!(session["schema"], 2);
    let recorded = journal::read(&site.journal()).unwrap();
    assert_eq!((recorded.unknown_lines, recorded.lines_cut), (0, 0));
    assert_eq!(recorded.sessions.count(), 3);
    let again = serde_json::to_value(recorded.report()).unwrap();
    assert_eq!(again, report);
    assert_eq!(json_of("report", &site.journal())["report"], report);
}
