//! Conversations with the server, in virtual time.
//!
//! Long because: every case is a conversation with the same server and client helpers.

use proptest::prelude::*;

use super::*;

const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);
const S: Duration = Duration::from_secs(1);

/// 192.0.2.8/29: .9 is the server, .10 to .14 are to be had.
fn server() -> Server {
    Server::new(ServerConfig {
        address: OWN,
        pool: Pool::new(OWN, 29, &[]).unwrap(),
        router: None,
    })
}

fn mac(last: u8) -> MacAddress {
    MacAddress::new([0, 0x1d, 0x45, 0, 0, last])
}

fn host(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, last)
}

fn discover(last: u8) -> Message {
    Message::discover(mac(last), 7, "CP-7965G")
}

/// A REQUEST without options that show which of its four kinds it is.
fn request(last: u8) -> Message {
    let mut request = discover(last);
    request.options.set(OptionCode::MESSAGE_TYPE, [3]);
    request
}

fn of_kind(last: u8, number: u8) -> Message {
    let mut message = discover(last);
    message.options.set(OptionCode::MESSAGE_TYPE, [number]);
    message.options.set(OptionCode::SERVER_ID, OWN.octets());
    message
}

fn ask(server: &mut Server, now: Duration, message: &Message) -> Option<(Message, SocketAddrV4)> {
    let reply = server.receive(now, &message.encode())?;
    Some((Message::decode(&reply.bytes).unwrap(), reply.to))
}

fn offered(server: &mut Server, now: Duration, last: u8) -> Option<Ipv4Addr> {
    ask(server, now, &discover(last)).map(|(offer, _)| {
        assert_eq!(offer.message_type(), Some(MessageType::Offer));
        offer.your
    })
}

fn take(server: &mut Server, now: Duration, last: u8, address: Ipv4Addr) -> Option<MessageType> {
    let mut request = request(last);
    request.options.set(OptionCode::SERVER_ID, OWN.octets());
    request
        .options
        .set(OptionCode::REQUESTED_ADDRESS, address.octets());
    ask(server, now, &request)?.0.message_type()
}

fn has(server: &mut Server, now: Duration, last: u8) -> Ipv4Addr {
    let address = offered(server, now, last).unwrap();
    assert_eq!(take(server, now, last, address), Some(MessageType::Ack));
    address
}

/// A phone that boots and hopes for the address that it had.
fn reboot(server: &mut Server, now: Duration, last: u8, address: Ipv4Addr) -> Option<MessageType> {
    let mut request = request(last);
    request
        .options
        .set(OptionCode::REQUESTED_ADDRESS, address.octets());
    ask(server, now, &request)?.0.message_type()
}

#[test]
fn a_phone_gets_an_address_and_the_tftp_server_three_times() {
    let mut server = server();
    let (offer, to) = ask(&mut server, S, &discover(1)).unwrap();
    assert_eq!(to, SocketAddrV4::new(Ipv4Addr::BROADCAST, 68));
    assert_eq!(offer.tftp_servers(), [OWN]);
    assert_eq!(offer.tftp_name().as_deref(), Some("192.0.2.9"));
    assert_eq!(offer.server, OWN);
    assert_eq!(offer.mask(), Some(Ipv4Addr::new(255, 255, 255, 248)));
    assert_eq!(offer.lease(), Some(LEASE_TIME));
    assert!(offer.routers().is_empty(), "none is configured");
    assert_eq!(server.drain_events().next(), None, "an offer is no lease");
    assert_eq!(take(&mut server, S, 1, offer.your), Some(MessageType::Ack));
    let events: Vec<_> = server.drain_events().collect();
    assert_eq!(
        events,
        [DhcpEvent::Leased {
            address: offer.your,
            mac: mac(1)
        }]
    );
    assert_eq!(
        events[0].observation().unwrap().kind,
        ObservationKind::MacReported {
            mac: mac(1),
            source: EvidenceSource::Dhcp
        }
    );
    assert_eq!(server.drain_events().next(), None, "reported once");
}

#[test]
fn only_phones_of_this_network_are_answered() {
    let mut server = server();
    let mut laptop = discover(1);
    laptop.options.set(OptionCode::VENDOR_CLASS, "MSFT 5.0");
    let mut router = discover(1);
    router
        .options
        .set(OptionCode::VENDOR_CLASS, "Cisco Systems, Inc. router");
    let mut relayed = discover(1);
    relayed.relay = host(14);
    let mut circuit = discover(1);
    circuit.options.set(OptionCode::RELAY_AGENT, [1, 1, 7]);
    let mut reply = discover(1);
    reply.op = Op::Reply;
    let mut lost_laptop = request(1);
    lost_laptop
        .options
        .set(OptionCode::VENDOR_CLASS, "MSFT 5.0");
    lost_laptop
        .options
        .set(OptionCode::REQUESTED_ADDRESS, [10, 0, 0, 1]);
    for (what, message) in [
        ("no phone", laptop),
        ("a router of the same maker", router),
        ("behind a relay", relayed),
        ("option 82", circuit),
        ("a reply", reply),
        ("never a NAK to another device", lost_laptop),
    ] {
        assert_eq!(ask(&mut server, S, &message), None, "{what}");
    }
    assert!(server.bindings.is_empty());
}

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
fn a_request_for_an_address_of_another_network_gets_a_nak() {
    let mut server = server();
    for elsewhere in [
        Ipv4Addr::new(10, 1, 1, 7),
        OWN,
        host(8),
        host(15),
        host(200),
    ] {
        let mut request = request(1);
        request
            .options
            .set(OptionCode::REQUESTED_ADDRESS, elsewhere.octets());
        let (nak, to) = ask(&mut server, S, &request).unwrap();
        assert_eq!(nak.message_type(), Some(MessageType::Nak), "{elsewhere}");
        assert_eq!(nak.your, Ipv4Addr::UNSPECIFIED);
        assert_eq!(*to.ip(), Ipv4Addr::BROADCAST);
    }
    let mut renew = request(1);
    renew.client = Ipv4Addr::new(10, 1, 1, 7);
    let (nak, to) = ask(&mut server, S, &renew).unwrap();
    assert_eq!(
        (nak.message_type(), *to.ip()),
        (Some(MessageType::Nak), Ipv4Addr::BROADCAST)
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
fn a_request_to_another_server_is_reported() {
    let mut server = server();
    let address = offered(&mut server, S, 1).unwrap();
    let mut request = request(1);
    request
        .options
        .set(OptionCode::SERVER_ID, host(12).octets());
    request
        .options
        .set(OptionCode::REQUESTED_ADDRESS, address.octets());
    assert_eq!(ask(&mut server, S, &request), None);
    assert_eq!(
        server.drain_events().next(),
        Some(DhcpEvent::OtherServer(host(12)))
    );
    assert!(server.bindings.is_empty(), "its offer is free again");
}

#[test]
fn an_offer_that_was_never_made_cannot_be_taken() {
    let mut server = server();
    assert_eq!(take(&mut server, S, 1, host(11)), Some(MessageType::Nak));
    let address = offered(&mut server, S, 1).unwrap();
    assert_eq!(take(&mut server, S, 2, address), Some(MessageType::Nak));
    assert_eq!(take(&mut server, S, 1, address), Some(MessageType::Ack));
}

#[test]
fn an_inform_gets_options_without_an_address() {
    let mut server = server();
    let mut inform = discover(1);
    inform.options.set(OptionCode::MESSAGE_TYPE, [8]);
    assert_eq!(ask(&mut server, S, &inform), None, "it has no address");
    inform.client = Ipv4Addr::new(192, 0, 2, 77);
    let (ack, to) = ask(&mut server, S, &inform).unwrap();
    assert_eq!(ack.message_type(), Some(MessageType::Ack));
    assert_eq!(ack.your, Ipv4Addr::UNSPECIFIED);
    assert_eq!(ack.tftp_servers(), [OWN]);
    assert_eq!(*to.ip(), Ipv4Addr::new(192, 0, 2, 77));
}

#[test]
fn the_number_of_waiting_events_is_bounded() {
    let mut server = server();
    for _ in 0..1000 {
        has(&mut server, S, 1);
    }
    assert_eq!(server.drain_events().count(), MAX_EVENTS);
}

/// A message with arbitrary fields.
#[derive(Debug, Clone)]
struct Anything {
    client: u8,
    kind: u8,
    requested: Option<u8>,
    server: Option<u8>,
    ciaddr: Option<u8>,
    later: u64,
}

fn anything() -> impl Strategy<Value = Anything> {
    (
        1_u8..9,
        1_u8..9,
        proptest::option::of(7_u8..17),
        proptest::option::of(8_u8..11),
        proptest::option::of(7_u8..17),
        0_u64..400,
    )
        .prop_map(
            |(client, kind, requested, server, ciaddr, later)| Anything {
                client,
                kind,
                requested,
                server,
                ciaddr,
                later,
            },
        )
}

proptest! {
    #[test]
    fn any_bytes_are_answered_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        server().receive(S, &bytes);
    }

    #[test]
    fn no_address_is_leased_to_two_phones(steps in proptest::collection::vec(anything(), 1..120)) {
        let mut server = server();
        let mut now = S;
        let mut acks: BTreeMap<Ipv4Addr, (MacAddress, Duration)> = BTreeMap::new();
        for step in steps {
            now += Duration::from_secs(step.later);
            let mut message = discover(step.client);
            message.options.set(OptionCode::MESSAGE_TYPE, [step.kind]);
            if let Some(last) = step.requested {
                message.options.set(OptionCode::REQUESTED_ADDRESS, host(last).octets());
            }
            if let Some(last) = step.server {
                message.options.set(OptionCode::SERVER_ID, host(last).octets());
            }
            if let Some(last) = step.ciaddr {
                message.client = host(last);
            }
            let gives_up = step.kind == 7 || step.kind == 4;
            let Some((answer, _)) = ask(&mut server, now, &message) else {
                if gives_up {
                    acks.retain(|_, (mac, _)| *mac != message.mac);
                }
                continue;
            };
            prop_assert!(!gives_up, "never answered");
            if answer.message_type() != Some(MessageType::Ack) || answer.your.is_unspecified() {
                continue;
            }
            prop_assert!(server.config.pool.contains(answer.your));
            acks.retain(|_, (mac, _)| *mac != message.mac);
            let old = acks.insert(answer.your, (message.mac, now + LEASE_TIME));
            if let Some((mac, until)) = old {
                prop_assert!(mac == message.mac || until <= now, "{} is {mac}'s", answer.your);
            }
            prop_assert!(server.bindings.len() <= 5);
        }
    }
}
