//! What a server must survive, each test named after the attack.

use std::{net::UdpSocket, time::Duration};

use reflash::tftp::TransferOutcome;

use super::support::{Client, QUIET, ServerEvent, TestServer, pattern};

fn server() -> TestServer {
    TestServer::new(&[
        ("a", pattern(2000)),
        ("empty", Vec::new()),
        ("exact", pattern(1024)),
    ])
}

/// The server still serves.
fn assert_alive(server: &TestServer) {
    assert_eq!(server.client().fetch("a"), pattern(2000));
}

#[test]
fn malformed_packets_get_one_error_a_second_and_no_more() {
    let server = server();
    let long = [&b"\0\x01"[..], &[b'a'; 540], b"\0octet\0"].concat();
    let huge = vec![1; 9000];
    let client = server.client();
    for (n, packet) in [
        &b""[..],
        b"\0",
        b"\0\0",
        b"\0\x01",
        b"\0\x01a",
        b"\0\x01a\0octet",
        b"\0\x07",
        b"\xff\xff\xff\xff",
        b"\0\x03\0\x01data",
        b"\0\x04\0\x01",
        b"\0\x06tsize\x000\0",
        &long,
        &huge,
    ]
    .iter()
    .enumerate()
    {
        client.send(packet);
        if n == 0 {
            client.expect_error(4);
        }
    }
    client.expect_nothing();
    assert_alive(&server);
}

#[test]
fn names_that_would_leave_the_root_are_names_like_any_other() {
    let server = server();
    let client = server.client();
    for name in [
        "../etc/passwd",
        "/etc/passwd",
        "..\\..\\boot.ini",
        "C:\\boot.ini",
        "%2e%2e/etc/passwd",
        "a/../../etc/passwd",
        "",
        ".",
        "a\u{202e}",
    ] {
        client.ask(name, "");
        client.expect_error(1);
        let ServerEvent::Requested(_, asked, _) = server.next() else {
            panic!("{name} was not told");
        };
        assert_eq!(asked, name);
    }
}

#[test]
fn control_characters_and_invalid_utf8_in_names_are_told_and_not_found() {
    let server = server();
    let client = server.client();
    for name in [&b"\x1b[2Ja"[..], b"a\r\n", b"\xff\xfe\xfd", b"\x7f"] {
        client.send(&[b"\0\x01", name, b"\0octet\0"].concat());
        client.expect_error(1);
        let lossy = String::from_utf8_lossy(name).into_owned();
        assert!(matches!(server.next(), ServerEvent::Requested(_, asked, _) if asked == lossy));
    }
}

#[test]
fn over_long_names_get_error_4_and_are_not_told() {
    let server = server();
    let client = server.client();
    client.ask(&"a".repeat(201), "");
    client.expect_error(4);
    client.ask("absent", "");
    client.expect_error(1);
    assert!(matches!(server.next(), ServerEvent::Requested(0, name, _) if name == "absent"));
}

#[test]
fn every_unknown_name_gets_error_1_at_fifty_a_second_and_more() {
    let server = server();
    let client = server.client();
    for n in 0..200 {
        client.ask(&format!("CTLSEP{n:012}.tlv"), "");
        client.expect_error(1);
    }
}

#[test]
fn a_refusal_of_the_service_goes_out_with_its_code_and_text() {
    let server = server();
    let client = server.client();
    client.ask("secret", "");
    assert_eq!(client.next().0, b"\0\x05\0\x02not for you\0");
}

#[test]
fn writing_is_refused() {
    let server = server();
    let client = server.client();
    client.send(b"\0\x02a\0octet\0");
    let from = client.expect_error(2);
    client.send_to(from, b"\0\x03\0\x01overwritten");
    client.expect_error(5);
    assert_alive(&server);
}

#[test]
fn netascii_and_mail_and_junk_modes_get_error_4() {
    let server = server();
    let client = server.client();
    for mode in ["netascii", "NETASCII", "mail", "octets", "", "binary"] {
        client.send(format!("\0\x01a\0{mode}\0").as_bytes());
        client.expect_error(4);
    }
}

#[test]
fn octet_is_octet_in_any_case_and_one_zero_byte_too_many_is_forgiven() {
    let server = server();
    for packet in [
        &b"\0\x01a\0OCTET\0"[..],
        b"\0\x01a\0oCtEt\0",
        b"\0\x01a\0octet\0\0",
    ] {
        let client = server.client();
        client.send(packet);
        client.expect_data(1);
    }
}

#[test]
fn hostile_option_values_are_left_out() {
    let server = server();
    for options in [
        "blksize\x000\0",
        "blksize\x007\0",
        "blksize\x0065465\0",
        "blksize\0-1\0",
        "blksize\x00512 \0",
        "blksize\0",
        "timeout\x000\0",
        "timeout\x00255\0",
        "windowsize\x000\0",
        "tsize\0x\0",
        "unknown\x001\0",
    ] {
        let client = server.client();
        client.ask("a", options);
        let (data, from) = client.expect_data(1);
        assert_eq!(data.len(), 512, "{options:?}");
        client.send_to(from, b"\0\x05\0\0enough\0");
    }
}

#[test]
fn a_hundred_options_are_read_once_each() {
    let server = server();
    let client = server.client();
    client.ask("a", &"tsize\x000\0".repeat(60));
    assert_eq!(client.next().0, b"\0\x06tsize\x002000\0");
}

#[test]
fn the_largest_block_asked_gets_one_that_fits_a_frame() {
    let server = server();
    let client = server.client();
    client.ask("a", "blksize\x0065464\0tsize\x0099999999999999999999\0");
    let (oack, from) = client.next();
    assert_eq!(oack, b"\0\x06blksize\x001468\0tsize\x002000\0");
    client.ack(from, 0);
    let (first, _) = client.expect_data(1);
    client.ack(from, 1);
    let (second, _) = client.expect_data(2);
    assert_eq!([first, second].concat(), pattern(2000));
}

#[test]
fn error_8_to_the_oack_ends_it_and_a_plain_request_follows() {
    let server = server();
    let client = server.client();
    client.ask("a", "blksize\x001000\0");
    let (_, from) = client.next();
    client.send_to(from, b"\0\x05\0\x08no options\0");
    assert_eq!(
        server.next_end(),
        (TransferOutcome::PeerError(8, "no options".into()), 0)
    );
    client.ask("a", "");
    assert_eq!(client.expect_data(1).0.len(), 512);
}

#[test]
fn doubled_acks_do_not_double_the_data() {
    let server = server();
    let client = server.client();
    client.ask("a", "");
    let (_, from) = client.expect_data(1);
    for _ in 0..5 {
        client.ack(from, 1);
    }
    client.expect_data(2);
    for block in [1, 0, 1, 65535] {
        client.ack(from, block);
    }
    // Only block 2 once more, when its timer runs out.
    let again = client.expect_data(2);
    assert_eq!(again.0.len(), 512);
    client.ack(from, 2);
    client.expect_data(3);
}

#[test]
fn acks_of_the_future_are_no_progress() {
    let server = server();
    let client = server.client();
    client.ask("a", "");
    let (_, from) = client.expect_data(1);
    for block in [2, 3, 4, 100, 65535] {
        client.ack(from, block);
    }
    client.expect_nothing();
    client.ack(from, 1);
    client.expect_data(2);
}

#[test]
fn a_stranger_on_the_transfer_port_gets_error_5_and_disturbs_nothing() {
    let server = server();
    let client = server.client();
    client.ask("exact", "");
    let (_, from) = client.expect_data(1);
    let stranger = server.client();
    stranger.send_to(from, b"\0\x04\0\x01");
    stranger.expect_error(5);
    stranger.send_to(from, b"\0\x04\0\x02");
    stranger.send_to(from, b"\0\x05\0\0die\0");
    stranger.expect_nothing();
    client.ack(from, 1);
    client.expect_data(2);
}

#[test]
fn a_flood_of_errors_is_never_answered() {
    let server = server();
    let client = server.client();
    for _ in 0..200 {
        client.send(b"\0\x05\0\x04nonsense\0");
        client.send(b"\0\x05\0\0");
    }
    client.expect_nothing();
    assert_alive(&server);
}

#[test]
fn a_peer_that_never_acknowledges_draws_three_packets_and_no_more() {
    let server = server();
    let client = server.client();
    client.ask("a", "");
    let (first, transfer) = client.expect_data(1);
    let mut bytes = first.len() + 4;
    let mut packets = 1;
    while let Some((packet, _)) = client.receive(Duration::from_millis(4500)) {
        bytes += packet.len();
        packets += 1;
    }
    assert_eq!(packets, 3);
    assert!(bytes <= 1600, "{bytes}");
    // All of 7.5 s later its ACK is welcome: those before may be lost.
    client.ack(transfer, 1);
    client.expect_data(2);
}

#[test]
fn a_repeated_request_has_one_transfer() {
    let server = server();
    let client = server.client();
    for _ in 0..3 {
        client.ask("a", "");
        client.expect_data(1);
    }
    assert!(matches!(server.next(), ServerEvent::Requested(0, ..)));
    assert!(server.events.try_recv().is_err());
}

#[test]
fn a_phone_that_reboots_with_the_same_port_is_served_from_the_start() {
    let server = server();
    let client = server.client();
    client.ask("a", "");
    let (_, old) = client.expect_data(1);
    client.ack(old, 1);
    client.expect_data(2);
    client.ask("a", "");
    let (_, new) = client.expect_data(1);
    assert_ne!(old, new, "a late ACK of the old one must not count");
    client.ack(old, 1);
    client.ack(new, 1);
    assert_eq!(client.expect_data(2).1, new);
    assert_eq!(server.next_end(), (TransferOutcome::Replaced, 512));
}

#[test]
fn the_same_file_asked_from_a_new_port_is_a_transfer_of_its_own() {
    let server = server();
    let (first, second) = (server.client(), server.client());
    first.ask("a", "");
    let (_, transfer) = first.expect_data(1);
    assert_eq!(second.fetch("a"), pattern(2000));
    first.ack(transfer, 1);
    first.expect_data(2);
}

#[test]
fn a_phone_with_one_source_port_for_everything_gets_file_after_file() {
    let server = server();
    let client = server.client();
    for _ in 0..20 {
        assert_eq!(client.fetch("a"), pattern(2000));
        assert!(client.fetch("empty").is_empty());
        assert_eq!(client.fetch("exact"), pattern(1024));
    }
    for _ in 0..60 {
        assert_eq!(server.next_end().0, TransferOutcome::Delivered);
    }
}

#[test]
fn a_seventeenth_transfer_of_one_address_is_told_to_wait() {
    let server = server();
    let clients: Vec<_> = (0..17).map(|_| server.client()).collect();
    for client in &clients[..16] {
        client.ask("a", "");
        client.expect_data(1);
    }
    clients[16].ask("a", "");
    clients[16].expect_error(0);
    clients[16].ask("absent", "");
    clients[16].expect_error(1);
}

#[test]
fn a_closed_port_ends_the_transfer_at_once() {
    let server = server();
    let client = server.client();
    client.ask("a", "");
    let (_, from) = client.expect_data(1);
    client.ack(from, 1);
    drop(client);
    assert_eq!(server.next_end(), (TransferOutcome::PortClosed, 512));
    assert_alive(&server);
}

#[test]
fn closed_ports_of_many_do_not_disturb_a_transfer_under_way() {
    let server = server();
    let client = server.client();
    client.ask("a", "");
    let (_, from) = client.expect_data(1);
    for _ in 0..30 {
        server.client().ask("absent", "");
        server.client().send_to(from, b"\0\x04\0\x01");
    }
    for block in 1..=3 {
        client.ack(from, block);
        client.expect_data(block + 1);
    }
    client.ack(from, 4);
    while server.next_end() != (TransferOutcome::Delivered, 2000) {}
}

#[test]
fn the_final_ack_is_the_delivery_and_its_repetition_is_nothing() {
    let server = server();
    let client = server.client();
    client.ask("empty", "");
    let (data, from) = client.expect_data(1);
    assert!(data.is_empty());
    assert!(matches!(server.next(), ServerEvent::Requested(..)));
    assert!(
        server.events.recv_timeout(QUIET).is_err(),
        "not yet delivered"
    );
    client.ack(from, 1);
    assert_eq!(server.next_end(), (TransferOutcome::Delivered, 0));
    client.ack(from, 1);
    client.expect_nothing();
}

#[test]
fn a_request_sent_to_a_broadcast_address_is_ignored() {
    use std::net::{Ipv4Addr, SocketAddrV4};
    let everywhere = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0);
    let config = reflash::tftp::Config::new(everywhere);
    let server = TestServer::at(&config, &[("a", pattern(10))]);
    let port = server.address.port();
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_broadcast(true).unwrap();
    socket.set_read_timeout(Some(QUIET)).unwrap();
    socket
        .send_to(b"\0\x01a\0octet\0", ("127.255.255.255", port))
        .unwrap();
    assert!(socket.recv_from(&mut [0; 600]).is_err());
    assert!(server.events.try_recv().is_err());
    let client = Client::new(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port));
    assert_eq!(client.fetch("a"), pattern(10));
}
