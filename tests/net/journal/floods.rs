//! A flood of requests: what the journal has of it, and of the phone whose address is forged.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    process::Command,
};

use reflash::{
    journal,
    track::{State, UNACKNOWLEDGED_BURST},
};

use super::{REFLASH, site::Site};

/// Requests within the rate limit of the TFTP server, which answers 2,048 of an address at once.
const REQUESTS: u32 = 1_500;

fn flood(from: Ipv4Addr, server: SocketAddrV4) {
    let socket = UdpSocket::bind((from, 0)).unwrap();
    let mut answer = [0; 64];
    for _ in 0..REQUESTS {
        socket.send_to(b"\0\x01nope.bin\0octet\0", server).unwrap();
        socket.recv(&mut answer).unwrap();
    }
}

#[test]
fn requests_of_one_host_are_written_600_times_and_then_counted() {
    let site = Site::new();
    let mut server = site.begin(&["--expect", "1", "--timeout", "2m"]);
    let started = server.kind("started");
    let tftp: SocketAddrV4 = started["tftp"].as_str().unwrap().parse().unwrap();
    // The address of a host that is no phone, and that of the simulated phone.
    for from in [Ipv4Addr::new(127, 77, 0, 1), Ipv4Addr::new(127, 20, 1, 1)] {
        flood(from, tftp);
    }
    let _phones = site.phones(1);
    let report = server.kind("finished")["report"].clone();
    assert_eq!(server.end(), Some(0), "{report:#}");

    let recorded = journal::read(&site.journal()).unwrap();
    let text = fs::read_to_string(site.journal()).unwrap();
    let written = text.matches(r#""name":"nope.bin""#).count();
    let burst = usize::try_from(UNACKNOWLEDGED_BURST).unwrap();
    // One more each second of the flood.
    assert!((2 * burst..2 * burst + 60).contains(&written), "{written}");
    let counted = u64::from(2 * REQUESTS) - written as u64;
    assert!(
        recorded.counted.requests >= counted,
        "{:?}",
        recorded.counted
    );
    let phone = &recorded.report().phones[0];
    assert!(
        matches!(phone.state, State::Confirmed | State::Flashed),
        "{phone:#?}"
    );
    assert_eq!(
        report["phones"][0]["state"],
        serde_json::to_value(phone.state).unwrap()
    );

    let shown = Command::new(REFLASH)
        .arg("report")
        .arg(site.journal())
        .output()
        .unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("which are only counted:"), "{shown}");
}
