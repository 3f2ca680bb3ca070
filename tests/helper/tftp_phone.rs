//! The TFTP client of a phone: it repeats a request or an ACK every 4 s from the same port, accepts one
//! transfer ID, and requests each file from the next port.

use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    thread,
    time::Duration,
};

/// A phone gives up a file after so many requests and repeated ACKs.
const TRIES: u32 = 15;

/// After so many blocks, `begun` is printed.
const BEGUN: u16 = 200;

/// A phone needs about this long for a block.
const PER_BLOCK: Duration = Duration::from_millis(1);

/// Fetches the files one after the other. Prints `begun NAME`, then `done NAME REQUESTS`.
pub(crate) fn fetch_all(address: &str, port: &str, server: &str, names: &[&str]) {
    let address: Ipv4Addr = address.parse().unwrap();
    let first: u16 = port.parse().unwrap();
    for (port, name) in (first..).zip(names) {
        let socket = UdpSocket::bind((address, port)).unwrap();
        let repeats = Duration::from_secs(4);
        socket.set_read_timeout(Some(repeats)).unwrap();
        let tries = fetch(&socket, server, name);
        println!("done {name} {tries}");
    }
}

fn fetch(socket: &UdpSocket, server: &str, name: &str) -> u32 {
    let request = [&b"\0\x01"[..], name.as_bytes(), b"\0octet\0"].concat();
    socket.send_to(&request, server).unwrap();
    let mut tries = 1;
    let mut transfer: Option<SocketAddr> = None;
    let (mut expected, mut packet) = (1_u16, [0; 600]);
    loop {
        let Ok((length, from)) = socket.recv_from(&mut packet) else {
            assert!(tries < TRIES, "{name} ended before block {expected}");
            tries += 1;
            let Some(from) = transfer else {
                socket.send_to(&request, server).unwrap();
                continue;
            };
            let [high, low] = (expected - 1).to_be_bytes();
            socket.send_to(&[0, 4, high, low], from).unwrap();
            continue;
        };
        if *transfer.get_or_insert(from) != from {
            continue;
        }
        let text = String::from_utf8_lossy(&packet[..length]);
        assert_eq!(packet[..2], [0, 3], "expected DATA: {text:?}");
        let block = u16::from_be_bytes([packet[2], packet[3]]);
        thread::sleep(PER_BLOCK);
        socket.send_to(&[0, 4, packet[2], packet[3]], from).unwrap();
        if block != expected {
            continue;
        }
        expected += 1;
        if block == BEGUN {
            println!("begun {name}");
        }
        if length < 516 {
            return tries;
        }
    }
}
