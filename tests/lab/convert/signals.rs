//! What Ctrl-C and `kill -9` leave of a run.

use std::{
    fs::{self, File},
    path::PathBuf,
};

use serde_json::Value;

use super::{TftpClient, convert_on_loopback, loopback_command, roots};
use crate::support::{lan::wait_for, process::Running, synthetic::bundle};

/// The drain has begun when the server refuses a new phone.
fn wait_for_the_drain(server: &Value) {
    let refused = (1..=250).any(|host| {
        let late = TftpClient::at([127, 9, 9, host], server);
        late.request("XMLDefault.cnf.xml");
        let (opcode, code, ..) = late.receive();
        opcode == 5 && code == 0
    });
    assert!(refused, "no new phone is admitted any more");
}

/// A run gets this signal while a phone is between two images: the phone gets the rest of them,
/// the operator reads what the run waits for, and the exit code is `code`.
fn drains(signal: &str, code: i32, first: [u8; 4]) {
    let folder = tempfile::tempdir().unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut command = loopback_command(&bundle(folder.path()), temporary.path(), &[]);
    let mut server = Running::start(command.stderr(File::create(&log).unwrap()));
    let started = server.kind("started");
    let phone = TftpClient::at(first, &started["tftp"]);
    phone.get("term65.default.loads");
    phone.get("jar45sip.9-3-1ES26.sbn");
    phone.request("cnu45.9-3-1ES26.sbn");
    phone.take_block();

    server.signal(signal);
    wait_for_the_drain(&started["tftp"]);
    // The operator reads it after new phones are refused.
    wait_for(&log, "Ctrl-C again to exit now");
    let text = fs::read_to_string(&log).unwrap();
    let address = std::net::Ipv4Addr::from(first).to_string();
    for part in [
        "no new phone is served",
        "Waiting 3 min at most",
        &address,
        "Do not unplug",
        "Ctrl-C again to exit now",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }

    while !phone.take_block() {}
    for image in [
        "apps45.9-3-1ES26.sbn",
        "dsp45.9-3-1ES26.sbn",
        "cvm45sip.9-3-1ES26.sbn",
    ] {
        phone.get(image);
    }
    let report = server.kind("finished")["report"].clone();
    let files = report["phones"][0]["files"].as_array().unwrap();
    let delivered = files
        .iter()
        .filter(|file| file["outcome"] == "delivered")
        .count();
    assert_eq!(delivered, 6, "{report:#}");
    assert_eq!(report["phones"][0]["state"], "writing");
    assert_eq!(server.end(), Some(code));
    assert_eq!(roots(temporary.path()), 0, "the root folder is removed");
}

#[test]
fn the_first_ctrl_c_lets_a_phone_between_two_images_finish_and_admits_no_other() {
    drains("INT", 130, [127, 9, 0, 1]);
}

#[test]
fn sigterm_drains_as_ctrl_c_does() {
    drains("TERM", 143, [127, 9, 2, 1]);
}

#[test]
fn sighup_drains_as_ctrl_c_does() {
    drains("HUP", 129, [127, 9, 3, 1]);
}

#[test]
fn the_second_ctrl_c_stops_at_once_and_still_reports() {
    let folder = tempfile::tempdir().unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let mut server = convert_on_loopback(&bundle(folder.path()), temporary.path(), &[]);
    let started = server.kind("started");
    let phone = TftpClient::at([127, 9, 1, 1], &started["tftp"]);
    phone.get("term65.default.loads");
    phone.request("jar45sip.9-3-1ES26.sbn");
    phone.take_block();
    server.signal("TERM");
    wait_for_the_drain(&started["tftp"]);
    server.signal("TERM");
    let report = server.kind("finished")["report"].clone();
    assert_eq!(report["totals"]["working"], 1, "{report:#}");
    assert_eq!(server.end(), Some(143));
    assert_eq!(roots(temporary.path()), 0, "the root folder is removed");
}

#[test]
fn the_next_start_removes_the_folder_that_kill_9_left() {
    let folder = tempfile::tempdir().unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let bundle = bundle(folder.path());
    let mut killed = convert_on_loopback(&bundle, temporary.path(), &[]);
    let root = PathBuf::from(killed.kind("started")["root"].as_str().unwrap());
    killed.signal("KILL");
    assert_eq!(killed.end(), None);
    assert!(root.exists(), "the killed process did not remove it");

    let mut next = convert_on_loopback(&bundle, temporary.path(), &["--timeout", "1s"]);
    next.kind("started");
    assert!(!root.exists(), "the orphan is removed");
    next.kind("finished");
    assert_eq!(next.end(), Some(1), "no phone requested anything");
    assert_eq!(roots(temporary.path()), 0);
}
