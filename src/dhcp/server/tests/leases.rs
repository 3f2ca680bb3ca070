//! Which phone gets which address, and for how long.

use super::*;

#[test]
fn addresses_run_out_and_come_back() {
    let mut server = server();
    let mut given: Vec<u8> = (1..=5)
        .map(|last| lease(&mut server, S, last).octets()[3])
        .collect();
    given.sort_unstable();
    assert_eq!(given, [10, 11, 12, 13, 14], "each phone has its own");
    assert_eq!(server.drain_events().count(), 5);
    assert_eq!(offered(&mut server, 2 * S, 6), None);
    assert_eq!(
        server.drain_events().next(),
        Some(DhcpEvent::Exhausted(mac(6)))
    );
    // One phone releases its address; the next gets it.
    let mut release = of_kind(3, 7);
    let address = offered(&mut server, 2 * S, 3).unwrap();
    release.client = address;
    let mut other = release.clone();
    other.mac = mac(9);
    assert_eq!(exchange(&mut server, 2 * S, &other), None);
    assert_eq!(
        offered(&mut server, 2 * S, 6),
        None,
        "a release by another phone has no effect"
    );
    assert_eq!(
        exchange(&mut server, 2 * S, &release),
        None,
        "never answered"
    );
    assert_eq!(offered(&mut server, 3 * S, 6), Some(address));
    // Leases expire.
    assert!(offered(&mut server, S + LEASE_TIME, 7).is_some());
}

#[test]
fn an_offer_that_is_not_accepted_expires() {
    let mut server = server();
    for last in 1..=5 {
        assert!(offered(&mut server, S, last).is_some());
    }
    assert_eq!(offered(&mut server, 2 * S, 6), None);
    assert!(offered(&mut server, S + OFFER_TIME, 6).is_some());
    let late = offered(&mut server, 2 * OFFER_TIME, 1);
    assert!(late.is_some());
}

#[test]
fn a_phone_keeps_its_address_and_its_renewal_is_answered_by_unicast() {
    let mut server = server();
    let address = lease(&mut server, S, 1);
    assert_eq!(lease(&mut server, 9 * S, 1), address);
    let mut renew = request(1);
    renew.client = address;
    let (ack, to) = exchange(&mut server, 300 * S, &renew).unwrap();
    assert_eq!(ack.message_type(), Some(MessageType::Ack));
    assert_eq!(
        to,
        SocketAddrV4::new(address, 68),
        "the phone has an address"
    );
    assert_eq!(ack.your, address);
    // The lease time counts from the renewal, not from the first lease.
    assert_eq!(
        reboot(&mut server, S + LEASE_TIME, 2, address),
        Some(MessageType::Nak),
        "the address of another phone"
    );
    assert_eq!(
        reboot(&mut server, 300 * S + LEASE_TIME, 2, address),
        Some(MessageType::Ack)
    );
}

#[test]
fn another_run_of_the_server_gives_the_same_addresses() {
    let mut before = server();
    let had: Vec<_> = (1..=3).map(|last| lease(&mut before, S, last)).collect();
    // In another order, some by the requested address and one by DISCOVER.
    let mut after = server();
    assert_eq!(reboot(&mut after, S, 3, had[2]), Some(MessageType::Ack));
    assert_eq!(reboot(&mut after, S, 2, had[1]), Some(MessageType::Ack));
    assert_eq!(offered(&mut after, S, 1), Some(had[0]));
    assert_eq!(reboot(&mut after, S, 7, had[1]), Some(MessageType::Nak));
}

#[test]
fn a_declined_address_is_not_assigned() {
    let mut server = server();
    let address = lease(&mut server, S, 1);
    let mut decline = of_kind(1, 4);
    decline
        .options
        .set(OptionCode::REQUESTED_ADDRESS, address.octets());
    let mut other = decline.clone();
    other.mac = mac(9);
    assert_eq!(exchange(&mut server, S, &other), None);
    assert_eq!(
        offered(&mut server, S, 1),
        Some(address),
        "a decline by another phone has no effect"
    );
    assert_eq!(exchange(&mut server, S, &decline), None, "never answered");
    let events: Vec<_> = server.drain_events().collect();
    assert_eq!(events.last(), Some(&DhcpEvent::Declined(address)));
    assert_ne!(offered(&mut server, 2 * S, 1), Some(address));
    for last in 2..=4 {
        assert_ne!(offered(&mut server, 2 * S, last), Some(address));
    }
    assert_eq!(offered(&mut server, 2 * S, 5), None);
    assert!(offered(&mut server, S + DECLINE_TIME, 5).is_some());
}

#[test]
fn an_address_that_a_host_uses_is_assigned_to_no_other() {
    let mut server = server();
    server.reserve(host(11), mac(1));
    server.reserve(host(200), mac(2));
    assert_eq!(
        offered(&mut server, S, 1),
        Some(host(11)),
        "the host is this phone"
    );
    assert_eq!(reboot(&mut server, S, 3, host(11)), Some(MessageType::Nak));
    let others: Vec<_> = (2..=5)
        .map(|last| lease(&mut server, 100 * LEASE_TIME, last))
        .collect();
    assert!(!others.contains(&host(11)), "{others:?}");
    assert_eq!(offered(&mut server, 100 * LEASE_TIME, 6), None);
    assert_eq!(
        reboot(&mut server, 100 * LEASE_TIME, 1, host(11)),
        Some(MessageType::Ack)
    );
}

#[test]
fn a_request_without_an_offer_gets_a_nak() {
    let mut server = server();
    assert_eq!(accept(&mut server, S, 1, host(11)), Some(MessageType::Nak));
    let address = offered(&mut server, S, 1).unwrap();
    assert_eq!(accept(&mut server, S, 2, address), Some(MessageType::Nak));
    assert_eq!(accept(&mut server, S, 1, address), Some(MessageType::Ack));
}
