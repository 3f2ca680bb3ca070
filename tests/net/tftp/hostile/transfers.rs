//! Transfers: ACKs, ERRORs, repeated requests, foreign packets, and limits of one address.

use std::time::Duration;

use reflash::tftp::TransferOutcome;

use super::super::support::{QUIET, ServerEvent, pattern};
use super::{assert_alive, server};

#[test]
fn error_8_to_the_oack_ends_it_and_a_plain_request_follows() {
    let server = server();
    let client = server.client();
    client.request("a", "blksize\x001000\0");
    let (_, from) = client.next();
    client.send_to(from, b"\0\x05\0\x08no options\0");
    assert_eq!(
        server.next_end(),
        (TransferOutcome::PeerError(8, "no options".into()), 0)
    );
    client.request("a", "");
    assert_eq!(client.expect_data(1).0.len(), 512);
}

#[test]
fn doubled_acks_do_not_double_the_data() {
    let server = server();
    let client = server.client();
    client.request("a", "");
    let (_, from) = client.expect_data(1);
    for _ in 0..5 {
        client.ack(from, 1);
    }
    client.expect_data(2);
    for block in [1, 0, 1, 65535] {
        client.ack(from, block);
    }
    // Only block 2 is sent again, when its timer expires.
    let again = client.expect_data(2);
    assert_eq!(again.0.len(), 512);
    client.ack(from, 2);
    client.expect_data(3);
}

#[test]
fn acks_of_blocks_that_were_not_sent_are_no_progress() {
    let server = server();
    let client = server.client();
    client.request("a", "");
    let (_, from) = client.expect_data(1);
    for block in [2, 3, 4, 100, 65535] {
        client.ack(from, block);
    }
    client.expect_nothing();
    client.ack(from, 1);
    client.expect_data(2);
}

#[test]
fn a_foreign_packet_on_the_transfer_port_gets_error_5_and_the_transfer_continues() {
    let server = server();
    let client = server.client();
    client.request("exact", "");
    let (_, from) = client.expect_data(1);
    let other = server.client();
    other.send_to(from, b"\0\x04\0\x01");
    other.expect_error(5);
    other.send_to(from, b"\0\x04\0\x02");
    other.send_to(from, b"\0\x05\0\0die\0");
    other.expect_nothing();
    client.ack(from, 1);
    client.expect_data(2);
}

#[test]
fn runts_from_the_own_peer_of_a_transfer_end_nothing() {
    let server = server();
    let client = server.client();
    client.request("a", "");
    let (_, from) = client.expect_data(1);
    for runt in [&b""[..], b"\0", b"\0\x04", b"\0\x04\0", b"\0\x05\0"] {
        client.send_to(from, runt);
        client.send(runt);
    }
    client.expect_nothing();
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
    client.request("a", "");
    let (first, transfer) = client.expect_data(1);
    let mut bytes = first.len() + 4;
    let mut packets = 1;
    while let Some((packet, _)) = client.receive(Duration::from_millis(4500)) {
        bytes += packet.len();
        packets += 1;
    }
    assert_eq!(packets, 3);
    assert!(bytes <= 1600, "{bytes}");
    // An ACK is accepted even 7.5 s later, because earlier ones may be lost.
    client.ack(transfer, 1);
    client.expect_data(2);
}

#[test]
fn a_repeated_request_has_one_transfer() {
    let server = server();
    let client = server.client();
    for _ in 0..3 {
        client.request("a", "");
        client.expect_data(1);
    }
    assert!(matches!(server.next(), ServerEvent::Requested(0, ..)));
    assert!(server.events.try_recv().is_err());
}

#[test]
fn a_phone_that_reboots_with_the_same_port_is_served_from_the_start() {
    let server = server();
    let client = server.client();
    client.request("a", "");
    let (_, old) = client.expect_data(1);
    client.ack(old, 1);
    client.expect_data(2);
    client.request("a", "");
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
    first.request("a", "");
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
fn fifty_parallel_transfers_of_one_address_are_served() {
    let server = server();
    let clients: Vec<_> = (0..50).map(|_| server.client()).collect();
    for client in &clients {
        client.request("exact", "");
    }
    let ports: Vec<_> = clients
        .iter()
        .map(|client| client.expect_data(1).1)
        .collect();
    for (client, from) in clients.iter().zip(ports) {
        client.ack(from, 1);
        client.expect_data(2);
        client.ack(from, 2);
        client.expect_data(3);
        client.ack(from, 3);
    }
    for _ in 0..50 {
        assert_eq!(server.next_end(), (TransferOutcome::Delivered, 1024));
    }
}

#[test]
fn good_clients_of_the_same_address_are_served_beside_a_thousand_half_open_requests() {
    let server = server();
    let half_open: Vec<_> = (0..1_000).map(|_| server.client()).collect();
    for (n, client) in half_open.iter().enumerate() {
        client.request("a", "");
        if n % 100 == 99 {
            assert_eq!(server.client().fetch("a"), pattern(2000), "{n}");
        }
    }
}

#[test]
fn a_closed_port_ends_the_transfer_at_once() {
    let server = server();
    let client = server.client();
    client.request("a", "");
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
    client.request("a", "");
    let (_, from) = client.expect_data(1);
    for _ in 0..30 {
        server.client().request("absent", "");
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
fn only_the_final_ack_is_the_delivery_and_a_repeated_one_is_ignored() {
    let server = server();
    let client = server.client();
    client.request("empty", "");
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
