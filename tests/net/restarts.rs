//! `convert --restart` on loopback: orders, the journal, consent, and hostile connections.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddrV4, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use reflash::protocol::sccp::{SccpStream, encode, message_id};
use serde_json::Value;
use socket2::{Domain, Socket, Type};

use crate::support::{own_loopback, process::Running, synthetic};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");
/// A timeout for a hanging server; every response is much faster.
const PATIENCE: Duration = Duration::from_secs(30);

/// `convert` at its own address, with this list and these words.
fn convert(folder: &Path, server: Ipv4Addr, words: &[&str]) -> Command {
    let mut command = Command::new(REFLASH);
    command.arg("convert").arg(synthetic::bundle(folder));
    command.args(["--trust-key", synthetic::KEY, "--no-check"]);
    command.args(["--tftp-port", "0", "--http-port", "0", "--sip-port", "0"]);
    command.args(["--listen", &server.to_string()]).args(words);
    command.env("XDG_STATE_HOME", folder).stdin(Stdio::null());
    command
}

fn mac(number: u8) -> String {
    format!("001d45aabb{number:02x}")
}

/// The Register of a 7965 with this number.
fn register(number: u8) -> Vec<u8> {
    let mut body = format!("SEP{}", mac(number).to_uppercase()).into_bytes();
    body.resize(124, 0);
    body[24..28].copy_from_slice(&436_u32.to_le_bytes());
    body[40] = 17;
    body[92..105].copy_from_slice(b"SCCP45.8-5-2S");
    encode::message(0, message_id::REGISTER, &body)
}

/// A connection from this address.
fn connect(from: Ipv4Addr, server: Ipv4Addr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddrV4::new(from, 0).into()).unwrap();
    socket
        .connect(&SocketAddrV4::new(server, 2000).into())
        .unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// The ids of the messages until the connection ends or one of them is `last`.
fn messages(stream: &mut TcpStream, last: u32) -> Vec<u32> {
    let mut decoder = SccpStream::default();
    let mut ids = Vec::new();
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut bytes) {
        ids.extend(
            decoder
                .feed(&bytes[..count])
                .unwrap()
                .iter()
                .map(|it| it.id),
        );
        if ids.contains(&last) {
            break;
        }
    }
    ids
}

/// The journal of the folder.
fn journal(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder.join("reflash")).unwrap();
    files.map(|file| file.unwrap().path()).next().unwrap()
}

/// The observations of this kind in the journal.
fn recorded(folder: &Path, kind: &str) -> Vec<Value> {
    let text = fs::read_to_string(journal(folder)).unwrap();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let observed = lines.filter_map(|line| line["observed"].get(kind).cloned());
    observed.collect()
}

#[test]
fn an_order_is_in_the_journal_before_the_phone_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = own_loopback();
    let words = ["--json", "--only", &mac(1), "--restart", "--yes"];
    let mut run = Running::start(&mut convert(folder.path(), server, &words));
    run.kind("started");
    let mut phone = connect(own_loopback(), server);
    phone.write_all(&register(1)).unwrap();
    let sent = messages(&mut phone, message_id::CAPABILITIES_REQ);
    assert_eq!(
        sent,
        [message_id::REGISTER_ACK, message_id::CAPABILITIES_REQ]
    );
    let orders = recorded(folder.path(), "restart-ordered");
    assert_eq!(orders.len(), 1, "{orders:?}");
    assert_eq!(
        (&orders[0]["mac"], &orders[0]["wave"]),
        (&mac(1).into(), &1.into())
    );
    phone
        .write_all(&encode::message(0, message_id::CAPABILITIES_RES, &[]))
        .unwrap();
    assert_eq!(messages(&mut phone, message_id::RESET), [message_id::RESET]);
    phone
        .write_all(&encode::message(0, message_id::UNREGISTER, &[]))
        .unwrap();
    assert_eq!(messages(&mut phone, 0), [message_id::UNREGISTER_ACK]);
    let step = run.wait_for(|line| line["restart"] == "restarting");
    assert_eq!(
        (&step["restart_wave"], &step["state"]),
        (&1.into(), &"seen".into())
    );
    // It registers again without a start: it ignored the order, and gets no other one.
    let mut phone = connect(*address(&phone).ip(), server);
    phone.write_all(&register(1)).unwrap();
    assert_eq!(messages(&mut phone, message_id::RESET), [0; 0]);
    run.wait_for(|line| line["restart"] == "ignored");
    run.wait_for(|line| line["restart_withheld"] == "ordered-recently");
    run.signal("INT");
    run.kind("finished");
    run.end();
}

fn address(stream: &TcpStream) -> SocketAddrV4 {
    match stream.local_addr().unwrap() {
        std::net::SocketAddr::V4(address) => address,
        other @ std::net::SocketAddr::V6(_) => panic!("{other}"),
    }
}

#[test]
fn a_resumed_run_repeats_no_order() {
    let folder = tempfile::tempdir().unwrap();
    let server = own_loopback();
    let words = ["--json", "--only", &mac(1), "--restart", "--yes"];
    let mut run = Running::start(&mut convert(folder.path(), server, &words));
    run.kind("started");
    let mut phone = connect(own_loopback(), server);
    phone.write_all(&register(1)).unwrap();
    messages(&mut phone, message_id::CAPABILITIES_REQ);
    run.signal("KILL");
    run.end();
    let mut command = Command::new(REFLASH);
    command
        .args(["convert", "--resume", "--journal"])
        .arg(journal(folder.path()));
    command.args([
        "--no-check",
        "--tftp-port",
        "0",
        "--http-port",
        "0",
        "--sip-port",
        "0",
    ]);
    command.args([
        "--listen",
        &server.to_string(),
        "--json",
        "--restart",
        "--yes",
    ]);
    let mut run = Running::start(&mut command);
    run.kind("started");
    let mut phone = connect(*address(&phone).ip(), server);
    phone.write_all(&register(1)).unwrap();
    assert_eq!(messages(&mut phone, message_id::RESET), [0; 0]);
    let step = run.wait_for(|line| line["restart_withheld"] == "ordered-recently");
    assert_eq!(step["restart"], "ignored");
    run.signal("INT");
    let report = run.kind("finished")["report"].clone();
    assert_eq!(report["phones"][0]["restart_orders"], 1);
    run.end();
    assert_eq!(recorded(folder.path(), "restart-ordered").len(), 1);
}

#[test]
fn a_held_phone_is_registered_and_kept_alive_until_its_wave() {
    let folder = tempfile::tempdir().unwrap();
    let server = own_loopback();
    let listed = [mac(1), mac(2)].join(",");
    let words = ["--json", "--only", &listed, "--restart", "--yes", "--hold"];
    let mut run = Running::start(&mut convert(folder.path(), server, &words));
    run.kind("started");
    let mut pilot = connect(own_loopback(), server);
    pilot.write_all(&register(1)).unwrap();
    messages(&mut pilot, message_id::CAPABILITIES_REQ);
    pilot
        .write_all(&encode::message(0, message_id::CAPABILITIES_RES, &[]))
        .unwrap();
    // An order that was not sent would not count.
    assert_eq!(messages(&mut pilot, message_id::RESET), [message_id::RESET]);
    let mut held = connect(own_loopback(), server);
    held.write_all(&register(2)).unwrap();
    messages(&mut held, message_id::CAPABILITIES_REQ);
    let step = run.wait_for(|line| line["restart_withheld"] == "held");
    assert_eq!(step["phone"]["mac"], mac(2));
    held.write_all(&encode::message(0, message_id::KEEP_ALIVE, &[]))
        .unwrap();
    assert_eq!(
        messages(&mut held, message_id::KEEP_ALIVE_ACK),
        [message_id::KEEP_ALIVE_ACK]
    );
    // The pilot ignores its order, so another phone is the pilot.
    let mut again = connect(*address(&pilot).ip(), server);
    again.write_all(&register(1)).unwrap();
    assert_eq!(messages(&mut held, message_id::RESET), [message_id::RESET]);
    run.signal("INT");
    run.kind("finished");
    run.end();
}

#[test]
fn without_consent_or_a_list_nothing_is_restarted() {
    let folder = tempfile::tempdir().unwrap();
    let server = own_loopback();
    let output = |words: &[&str]| {
        let output = convert(folder.path(), server, words).output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, text) = output(&["--only", &mac(1), "--restart"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("there is no terminal to ask at"), "{text}");
    let (code, text) = output(&["--restart", "--yes"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("only phones that are listed"), "{text}");
    let (code, text) = output(&["--wave", "3"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("--restart"), "{text}");
}

#[test]
fn a_dry_run_says_which_phones_would_be_restarted_and_why_the_others_not() {
    let folder = tempfile::tempdir().unwrap();
    let server = own_loopback();
    let listed = [mac(1), mac(2), mac(3)].join(",");
    let words = [
        "--only",
        &listed,
        "--restart",
        "--dry-run",
        "--timeout",
        "3s",
    ];
    let mut command = convert(folder.path(), server, &words);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut in_call = register(2);
    in_call[12 + 36] = 1;
    for (number, register) in [(1, register(1)), (2, in_call), (4, register(4))] {
        let end = Instant::now() + PATIENCE;
        let from = own_loopback();
        let mut phone = loop {
            let socket = TcpStream::connect((server, 2000));
            if socket.is_ok() {
                break connect(from, server);
            }
            assert!(Instant::now() < end, "{socket:?}");
            std::thread::sleep(Duration::from_millis(20));
        };
        phone.write_all(&register).unwrap();
        assert_eq!(
            messages(&mut phone, message_id::RESET),
            [0; 0],
            "phone {number}"
        );
    }
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("SEP001D45AABB01: would be restarted in wave 1"),
        "{text}"
    );
    assert!(
        text.contains("SEP001D45AABB02: not restarted: it is in a call"),
        "{text}"
    );
    assert!(text.contains("SEP001D45AABB03: did not register"), "{text}");
    assert!(
        !folder.path().join("reflash").exists(),
        "a dry run has no journal"
    );
}

#[test]
fn a_phone_that_registers_in_a_call_after_hundreds_of_registrations_is_not_ordered() {
    let folder = tempfile::tempdir().unwrap();
    let server = own_loopback();
    let listed = [mac(1), mac(2)].join(",");
    let words = ["--json", "--only", &listed, "--restart", "--yes"];
    let mut run = Running::start(&mut convert(folder.path(), server, &words));
    run.kind("started");
    let mut pilot = connect(own_loopback(), server);
    pilot.write_all(&register(1)).unwrap();
    messages(&mut pilot, message_id::CAPABILITIES_REQ);
    pilot
        .write_all(&encode::message(0, message_id::CAPABILITIES_RES, &[]))
        .unwrap();
    // An order that was not sent would not count.
    assert_eq!(messages(&mut pilot, message_id::RESET), [message_id::RESET]);
    // Until the reports of its address are only counted.
    let own = own_loopback();
    for _ in 0..120 {
        let mut waits = connect(own, server);
        waits.write_all(&register(2)).unwrap();
        assert_eq!(messages(&mut waits, message_id::RESET), [0; 0]);
    }
    let mut again = connect(*address(&pilot).ip(), server);
    again.write_all(&register(1)).unwrap();
    run.wait_for(|line| line["restart"] == "ignored");
    let mut in_call = register(2);
    in_call[12 + 36] = 1;
    let mut phone = connect(own, server);
    phone.write_all(&in_call).unwrap();
    assert_eq!(messages(&mut phone, message_id::RESET), [0; 0]);
    run.signal("INT");
    let report = run.kind("finished")["report"].clone();
    let phones = report["phones"].as_array().unwrap();
    let second = phones
        .iter()
        .find(|phone| phone["mac"] == mac(2).as_str())
        .unwrap();
    assert_eq!(second["restart_withheld"], "in-call", "{second:#}");
    run.end();
}

// Slow because the kernel delays connections that come faster than a program accepts them.
#[test]
fn junk_and_thousands_of_connections_are_bounded_and_a_phone_still_gets_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let server = own_loopback();
    let words = ["--json", "--only", &mac(1), "--restart", "--yes"];
    let mut run = Running::start(&mut convert(folder.path(), server, &words));
    run.kind("started");
    for junk in [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![0xff; 9000],
        encode::message(0, message_id::REGISTER, b"SEP"),
        encode::message(0, message_id::KEEP_ALIVE, &[]).repeat(20_000),
        encode::message(0, message_id::REGISTER, &[b'x'; 124]),
    ] {
        let mut stream = connect(own_loopback(), server);
        // The server may close it first.
        let _ = stream.write_all(&junk);
        messages(&mut stream, message_id::RESET);
    }
    // 5,000 connections of one host: the newest two stay.
    let host = own_loopback();
    let mut flood: Vec<TcpStream> = (0..5000).map(|_| connect(host, server)).collect();
    let open = |stream: &TcpStream| {
        stream.set_nonblocking(true).unwrap();
        !matches!(stream.peek(&mut [0]), Ok(0) | Err(_))
            || matches!(stream.peek(&mut [0]), Err(error)
                if error.kind() == std::io::ErrorKind::WouldBlock)
    };
    let end = Instant::now() + PATIENCE;
    while flood.iter().filter(|stream| open(stream)).count() > 2 {
        assert!(Instant::now() < end, "more than two stay open");
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut phone = connect(own_loopback(), server);
    phone.write_all(&register(1)).unwrap();
    assert!(messages(&mut phone, message_id::RESET).contains(&message_id::RESET));
    flood.clear();
    run.signal("INT");
    let report = run.kind("finished")["report"].clone();
    assert_eq!(report["phones"].as_array().unwrap().len(), 1, "{report:#}");
    run.end();
}
