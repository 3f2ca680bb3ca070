//! Which phone gets which address, and for how long.

use super::*;

#[test]
fn addresses_run_out_and_come_back() {
    let mut server = server();
    let mut given: Vec<u8> = (1..=5)
        .map(|last| has(&mut server, S, last).octets()[3])
        .collect();
    given.sort_unstable();
    assert_eq!(given, [10, 11, 12, 13, 14], "each has its own");
    assert_eq!(server.drain_events().count(), 5);
    assert_eq!(offered(&mut server, 2 * S, 6), None);
    assert_eq!(
        server.drain_events().next(),
        Some(DhcpEvent::Exhausted(mac(6)))
    );
    // One goes; the next has its address.
    let mut release = of_kind(3, 7);
    let address = offered(&mut server, 2 * S, 3).unwrap();
    release.client = address;
    let mut thief = release.clone();
    thief.mac = mac(9);
    assert_eq!(ask(&mut server, 2 * S, &thief), None);
    assert_eq!(
        offered(&mut server, 2 * S, 6),
        None,
        "not the thief's to give"
    );
    assert_eq!(ask(&mut server, 2 * S, &release), None, "never answered");
    assert_eq!(offered(&mut server, 3 * S, 6), Some(address));
    // Leases end by themselves.
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
fn a_phone_keeps_its_address_and_renews_it_where_it_is() {
    let mut server = server();
    let address = has(&mut server, S, 1);
    assert_eq!(has(&mut server, 9 * S, 1), address);
    let mut renew = request(1);
    renew.client = address;
    let (ack, to) = ask(&mut server, 300 * S, &renew).unwrap();
    assert_eq!(ack.message_type(), Some(MessageType::Ack));
    assert_eq!(to, SocketAddrV4::new(address, 68), "it can be reached");
    assert_eq!(ack.your, address);
    // 10 minutes from the renewal, not from the first lease.
    assert_eq!(
        reboot(&mut server, S + LEASE_TIME, 2, address),
        Some(MessageType::Nak),
        "another's"
    );
    assert_eq!(
        reboot(&mut server, 300 * S + LEASE_TIME, 2, address),
        Some(MessageType::Ack)
    );
}

#[test]
fn another_run_of_the_server_gives_the_same_addresses() {
    let mut before = server();
    let had: Vec<_> = (1..=3).map(|last| has(&mut before, S, last)).collect();
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
    let address = has(&mut server, S, 1);
    let mut decline = of_kind(1, 4);
    decline
        .options
        .set(OptionCode::REQUESTED_ADDRESS, address.octets());
    let mut thief = decline.clone();
    thief.mac = mac(9);
    assert_eq!(ask(&mut server, S, &thief), None);
    assert_eq!(offered(&mut server, S, 1), Some(address), "not the thief's");
    assert_eq!(ask(&mut server, S, &decline), None, "never answered");
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
fn a_host_that_is_there_already_keeps_its_address() {
    let mut server = server();
    server.reserve(host(11), mac(1));
    server.reserve(host(200), mac(2));
    assert_eq!(
        offered(&mut server, S, 1),
        Some(host(11)),
        "it is the phone"
    );
    assert_eq!(reboot(&mut server, S, 3, host(11)), Some(MessageType::Nak));
    let others: Vec<_> = (2..=5)
        .map(|last| has(&mut server, 100 * LEASE_TIME, last))
        .collect();
    assert!(!others.contains(&host(11)), "{others:?}");
    assert_eq!(offered(&mut server, 100 * LEASE_TIME, 6), None);
    assert_eq!(
        reboot(&mut server, 100 * LEASE_TIME, 1, host(11)),
        Some(MessageType::Ack)
    );
}

#[test]
fn an_offer_that_was_never_made_cannot_be_taken() {
    let mut server = server();
    assert_eq!(take(&mut server, S, 1, host(11)), Some(MessageType::Nak));
    let address = offered(&mut server, S, 1).unwrap();
    assert_eq!(take(&mut server, S, 2, address), Some(MessageType::Nak));
    assert_eq!(take(&mut server, S, 1, address), Some(MessageType::Ack));
}
