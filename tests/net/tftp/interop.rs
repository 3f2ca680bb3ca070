//! TFTP clients of Linux distributions fetch every file from the server.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use reflash::tftp::TransferOutcome;

use super::support::{ServerEvent, TestServer, pattern};
use crate::support::require_program;

/// The files that every client fetches: empty, exact multiples, odd ones, a mebibyte, and
/// one whose blocks of 512 bytes are more than 65,535.
const FILES: [(&str, usize); 6] = [
    ("empty", 0),
    ("block", 512),
    ("exact", 512 * 20),
    ("odd", 12_345),
    ("mebibyte", 1 << 20),
    ("wrap", 33_600_001),
];

fn server() -> TestServer {
    let files: Vec<_> = FILES
        .iter()
        .map(|&(name, size)| (name, pattern(size)))
        .collect();
    TestServer::new(&files)
}

/// Runs a client in a folder, for a minute at most.
fn run(mut command: Command, folder: &Path) {
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    let end = Instant::now() + Duration::from_mins(1);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > end {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{command:?} takes more than a minute");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(status.success(), "{command:?}: {status}");
}

/// Fetches every file with a client and compares it byte for byte. `command` is given the
/// server's address, its port, and the name, which is the local name too.
fn fetch_all(program: &str, command: impl Fn(&Path, &str, &str, &str) -> Command, names: &[&str]) {
    let path = require_program(program);
    let server = server();
    let address = server.address.ip().to_string();
    let port = server.address.port().to_string();
    let folder = tempfile::tempdir().unwrap();
    for (name, size) in FILES.into_iter().filter(|(name, _)| names.contains(name)) {
        run(command(&path, &address, &port, name), folder.path());
        let got = std::fs::read(folder.path().join(name)).unwrap();
        assert!(
            got == pattern(size),
            "{program} got {} bytes of {name}",
            got.len()
        );
        assert_eq!(
            server.next_end(),
            (TransferOutcome::Delivered, size as u64),
            "{program}, {name}"
        );
    }
    let transfers = server
        .events
        .try_iter()
        .filter(|t| matches!(t, ServerEvent::Requested(..)))
        .count();
    assert_eq!(transfers, 0, "{program} needed one transfer for each file");
}

/// curl 7 and 8 reject an OACK with tsize 0, so that they cannot fetch an empty file with options;
/// `curl_without_options` fetches it.
const NOT_EMPTY: [&str; 5] = ["block", "exact", "odd", "mebibyte", "wrap"];

const ALL: [&str; 6] = ["empty", "block", "exact", "odd", "mebibyte", "wrap"];

fn arguments(path: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(path);
    command.args(arguments);
    command
}

#[test]
#[ignore = "needs tftp"]
fn tftp_hpa() {
    let client = |path: &Path, address: &str, port: &str, name: &str| {
        arguments(path, &["-m", "binary", address, port, "-c", "get", name])
    };
    fetch_all("tftp", client, &ALL);
}

#[test]
#[ignore = "needs atftp"]
fn atftp() {
    let client = |path: &Path, address: &str, port: &str, name: &str| {
        arguments(path, &["-g", "-r", name, "-l", name, address, port])
    };
    fetch_all("atftp", client, &ALL);
}

#[test]
#[ignore = "needs atftp"]
fn atftp_with_options() {
    let client = |path: &Path, address: &str, port: &str, name: &str| {
        let options = [
            "--option",
            "blksize 1428",
            "--option",
            "tsize 0",
            "--option",
            "timeout 2",
        ];
        let rest = ["-g", "-r", name, "-l", name, address, port];
        arguments(path, &[&options[..], &rest[..]].concat())
    };
    fetch_all("atftp", client, &ALL);
}

#[test]
#[ignore = "needs curl"]
fn curl() {
    // curl asks for blksize 512, tsize and timeout.
    let client = |path: &Path, address: &str, port: &str, name: &str| {
        arguments(
            path,
            &[
                "-sS",
                "-o",
                name,
                &format!("tftp://{address}:{port}/{name}"),
            ],
        )
    };
    fetch_all("curl", client, &NOT_EMPTY);
}

#[test]
#[ignore = "needs curl"]
fn curl_without_options() {
    let client = |path: &Path, address: &str, port: &str, name: &str| {
        let url = format!("tftp://{address}:{port}/{name}");
        arguments(path, &["-sS", "--tftp-no-options", "-o", name, &url])
    };
    fetch_all("curl", client, &ALL);
}

#[test]
#[ignore = "needs curl"]
fn curl_with_large_blocks() {
    let client = |path: &Path, address: &str, port: &str, name: &str| {
        let url = format!("tftp://{address}:{port}/{name}");
        arguments(path, &["-sS", "--tftp-blksize", "8192", "-o", name, &url])
    };
    fetch_all("curl", client, &NOT_EMPTY);
}

/// A file of a hundred megabytes, in bytes.
const SIZE: usize = 100_000_000;

#[test]
#[ignore = "needs curl"]
fn a_hundred_megabytes_with_options() {
    let curl = require_program("curl");
    let server = TestServer::new(&[("huge", pattern(SIZE))]);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("tftp://{}/huge", server.address);
    let fetch = ["-sS", "--tftp-blksize", "1428", "-o", "huge", &url];
    run(arguments(&curl, &fetch), folder.path());
    let got = std::fs::read(folder.path().join("huge")).unwrap();
    assert!(got == pattern(SIZE), "curl got {} bytes", got.len());
    assert_eq!(server.next_end(), (TransferOutcome::Delivered, SIZE as u64));
}

#[test]
#[ignore = "needs busybox"]
fn busybox() {
    let client = |path: &Path, address: &str, port: &str, name: &str| {
        arguments(path, &["tftp", "-g", "-r", name, "-l", name, address, port])
    };
    fetch_all("busybox", client, &ALL);
}

#[test]
#[ignore = "needs busybox"]
fn busybox_with_options() {
    let client = |path: &Path, address: &str, port: &str, name: &str| {
        arguments(
            path,
            &[
                "tftp", "-b", "1400", "-g", "-r", name, "-l", name, address, port,
            ],
        )
    };
    fetch_all("busybox", client, &ALL);
}
