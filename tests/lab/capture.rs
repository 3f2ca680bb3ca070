//! Phones announce themselves by CDP and LLDP; `convert`, `serve` and `watch` capture the frames.

mod conversion;
mod floods;
mod watch;

use std::{fmt::Write as _, fs, net::Ipv4Addr, path::Path, process::Child};

use serde_json::Value;

use crate::support::{
    cdp::{self, mac},
    helper,
    namespaces::{PHONES, SERVER, TwoHosts},
    process::Running,
    synthetic::{KEY, bundle},
};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

/// The first simulated phone of a fleet.
const PHONE: &str = "025245480000";

/// A phone outside the fleet: when it is listed, all earlier frames have been read.
const LAST: &str = "0252454800ff";

const TARGET: &str = "SIP45.9-3-1SR4-1S";

fn cdp(phone: &str, address: &str, load: &str) -> Vec<u8> {
    cdp::frame(phone, address.parse().unwrap(), load)
}

fn lldp(phone: &str, address: &str, load: &str) -> Vec<u8> {
    let tlv = |kind: u16, value: &[u8]| {
        let header = kind << 9 | u16::try_from(value.len()).unwrap();
        [&header.to_be_bytes()[..], value].concat()
    };
    let address: Ipv4Addr = address.parse().unwrap();
    let upper = phone.to_ascii_uppercase();
    // Application voice, known and tagged, VLAN 10.
    let policy = [0x00, 0x12, 0xbb, 2, 1, 0x40, 10 << 1, 0];
    let group = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e];
    [
        &group[..],
        &mac(phone),
        &0x88cc_u16.to_be_bytes(),
        &tlv(1, &[&[5, 1], &address.octets()[..]].concat()),
        &tlv(2, format!("\x07{upper}:P1").as_bytes()),
        &tlv(3, &[0, 120]),
        &tlv(5, format!("SEP{upper}").as_bytes()),
        &tlv(6, format!("Cisco IP Phone 7965G,V12, {load}").as_bytes()),
        &tlv(127, &policy),
        &[0, 0],
    ]
    .concat()
}

/// A process on the phones' side; killed when dropped.
struct Sender(Child);

impl Drop for Sender {
    fn drop(&mut self) {
        // Fails if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends frames from the phones' side.
fn send(lab: &TwoHosts, folder: &Path, frames: &[Vec<u8>], again: bool) -> Sender {
    let text = frames.iter().fold(String::new(), |mut text, frame| {
        for byte in frame {
            write!(text, "{byte:02x}").unwrap();
        }
        text + "\n"
    });
    let path = folder.join("frames");
    fs::write(&path, text).unwrap();
    // Repeated as phones do, but more often; for half a minute at most.
    let rounds = if again { "300" } else { "1" };
    let mut command = lab.on_phones(helper());
    command.arg("send-frames").arg(path).args([rounds, "100"]);
    let mut sender = Sender(command.spawn().unwrap());
    if !again {
        assert!(sender.0.wait().unwrap().success());
    }
    sender
}

fn convert(lab: &TwoHosts, folder: &Path) -> Running {
    // The kernel's neighbour table is evidence too: it must have the phone's own MAC address.
    let mut ip = lab.on_phones("ip");
    ip.args(["link", "set", "eth0", "address", "02:52:45:48:00:00"]);
    assert!(ip.status().unwrap().success());
    let mut command = lab.on_server(REFLASH);
    command.arg("convert").arg(bundle(folder));
    command.args(["--trust-key", KEY, "--json"]);
    let mut server = Running::start(&mut command);
    server.kind("started");
    server
}

/// Converts a phone whose requests do not show its load.
fn play(lab: &TwoHosts) {
    let server = format!("{SERVER}:69");
    let output = lab
        .on_phones(helper())
        .args([
            "simulated-phones",
            &server,
            "recovery",
            PHONES[0],
            "--",
            "no-witness",
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn is_step(line: &Value, mac: &str, state: &str) -> bool {
    line["kind"] == "step" && line["phone"]["mac"] == mac && line["state"] == state
}

/// The phone in the report.
fn end(mut server: Running) -> Value {
    server.signal("INT");
    let report = server.kind("finished")["report"].clone();
    assert_eq!(server.end(), Some(130));
    let phones = report["phones"].as_array().unwrap();
    let phone = phones.iter().find(|phone| phone["mac"] == PHONE);
    phone.unwrap_or_else(|| panic!("{report:#}")).clone()
}
