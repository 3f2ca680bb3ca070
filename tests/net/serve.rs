//! `serve`: a folder over TFTP and HTTP, and simulated phones against a server in another process.

mod large_files;
mod linted;
mod wrapped;

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Output},
};

use reflash::{
    phone::Family,
    simulator::{Sizes, SyntheticBundle},
};

use crate::support::{process::Running, require_program};

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
fn firmware_in_the_folder_that_phones_would_reject_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let made = SyntheticBundle::new(Family::F45, 7)
        .unwrap()
        .sizes(Sizes::Small);
    for (name, bytes) in made.files() {
        if name.starts_with("term65") || name.starts_with("cnu45") {
            continue;
        }
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    fs::write(folder.path().join("SIP75.9-3-1S.loads"), "<html>404</html>").unwrap();
    let errors = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new(REFLASH);
    command.arg("serve").arg(folder.path());
    command.args([
        "--listen",
        "127.0.0.1",
        "--tftp-port",
        "0",
        "--http-port",
        "0",
        "--json",
    ]);
    command.stderr(errors.reopen().unwrap());
    let mut server = Running::start(&mut command);
    server.kind("started");
    server.signal("INT");
    server.kind("finished");
    let text = fs::read_to_string(errors.path()).unwrap();
    for part in [
        "firmware: missing-image cnu45.9-3-1ES26.sbn",
        "firmware: manifest-invalid SIP75.9-3-1S.loads: it is a web page",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let cures: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("  →"))
        .collect();
    let mut once = cures.clone();
    once.dedup();
    assert_eq!(cures, once, "{text}");
}

#[test]
#[ignore = "needs curl"]
fn a_folder_is_served_and_nothing_outside_it() {
    require_program("curl");
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

/// A name that clears the screen, reverses the text direction, and makes its requester a phone.
const EVIL: &str = "\u{1b}[2J\u{202e}\u{7}SIP45.loads";

#[test]
fn control_sequences_from_the_wire_reach_no_terminal() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("SIP45.8-5-4S.loads"), "manifest").unwrap();
    let log = folder.path().join("log");
    let mut command = Command::new(REFLASH);
    command.arg("serve").arg(folder.path()).arg("-vv");
    command.args([
        "--listen",
        "127.0.0.1",
        "--tftp-port",
        "0",
        "--http-port",
        "0",
    ]);
    let mut server = Running::start(command.stderr(fs::File::create(&log).unwrap()));
    let line = server.wait_for(|line| line.as_str().is_some_and(|line| line.contains(" serving ")));
    let address = line
        .as_str()
        .unwrap()
        .rsplit(' ')
        .next()
        .unwrap()
        .to_owned();
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut answer = [0; 600];
    let mut ask = |name: &str| {
        let request = [b"\0\x01", name.as_bytes(), b"\0octet\0"].concat();
        socket.send_to(&request, &address).unwrap();
        let (_, from) = socket.recv_from(&mut answer).unwrap();
        (answer[1], from)
    };
    assert_eq!(ask(EVIL).0, 5, "not found");
    let (data, from) = ask("SIP45.8-5-4S.loads");
    assert_eq!(data, 3);
    let error = [b"\0\x05\0\x03", EVIL.as_bytes(), b"\0"].concat();
    socket.send_to(&error, from).unwrap();
    // Every line about it comes before this one.
    assert_eq!(ask("nothing").0, 5);
    server.signal("INT");
    server.wait_for(|line| line.as_str().is_some_and(|line| line.contains(" phone")));
    let lines: String = server
        .seen
        .iter()
        .filter_map(|line| line.as_str())
        .collect();
    let words = fs::read_to_string(log).unwrap();
    let raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!lines.contains(raw), "{lines:?}");
    assert!(!words.contains(raw), "{words:?}");
    assert!(
        lines.contains("\\u{1b}[2J"),
        "it is reported, escaped: {lines}"
    );
    assert_eq!(server.end(), Some(130));
}

#[test]
fn the_limits_of_the_command_line_hold() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), vec![1; 2000]).unwrap();
    // Flags, and which of three requests, the last from another address, gets its file.
    for (flags, served) in [
        (["--max-per-address", "1"], [true, false, true]),
        (["--max-transfers", "1"], [true, false, false]),
        // The address with two gives up one.
        (["--max-transfers", "2"], [true, true, true]),
    ] {
        let mut command = Command::new(REFLASH);
        command.arg("serve").arg(folder.path()).args(flags);
        command.args([
            "--listen",
            "127.0.0.1",
            "--tftp-port",
            "0",
            "--http-port",
            "0",
        ]);
        let mut server = Running::start(command.arg("--json"));
        let address = server.kind("started")["tftp"].as_str().unwrap().to_owned();
        let sockets = ["127.0.0.1:0", "127.0.0.1:0", "127.0.0.2:0"]
            .map(|from| std::net::UdpSocket::bind(from).unwrap());
        for (socket, served) in sockets.iter().zip(served) {
            socket.send_to(b"\0\x01file\0octet\0", &address).unwrap();
            let mut answer = [0; 600];
            let (_, from) = socket.recv_from(&mut answer).unwrap();
            // DATA, or ERROR 0: too many transfers.
            let expected = if served { [0, 3, 0, 1] } else { [0, 5, 0, 0] };
            assert_eq!(answer[..4], expected, "{flags:?}");
            if served {
                // Only a transfer with an ACK keeps its place.
                socket.send_to(b"\0\x04\0\x01", from).unwrap();
                socket.recv_from(&mut answer).unwrap();
                assert_eq!(answer[..4], [0, 3, 0, 2], "{flags:?}");
            }
        }
        // Two of one kind, sent at once, may arrive as one.
        server.signal("INT");
        server.signal("TERM");
        server.kind("finished");
    }
}

#[test]
#[ignore = "needs curl and prlimit"]
fn connections_leave_files_their_descriptors_and_http_comes_back() {
    let prlimit = require_program("prlimit");
    require_program("curl");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "served").unwrap();
    let mut command = Command::new(prlimit);
    command.arg("--nofile=64").arg(REFLASH).arg("serve");
    command.arg(folder.path()).args(["--listen", "127.0.0.1"]);
    command.args(["--tftp-port", "0", "--json"]);
    // Port 0 disables HTTP, so the test uses one that was free just before.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let http = free.local_addr().unwrap();
    drop(free);
    command.args(["--http-port", &http.port().to_string()]);
    let mut server = Running::start(&mut command);
    let tftp = server.kind("started")["tftp"].as_str().unwrap().to_owned();
    let got = folder.path().join("got");
    assert!(curl(&tftp, "file", &got).status.success());
    let connections: Vec<_> = (2..60)
        .map(|host| {
            let socket = socket2::Socket::new(
                socket2::Domain::IPV4,
                socket2::Type::STREAM,
                Some(socket2::Protocol::TCP),
            )
            .unwrap();
            let from = std::net::SocketAddr::from(([127, 0, 0, host], 0));
            socket.bind(&from.into()).unwrap();
            socket.connect(&http.into()).unwrap();
            socket
        })
        .collect();
    // Half of 64 are accepted, the others are closed at once.
    for (n, socket) in connections.iter().enumerate().skip(32) {
        socket
            .set_read_timeout(Some(std::time::Duration::from_secs(10)))
            .unwrap();
        let end = std::io::Read::read(&mut &*socket, &mut [0; 1]);
        assert!(matches!(end, Ok(0)), "connection {n}: {end:?}");
    }
    assert!(curl(&tftp, "file", &got).status.success());
    assert_eq!(fs::read(&got).unwrap(), b"served");
    drop(connections);
    let output = Command::new("curl")
        .args([
            "-s",
            "--max-time",
            "20",
            "--retry",
            "9",
            "--retry-all-errors",
        ])
        .arg(format!("http://{http}/file"))
        .output()
        .unwrap();
    assert_eq!(output.stdout, b"served", "{output:?}");
    server.signal("INT");
    server.kind("finished");
    assert_eq!(server.end(), Some(130));
}

#[test]
fn phones_in_another_process_convert_against_a_server_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("made-up.zip");
    let made = SyntheticBundle::new(Family::F45, 5)
        .unwrap()
        .sizes(Sizes::Small);
    made.write_zip(&bundle).unwrap();
    let mut command = Command::new(REFLASH);
    command.arg("convert").arg(&bundle).args([
        "--trust-key",
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/test-key.pem"),
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
    let loads = String::from_utf8(phones.stdout).unwrap();
    assert_eq!(loads.lines().count(), 3);
    for line in loads.lines() {
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
fn a_rehearsal_leaves_no_files_and_prints_its_result_in_plain_lines() {
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
