//! Users without privileges, files without read permission, and privileges that are dropped.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path, process::Command};

use super::{REFLASH, TftpClient, fetch_over_http, fetch_with_all, files, loopback_command, roots};
use crate::support::{
    namespaces::{SERVER, TwoHosts},
    process::Running,
    require_program,
    synthetic::{self, bundle, set_mode},
};

/// The key of synthetic bundles, copied where any user can read it.
const KEY: &[u8] = include_bytes!("../../support/test-key.pem");

/// The program as a user without privileges, in a folder that this user can read. This needs
/// root.
fn unprivileged(folder: &Path) -> Command {
    require_program("setpriv");
    let setpriv = || {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        command.arg("--inh-caps=-all");
        command
    };
    let became = setpriv().arg("true").status();
    assert!(
        became.is_ok_and(|status| status.success()),
        "becoming another user needs root: run scripts/test with sudo"
    );
    // A copy, because other users may have no access to the binary.
    let program = folder.join("reflash");
    fs::copy(REFLASH, &program).unwrap();
    fs::write(folder.join("key.pem"), KEY).unwrap();
    set_mode(&program, 0o755);
    set_mode(&folder.join("key.pem"), 0o644);
    set_mode(folder, 0o755);
    let mut command = setpriv();
    command.arg(program).current_dir(folder);
    command
}

#[test]
#[ignore = "needs root (another user) and setpriv"]
fn a_port_below_1024_without_the_capability_is_reported_with_the_setcap_command() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = unprivileged(folder.path());
    let output = command
        .arg("convert")
        .arg(bundle(folder.path()))
        .args(["--trust-key", "key.pem", "--listen", "127.0.0.1"])
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("port 69: permission denied"), "{words}");
    assert!(
        words.contains("setcap cap_net_bind_service,cap_net_raw+ep"),
        "{words}"
    );
}

#[test]
#[ignore = "needs root (another user) and setpriv"]
fn a_bundle_without_read_permission_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle(folder.path());
    set_mode(&bundle, 0o000);
    for verb in ["verify", "convert"] {
        let mut command = unprivileged(folder.path());
        let output = command.arg(verb).arg(&bundle).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert!(
            words.contains("this user may not read it") && words.contains("→"),
            "{words}"
        );
        assert_eq!(output.stdout, b"", "{verb}");
    }
}

#[test]
#[ignore = "needs root (another user) and setpriv"]
fn a_file_without_read_permission_is_logged_and_answered_as_not_found() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = unprivileged(folder.path());
    let locked = folder.path().join("Jar41sip.8-3-1S.sbn");
    fs::write(&locked, "image").unwrap();
    set_mode(&locked, 0o000);
    let log = folder.path().join("log");
    command.args(["serve", ".", "--listen", "127.0.0.1", "--json"]);
    command.args(["--tftp-port", "0", "--http-port", "0"]);
    let mut server = Running::start(command.stderr(fs::File::create(&log).unwrap()));
    let started = server.kind("started");
    let phone = TftpClient::at([127, 9, 2, 1], &started["tftp"]);
    phone.request("Jar41sip.8-3-1S.sbn");
    let (opcode, code, ..) = phone.receive();
    assert_eq!((opcode, code), (5, 1), "not found");
    server.signal("INT");
    server.kind("finished");
    assert_eq!(server.end(), Some(130));
    let words = fs::read_to_string(log).unwrap();
    assert!(
        words.contains("Jar41sip.8-3-1S.sbn") && words.contains("this user may not read it"),
        "{words}"
    );
}

/// The value of a line of /proc/PID/status.
pub(super) fn status(pid: u32, field: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.unwrap()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
#[ignore = "needs root (network namespaces), atftp, busybox, curl and tftp"]
fn on_port_69_it_serves_as_the_given_user_without_privileges() {
    let lab = TwoHosts::build("rights");
    let folder = tempfile::tempdir().unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(folder.path(), open).unwrap();
    // Where that user may create folders.
    let temporary = tempfile::tempdir().unwrap();
    let sticky = std::os::unix::fs::PermissionsExt::from_mode(0o1777);
    fs::set_permissions(temporary.path(), sticky).unwrap();
    let bundle = bundle(folder.path());
    for user in [&["--user", "nobody"][..], &[]] {
        let mut command = lab.on_server(REFLASH);
        command
            .arg("convert")
            .arg(&bundle)
            .args(["--trust-key", synthetic::KEY, "--json"]);
        command.args(user).env("TMPDIR", temporary.path());
        command.env("SUDO_UID", "65534").env("SUDO_GID", "65534");
        let mut server = Running::start(&mut command);
        let started = server.kind("started");
        assert_eq!(started["tftp"], format!("{SERVER}:69"));
        let pid = server.id();
        assert_eq!(status(pid, "Uid:"), "65534 65534 65534 65534");
        assert_eq!(status(pid, "Gid:"), "65534 65534 65534 65534");
        assert_eq!(status(pid, "Groups:"), "65534");
        for set in ["CapEff:", "CapPrm:", "CapInh:", "CapAmb:", "CapBnd:"] {
            assert_eq!(status(pid, set), "0000000000000000", "{set}");
        }
        assert_eq!(status(pid, "NoNewPrivs:"), "1");
        let bytes = fetch_over_http(&lab, "term65.default.loads");
        assert_eq!(bytes, files()["term65.default.loads"]);
        let got = fetch_with_all(&lab, "term65.default.loads", folder.path());
        assert!(
            got.iter()
                .all(|(_, path)| { fs::read(path).unwrap() == files()["term65.default.loads"] })
        );
        // Two different signals, which the kernel does not merge: the run does not wait for images.
        server.signal("INT");
        server.signal("TERM");
        server.kind("finished");
        assert!([Some(130), Some(143)].contains(&server.end()));
        assert_eq!(roots(temporary.path()), 0, "the root folder is removed");
    }
}

#[test]
#[ignore = "needs root (another user) and setpriv"]
fn ambient_capabilities_are_dropped_and_no_new_ones_are_possible() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle(folder.path());
    let program = folder.path().join("reflash");
    fs::copy(REFLASH, &program).unwrap();
    fs::write(folder.path().join("key.pem"), KEY).unwrap();
    set_mode(&program, 0o755);
    set_mode(folder.path(), 0o777);
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .args(["--inh-caps=+net_bind_service,+net_raw"])
        .args(["--ambient-caps=+net_bind_service,+net_raw"])
        .arg(&program)
        .arg("convert")
        .arg(&bundle)
        .args(["--trust-key", "key.pem", "--json", "--listen", "127.0.0.69"])
        .args(["--http-port", "0", "--no-check"])
        .current_dir(folder.path())
        .env("TMPDIR", folder.path());
    let mut server = Running::start(&mut command);
    assert_eq!(server.kind("started")["tftp"], "127.0.0.69:69");
    let pid = server.id();
    for set in ["CapEff:", "CapPrm:", "CapInh:", "CapAmb:"] {
        assert_eq!(status(pid, set), "0000000000000000", "{set}");
    }
    assert_eq!(status(pid, "NoNewPrivs:"), "1");
    server.signal("INT");
    server.kind("finished");
    assert_eq!(server.end(), Some(130));
}

#[test]
#[ignore = "needs root"]
fn root_becomes_a_user_without_files_and_its_files_stay_its_own() {
    // Only root may enter these folders.
    let (folder, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    set_mode(folder.path(), 0o700);
    set_mode(temporary.path(), 0o700);
    let journal = folder.path().join("state").join("run.jsonl");
    let command = |more: &[&str]| {
        let mut command = loopback_command(&bundle(folder.path()), temporary.path(), more);
        command.arg("--journal").arg(&journal);
        command
    };
    let mut server = Running::start(&mut command(&[]));
    let started = server.kind("started");
    let pid = server.id();
    let uid = status(pid, "Uid:");
    assert!(!uid.split(' ').any(|uid| uid == "0"), "{uid}");
    for set in ["CapEff:", "CapPrm:", "CapInh:", "CapAmb:", "CapBnd:"] {
        assert_eq!(status(pid, set), "0000000000000000", "{set}");
    }
    assert_eq!(status(pid, "NoNewPrivs:"), "1");
    let root = Path::new(started["root"].as_str().unwrap());
    assert!(root.starts_with("/tmp"), "{}", root.display());
    let owner = root.metadata().unwrap().uid().to_string();
    assert_eq!(uid, [owner.as_str(); 4].join(" "));
    // Other processes of that user may not read what the run records.
    let recorded = journal.metadata().unwrap();
    assert_eq!((recorded.uid(), recorded.mode() & 0o777), (0, 0o600));
    let phone = TftpClient::at([127, 9, 3, 1], &started["tftp"]);
    phone.get("term65.default.loads");
    server.signal("INT");
    server.signal("TERM");
    server.kind("finished");
    server.end();
    assert!(!root.exists(), "the temporary folder is removed");
    let text = fs::read_to_string(&journal).unwrap();
    assert!(text.contains("term65.default.loads"), "{text}");

    let mut resumed = Running::start(&mut command(&["--resume", "--user", "root"]));
    resumed.kind("started");
    assert_eq!(status(resumed.id(), "Uid:"), "0 0 0 0");
    assert_eq!(status(resumed.id(), "CapEff:"), "0000000000000000");
}

#[test]
#[ignore = "needs root"]
fn a_folder_that_only_root_may_read_is_served_with_the_capability_to_read_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("dialplan.xml"), "plan").unwrap();
    set_mode(folder.path(), 0o700);
    let serve = |more: &[&str]| {
        let mut command = Command::new(REFLASH);
        command.arg("serve").arg(folder.path());
        command.args(["--listen", "127.0.0.1", "--json", "--quiet"]);
        command.args(["--tftp-port", "0", "--http-port", "0"]);
        command.args(more);
        command
    };
    let served = |capabilities: &str| {
        let mut server = Running::start(&mut serve(&[]));
        let started = server.kind("started");
        assert_ne!(status(server.id(), "Uid:"), "0 0 0 0");
        assert_eq!(status(server.id(), "CapEff:"), capabilities);
        assert_eq!(status(server.id(), "CapPrm:"), capabilities);
        TftpClient::at([127, 9, 4, 1], &started["tftp"]).get("dialplan.xml");
    };
    // CAP_DAC_READ_SEARCH is number 2.
    served("0000000000000004");
    let output = serve(&["--user", "nobody"]).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("nobody may not read"), "{words}");
    set_mode(folder.path(), 0o755);
    served("0000000000000000");
}
