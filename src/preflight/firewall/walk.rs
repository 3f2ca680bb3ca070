//! Follows a packet through chains of rules, whatever their format.
//!
//! If a rule matches on an unknown property of the packet (its sender, for example), its match is
//! "perhaps", and so is the verdict if that matters.

use std::{collections::BTreeMap, net::Ipv4Addr};

/// A packet as far as it is known: to this machine, from a host on the phones' network.
#[derive(Debug, Clone, Copy)]
pub(super) struct FirewallPacket<'a> {
    /// The input interface.
    pub(super) interface: &'a str,
    /// The destination address.
    pub(super) address: Ipv4Addr,
    /// UDP; otherwise TCP.
    pub(super) udp: bool,
    /// The lowest and the highest destination port that it may have.
    pub(super) ports: (u16, u16),
    /// Whether it answers a packet of this machine; otherwise it starts a connection.
    pub(super) established: bool,
}

impl FirewallPacket<'_> {
    pub(super) fn protocol(&self) -> &'static str {
        if self.udp { "udp" } else { "tcp" }
    }

    pub(super) fn protocol_number(&self) -> u64 {
        if self.udp { 17 } else { 6 }
    }

    pub(super) fn state(&self) -> &'static str {
        if self.established {
            "established"
        } else {
            "new"
        }
    }

    /// Its destination port, if it can have only one.
    pub(super) fn port(&self) -> Option<u16> {
        let (lowest, highest) = self.ports;
        (lowest == highest).then_some(lowest)
    }

    pub(super) fn is_port(&self, low: u64, high: u64) -> Fit {
        let (lowest, highest) = (u64::from(self.ports.0), u64::from(self.ports.1));
        if low <= lowest && highest <= high {
            Fit::Yes
        } else if high < lowest || highest < low {
            Fit::No
        } else {
            Fit::Perhaps
        }
    }

    /// Whether it arrives on an interface of this name; a final `+` or `*` is a wildcard.
    pub(super) fn is_from(&self, name: &str) -> Fit {
        Fit::from(match name.strip_suffix(['+', '*']) {
            Some(start) => self.interface.starts_with(start),
            None => self.interface == name,
        })
    }
}

/// The verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FirewallVerdict {
    /// It is accepted.
    Accepts,
    /// It depends on an unknown property.
    Perhaps,
    /// It is refused.
    Refuses,
}

/// Whether a rule matches the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    No,
    Perhaps,
    Yes,
}

impl Fit {
    pub(super) fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Perhaps => Self::Perhaps,
            Self::Yes => Self::No,
        }
    }

    /// Both must match.
    pub(super) fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// One of them must match.
    pub(super) fn any(fits: impl Iterator<Item = Self>) -> Self {
        fits.max().unwrap_or(Self::No)
    }
}

impl From<bool> for Fit {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RuleAction {
    Accept,
    Refuse,
    /// Returns from this chain.
    Return,
    /// Continues in another chain and returns.
    Jump(String),
    /// Continues in another chain and does not return.
    Goto(String),
    /// Unknown: a program decides.
    Unknown,
}

/// Maximum number of chains followed for one packet; beyond that any verdict is possible. The
/// kernel allows a depth of 16.
const MAX_CHAINS: usize = 1024;

/// Chains by name, each a list of rules in order.
pub(super) type Chains = BTreeMap<String, Vec<(Fit, RuleAction)>>;

/// The possible outcomes of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Outcomes {
    accepts: bool,
    refuses: bool,
    falls_through: bool,
}

impl Outcomes {
    const ANY: Self = Self {
        accepts: true,
        refuses: true,
        falls_through: true,
    };

    fn or(self, other: Self) -> Self {
        Self {
            accepts: self.accepts || other.accepts,
            refuses: self.refuses || other.refuses,
            falls_through: self.falls_through || other.falls_through,
        }
    }
}

/// The verdict for a packet that enters this chain; `policy`: whether the chain accepts at its end.
pub(super) fn verdict(chains: &Chains, base: &str, policy: bool) -> FirewallVerdict {
    let ends = walk(chains, base, &mut BTreeMap::new());
    let accepts = ends.accepts || ends.falls_through && policy;
    let refuses = ends.refuses || ends.falls_through && !policy;
    match (accepts, refuses) {
        (true, false) => FirewallVerdict::Accepts,
        (false, true) => FirewallVerdict::Refuses,
        _ => FirewallVerdict::Perhaps,
    }
}

/// Each chain is walked once. A chain that is being walked may have any outcome: the kernel has no
/// loops, but a text may.
fn walk<'a>(
    chains: &'a Chains,
    name: &'a str,
    known: &mut BTreeMap<&'a str, Outcomes>,
) -> Outcomes {
    if let Some(ends) = known.get(name) {
        return *ends;
    }
    let Some(rules) = chains.get(name).filter(|_| known.len() < MAX_CHAINS) else {
        return Outcomes::ANY;
    };
    known.insert(name, Outcomes::ANY);
    let mut ends = Outcomes::default();
    let mut falls_through = true;
    for (fit, action) in rules.iter().filter(|(fit, _)| *fit != Fit::No) {
        let (mut way, comes_back) = match action {
            RuleAction::Accept => (
                Outcomes {
                    accepts: true,
                    ..Outcomes::default()
                },
                false,
            ),
            RuleAction::Refuse => (
                Outcomes {
                    refuses: true,
                    ..Outcomes::default()
                },
                false,
            ),
            RuleAction::Return => (
                Outcomes {
                    falls_through: true,
                    ..Outcomes::default()
                },
                false,
            ),
            RuleAction::Unknown => (Outcomes::ANY, false),
            RuleAction::Goto(to) => (walk(chains, to, known), false),
            RuleAction::Jump(to) => (walk(chains, to, known), true),
        };
        let goes_on = comes_back && way.falls_through;
        way.falls_through &= !comes_back;
        ends = ends.or(way);
        if *fit == Fit::Yes && !goes_on {
            falls_through = false;
            break;
        }
    }
    ends.falls_through |= falls_through;
    known.insert(name, ends);
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chains(list: &[(&str, &[(Fit, RuleAction)])]) -> Chains {
        list.iter()
            .map(|(name, rules)| ((*name).to_owned(), rules.to_vec()))
            .collect()
    }

    #[test]
    fn the_first_rule_that_surely_matches_decides_or_else_the_policy() {
        use Fit::{No, Perhaps, Yes};
        use RuleAction::{Accept, Goto, Jump, Refuse, Return};
        let to = |name: &str| Jump(name.to_owned());
        let cases: [(&[(Fit, RuleAction)], FirewallVerdict); 9] = [
            (&[], FirewallVerdict::Refuses),
            (&[(No, Accept)], FirewallVerdict::Refuses),
            (&[(Yes, Accept), (Yes, Refuse)], FirewallVerdict::Accepts),
            (&[(Perhaps, Accept)], FirewallVerdict::Perhaps),
            (&[(Perhaps, Refuse)], FirewallVerdict::Refuses),
            (&[(Yes, to("open"))], FirewallVerdict::Accepts),
            (
                &[(Yes, to("back")), (Yes, Accept)],
                FirewallVerdict::Accepts,
            ),
            (
                &[(Yes, Goto("back".to_owned())), (Yes, Accept)],
                FirewallVerdict::Refuses,
            ),
            (&[(Yes, Return), (Yes, Accept)], FirewallVerdict::Refuses),
        ];
        for (rules, expected) in cases {
            let chains = chains(&[
                ("input", rules),
                ("open", &[(Yes, Accept)]),
                ("back", &[(No, Refuse), (Yes, Return)]),
            ]);
            assert_eq!(verdict(&chains, "input", false), expected, "{rules:?}");
        }
    }

    #[test]
    fn chains_in_a_loop_end() {
        let to = |name: &str| (Fit::Yes, RuleAction::Jump(name.to_owned()));
        let chains = chains(&[("a", &[to("b"), to("b")]), ("b", &[to("a")])]);
        assert_eq!(verdict(&chains, "a", true), FirewallVerdict::Perhaps);
        assert_eq!(verdict(&chains, "nowhere", true), FirewallVerdict::Perhaps);
    }
}
