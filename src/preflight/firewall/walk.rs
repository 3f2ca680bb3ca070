//! A packet's way through chains of rules, whoever wrote them down.
//!
//! What a rule matches beyond what is known of the packet (its sender, for one) makes its match
//! a "perhaps", and the verdict one too where that matters.

use std::{collections::BTreeMap, net::Ipv4Addr};

/// A packet as far as it is known: to this machine, from some host of the phones' network.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet<'a> {
    /// Where it comes in.
    pub(super) interface: &'a str,
    /// To which address.
    pub(super) address: Ipv4Addr,
    /// UDP, else TCP.
    pub(super) udp: bool,
    /// To which port; `None`: one that the system chooses.
    pub(super) port: Option<u16>,
    /// Whether it answers what this machine sent. Otherwise it is the first of its kind.
    pub(super) established: bool,
}

impl Packet<'_> {
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

    pub(super) fn is_port(&self, low: u64, high: u64) -> Fit {
        self.port.map_or(Fit::Perhaps, |port| {
            Fit::from((low..=high).contains(&u64::from(port)))
        })
    }

    /// Whether it comes in at an interface of this name; `+` and `*` at its end stand for any.
    pub(super) fn is_from(&self, name: &str) -> Fit {
        Fit::from(match name.strip_suffix(['+', '*']) {
            Some(start) => self.interface.starts_with(start),
            None => self.interface == name,
        })
    }
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// It comes in.
    Accepts,
    /// It depends on what is not known of it.
    Perhaps,
    /// It does not.
    Refuses,
}

/// Whether a rule is about the packet.
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

    /// All of them have to match.
    pub(super) fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// One of them has to match.
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
pub(super) enum Action {
    Accept,
    Refuse,
    /// This chain ends here.
    Return,
    /// Another chain, and back.
    Jump(String),
    /// Another chain, and not back.
    Goto(String),
    /// It ends in a way that is not known here: a program decides.
    Unknown,
}

/// Chains that one packet is followed through at most; behind them anything is possible. The
/// kernel goes 16 deep.
const MAX_CHAINS: usize = 1024;

/// Chains by name, each a list of rules in order.
pub(super) type Chains = BTreeMap<String, Vec<(Fit, Action)>>;

/// The ways in which a chain may end, as far as they are possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Ends {
    accepts: bool,
    refuses: bool,
    falls_through: bool,
}

impl Ends {
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

/// What becomes of the packet that comes into this chain; `policy`: whether it is accepted at the
/// chain's end.
pub(super) fn verdict(chains: &Chains, base: &str, policy: bool) -> Verdict {
    let ends = walk(chains, base, &mut BTreeMap::new());
    let accepts = ends.accepts || ends.falls_through && policy;
    let refuses = ends.refuses || ends.falls_through && !policy;
    match (accepts, refuses) {
        (true, false) => Verdict::Accepts,
        (false, true) => Verdict::Refuses,
        _ => Verdict::Perhaps,
    }
}

/// Each chain is walked once, whatever leads there. One that is being walked may end in any way:
/// the kernel has no loops, a text may.
fn walk<'a>(chains: &'a Chains, name: &'a str, known: &mut BTreeMap<&'a str, Ends>) -> Ends {
    if let Some(ends) = known.get(name) {
        return *ends;
    }
    let Some(rules) = chains.get(name).filter(|_| known.len() < MAX_CHAINS) else {
        return Ends::ANY;
    };
    known.insert(name, Ends::ANY);
    let mut ends = Ends::default();
    let mut falls_through = true;
    for (fit, action) in rules.iter().filter(|(fit, _)| *fit != Fit::No) {
        let (mut way, comes_back) = match action {
            Action::Accept => (
                Ends {
                    accepts: true,
                    ..Ends::default()
                },
                false,
            ),
            Action::Refuse => (
                Ends {
                    refuses: true,
                    ..Ends::default()
                },
                false,
            ),
            Action::Return => (
                Ends {
                    falls_through: true,
                    ..Ends::default()
                },
                false,
            ),
            Action::Unknown => (Ends::ANY, false),
            Action::Goto(to) => (walk(chains, to, known), false),
            Action::Jump(to) => (walk(chains, to, known), true),
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

    fn chains(list: &[(&str, &[(Fit, Action)])]) -> Chains {
        list.iter()
            .map(|(name, rules)| ((*name).to_owned(), rules.to_vec()))
            .collect()
    }

    #[test]
    fn the_first_rule_that_surely_fits_decides_and_the_policy_else() {
        use Action::{Accept, Goto, Jump, Refuse, Return};
        use Fit::{No, Perhaps, Yes};
        let to = |name: &str| Jump(name.to_owned());
        let cases: [(&[(Fit, Action)], Verdict); 9] = [
            (&[], Verdict::Refuses),
            (&[(No, Accept)], Verdict::Refuses),
            (&[(Yes, Accept), (Yes, Refuse)], Verdict::Accepts),
            (&[(Perhaps, Accept)], Verdict::Perhaps),
            (&[(Perhaps, Refuse)], Verdict::Refuses),
            (&[(Yes, to("open"))], Verdict::Accepts),
            (&[(Yes, to("back")), (Yes, Accept)], Verdict::Accepts),
            (
                &[(Yes, Goto("back".to_owned())), (Yes, Accept)],
                Verdict::Refuses,
            ),
            (&[(Yes, Return), (Yes, Accept)], Verdict::Refuses),
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
    fn chains_that_lead_to_themselves_come_to_an_end() {
        let to = |name: &str| (Fit::Yes, Action::Jump(name.to_owned()));
        let chains = chains(&[("a", &[to("b"), to("b")]), ("b", &[to("a")])]);
        assert_eq!(verdict(&chains, "a", true), Verdict::Perhaps);
        assert_eq!(verdict(&chains, "nowhere", true), Verdict::Perhaps);
    }
}
