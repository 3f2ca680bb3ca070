//! Arbitrary messages: no address is leased to two phones.

use proptest::prelude::*;

use super::*;

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
    fn any_bytes_are_answered_or_not(
        source: u32,
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        server().receive(S, source.into(), &bytes);
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
            let Some((answer, _)) = exchange(&mut server, now, &message) else {
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
