//! Single packets, files and fleets.

use std::{
    fs,
    net::{SocketAddrV4, UdpSocket},
    thread,
    time::Duration,
};

use pnet::datalink::{self, Channel, Config};
use reflash::{
    phone::{Family, LoadName},
    simulator::fleet::{self, FleetConfig, StartMix},
};

/// Sends the frames of a file, a line of hex digits each, so many times from `eth0`.
pub(crate) fn send_frames(file: &str, rounds: &str, pause_ms: &str) {
    let text = fs::read_to_string(file).unwrap();
    let frames: Vec<Vec<u8>> = text
        .lines()
        .map(|line| {
            let byte = |at| u8::from_str_radix(&line[at..at + 2], 16).unwrap();
            (0..line.len()).step_by(2).map(byte).collect()
        })
        .collect();
    let interfaces = datalink::interfaces();
    let eth0 = interfaces.iter().find(|one| one.name == "eth0").unwrap();
    let Ok(Channel::Ethernet(mut out, _)) = datalink::channel(eth0, Config::default()) else {
        panic!("eth0 is not an Ethernet interface");
    };
    let (rounds, pause_ms): (u32, u64) = (rounds.parse().unwrap(), pause_ms.parse().unwrap());
    for _ in 0..rounds {
        for frame in &frames {
            out.send_to(frame, None).unwrap().unwrap();
        }
        if rounds > 1 {
            thread::sleep(Duration::from_millis(pause_ms));
        }
    }
}

/// Sends the bytes of a file as one datagram.
pub(crate) fn send_datagram(from: &str, to: &str, file: &str) {
    let socket = UdpSocket::bind(from).unwrap();
    socket.send_to(&fs::read(file).unwrap(), to).unwrap();
}

/// Fetches a file over TFTP with lock-step transfers (RFC 1350).
pub(crate) fn fetch(from: &str, server: &str, name: &str) -> Vec<u8> {
    let socket = UdpSocket::bind(from).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let request = [&b"\0\x01"[..], name.as_bytes(), b"\0octet\0"].concat();
    socket.send_to(&request, server).unwrap();
    let (mut bytes, mut packet) = (Vec::new(), [0; 600]);
    loop {
        let (length, from) = socket.recv_from(&mut packet).unwrap();
        let text = String::from_utf8_lossy(&packet[..length]);
        assert_eq!(packet[..2], [0, 3], "expected DATA: {text:?}");
        socket.send_to(&[0, 4, packet[2], packet[3]], from).unwrap();
        bytes.extend(&packet[4..length]);
        if length < 516 {
            return bytes;
        }
    }
}

/// Occupies a UDP port.
pub(crate) fn hold_port(address: &str, seconds: &str) {
    let _socket = UdpSocket::bind(address).unwrap();
    thread::sleep(Duration::from_secs(seconds.parse().unwrap()));
}

/// Converts simulated 7965 to their end: one for each address, with the faults that follow the
/// addresses after `--`. Prints a line for each: its load and its images.
pub(crate) fn simulated_phones(server: &str, start: &str, rest: &[&str]) {
    let mut parts = rest.split(|argument| *argument == "--");
    let addresses = parts.next().unwrap_or_default();
    let faults = parts.next().unwrap_or_default();
    let config = FleetConfig {
        phones: addresses.len(),
        models: vec![Family::F45.models().nth(1).unwrap()],
        start: match start {
            "recovery" => StartMix::Recovery,
            "mixed" => StartMix::Mixed,
            other => panic!("unknown start '{other}'"),
        },
        from: None,
        call_manager: None,
        pace: 0.01,
        http: None,
        seed: 3,
        faults: faults.iter().map(|fault| fault.parse().unwrap()).collect(),
        sizes: std::sync::Arc::default(),
        addresses: addresses
            .iter()
            .map(|address| address.parse().unwrap())
            .collect(),
        listed: Vec::new(),
        deadline: Duration::from_mins(1),
    };
    let server: SocketAddrV4 = server.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let run = fleet::run(&config, server, std::future::pending());
    let phones = runtime.block_on(run).unwrap();
    for phone in &phones {
        assert!(phone.finished, "{phone:?}");
        let load = phone.contents.load.as_ref().map_or("-", LoadName::as_str);
        let images: Vec<&str> = phone.contents.images.keys().map(String::as_str).collect();
        println!("{load} {}", images.join(" "));
    }
}
