//! `iptables-save`: the rules of table filter.

use super::walk::{Chains, FirewallPacket, FirewallVerdict, Fit, RuleAction, verdict};

/// Modules that match only what their options say.
const PLAIN_MODULES: [&str; 7] = [
    "udp",
    "tcp",
    "comment",
    "conntrack",
    "state",
    "multiport",
    "addrtype",
];

/// Whether the rules accept the packet; `None` if the text has no chain INPUT.
pub(super) fn evaluate(text: &str, packet: &FirewallPacket<'_>) -> Option<FirewallVerdict> {
    let mut chains = Chains::new();
    let mut policy = None;
    let filter = text
        .lines()
        .skip_while(|line| line.trim() != "*filter")
        .take_while(|line| line.trim() != "COMMIT");
    // Chains are declared before the first rule, so a target is known to be a chain.
    for line in filter.clone() {
        if let Some(declared) = line.strip_prefix(':') {
            let mut words = declared.split_whitespace();
            let name = words.next().unwrap_or_default();
            if name == "INPUT" {
                policy = Some(words.next() != Some("DROP"));
            }
            chains.insert(name.to_owned(), Vec::new());
        }
    }
    for line in filter {
        let words = split_words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ["-A", chain, rest @ ..] = words.as_slice() else {
            continue;
        };
        if let Some((fit, target)) = rule(rest, packet) {
            let action = action(&target, &chains);
            if let (Some(action), Some(rules)) = (action, chains.get_mut(*chain)) {
                rules.push((fit, action));
            }
        }
    }
    Some(verdict(&chains, "INPUT", policy?))
}

/// The words of a line; a quoted text is one word.
fn split_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted,
            '\\' if quoted => word.extend(characters.next()),
            blank if blank.is_whitespace() && !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            other => word.push(other),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Whether a rule matches, and its target. `None`: a rule without a target, which only counts.
fn rule(words: &[&str], packet: &FirewallPacket<'_>) -> Option<(Fit, Target)> {
    let mut fit = Fit::Yes;
    let mut words = words.iter().copied().peekable();
    while let Some(word) = words.next() {
        let negated = word == "!";
        let option = if negated { words.next()? } else { word };
        if option == "-j" || option == "-g" {
            let name = words.next()?.to_owned();
            return Some((
                fit,
                Target {
                    name,
                    stays: option == "-g",
                },
            ));
        }
        let mut values = Vec::new();
        while let Some(value) = words.next_if(|word| !word.starts_with('-') && *word != "!") {
            values.push(value);
        }
        let one = matches(option, values.first().copied().unwrap_or_default(), packet);
        fit = fit.and(if negated { one.not() } else { one });
    }
    None
}

struct Target {
    name: String,
    stays: bool,
}

/// `None`: a target after which the packet continues, such as LOG.
fn action(target: &Target, chains: &Chains) -> Option<RuleAction> {
    Some(match target.name.as_str() {
        "ACCEPT" => RuleAction::Accept,
        "DROP" | "REJECT" | "TARPIT" => RuleAction::Refuse,
        "RETURN" => RuleAction::Return,
        "QUEUE" | "NFQUEUE" => RuleAction::Unknown,
        name if !chains.contains_key(name) => return None,
        name if target.stays => RuleAction::Goto(name.to_owned()),
        name => RuleAction::Jump(name.to_owned()),
    })
}

fn matches(option: &str, value: &str, packet: &FirewallPacket<'_>) -> Fit {
    match option {
        "-i" => packet.is_from(value),
        "-p" => Fit::from(value == packet.protocol() || value == "all"),
        "-m" if PLAIN_MODULES.contains(&value) => Fit::Yes,
        "--comment" => Fit::Yes,
        "--dport" | "--dports" => Fit::any(value.split(',').map(|range| {
            let (low, high) = range.split_once(':').unwrap_or((range, range));
            match (low.parse(), high.parse()) {
                (Ok(low), Ok(high)) => packet.is_port(low, high),
                _ => Fit::Perhaps,
            }
        })),
        "--state" | "--ctstate" => Fit::from(
            value
                .split(',')
                .any(|state| state.eq_ignore_ascii_case(packet.state())),
        ),
        "-d" if value.strip_suffix("/32").unwrap_or(value).parse() == Ok(packet.address) => {
            Fit::Yes
        }
        "--dst-type" if value == "LOCAL" => Fit::Yes,
        _ => Fit::Perhaps,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::tests::packet, *};

    /// Rules as an administrator writes them for one host.
    const BY_HAND: &str = "\
# Generated by iptables-save v1.8.9
*nat
:INPUT ACCEPT [0:0]
COMMIT
*filter
:INPUT DROP [7:420]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m comment --comment \"a \\\"b -j DROP\" -j ACCEPT
-A INPUT -p tcp -m multiport --dports 80,6970:6971 -j ACCEPT
-A INPUT -p udp -m udp --dport 67 -j LOG --log-prefix \"x\"
COMMIT
";

    /// Rules with the chains that ufw writes.
    const UFW: &str = "\
*filter
:INPUT DROP [0:0]
:ufw-before-input - [0:0]
:ufw-user-input - [0:0]
:ufw-skip-to-policy-input - [0:0]
-A INPUT -j ufw-before-input
-A INPUT -j ufw-user-input
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-input -p udp -m udp --sport 67 --dport 68 -j ACCEPT
-A ufw-before-input -j ufw-not-local
-A ufw-user-input -i eth0 -p udp -m udp --dport 69 -j ACCEPT
-A ufw-user-input -s 192.0.2.0/24 -p tcp -m tcp --dport 6970 -j ACCEPT
-A ufw-skip-to-policy-input -j DROP
COMMIT
";

    #[test]
    fn rules_written_by_hand_are_read() {
        let verdict_of = |udp, port, established| {
            evaluate(BY_HAND, &packet(udp, Some(port), established)).unwrap()
        };
        assert_eq!(verdict_of(true, 69, false), FirewallVerdict::Refuses);
        assert_eq!(
            verdict_of(true, 67, false),
            FirewallVerdict::Refuses,
            "LOG lets go on"
        );
        assert_eq!(verdict_of(true, 40_000, true), FirewallVerdict::Accepts);
        assert_eq!(verdict_of(false, 22, false), FirewallVerdict::Accepts);
        assert_eq!(verdict_of(false, 6970, false), FirewallVerdict::Accepts);
        assert_eq!(verdict_of(true, 6970, false), FirewallVerdict::Refuses);
    }

    #[test]
    fn chains_and_senders_are_followed_as_far_as_they_are_known() {
        let verdict_of = |udp, port| evaluate(UFW, &packet(udp, Some(port), false)).unwrap();
        assert_eq!(verdict_of(true, 69), FirewallVerdict::Accepts);
        assert_eq!(
            verdict_of(false, 6970),
            FirewallVerdict::Perhaps,
            "from one network"
        );
        assert_eq!(verdict_of(true, 67), FirewallVerdict::Refuses);
    }

    #[test]
    fn an_exclamation_mark_negates_a_match() {
        let text = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT ! -i eth1 -p udp -j DROP\nCOMMIT\n";
        assert_eq!(
            evaluate(text, &packet(true, Some(69), false)),
            Some(FirewallVerdict::Refuses)
        );
        assert_eq!(
            evaluate(text, &packet(false, Some(69), false)),
            Some(FirewallVerdict::Accepts)
        );
    }

    #[test]
    fn a_text_without_the_chain_has_no_verdict() {
        for text in ["", "*nat\n:INPUT ACCEPT\nCOMMIT", "Permission denied"] {
            assert_eq!(
                evaluate(text, &packet(true, Some(69), false)),
                None,
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_has_a_verdict_or_none(text in "(\\*filter\n)?(:INPUT DROP\n)?[-A-Z!\" a-z0-9:,/\n]{0,200}") {
            evaluate(&text, &packet(true, Some(69), false));
        }
    }
}
