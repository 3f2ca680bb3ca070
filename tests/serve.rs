//! A plain folder over TFTP, and scripted phones against a server in another process.

mod common;
mod process;

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Output},
};

use process::Running;
use reflash::{
    phone::Family,
    rehearse::{MadeUp, Sizes},
};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

fn serve(folder: &Path) -> (Running, String) {
    let mut command = Command::new(REFLASH);
    command.arg("serve").arg(folder);
    command.args(["--listen", "127.0.0.1", "--tftp-port", "0", "--json"]);
    let mut server = Running::start(&mut command);
    let address = server.kind("started")["tftp"].as_str().unwrap().to_owned();
    (server, address)
}

fn curl(address: &str, name: &str, to: &Path) -> Output {
    Command::new("curl")
        .args([
            "-s",
            "--max-time",
            "20",
            "--tftp-no-options",
            "-o",
            to.to_str().unwrap(),
        ])
        .arg(format!("tftp://{address}/{name}"))
        .output()
        .unwrap()
}

/// curl's exit code for TFTP's "file not found".
const NOT_FOUND: Option<i32> = Some(68);

#[test]
fn a_folder_is_served_and_nothing_outside_it() {
    if common::require_program("curl").is_none() {
        return;
    }
    let base = tempfile::tempdir().unwrap();
    let root = base.path().join("root");
    fs::create_dir_all(root.join("English_United_States")).unwrap();
    fs::write(base.path().join("secret"), "outside").unwrap();
    fs::write(root.join("dialplan.xml"), "<DIALTEMPLATE/>").unwrap();
    fs::write(root.join("English_United_States/mk-sip.jar"), vec![7; 5000]).unwrap();
    symlink(base.path().join("secret"), root.join("link")).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(root.join("fifo"))
            .status()
            .unwrap()
            .success()
    );
    let (mut server, address) = serve(&root);

    let got = base.path().join("got");
    for (name, bytes) in [
        ("dialplan.xml", b"<DIALTEMPLATE/>".to_vec()),
        ("DialPlan.XML", b"<DIALTEMPLATE/>".to_vec()),
        ("English_United_States/mk-sip.jar", vec![7; 5000]),
    ] {
        let output = curl(&address, name, &got);
        assert!(output.status.success(), "{name}: {output:?}");
        assert_eq!(fs::read(&got).unwrap(), bytes, "{name}");
    }
    for name in [
        "nothing",
        "link",
        "fifo",
        "%2e%2e/secret",
        "English_United_States",
    ] {
        assert_eq!(
            curl(&address, name, &got).status.code(),
            NOT_FOUND,
            "{name}"
        );
    }

    server.signal("INT");
    let report = server.kind("finished")["report"].clone();
    assert_eq!(report["phones"].as_array().unwrap().len(), 0);
    let files = report["others"][0]["files"].as_array().unwrap().clone();
    let count = |outcome| {
        files
            .iter()
            .filter(|file| file["outcome"] == outcome)
            .count()
    };
    assert_eq!(
        (count("delivered"), count("not-found")),
        (3, 5),
        "{files:#?}"
    );
    assert_eq!(server.end(), Some(130));
}

#[test]
fn phones_in_another_process_convert_against_a_server_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("made-up.zip");
    let made = MadeUp::new(Family::F45, 5).unwrap().sizes(Sizes::Small);
    made.write_zip(&bundle).unwrap();
    let mut command = Command::new(REFLASH);
    command.arg("convert").arg(&bundle).args([
        "--trust-key",
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/rehearsal.pem"),
        "--json",
        "--expect",
        "3",
    ]);
    command.args([
        "--listen",
        "127.0.0.1",
        "--tftp-port",
        "0",
        "--timeout",
        "1m",
    ]);
    let mut server = Running::start(&mut command);
    let address = server.kind("started")["tftp"].as_str().unwrap().to_owned();

    let phones = Command::new(REFLASH)
        .args([
            "rehearse",
            "--phones",
            "3",
            "--json",
            "--timeout",
            "50s",
            "--against",
            &address,
        ])
        .output()
        .unwrap();
    assert_eq!(phones.status.code(), Some(0), "{phones:?}");
    let told = String::from_utf8(phones.stdout).unwrap();
    assert_eq!(told.lines().count(), 3);
    for line in told.lines() {
        let phone: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(phone["kind"], "phone");
        assert_eq!(phone["load"], "SIP45.9-3-1SR4-1S");
        assert_eq!(phone["images"].as_object().unwrap().len(), 5);
    }
    let totals = server.kind("finished")["report"]["totals"].clone();
    assert_eq!(totals["confirmed"], 3, "{totals}");
    assert_eq!(server.end(), Some(0));
}

#[test]
fn a_rehearsal_leaves_nothing_behind_and_says_how_it_went_in_plain_lines() {
    let temporary = tempfile::tempdir().unwrap();
    let output = Command::new(REFLASH)
        .args(["rehearse", "--phones", "1", "--model", "7975"])
        .env("TMPDIR", temporary.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("1 phone: 1 confirmed"), "{text}");
    assert!(!text.contains('\x1b'), "no control codes in a pipe");
    assert!(
        text.lines()
            .all(|line| !line.contains("  because: ") || line.len() <= 80)
    );
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}
