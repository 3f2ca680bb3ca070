//! The main job, on port 69 of a network of the test's own, with other people's clients.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use reflash::{
    phone::Family,
    simulator::{Sizes, SyntheticBundle},
};
use serde_json::Value;

use crate::support::{
    helper,
    namespaces::{CLIENT, PHONES, SERVER, TwoHosts},
    process::Running,
    require_program,
    synthetic::{self, bundle, set_mode},
};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

fn files() -> BTreeMap<String, Vec<u8>> {
    let made = SyntheticBundle::new(Family::F45, 7)
        .unwrap()
        .sizes(Sizes::Small);
    made.files().into_iter().collect()
}

/// Fetches `name` with each client into `folder`, and gives the files by client.
fn fetch_with_all(lab: &TwoHosts, name: &str, folder: &Path) -> Vec<(String, PathBuf)> {
    let mut fetched = Vec::new();
    let mut fetch = |client: &str, variant: &str, arguments: &dyn Fn(&str) -> Vec<String>| {
        require_program(client);
        let path = folder.join(format!("{client}-{variant}"));
        let mut command = lab.on_phones("timeout");
        command
            .args(["20", client])
            .args(arguments(path.to_str().unwrap()));
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{client} {variant} {name}: {output:?}"
        );
        fetched.push((format!("{client} {variant}"), path));
    };
    let words = |list: &[&str]| list.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    fetch("tftp", "plain", &|to| {
        words(&["-m", "binary", SERVER, "-c", "get", name, to])
    });
    fetch("atftp", "plain", &|to| {
        words(&["-g", "-r", name, "-l", to, SERVER])
    });
    let with_options = ["--option", "blksize 1428", "--option", "tsize 0"];
    fetch("atftp", "blksize-tsize", &|to| {
        words(&[&with_options[..], &["-g", "-r", name, "-l", to, SERVER]].concat())
    });
    let url = format!("tftp://{SERVER}/{name}");
    fetch("curl", "plain", &|to| {
        words(&["-s", "--tftp-no-options", "-o", to, &url])
    });
    fetch("curl", "blksize-tsize", &|to| {
        words(&["-s", "--tftp-blksize", "1428", "-o", to, &url])
    });
    fetch("busybox", "plain", &|to| {
        words(&["tftp", "-g", "-r", name, "-l", to, SERVER])
    });
    fetch("busybox", "blksize", &|to| {
        words(&["tftp", "-g", "-b", "1428", "-r", name, "-l", to, SERVER])
    });
    fetched
}

#[test]
#[ignore = "needs root (network namespaces), atftp, busybox, curl and tftp"]
fn phones_by_both_routes_convert_while_other_peoples_clients_fetch_every_file() {
    let lab = TwoHosts::build("convert");
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle(folder.path());
    let mut server = lab.on_server(REFLASH);
    server.arg("convert").arg(&bundle);
    server.args([
        "--trust-key",
        synthetic::KEY,
        "--json",
        "--expect",
        "2",
        "--timeout",
        "2m",
    ]);
    let mut server = Running::start(&mut server);
    let started = server.kind("started");
    assert_eq!(started["tftp"], format!("{SERVER}:69"));
    assert_eq!(started["http"], format!("{SERVER}:6970"));
    let root = PathBuf::from(started["root"].as_str().unwrap());
    assert!(root.is_dir());

    let mut wanted = files();
    let generated = fs::read(root.join("target").join("XMLDefault.cnf.xml")).unwrap();
    wanted.insert("XMLDefault.cnf.xml".to_owned(), generated);
    let over_http = fetch_over_http(&lab, "XMLDefault.cnf.xml");
    assert!(over_http == wanted["XMLDefault.cnf.xml"]);
    for (name, bytes) in &wanted {
        for (client, path) in fetch_with_all(&lab, name, folder.path()) {
            assert!(
                fs::read(path).unwrap() == *bytes,
                "{client} got other bytes of {name}"
            );
        }
    }

    let phones = lab
        .on_phones(helper())
        .args(["simulated-phones", &format!("{SERVER}:69"), "mixed"])
        .args(&PHONES[..2])
        .output()
        .unwrap();
    assert!(phones.status.success(), "{phones:?}");
    let files = files();
    let holding = String::from_utf8(phones.stdout).unwrap();
    assert_eq!(holding.lines().count(), 2, "{holding}");
    for phone in holding.lines() {
        let (load, images) = phone.split_once(' ').unwrap();
        assert_eq!(load, "SIP45.9-3-1SR4-1S");
        let images: Vec<&str> = images.split(' ').collect();
        assert_eq!(images.len(), 5, "{phone}");
        assert!(images.iter().all(|image| files.contains_key(*image)));
    }

    let report = server.kind("finished")["report"].clone();
    assert_eq!(server.end(), Some(0));
    let phones = report["phones"].as_array().unwrap();
    let clients = report["others"].as_array().unwrap();
    assert_eq!((phones.len(), clients.len()), (2, 1), "{report:#}");
    for phone in phones {
        assert!(
            ["confirmed", "flashed"].contains(&phone["state"].as_str().unwrap()),
            "{phone:#}"
        );
        assert_eq!(phone["to"], "SIP45.9-3-1SR4-1S");
    }
    assert!(
        phones.iter().any(|phone| phone["pass"] == 2),
        "recovery, then its load by name"
    );
    assert_eq!(clients[0]["address"], CLIENT);
    let over_http: Vec<_> = clients[0]["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|file| file["transport"] == "http")
        .map(|file| (file["name"].as_str(), file["outcome"].as_str()))
        .collect();
    assert_eq!(over_http, [(Some("XMLDefault.cnf.xml"), Some("delivered"))]);
    assert!(!root.exists(), "the root is gone");
}

/// What curl gets from port 6970.
fn fetch_over_http(lab: &TwoHosts, name: &str) -> Vec<u8> {
    require_program("curl");
    let url = format!("http://{SERVER}:6970/{name}");
    let output = lab
        .on_phones("curl")
        .args(["-sSf", "--max-time", "20", &url])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

/// A phone's hand on loopback: asks from its own address and acknowledges block by block.
struct TftpClient {
    socket: UdpSocket,
    server: SocketAddrV4,
}

impl TftpClient {
    fn at(address: [u8; 4], server: &Value) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::from(address), 0)).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        Self {
            socket,
            server: server.as_str().unwrap().parse().unwrap(),
        }
    }

    fn ask(&self, name: &str) {
        let request = [b"\x00\x01", name.as_bytes(), b"\x00octet\x00"].concat();
        self.socket.send_to(&request, self.server).unwrap();
    }

    /// One packet: its opcode, its block or error code, its payload, who sent it.
    fn hear(&self) -> (u16, u16, Vec<u8>, std::net::SocketAddr) {
        let mut buffer = [0; 600];
        let (length, from) = self.socket.recv_from(&mut buffer).unwrap();
        let word = |at: usize| u16::from_be_bytes([buffer[at], buffer[at + 1]]);
        (word(0), word(2), buffer[4..length].to_vec(), from)
    }

    /// Takes one block and acknowledges it: whether it was the last.
    fn take(&self) -> bool {
        let (opcode, block, data, from) = self.hear();
        assert_eq!(
            opcode,
            3,
            "DATA was expected: {}",
            String::from_utf8_lossy(&data)
        );
        let [high, low] = block.to_be_bytes();
        self.socket.send_to(&[0, 4, high, low], from).unwrap();
        data.len() < 512
    }

    fn get(&self, name: &str) {
        self.ask(name);
        while !self.take() {}
    }
}

fn convert_on_loopback(bundle: &Path, temporary: &Path, more: &[&str]) -> Running {
    let mut command = Command::new(REFLASH);
    command
        .arg("convert")
        .arg(bundle)
        .args(["--trust-key", synthetic::KEY, "--json"]);
    command
        .args([
            "--listen",
            "127.0.0.1",
            "--tftp-port",
            "0",
            "--http-port",
            "0",
        ])
        .args(more);
    Running::start(command.env("TMPDIR", temporary))
}

fn roots(temporary: &Path) -> usize {
    fs::read_dir(temporary).unwrap().count()
}

/// The drain has begun when somebody new is told to go away.
fn wait_for_the_drain(server: &Value) {
    let refused = (1..=250).any(|host| {
        let late = TftpClient::at([127, 9, 9, host], server);
        late.ask("XMLDefault.cnf.xml");
        let (opcode, code, ..) = late.hear();
        opcode == 5 && code == 0
    });
    assert!(refused, "nobody new is admitted any more");
}

#[test]
fn the_first_ctrl_c_lets_a_phone_between_two_images_finish_and_admits_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let mut server = convert_on_loopback(&bundle(folder.path()), temporary.path(), &[]);
    let started = server.kind("started");
    let phone = TftpClient::at([127, 9, 0, 1], &started["tftp"]);
    phone.get("term65.default.loads");
    phone.get("jar45sip.9-3-1ES26.sbn");
    phone.ask("cnu45.9-3-1ES26.sbn");
    phone.take();

    server.signal("INT");
    wait_for_the_drain(&started["tftp"]);

    while !phone.take() {}
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
    assert_eq!(server.end(), Some(130));
    assert_eq!(roots(temporary.path()), 0, "the root is gone");
}

#[test]
fn the_second_ctrl_c_leaves_at_once_and_still_reports() {
    let folder = tempfile::tempdir().unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let mut server = convert_on_loopback(&bundle(folder.path()), temporary.path(), &[]);
    let started = server.kind("started");
    let phone = TftpClient::at([127, 9, 1, 1], &started["tftp"]);
    phone.get("term65.default.loads");
    phone.ask("jar45sip.9-3-1ES26.sbn");
    phone.take();
    server.signal("TERM");
    wait_for_the_drain(&started["tftp"]);
    server.signal("TERM");
    let report = server.kind("finished")["report"].clone();
    assert_eq!(report["totals"]["working"], 1, "{report:#}");
    assert_eq!(server.end(), Some(143));
    assert_eq!(roots(temporary.path()), 0, "the root is gone");
}

#[test]
fn what_kill_9_leaves_the_next_start_sweeps() {
    let folder = tempfile::tempdir().unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let bundle = bundle(folder.path());
    let mut killed = convert_on_loopback(&bundle, temporary.path(), &[]);
    let root = PathBuf::from(killed.kind("started")["root"].as_str().unwrap());
    killed.signal("KILL");
    assert_eq!(killed.end(), None);
    assert!(root.exists(), "nobody could remove it");

    let mut next = convert_on_loopback(&bundle, temporary.path(), &["--timeout", "1s"]);
    next.kind("started");
    assert!(!root.exists(), "the orphan is swept");
    next.kind("finished");
    assert_eq!(next.end(), Some(1), "no phone came");
    assert_eq!(roots(temporary.path()), 0);
}

#[test]
fn a_busy_port_is_told_with_the_name_of_who_has_it() {
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
fn a_busy_http_port_is_told_too_and_can_be_gone_without() {
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
    let what = format!("cannot listen on 127.0.0.1 port {port}: the port is in use");
    let who = format!("(process {}) is using it", std::process::id());
    for wanted in [&*what, &who, "--http-port 0"] {
        assert!(words.contains(wanted), "{wanted}: {words}");
    }
    assert_eq!(output.stdout, b"", "nothing was served");
}

#[test]
fn a_name_that_http_has_not_and_tftp_has_not_is_one_request() {
    let folder = tempfile::tempdir().unwrap();
    let port = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port()
    };
    let mut command = Command::new(REFLASH);
    command.arg("serve").arg(folder.path()).arg("--json");
    command.args(["--listen", "127.0.0.1", "--tftp-port", "0"]);
    command.args(["--http-port", &port.to_string()]);
    let mut server = Running::start(&mut command);
    let started = server.kind("started");
    assert_eq!(started["http"], format!("127.0.0.1:{port}"));
    let mut http = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    let name = "CTLSEP001122334455.tlv";
    std::io::Write::write_all(
        &mut http,
        format!("GET /{name} HTTP/1.0\r\n\r\n").as_bytes(),
    )
    .unwrap();
    let mut response = String::new();
    std::io::Read::read_to_string(&mut http, &mut response).unwrap();
    assert!(response.starts_with("HTTP/1.0 404 "), "{response}");
    let phone = TftpClient::at([127, 0, 0, 1], &started["tftp"]);
    phone.ask(name);
    assert_eq!(phone.hear().0, 5);
    server.signal("INT");
    let report = server.kind("finished")["report"].clone();
    let files = report["phones"][0]["files"].as_array().unwrap();
    assert_eq!(files.len(), 1, "{report:#}");
    assert_eq!(files[0]["transport"], "tftp");
    assert_eq!(server.end(), Some(130));
}

/// The rehearsal's key, where any user can read it: the checkout may be private.
const KEY: &[u8] = include_bytes!("../support/test-key.pem");

/// The program as a user without any right, in a folder that this user can read.
/// Becoming one needs root.
fn as_nobody(folder: &Path) -> Command {
    require_program("setpriv");
    let become_nobody = || {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        command.arg("--inh-caps=-all");
        command
    };
    let became = become_nobody().arg("true").status();
    assert!(
        became.is_ok_and(|status| status.success()),
        "becoming another user needs root: run scripts/test with sudo"
    );
    // A binary that nobody else could reach would prove nothing: it is copied.
    let program = folder.join("reflash");
    fs::copy(REFLASH, &program).unwrap();
    fs::write(folder.join("key.pem"), KEY).unwrap();
    set_mode(&program, 0o755);
    set_mode(&folder.join("key.pem"), 0o644);
    set_mode(folder, 0o755);
    let mut command = become_nobody();
    command.arg(program).current_dir(folder);
    command
}

#[test]
#[ignore = "needs root (another user) and setpriv"]
fn a_port_below_1024_without_the_right_says_how_to_get_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut nobody = as_nobody(folder.path());
    let output = nobody
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
fn a_bundle_that_this_user_may_not_read_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle(folder.path());
    set_mode(&bundle, 0o000);
    for verb in ["verify", "convert"] {
        let mut nobody = as_nobody(folder.path());
        let output = nobody.arg(verb).arg(&bundle).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert!(
            words.contains("Permission denied") && words.contains("→"),
            "{words}"
        );
        assert_eq!(output.stdout, b"", "{verb}");
    }
}

#[test]
#[ignore = "needs root (another user) and setpriv"]
fn a_served_file_that_may_not_be_read_is_told_here_and_not_found_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut nobody = as_nobody(folder.path());
    let locked = folder.path().join("Jar41sip.8-3-1S.sbn");
    fs::write(&locked, "image").unwrap();
    set_mode(&locked, 0o000);
    let log = folder.path().join("log");
    nobody.args(["serve", ".", "--listen", "127.0.0.1", "--json"]);
    nobody.args(["--tftp-port", "0", "--http-port", "0"]);
    let mut server = Running::start(nobody.stderr(fs::File::create(&log).unwrap()));
    let started = server.kind("started");
    let phone = TftpClient::at([127, 9, 2, 1], &started["tftp"]);
    phone.ask("Jar41sip.8-3-1S.sbn");
    let (opcode, code, ..) = phone.hear();
    assert_eq!((opcode, code), (5, 1), "not found");
    server.signal("INT");
    server.kind("finished");
    assert_eq!(server.end(), Some(130));
    let words = fs::read_to_string(log).unwrap();
    assert!(
        words.contains("Jar41sip.8-3-1S.sbn") && words.contains("Permission denied"),
        "{words}"
    );
}

/// The value of a line of /proc/PID/status.
fn status(pid: u32, field: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.unwrap()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
#[ignore = "needs root (network namespaces), atftp, busybox, curl and tftp"]
fn on_port_69_it_runs_as_the_named_user_with_no_right_left_and_serves() {
    let lab = TwoHosts::build("rights");
    let folder = tempfile::tempdir().unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(folder.path(), open).unwrap();
    // Where that user may make folders of its own.
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
        for set in ["CapEff:", "CapPrm:", "CapInh:", "CapAmb:"] {
            assert_eq!(status(pid, set), "0000000000000000", "{set}");
        }
        let bytes = fetch_over_http(&lab, "term65.default.loads");
        assert_eq!(bytes, files()["term65.default.loads"]);
        let got = fetch_with_all(&lab, "term65.default.loads", folder.path());
        assert!(
            got.iter()
                .all(|(_, path)| { fs::read(path).unwrap() == files()["term65.default.loads"] })
        );
        // Two signals, of which the system makes no one: it does not wait for its client's images.
        server.signal("INT");
        server.signal("TERM");
        server.kind("finished");
        assert!([Some(130), Some(143)].contains(&server.end()));
        assert_eq!(roots(temporary.path()), 0, "the root is gone");
    }
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
fn a_bundle_that_may_not_be_served_is_not() {
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
