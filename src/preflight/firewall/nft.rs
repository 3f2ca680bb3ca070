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
            return Fit::any(elements.iter().map(|one| self.equals_value(left, one)));
        }
        self.equals_value(left, right)
    }

    fn equals_value(&self, left: &Value, value: &Value) -> Fit {
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
mod tests;
