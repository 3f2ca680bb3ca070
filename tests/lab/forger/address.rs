//! A host that sends TFTP packets with the phone's address as source, and sees no answer: it neither ends the
//! phone's transfers nor keeps the phone from the server.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use super::*;

/// The transfer ports, which the forger knows.
const PORTS: std::ops::RangeInclusive<u16> = 30_000..=30_255;

/// The phone's port.
const FIRST: u16 = 49_152;

/// The forger's frames have its own MAC.
const FORGED: Station = Station {
    mac: FORGER_AT.mac,
    address: PHONE_AT.address,
};

fn tftp_request(port: u16, name: &str) -> Vec<u8> {
    let request = [b"\0\x01", name.as_bytes(), b"\0octet\0"].concat();
    frames::udp(FORGED, SERVER_AT, (port, 69), &request)
}

/// Serves files of 1 MB to phones.
fn serve(lan: &Lan, folder: &Path) -> Running {
    for name in ["a", "b", "term65.default.loads"] {
        fs::write(folder.join(name), vec![1; 1_000_000]).unwrap();
    }
    let mut command = lan.on("server", REFLASH);
    command
        .arg("serve")
        .arg(folder)
        .args(["--json", "--user", "root"]);
    command.args(["--transfer-port", "30000-30255"]);
    let mut run = Running::start(&mut command);
    run.kind("started");
    run
}

fn send(lan: &Lan, folder: &Path, name: &str, frames: &[Vec<u8>], pause_ms: u32) -> Process {
    let file = folder.join(name);
    fs::write(&file, lines(frames)).unwrap();
    let mut sender = lan.on("forger", helper());
    sender.arg("send-frames").arg(file);
    let rounds = 60_000 / pause_ms;
    sender.args([rounds.to_string(), pause_ms.to_string()]);
    Process(sender.spawn().unwrap())
}

/// A phone that fetches these files.
fn phone(lan: &Lan, names: &[&str]) -> (Process, impl Iterator<Item = String>) {
    let mut phone = lan.on("phone", helper());
    let (at, port) = (PHONE_AT.address.to_string(), FIRST.to_string());
    phone.args(["tftp-phone", &at, &port, "192.0.2.10:69"]);
    phone.args(names).stdout(Stdio::piped());
    let mut child = phone.spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (Process(child), out.lines().map(Result::unwrap))
}

/// Costs 3 s: the phone needs a millisecond for a block, so that the forger is there in the middle of the file.
#[test]
#[ignore = "needs root (network namespaces)"]
fn forged_packets_from_the_port_of_a_phone_end_none_of_its_transfers() {
    let lan = lan("tid");
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    let run = serve(&lan, &root);
    let (mut phone, mut out) = phone(&lan, &["a"]);
    assert_eq!(out.next().as_deref(), Some("begun a"));
    let mut all = vec![tftp_request(FIRST, "nothing"), tftp_request(FIRST, "b")];
    for port in PORTS {
        let error = b"\0\x05\0\0no\0";
        all.push(frames::udp(FORGED, SERVER_AT, (FIRST, port), error));
        let refused = frames::udp(SERVER_AT, PHONE_AT, (port, FIRST), b"\0\x03\0\x01");
        all.push(frames::port_unreachable(FORGED, SERVER_AT, &refused[14..]));
    }
    let _forger = send(&lan, folder.path(), "tid", &all, 100);
    assert_eq!(out.next().as_deref(), Some("done a 1"));
    assert!(phone.0.wait().unwrap().success());
    run.signal("INT");
    run.end();
}

/// Costs up to 20 s: the limit of requests is reached after 3 s, and phones repeat a request after 4 s.
#[test]
#[ignore = "needs root (network namespaces)"]
fn a_phone_is_served_beside_guesses_and_a_flood_in_its_address() {
    let lan = lan("flood");
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    let mut run = serve(&lan, &root);
    let list = format!("CTLSEP{}.tlv", PHONE_AT.mac.upper_hex());
    let ports = (0..100).map(|n| 20_000 + n * 290);
    let mut flood: Vec<_> = ports
        .clone()
        .map(|port| tftp_request(port, "term65.default.loads"))
        .collect();
    flood.push(tftp_request(FIRST - 1, &list));
    let _flood = send(&lan, folder.path(), "flood", &flood, 100);
    let found = run.wait_for(|line| line["code"] == "forged-packets");
    let evidence = found["evidence"].as_str().unwrap();
    assert!(
        evidence.contains("more requests arrive from 192.0.2.101"),
        "{found:#}"
    );
    // Guesses of the ports that serve the forged requests, one of 256 right.
    let guesses: Vec<_> = ports
        .zip(PORTS.cycle())
        .map(|(port, guess)| frames::udp(FORGED, SERVER_AT, (port, guess), b"\0\x04\0\x01"))
        .collect();
    let _guesses = send(&lan, folder.path(), "guesses", &guesses, 50);
    let (mut phone, out) = phone(&lan, &["term65.default.loads", "a", "b"]);
    let done: Vec<String> = out.filter(|line| line.starts_with("done")).collect();
    assert!(phone.0.wait().unwrap().success());
    let tries = |line: &String| line.rsplit(' ').next().unwrap().parse::<u32>().unwrap();
    let tries: Vec<u32> = done.iter().map(tries).collect();
    assert!(tries.len() == 3 && tries[0] <= 5, "{tries:?}");
    let total: u32 = tries[1..].iter().sum();
    assert!(
        total <= 3,
        "the next ports are the phone's, but the kernel may drop a request: {tries:?}"
    );
    run.signal("INT");
    run.end();
}
