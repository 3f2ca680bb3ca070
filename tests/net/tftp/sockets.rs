//! The engine on real sockets: addresses, ports, binding, stopping, and many clients at once.

use std::{
    collections::HashSet,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    time::{Duration, Instant},
};

use reflash::tftp::{
    BindErrorKind, Config, TRANSFER_PORTS, TftpServer, TransferOutcome, TransferPorts,
};

use super::support::{Client, ServerEvent, TestServer, pattern};

fn localhost(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

#[test]
fn a_response_is_sent_from_the_address_of_the_request() {
    let config = Config::new(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0));
    let server = TestServer::at(&config, &[("a", pattern(2000))]);
    for last in [5, 77] {
        let asked = Ipv4Addr::new(127, 0, 3, last);
        let client = Client::new(SocketAddrV4::new(asked, server.address.port()));
        client.request("a", "");
        let (_, from) = client.expect_data(1);
        assert_eq!(from.ip(), asked);
        client.ack(from, 1);
        assert_eq!(client.expect_data(2).1, from);
        assert!(matches!(server.next(), ServerEvent::Requested(_, _, local) if local == asked));
        client.request("absent", "");
        assert_eq!(client.expect_error(1).ip(), asked);
        while !matches!(server.next(), ServerEvent::Requested(_, name, _) if name == "absent") {}
    }
}

#[test]
fn a_closed_port_is_detected_when_bound_to_every_address() {
    let config = Config::new(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0));
    let server = TestServer::at(&config, &[("a", pattern(2000))]);
    let client = Client::new(localhost(server.address.port()));
    client.request("a", "");
    let (_, from) = client.expect_data(1);
    client.ack(from, 1);
    drop(client);
    assert_eq!(server.next_end().0, TransferOutcome::PortClosed);
}

#[test]
fn transfers_leave_from_random_ports_of_a_pool_and_never_from_the_listening_one() {
    let server = TestServer::new(&[("a", pattern(2000))]);
    assert_eq!(server.transfer_ports.len(), usize::from(TRANSFER_PORTS));
    let mut ports = HashSet::new();
    for _ in 0..20 {
        let client = server.client();
        client.request("a", "");
        let (_, from) = client.expect_data(1);
        assert!(server.transfer_ports.contains(&from.port()));
        assert_ne!(from.port(), server.address.port());
        ports.insert(from.port());
    }
    assert!(ports.len() > 10, "{ports:?}");
}

#[test]
fn fixed_transfer_ports_follow_each_other() {
    // Adjacent free ports, found by trying: other tests bind ports too.
    for count in [2, 4] {
        let server = (0..50)
            .find_map(|_| {
                let probe = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
                let first = probe.local_addr().unwrap().port();
                drop(probe);
                let config = Config {
                    transfer_ports: TransferPorts { first, count },
                    ..Config::new(localhost(0))
                };
                TftpServer::bind(&config).ok().map(|server| (server, first))
            })
            .expect("fifty tries find free neighbours");
        let expected: Vec<_> = (server.1..server.1 + count).collect();
        assert_eq!(server.0.transfer_ports().unwrap(), expected);
    }
}

#[test]
fn a_bind_error_names_the_address_and_the_reason() {
    let taken = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = TftpServer::bind(&Config::new(localhost(port))).unwrap_err();
    assert_eq!((error.address, error.port), (Ipv4Addr::LOCALHOST, port));
    assert_eq!(error.kind, BindErrorKind::InUse);
    let config = Config {
        transfer_ports: TransferPorts {
            first: port,
            count: 2,
        },
        ..Config::new(localhost(0))
    };
    assert_eq!(TftpServer::bind(&config).unwrap_err().port, port);
    // TEST-NET-1 (RFC 5737) has no host.
    let elsewhere = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 0);
    let error = TftpServer::bind(&Config::new(elsewhere)).unwrap_err();
    assert_eq!(error.kind, BindErrorKind::NotAvailable);
}

#[test]
fn the_granted_receive_buffer_is_reported() {
    let server = TftpServer::bind(&Config::new(localhost(0))).unwrap();
    assert!(server.receive_buffer() > 0);
}

#[test]
fn a_stop_is_prompt_and_ends_every_transfer_once() {
    let mut server = TestServer::new(&[("a", pattern(2000))]);
    let clients = [server.client(), server.client()];
    for client in &clients {
        client.request("a", "");
        client.expect_data(1);
    }
    let start = Instant::now();
    server.stop();
    assert!(start.elapsed() < Duration::from_secs(5));
    for client in &clients {
        client.expect_error(0);
    }
    let events: Vec<_> = server.events.try_iter().collect();
    let ends = events
        .iter()
        .filter(|t| matches!(t, ServerEvent::Ended(_, TransferOutcome::Stopped, 0)))
        .count();
    assert_eq!((ends, events.len()), (2, 4));
}

#[test]
fn five_hundred_phones_at_once_all_get_their_file() {
    const PHONES: u16 = 500;
    let server = TestServer::new(&[("a", pattern(3000))]);
    let phones: Vec<_> = (0..PHONES)
        .map(|n| {
            let [high, low] = n.to_be_bytes();
            UdpSocket::bind((Ipv4Addr::new(127, 9, high, low), 1024 + n)).unwrap()
        })
        .collect();
    for phone in &phones {
        phone.send_to(b"\0\x01a\0octet\0", server.address).unwrap();
        phone
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
    }
    for (n, phone) in phones.iter().enumerate() {
        let mut bytes = Vec::new();
        let mut buffer = [0; 600];
        while bytes.len() < 3000 {
            let (length, from) = phone
                .recv_from(&mut buffer)
                .unwrap_or_else(|e| panic!("phone {n}: {e}"));
            let block = u16::from_be_bytes([buffer[2], buffer[3]]);
            if usize::from(block) == bytes.len() / 512 + 1 {
                bytes.extend_from_slice(&buffer[4..length]);
            }
            phone.send_to(&[0, 4, buffer[2], buffer[3]], from).unwrap();
        }
        assert_eq!(bytes, pattern(3000), "phone {n}");
    }
    for _ in 0..PHONES {
        assert_eq!(server.next_end(), (TransferOutcome::Delivered, 3000));
    }
}
