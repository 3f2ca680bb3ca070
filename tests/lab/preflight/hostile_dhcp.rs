//! The DHCP server of this program, and a host that sends it forged messages.

use std::{fmt::Write as _, fs, net::Ipv4Addr};

use reflash::{
    phone::MacAddress,
    protocol::dhcp::{DhcpMessage, OptionCode},
};

use super::own_dhcp_server::{PHONE, convert, udhcpc};
use crate::support::{helper, lan::Lan, process::Running, require_program};

const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);

/// The assignable addresses of 192.0.2.0/28: two hosts have others.
const POOL: u32 = 12;

/// A phone that does not exist.
fn forged(number: u32, kind: u8) -> DhcpMessage {
    let [.., a, b] = number.to_be_bytes();
    let mac = MacAddress::new([0, 0x1d, 0x45, 0xff, a, b]);
    let mut message = DhcpMessage::discover(mac, number, "CP-7965G");
    message.options.set(OptionCode::MESSAGE_TYPE, [kind]);
    message
}

/// A broadcast of a client, without UDP checksum.
fn frame(source: Ipv4Addr, message: &DhcpMessage) -> Vec<u8> {
    let bytes = message.encode();
    let length = |header: usize| u16::try_from(header + bytes.len()).unwrap().to_be_bytes();
    let mut ip = [&[0x45, 0][..], &length(28), &[0, 0, 0, 0, 64, 17, 0, 0]].concat();
    ip.extend(source.octets().iter().chain(&[0xff; 4]));
    let sum: u32 = ip
        .chunks(2)
        .map(|two| u32::from(two[0]) << 8 | u32::from(two[1]))
        .sum();
    let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    let ethernet = [&[0xff; 6][..], &message.mac.bytes(), &[8, 0]].concat();
    let udp = [&[0, 68, 0, 67][..], &length(8), &[0, 0]].concat();
    [ethernet, ip, udp, bytes].concat()
}

fn send(lan: &Lan, frames: &[Vec<u8>], rounds: &str) {
    let mut lines = String::new();
    for frame in frames {
        for byte in frame {
            write!(lines, "{byte:02x}").unwrap();
        }
        lines.push('\n');
    }
    let path = lan.folder.path().join("forged");
    fs::write(&path, lines).unwrap();
    let arguments = ["send-frames", path.to_str().unwrap(), rounds, "10"];
    assert!(lan.run("attacker", helper(), &arguments).status.success());
}

/// The server, and what it logs.
fn start(lan: &Lan) -> (Running, std::path::PathBuf) {
    let log = lan.folder.path().join("convert.log");
    let mut command = convert(lan, &[]);
    command.stderr(fs::File::create(&log).unwrap());
    let mut server = Running::start(&mut command);
    server.kind("started");
    (server, log)
}

fn lan(name: &str) -> Lan {
    require_program("udhcpc");
    let hosts = [
        ("server", Some("192.0.2.10/28")),
        ("attacker", Some("192.0.2.9/28")),
        ("phone", None),
    ];
    Lan::build(name, &hosts)
}

fn lease(lan: &Lan) -> Option<String> {
    udhcpc(lan, "phone", Some(PHONE))
}

#[test]
#[ignore = "needs root (network namespaces) and udhcpc"]
fn forged_messages_neither_silence_our_dhcp_server_nor_use_up_its_addresses() {
    let lan = lan("forged");
    let (_server, log) = start(&lan);
    let mut frames = Vec::new();
    let any = Ipv4Addr::UNSPECIFIED;
    let mut other = forged(1, 3);
    other.options.set(OptionCode::SERVER_ID, [192, 0, 2, 1]);
    frames.push(frame(any, &other));
    // An answer would leave this network, reach every host, or wait for an ARP reply.
    for client in [[198, 51, 100, 1], [255; 4], [192, 0, 2, 15], [192, 0, 2, 5]] {
        let mut inform = forged(2, 8);
        inform.client = client.into();
        frames.push(frame(any, &inform));
        frames.push(frame(inform.client, &inform));
    }
    for number in 0..500 {
        frames.push(frame(any, &forged(number, 1)));
    }
    send(&lan, &frames, "3");
    let lease = lease(&lan).expect("a lease");
    assert!(lease.contains(&format!("serverid={SERVER}")), "{lease}");
    let log = fs::read_to_string(log).unwrap();
    let lines = log.lines().filter(|line| line.contains("DHCP")).count();
    assert!(
        lines < 20,
        "{lines} lines for {} frames: {log}",
        frames.len()
    );
}

/// It costs the age at which leases are reclaimed (10 s).
#[test]
#[ignore = "needs root (network namespaces) and udhcpc"]
fn addresses_that_were_leased_to_phones_that_do_not_exist_are_leased_again() {
    let lan = lan("reclaim");
    let (_server, log) = start(&lan);
    let mut frames = Vec::new();
    for number in 0..=POOL + 2 {
        let mut request = forged(number, 3);
        let host = Ipv4Addr::from(u32::from(Ipv4Addr::new(192, 0, 2, 0)) + number);
        let option = OptionCode::REQUESTED_ADDRESS;
        request.options.set(option, host.octets());
        frames.push(frame(Ipv4Addr::UNSPECIFIED, &request));
    }
    send(&lan, &frames, "1");
    let mut tries = 1;
    let lease = loop {
        match lease(&lan) {
            Some(lease) => break lease,
            None => tries += 1,
        }
        assert!(
            tries < 12,
            "no address is free: {}",
            fs::read_to_string(&log).unwrap()
        );
    };
    assert!(tries > 1, "every address was leased");
    assert!(lease.contains(&format!("serverid={SERVER}")), "{lease}");
}
