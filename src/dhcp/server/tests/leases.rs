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
    let oldest = offered(&mut server, S, 1);
    for last in 2..=5 {
        assert_ne!(offered(&mut server, 2 * S, last), oldest);
    }
    assert_eq!(
        offered(&mut server, 3 * S, 6),
        oldest,
        "no address is free: the oldest offer"
    );
    assert!(offered(&mut server, S + OFFER_TIME, 7).is_some());
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
    for last in 1..=4 {
        assert_ne!(lease(&mut server, 2 * S, last), address);
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
fn the_first_request_for_an_address_gets_it_and_a_second_one_a_nak() {
    let mut server = server();
    let address = offered(&mut server, S, 1).unwrap();
    assert_eq!(accept(&mut server, S, 2, address), Some(MessageType::Ack));
    assert_eq!(accept(&mut server, S, 1, address), Some(MessageType::Nak));
    assert_eq!(accept(&mut server, S, 3, host(200)), Some(MessageType::Nak));
}

/// A DISCOVER of a phone that does not exist.
fn forged(number: u32) -> DhcpMessage {
    let [a, b, c, d] = number.to_be_bytes();
    DhcpMessage::discover(
        MacAddress::new([0, 0x1d, a | 0x80, b, c, d]),
        number,
        "CP-7965G",
    )
}

#[test]
fn a_flood_of_forged_discovers_keeps_no_phone_from_an_address() {
    let mut server = server();
    let mut number = 0;
    let mut flood = |server: &mut DhcpServer, now| {
        for _ in 0..1000 {
            number += 1;
            exchange(server, now, &forged(number));
        }
    };
    flood(&mut server, S);
    for last in 1..=5 {
        let now = S * u32::from(last);
        let address = offered(&mut server, now, last).expect("an address");
        // Its offer is replaced by those to others.
        flood(&mut server, now);
        assert_eq!(
            accept(&mut server, now, last, address),
            Some(MessageType::Ack)
        );
    }
    assert!(server.bindings.len() <= 5);
}

#[test]
fn one_mac_has_one_address_whatever_it_requests() {
    let mut server = server();
    for last in 10..=14 {
        let mut discover = discover(1);
        let option = OptionCode::REQUESTED_ADDRESS;
        discover.options.set(option, host(last).octets());
        exchange(&mut server, S, &discover);
        accept(&mut server, S, 1, host(last));
    }
    assert_eq!(server.bindings.len(), 1);
}

#[test]
fn forged_declines_take_a_quarter_of_the_pool_at_most() {
    let mut server = DhcpServer::new(ServerConfig {
        pool: Pool::new(OWN, 24, &[]).unwrap(),
        ..server().config
    });
    for _ in 0..1000 {
        let address = lease(&mut server, S, 1);
        let mut decline = of_kind(1, 4);
        let option = OptionCode::REQUESTED_ADDRESS;
        decline.options.set(option, address.octets());
        exchange(&mut server, S, &decline);
    }
    let declined = |binding: &&Binding| binding.state == BindingState::Declined;
    let count = server.bindings.values().filter(declined).count();
    assert_eq!(count, 253 / 4);
    assert!(offered(&mut server, S, 2).is_some());
}

#[test]
fn a_forged_release_gives_the_address_to_no_other_while_one_is_free() {
    let mut server = server();
    let address = lease(&mut server, S, 1);
    let mut release = of_kind(1, 7);
    release.client = address;
    assert_eq!(exchange(&mut server, S, &release), None);
    for last in 2..=5 {
        assert_ne!(lease(&mut server, S, last), address);
    }
    assert_eq!(offered(&mut server, S, 1), Some(address));
}

#[test]
fn leases_of_hosts_that_are_absent_are_reclaimed_when_no_address_is_free() {
    let mut server = server();
    server.reserve(host(12), super::mac(9));
    for number in 0..3 {
        let (offer, _) = exchange(&mut server, S, &forged(number)).unwrap();
        let mut request = forged(number);
        request.options.set(OptionCode::MESSAGE_TYPE, [3]);
        let option = OptionCode::REQUESTED_ADDRESS;
        request.options.set(option, offer.your.octets());
        exchange(&mut server, S, &request).unwrap();
    }
    let present = lease(&mut server, S, 1);
    assert_eq!(offered(&mut server, 2 * S, 2), None);
    let is_present = |address, mac| (address, mac) == (present, super::mac(1));
    assert_eq!(server.reclaim(2 * S, is_present), 0, "they are too young");
    assert_eq!(server.leased().count(), 4);
    assert_eq!(server.reclaim(S + RECLAIM_AGE, is_present), 3);
    for last in 2..=4 {
        assert_ne!(lease(&mut server, S + RECLAIM_AGE, last), present);
    }
    assert_eq!(offered(&mut server, S + RECLAIM_AGE, 5), None);
}
