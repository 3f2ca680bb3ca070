//! Runs that do not start: ports in use, an unknown user, bundles that may not be served.

use std::{fs, net::UdpSocket, process::Command};

use super::REFLASH;
use crate::support::synthetic::{self, bundle};

#[test]
fn a_busy_port_is_reported_with_the_process_that_uses_it() {
    let folder = tempfile::tempdir().unwrap();
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let output = Command::new(REFLASH)
        .arg("convert")
        .arg(bundle(folder.path()))
        .args([
            "--trust-key",
            synthetic::KEY,
            "--listen",
            "127.0.0.1",
            "--tftp-port",
            &port.to_string(),
        ])
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        words.contains(&format!("(process {}) is using it", std::process::id())),
        "{words}"
    );
    assert_eq!(output.stdout, b"", "nothing was served");
}

#[test]
fn a_busy_http_port_is_reported_with_its_process_and_the_flag_that_disables_http() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let output = Command::new(REFLASH)
        .arg("serve")
        .arg(folder.path())
        .args(["--listen", "127.0.0.1", "--tftp-port", "0"])
        .args(["--http-port", &port.to_string()])
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    let message = format!("cannot listen on 127.0.0.1 port {port}: the port is in use");
    let process = format!("(process {}) is using it", std::process::id());
    for expected in [&*message, &process, "--http-port 0"] {
        assert!(words.contains(expected), "{expected}: {words}");
    }
    assert_eq!(output.stdout, b"", "nothing was served");
}

#[test]
fn a_user_that_is_not_there_is_a_usage_error() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(REFLASH)
        .arg("serve")
        .arg(folder.path())
        .args([
            "--listen",
            "127.0.0.1",
            "--tftp-port",
            "0",
            "--http-port",
            "0",
        ])
        .args(["--user", "nobody-of-this-name"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn a_bundle_that_is_not_accepted_is_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let good = bundle(folder.path());
    let whole = fs::read(&good).unwrap();
    let cases: [(&str, Vec<u8>, i32); 4] = [
        ("unproven.zip", whole.clone(), 1),
        ("cut.zip", whole[..whole.len() / 2].to_vec(), 1),
        ("empty.zip", Vec::new(), 1),
        ("page.zip", b"<html>404</html>".to_vec(), 1),
    ];
    for (name, bytes, code) in cases {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let output = Command::new(REFLASH)
            .arg("convert")
            .arg(&path)
            .args(["--listen", "127.0.0.1", "--tftp-port", "0"])
            .args(["--http-port", "0", "--json"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{name}: {output:?}");
        assert_eq!(output.stdout, b"", "{name}: nothing may start");
        assert!(!output.stderr.is_empty(), "{name}");
    }
}

#[test]
fn an_empty_tmpdir_is_refused_before_a_file_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle(folder.path());
    let bundle = bundle.to_str().unwrap();
    for line in [
        &[
            "convert",
            bundle,
            "--listen",
            "127.0.0.1",
            "--tftp-port",
            "0",
        ][..],
        &["verify", bundle],
        &["rehearse"],
        &["serve", "."],
    ] {
        let output = Command::new(REFLASH)
            .args(line)
            .env("TMPDIR", "")
            .current_dir(folder.path())
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line:?}: {words}");
        assert!(words.contains("TMPDIR is set and empty"), "{words}");
        assert!(words.contains("unset TMPDIR"), "{words}");
        assert_eq!(output.stdout, b"", "{line:?}");
    }
    let explained = Command::new(REFLASH)
        .args(["explain", "no-request"])
        .env("TMPDIR", "")
        .output()
        .unwrap();
    assert!(
        explained.status.success(),
        "it writes no files: {explained:?}"
    );
    let files = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, 1, "only the bundle");
}
