//! `nft -j list ruleset`: every chain at the input hook (libnftables-json(5)).

use std::collections::BTreeMap;

use serde_json::Value;

use super::walk::{Chains, FirewallPacket, FirewallVerdict, Fit, RuleAction, verdict};

/// A chain, as rules name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChainName {
    pub(super) family: String,
    pub(super) table: String,
    pub(super) chain: String,
}

impl ChainName {
    fn is_of_iptables(&self) -> bool {
        (
            self.family.as_str(),
            self.table.as_str(),
            self.chain.as_str(),
        ) == ("ip", "filter", "INPUT")
    }
}

/// The verdict of all chains together, with the first chain that does not surely accept the packet.
/// `None`: the text is not a ruleset. `without_iptables` skips the rules that iptables wrote,
/// because `iptables-save` prints them more precisely.
pub(super) fn evaluate(
    text: &str,
    packet: &FirewallPacket<'_>,
    without_iptables: bool,
) -> Option<(FirewallVerdict, Option<ChainName>)> {
    let ruleset: Value = serde_json::from_str(text).ok()?;
    let objects = ruleset.get("nftables")?.as_array()?;
    let sets: BTreeMap<String, &Value> = objects
        .iter()
        .filter_map(|object| object.get("set").or_else(|| object.get("map")))
        .filter_map(|set| Some((key(set, "name")?, set.get("elem")?)))
        .collect();
    let mut chains = Chains::new();
    let mut bases = Vec::new();
    for object in objects {
        if let Some(chain) = object.get("chain") {
            let Some(name) = key(chain, "name") else {
                continue;
            };
            if is_input(chain) {
                let accepts = text_of(chain, "policy") != "drop";
                let place = place(chain);
                if !(without_iptables && place.is_of_iptables()) {
                    bases.push((name.clone(), accepts, place));
                }
            }
            chains.entry(name).or_default();
        }
        if let Some(rule) = object.get("rule") {
            let Some(name) = key(rule, "chain") else {
                continue;
            };
            let scope = Scope {
                sets: &sets,
                table: table(rule),
                packet,
            };
            chains.entry(name).or_default().extend(scope.rule(rule));
        }
    }
    let worst = bases
        .into_iter()
        .map(|(name, accepts, place)| (verdict(&chains, &name, accepts), place))
        .max_by_key(|(verdict, _)| *verdict);
    Some(match worst {
        None | Some((FirewallVerdict::Accepts, _)) => (FirewallVerdict::Accepts, None),
        Some((verdict, place)) => (verdict, Some(place)),
    })
}

fn text_of<'a>(object: &'a Value, field: &str) -> &'a str {
    object
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Family and table, within which names are unique.
fn table(object: &Value) -> String {
    format!("{} {}", text_of(object, "family"), text_of(object, "table"))
}

fn key(object: &Value, field: &str) -> Option<String> {
    let name = object.get(field)?.as_str()?;
    Some(format!("{} {name}", table(object)))
}

fn place(chain: &Value) -> ChainName {
    ChainName {
        family: text_of(chain, "family").to_owned(),
        table: text_of(chain, "table").to_owned(),
        chain: text_of(chain, "name").to_owned(),
    }
}

fn is_input(chain: &Value) -> bool {
    text_of(chain, "hook") == "input"
        && text_of(chain, "type") == "filter"
        && ["ip", "inet"].contains(&text_of(chain, "family"))
}

/// The context for evaluating a rule.
struct Scope<'a> {
    sets: &'a BTreeMap<String, &'a Value>,
    table: String,
    packet: &'a FirewallPacket<'a>,
}

impl Scope<'_> {
    /// A rule as conditional verdicts: one, or one per entry of a verdict map.
    fn rule(&self, rule: &Value) -> Vec<(Fit, RuleAction)> {
        let mut fit = Fit::Yes;
        let mut rules = Vec::new();
        let statements = rule.get("expr").and_then(Value::as_array);
        for statement in statements.into_iter().flatten() {
            let Some((kind, value)) = statement.as_object().and_then(|o| o.iter().next()) else {
                continue;
            };
            match kind.as_str() {
                "match" => fit = fit.and(self.matches(value)),
                "limit" | "quota" | "connlimit" => fit = fit.and(Fit::Perhaps),
                "xt" if text_of(value, "type") == "match" => fit = fit.and(Fit::Perhaps),
                "xt" if text_of(value, "name") == "REJECT" => rules.push((fit, RuleAction::Refuse)),
                "vmap" => rules.extend(self.map(fit, value)),
                other => rules.extend(self.action(other, value).map(|action| (fit, action))),
            }
        }
        rules
    }

    /// `None`: a statement after which the packet continues: a counter, a log, a mark.
    fn action(&self, kind: &str, value: &Value) -> Option<RuleAction> {
        let target = || format!("{} {}", self.table, text_of(value, "target"));
        Some(match kind {
            "accept" => RuleAction::Accept,
            "drop" | "reject" => RuleAction::Refuse,
            "return" => RuleAction::Return,
            "jump" => RuleAction::Jump(target()),
            "goto" => RuleAction::Goto(target()),
            "queue" => RuleAction::Unknown,
            _ => return None,
        })
    }

    fn map(&self, fit: Fit, map: &Value) -> Vec<(Fit, RuleAction)> {
        let unknown = vec![(fit.and(Fit::Perhaps), RuleAction::Unknown)];
        let (Some(left), Some(data)) = (map.get("key"), map.get("data")) else {
            return unknown;
        };
        let Some(entries) = self.elements(data) else {
            return unknown;
        };
        let entry = |entry: &Value| {
            let [key, verdict] = entry.as_array()?.as_slice() else {
                return None;
            };
            let (kind, value) = verdict.as_object()?.iter().next()?;
            let action = self.action(kind, value)?;
            Some((fit.and(self.equals(left, key)), action))
        };
        entries.iter().filter_map(entry).collect()
    }

    /// The elements of an anonymous or named set.
    fn elements<'b>(&'b self, set: &'b Value) -> Option<&'b Vec<Value>> {
        if let Some(name) = set.as_str().and_then(|text| text.strip_prefix('@')) {
            let name = format!("{} {name}", self.table);
            return self.sets.get(&name)?.as_array();
        }
        set.get("set").unwrap_or(set).as_array()
    }

    fn matches(&self, value: &Value) -> Fit {
        let (Some(left), Some(right)) = (value.get("left"), value.get("right")) else {
            return Fit::Perhaps;
        };
        match text_of(value, "op") {
            "==" | "in" => self.equals(left, right),
            "!=" => self.equals(left, right).not(),
            _ => Fit::Perhaps,
        }
    }

    /// Whether a field of the packet equals a value, or one of a set.
    fn equals(&self, left: &Value, right: &Value) -> Fit {
        if right.as_str().is_some_and(|text| text.starts_with('@'))
            || right.get("set").is_some()
            || right.is_array()
        {
            let Some(elements) = self.elements(right) else {
                return Fit::Perhaps;
            };
            return Fit::any(elements.iter().map(|one| self.is(left, one)));
        }
        self.is(left, right)
    }

    fn is(&self, left: &Value, value: &Value) -> Fit {
        let packet = self.packet;
        let value = value
            .get("elem")
            .and_then(|elem| elem.get("val"))
            .unwrap_or(value);
        let text = value.as_str().unwrap_or_default();
        let is_protocol = || {
            Fit::from(text == packet.protocol() || value.as_u64() == Some(packet.protocol_number()))
        };
        if let Some(meta) = left.get("meta") {
            return match text_of(meta, "key") {
                "l4proto" => is_protocol(),
                "iifname" | "iif" => packet.is_from(text),
                "nfproto" => Fit::from(text == "ipv4"),
                "protocol" => Fit::from(text == "ip"),
                _ => Fit::Perhaps,
            };
        }
        if let Some(ct) = left.get("ct") {
            return match text_of(ct, "key") {
                "state" => Fit::from(text == packet.state()),
                // Packets to this machine itself are not translated.
                "status" if text == "dnat" => Fit::No,
                _ => Fit::Perhaps,
            };
        }
        if let Some(payload) = left.get("payload") {
            return match (text_of(payload, "protocol"), text_of(payload, "field")) {
                ("ip", "protocol") => is_protocol(),
                ("ip", "daddr") if text.parse() == Ok(packet.address) => Fit::Yes,
                ("udp", _) if !packet.udp => Fit::No,
                ("tcp", _) if packet.udp => Fit::No,
                ("udp" | "tcp" | "th", "dport") => port(packet, value),
                ("ip6" | "icmp" | "icmpv6" | "igmp" | "sctp" | "dccp", _) => Fit::No,
                _ => Fit::Perhaps,
            };
        }
        Fit::Perhaps
    }
}

fn port(packet: &FirewallPacket<'_>, value: &Value) -> Fit {
    if let Some(number) = value.as_u64() {
        return packet.is_port(number, number);
    }
    let range = value.get("range").and_then(Value::as_array);
    match range.map(Vec::as_slice) {
        Some([low, high]) => match (low.as_u64(), high.as_u64()) {
            (Some(low), Some(high)) => packet.is_port(low, high),
            _ => Fit::Perhaps,
        },
        _ => Fit::Perhaps,
    }
}

#[cfg(test)]
mod tests {
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
}
