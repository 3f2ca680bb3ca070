//! Tests that need a network: interfaces that go down, DSCP, and file capabilities.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::support::{
    namespaces::{CLIENT, SERVER, TwoHosts},
    process::Running,
    require_program,
};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

fn serve(lab: &TwoHosts, folder: &Path, more: &[&str]) -> Running {
    let mut command = lab.on_server(REFLASH);
    command.arg("serve").arg(folder).args(more).arg("--json");
    let mut server = Running::start(&mut command);
    server.kind("started");
    server
}

fn end(mut server: Running) -> serde_json::Value {
    server.signal("INT");
    let report = server.kind("finished")["report"].clone();
    assert_eq!(server.end(), Some(130));
    report
}

/// Runs curl on the phones' host, from one of its addresses.
fn curl(lab: &TwoHosts, from: &str, url: &str, to: &Path) -> Output {
    lab.on_phones("curl")
        .args(["-sS", "--max-time", "20", "--tftp-no-options"])
        .args(["--interface", from, "-w", "%{http_code}", "-o"])
        .arg(to)
        .arg(url)
        .output()
        .unwrap()
}

fn readable(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
#[ignore = "needs root (network namespaces) and curl"]
fn a_run_continues_when_its_address_is_removed_and_its_interface_goes_down() {
    require_program("curl");
    let lab = TwoHosts::build("cable");
    let folder = tempfile::tempdir().unwrap();
    readable(folder.path(), 0o755);
    fs::write(folder.path().join("file"), vec![7; 70_000]).unwrap();
    let server = serve(&lab, folder.path(), &["--listen", SERVER]);
    let got = folder.path().join("got");
    let fetch = || {
        for url in [
            format!("tftp://{SERVER}/file"),
            format!("http://{SERVER}:6970/file"),
        ] {
            let output = curl(&lab, CLIENT, &url, &got);
            assert!(output.status.success(), "{url}: {output:?}");
            assert_eq!(fs::read(&got).unwrap(), vec![7; 70_000]);
        }
    };
    fetch();
    let ip = |arguments: &[&str]| {
        let status = lab.on_server("ip").args(arguments).status().unwrap();
        assert!(status.success(), "{arguments:?}");
    };
    let address = format!("{SERVER}/24");
    // As a network manager does when the link goes down and up.
    ip(&["addr", "del", &address, "dev", "eth0"]);
    let lost = lab
        .on_phones("curl")
        .args([
            "-s",
            "--max-time",
            "1",
            "--tftp-no-options",
            "-o",
            "/dev/null",
        ])
        .arg(format!("tftp://{SERVER}/file"))
        .status()
        .unwrap();
    assert!(!lost.success(), "the address is removed");
    ip(&["addr", "add", &address, "dev", "eth0"]);
    fetch();
    ip(&["link", "set", "eth0", "down"]);
    ip(&["link", "set", "eth0", "up"]);
    lab.wait_for_carrier();
    fetch();
    let report = end(server);
    let files = report["others"][0]["files"].as_array().unwrap();
    let delivered = files.iter().filter(|f| f["outcome"] == "delivered").count();
    assert_eq!(delivered, 6, "{report:#}");
}

#[test]
#[ignore = "needs root (network namespaces), curl and tcpdump"]
fn packets_carry_the_requested_dscp() {
    require_program("curl");
    require_program("tcpdump");
    let lab = TwoHosts::build("dscp");
    let folder = tempfile::tempdir().unwrap();
    readable(folder.path(), 0o755);
    fs::write(folder.path().join("file"), "marked").unwrap();
    let server = serve(&lab, folder.path(), &["--dscp", "46"]);
    let captured = folder.path().join("captured");
    // tcpdump ends after one packet of the server, for each protocol; 20 s at most.
    for (filter, url) in [
        (
            "udp and src host 192.0.2.1",
            format!("tftp://{SERVER}/file"),
        ),
        (
            "tcp src port 6970 and tcp[13] & 8 != 0",
            format!("http://{SERVER}:6970/file"),
        ),
    ] {
        let out = fs::File::create(&captured).unwrap();
        let err = folder.path().join("tcpdump");
        let mut capture = lab
            .on_phones("timeout")
            .args(["20", "tcpdump", "-i", "eth0", "-n", "-v", "-U", "-c", "1"])
            .arg(filter)
            .stdout(out)
            .stderr(fs::File::create(&err).unwrap())
            .spawn()
            .unwrap();
        // tcpdump prints this when it captures.
        for _ in 0..2_000 {
            if fs::read_to_string(&err).unwrap().contains("listening on") {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let got = folder.path().join("got");
        assert!(curl(&lab, CLIENT, &url, &got).status.success());
        assert!(capture.wait().unwrap().success());
        let line = fs::read_to_string(&captured).unwrap();
        // 46 in the upper six bits of the TOS octet.
        assert!(line.contains("tos 0xb8"), "{url}: {line}");
    }
    end(server);
}

/// A copy of the program with file capabilities, in a folder that every user can read.
fn with_file_capabilities(folder: &Path) -> PathBuf {
    require_program("setcap");
    readable(folder, 0o755);
    let program = folder.join("reflash");
    fs::copy(REFLASH, &program).unwrap();
    readable(&program, 0o755);
    let set = Command::new("setcap")
        .arg("cap_net_bind_service,cap_net_raw+ep")
        .arg(&program)
        .output()
        .unwrap();
    assert!(
        set.status.success(),
        "file capabilities need root: run scripts/test with sudo: {set:?}"
    );
    program
}

#[test]
#[ignore = "needs root (file capabilities, network namespaces), curl, setcap and setpriv"]
fn file_capabilities_open_port_69_and_are_dropped() {
    require_program("curl");
    require_program("setpriv");
    let lab = TwoHosts::build("caps");
    let folder = tempfile::tempdir().unwrap();
    let program = with_file_capabilities(folder.path());
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("file"), "served").unwrap();
    readable(&root, 0o755);
    readable(&root.join("file"), 0o644);
    let mut command = lab.on_server("setpriv");
    command
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .args(["--inh-caps=-all"])
        .arg(&program)
        .arg("serve")
        .arg(&root)
        .arg("--json");
    let mut server = Running::start(&mut command);
    let started = server.kind("started");
    assert_eq!(started["tftp"], format!("{SERVER}:69"));
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    for set in ["CapEff:", "CapPrm:", "CapInh:", "CapAmb:"] {
        let line = status.lines().find(|line| line.starts_with(set)).unwrap();
        assert!(line.ends_with("0000000000000000"), "{line}");
    }
    assert!(
        status.contains("Uid:\t65534\t65534\t65534\t65534"),
        "{status}"
    );
    let got = folder.path().join("got");
    let output = curl(&lab, CLIENT, &format!("tftp://{SERVER}/file"), &got);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(fs::read(&got).unwrap(), b"served");
    end(server);
}
