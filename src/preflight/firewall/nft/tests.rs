use proptest::prelude::*;

use super::{super::tests::packet, *};

/// Rules like those of Debian's example, with a verdict map, a set of ports and a named set.
const WORKSTATION: &str = r#"{"nftables":[{"metainfo":{"version":"1.0.6"}},
{"table":{"family":"inet","name":"filter"}},
{"set":{"family":"inet","name":"open","table":"filter","type":"inet_service","elem":[69,{"range":[7000,7010]}]}},
{"chain":{"family":"inet","table":"filter","name":"input","type":"filter","hook":"input","prio":0,"policy":"drop"}},
{"chain":{"family":"inet","table":"filter","name":"forward","type":"filter","hook":"forward","prio":0,"policy":"drop"}},
{"rule":{"family":"inet","table":"filter","chain":"input","expr":[{"vmap":{"key":{"ct":{"key":"state"}},"data":{"set":[["established",{"accept":null}],["related",{"accept":null}],["invalid",{"drop":null}]]}}}]}},
{"rule":{"family":"inet","table":"filter","chain":"input","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}},{"accept":null}]}},
{"rule":{"family":"inet","table":"filter","chain":"input","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":"@open"}},{"counter":{"packets":0,"bytes":0}},{"accept":null}]}},
{"rule":{"family":"inet","table":"filter","chain":"input","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[22,80]}}},{"accept":null}]}},
{"rule":{"family":"inet","table":"filter","chain":"input","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"prefix":{"addr":"192.0.2.0","len":24}}}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":8080}},{"accept":null}]}}
]}"#;

/// Rules with the chains that firewalld writes.
const FIREWALLD: &str = r#"{"nftables":[
{"chain":{"family":"inet","table":"firewalld","name":"filter_INPUT","type":"filter","hook":"input","prio":10,"policy":"accept"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_INPUT_ZONES"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_IN_public"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_IN_public_allow"}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_INPUT","expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","related"]}},{"accept":null}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_INPUT","expr":[{"match":{"op":"in","left":{"ct":{"key":"status"}},"right":"dnat"}},{"accept":null}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_INPUT","expr":[{"jump":{"target":"filter_INPUT_ZONES"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_INPUT","expr":[{"reject":{"type":"icmpx","expr":"admin-prohibited"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_INPUT_ZONES","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"eth0"}},{"goto":{"target":"filter_IN_public"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_public","expr":[{"jump":{"target":"filter_IN_public_allow"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_public","expr":[{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":{"set":["icmp","ipv6-icmp"]}}},{"accept":null}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_public_allow","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":69}},{"accept":null}]}}
]}"#;

fn verdict_of(text: &str, udp: bool, port: u16, established: bool) -> FirewallVerdict {
    evaluate(text, &packet(udp, Some(port), established), false)
        .unwrap()
        .0
}

#[test]
fn the_rules_of_a_workstation_are_read() {
    let verdict = |udp, port, established| verdict_of(WORKSTATION, udp, port, established);
    assert_eq!(
        verdict(true, 69, false),
        FirewallVerdict::Accepts,
        "a named set"
    );
    assert_eq!(
        verdict(true, 7005, false),
        FirewallVerdict::Accepts,
        "its range"
    );
    assert_eq!(verdict(true, 67, false), FirewallVerdict::Refuses);
    assert_eq!(verdict(false, 80, false), FirewallVerdict::Accepts);
    assert_eq!(verdict(false, 6970, false), FirewallVerdict::Refuses);
    assert_eq!(
        verdict(false, 8080, false),
        FirewallVerdict::Perhaps,
        "from one network"
    );
    assert_eq!(verdict(true, 40_000, true), FirewallVerdict::Accepts);
    let (_, place) = evaluate(WORKSTATION, &packet(true, Some(67), false), false).unwrap();
    let place = place.unwrap();
    assert_eq!(
        (
            place.family.as_str(),
            place.table.as_str(),
            place.chain.as_str()
        ),
        ("inet", "filter", "input")
    );
}

#[test]
fn the_rules_of_firewalld_are_read() {
    let verdict = |udp, port, established| verdict_of(FIREWALLD, udp, port, established);
    assert_eq!(verdict(true, 69, false), FirewallVerdict::Accepts);
    assert_eq!(verdict(false, 6970, false), FirewallVerdict::Refuses);
    assert_eq!(verdict(true, 40_000, true), FirewallVerdict::Accepts);
}

#[test]
fn an_empty_ruleset_accepts_and_other_text_has_no_verdict() {
    let judge = |text| evaluate(text, &packet(true, Some(69), false), false);
    let nothing = r#"{"nftables":[{"metainfo":{}}]}"#;
    assert_eq!(judge(nothing), Some((FirewallVerdict::Accepts, None)));
    for text in [
        "",
        "{}",
        "[]",
        "Operation not permitted",
        r#"{"nftables":7}"#,
    ] {
        assert_eq!(judge(text), None, "{text}");
    }
}

#[test]
fn a_match_in_iptables_syntax_gives_perhaps() {
    let text = r#"{"nftables":[
{"chain":{"family":"ip","table":"filter","name":"INPUT","type":"filter","hook":"input","prio":0,"policy":"drop"}},
{"rule":{"family":"ip","table":"filter","chain":"INPUT","expr":[{"xt":{"type":"match","name":"udp"}},{"accept":null}]}}]}"#;
    assert_eq!(verdict_of(text, true, 69, false), FirewallVerdict::Perhaps);
    let packet = packet(true, Some(69), false);
    assert_eq!(
        evaluate(text, &packet, true),
        Some((FirewallVerdict::Accepts, None))
    );
}

proptest! {
    #[test]
    fn any_bytes_have_a_verdict_or_none(text in "\\PC{0,80}", cut in 0_usize..2600) {
        evaluate(&text, &packet(true, Some(69), false), false);
        let start = WORKSTATION.chars().take(cut).collect::<String>();
        evaluate(&start, &packet(true, Some(69), false), false);
    }

    /// A ruleset whose values are replaced by any number, any text or nothing.
    #[test]
    fn any_values_have_a_verdict(seed in proptest::collection::vec(any::<u8>(), 24)) {
        let mut value: Value = serde_json::from_str(WORKSTATION).unwrap();
        disturb(&mut value, &mut seed.into_iter());
        prop_assert!(value.get("nftables").is_none()
            || evaluate(&value.to_string(), &packet(true, Some(69), false), false).is_some()
            || !value["nftables"].is_array());
    }
}

fn disturb(value: &mut Value, seed: &mut impl Iterator<Item = u8>) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|one| disturb(one, seed)),
        Value::Object(map) => map.values_mut().for_each(|one| disturb(one, seed)),
        leaf => match seed.next().unwrap_or(0) % 8 {
            1 => *leaf = Value::Null,
            2 => *leaf = Value::from(u64::MAX),
            3 => *leaf = Value::from("@open"),
            4 => *leaf = serde_json::json!({"set": [{"range": [1]}]}),
            _ => {}
        },
    }
}
