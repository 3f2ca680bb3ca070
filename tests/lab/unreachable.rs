//! Requests with source addresses that no host has, in the network of the server: the answers wait in the
//! kernel for ARP replies that never come.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::Child,
    time::{Duration, Instant},
};

use reflash::phone::MacAddress;

use crate::support::{
    helper,
    namespaces::{CLIENT, PHONES, SERVER, TwoHosts},
    process::Running,
};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

/// How long clients fetch the file, one after the other.
const SECONDS: Duration = Duration::from_secs(7);

/// How long a client may take for a file.
const PATIENCE: Duration = Duration::from_secs(3);

/// An Ethernet frame from a host of no address: a request for `name` with this source.
fn request(server: MacAddress, from: [u8; 4], port: u16, name: &str) -> Vec<u8> {
    let payload = [b"\0\x01", name.as_bytes(), b"\0octet\0"].concat();
    let datagram = u16::try_from(8 + payload.len()).unwrap();
    let mut header = [0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0].to_vec();
    header[2..4].copy_from_slice(&(20 + datagram).to_be_bytes());
    header.extend(from);
    header.extend([192, 0, 2, 1]);
    let words = header
        .chunks(2)
        .map(|word| u32::from(word[0]) << 8 | u32::from(word[1]));
    let sum: u32 = words.sum();
    let [_, _, high, low] = (!(sum % 0xffff)).to_be_bytes();
    header[10..12].copy_from_slice(&[high, low]);
    [
        &server.bytes()[..],
        &[2, 0, 0, 0, 0, 0x66, 8, 0],
        &header,
        &port.to_be_bytes(),
        &[0, 69],
        &datagram.to_be_bytes(),
        &[0, 0],
        &payload,
    ]
    .concat()
}

/// Sends 1,000 requests, ten for each of 100 addresses without a host, every 50 ms until it is dropped.
struct Flood(Child);

impl Flood {
    fn start(lab: &TwoHosts, folder: &Path) -> Self {
        let output = lab
            .on_server("cat")
            .arg("/sys/class/net/eth0/address")
            .output();
        let mac = String::from_utf8(output.unwrap().stdout).unwrap();
        let mac = mac.trim().parse().unwrap();
        let mut text = String::new();
        for port in 2000..2010 {
            for last in 120..220 {
                for byte in request(mac, [192, 0, 2, last], port, "a") {
                    write!(text, "{byte:02x}").unwrap();
                }
                text.push('\n');
            }
        }
        let path = folder.join("frames");
        fs::write(&path, text).unwrap();
        let mut sender = lab.on_phones(helper());
        sender.arg("send-frames").arg(path).args(["600", "50"]);
        Self(sender.spawn().unwrap())
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn fetch(lab: &TwoHosts, from: &str, name: &str) -> Child {
    let mut client = lab.on_phones(helper());
    client.args(["fetch", &format!("{from}:0"), &format!("{SERVER}:69"), name]);
    client.spawn().unwrap()
}

/// Costs 8 s: the kernel gives up an ARP request after 3 s, and then the next one begins.
#[test]
#[ignore = "needs root (network namespaces)"]
fn answers_to_addresses_without_a_host_delay_no_client() {
    let lab = TwoHosts::build("arp");
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("a"), vec![1; 60_000]).unwrap();
    fs::write(root.join("long"), vec![2; 20_000_000]).unwrap();
    let mut command = lab.on_server(REFLASH);
    command
        .arg("serve")
        .arg(&root)
        .args(["--json", "--user", "root"]);
    let mut server = Running::start(&mut command);
    server.kind("started");

    // None of these clients retransmits, so each lost packet would take the server's time-out.
    let mut long = fetch(&lab, PHONES[0], "long");
    let _flood = Flood::start(&lab, folder.path());
    let end = Instant::now() + SECONDS;
    while Instant::now() < end {
        let start = Instant::now();
        assert!(fetch(&lab, CLIENT, "a").wait().unwrap().success());
        let elapsed = start.elapsed();
        assert!(elapsed < PATIENCE, "{elapsed:?}");
    }
    assert!(long.wait().unwrap().success());
    server.signal("INT");
    server.end();
}
