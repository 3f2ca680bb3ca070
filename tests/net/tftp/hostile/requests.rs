//! Requests: malformed packets, names, modes and options.

use std::net::UdpSocket;

use super::super::support::{Client, QUIET, ServerEvent, TestServer, pattern};
use super::{assert_alive, server};

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
fn names_that_would_leave_the_root_are_unknown_names() {
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
        client.request(name, "");
        client.expect_error(1);
        let ServerEvent::Requested(_, requested, _) = server.next() else {
            panic!("{name} was not reported");
        };
        assert_eq!(requested, name);
    }
}

#[test]
fn control_characters_and_invalid_utf8_in_names_are_reported_and_not_found() {
    let server = server();
    let client = server.client();
    for name in [&b"\x1b[2Ja"[..], b"a\r\n", b"\xff\xfe\xfd", b"\x7f"] {
        client.send(&[b"\0\x01", name, b"\0octet\0"].concat());
        client.expect_error(1);
        let lossy = String::from_utf8_lossy(name).into_owned();
        assert!(
            matches!(server.next(), ServerEvent::Requested(_, requested, _) if requested == lossy)
        );
    }
}

#[test]
fn over_long_names_get_error_4_and_are_not_reported() {
    let server = server();
    let client = server.client();
    client.request(&"a".repeat(201), "");
    client.expect_error(4);
    client.request("absent", "");
    client.expect_error(1);
    assert!(matches!(server.next(), ServerEvent::Requested(0, name, _) if name == "absent"));
}

#[test]
fn every_unknown_name_gets_error_1_at_fifty_a_second_and_more() {
    let server = server();
    let client = server.client();
    for n in 0..200 {
        client.request(&format!("CTLSEP{n:012}.tlv"), "");
        client.expect_error(1);
    }
}

#[test]
fn a_refusal_of_the_service_goes_out_with_its_code_and_text() {
    let server = server();
    let client = server.client();
    client.request("secret", "");
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
        client.request("a", options);
        let (data, from) = client.expect_data(1);
        assert_eq!(data.len(), 512, "{options:?}");
        client.send_to(from, b"\0\x05\0\0enough\0");
    }
}

#[test]
fn a_hundred_options_are_read_once_each() {
    let server = server();
    let client = server.client();
    client.request("a", &"tsize\x000\0".repeat(60));
    assert_eq!(client.next().0, b"\0\x06tsize\x002000\0");
}

#[test]
fn a_requested_block_size_above_the_mtu_is_reduced_to_fit_a_frame() {
    let server = server();
    let client = server.client();
    client.request("a", "blksize\x0065464\0tsize\x0099999999999999999999\0");
    let (oack, from) = client.next();
    assert_eq!(oack, b"\0\x06blksize\x001468\0tsize\x002000\0");
    client.ack(from, 0);
    let (first, _) = client.expect_data(1);
    client.ack(from, 1);
    let (second, _) = client.expect_data(2);
    assert_eq!([first, second].concat(), pattern(2000));
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
