//! A converted phone that reads its generated configuration and registers as that says.

use std::{
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    thread,
    time::Duration,
};

#[path = "../support/sip_phone.rs"]
mod sip_phone;

use crate::traffic::fetch;
use sip_phone::{Line, lines, lines_of_settings, register, request};

/// Does one thing that a phone with this address and MAC address does at `server`, a TFTP server.
/// `register` registers each line, `register:USER` one of them, with its secret from the file.
pub(crate) fn act(address: &str, server: &str, mac: &str, action: &str) {
    let phone: Ipv4Addr = address.parse().unwrap();
    let sep = file(phone, server, &format!("SEP{}.cnf.xml", mac.to_uppercase()));
    act_with(phone, lines(&sep, phone), action);
}

/// The same for a 7940 or 7960, which reads `SIPDefault.cnf` and then its own settings.
pub(crate) fn act_by_settings(address: &str, server: &str, mac: &str, action: &str) {
    let phone: Ipv4Addr = address.parse().unwrap();
    let common = file(phone, server, "SIPDefault.cnf");
    let own = file(phone, server, &format!("./SIP{}.cnf", mac.to_uppercase()));
    act_with(phone, lines_of_settings(&common, &own, phone), action);
}

/// A file that the phone fetches over TFTP.
fn file(phone: Ipv4Addr, server: &str, name: &str) -> String {
    let server: SocketAddrV4 = server.parse().unwrap();
    let bytes = fetch(&format!("{phone}:0"), &server.to_string(), name);
    String::from_utf8(bytes).unwrap()
}

fn act_with(phone: Ipv4Addr, mut lines: Vec<Line>, action: &str) {
    let (action, user) = action.split_once(':').unwrap_or((action, ""));
    lines.retain(|line| user.is_empty() || line.user == user);
    assert!(!lines.is_empty(), "{user}");
    for line in &lines {
        match action {
            "register" => println!("answered {}", register(line, &line.password)),
            "call-closed-port" => call_closed_port(line),
            "wait-for-answer" => wait_for_answer(line, phone),
            other => panic!("unknown action '{other}'"),
        }
    }
}

fn call_closed_port(line: &Line) {
    assert!(line.tcp);
    // Two attempts, far enough apart that the second is not taken for a repeat.
    for pause in [
        reflash::discovery::REPEAT_WINDOW + Duration::from_millis(500),
        Duration::ZERO,
    ] {
        line.connect().unwrap_err();
        thread::sleep(pause);
    }
}

fn wait_for_answer(line: &Line, phone: Ipv4Addr) {
    let sends = UdpSocket::bind((phone, 0)).unwrap();
    let listens = UdpSocket::bind((phone, line.listens)).unwrap();
    let text = request(line, "astray", 1, "");
    for wait in [500, 1000, 2000] {
        sends.send_to(text.as_bytes(), line.registrar).unwrap();
        listens
            .set_read_timeout(Some(Duration::from_millis(wait)))
            .unwrap();
        listens.recv(&mut [0; 2000]).unwrap_err();
    }
}
