//! What to look at while no phone comes, from what this machine observes.

use std::{collections::BTreeMap, fs, sync::Arc, time::Duration};

use crate::{
    diagnose::{Finding, Severity},
    discovery::WireActivity,
    phone::MacAddress,
    text::escape,
};

/// How long a run waits for its first phone before it gives hints. A phone that is reset or restarted
/// requests its first file within this time.
const FIRST_AFTER: Duration = Duration::from_mins(2);

/// How often they are checked afterwards. They are repeated only if they changed.
const AGAIN_AFTER: Duration = Duration::from_secs(20);

/// Findings of the checks at the start that are repeated.
const MAX_FINDINGS: usize = 3;

/// Hints for a run without phones.
#[derive(Debug, Default)]
pub(super) struct WaitingHints {
    wire: Option<Arc<WireActivity>>,
    findings: Vec<String>,
    checked: Duration,
    shown: Vec<String>,
}

/// What is known of the network while no phone comes.
#[derive(Debug, Default)]
struct Observed {
    interface: Option<String>,
    /// `None`: not known.
    has_link: Option<bool>,
    /// It is switched off by this machine's administrator.
    is_down: bool,
    frames: u64,
    dhcp_requests: u64,
    elsewhere: BTreeMap<String, MacAddress>,
}

impl WaitingHints {
    pub(super) fn new(wire: Option<Arc<WireActivity>>) -> Self {
        Self {
            wire,
            ..Self::default()
        }
    }

    /// A check at the start found a problem.
    pub(super) fn finding(&mut self, finding: &Finding) {
        if finding.severity > Severity::Note && self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding.message.clone());
        }
    }

    /// A phone came.
    pub(super) fn end(&mut self) {
        if let Some(wire) = self.wire.take() {
            wire.end();
        }
        self.shown.clear();
    }

    /// The hints, if it is time and they changed. `waited`: how long no phone has come.
    pub(super) fn due(&mut self, waited: Duration) -> Option<String> {
        let next = if self.checked.is_zero() {
            FIRST_AFTER
        } else {
            self.checked + AGAIN_AFTER
        };
        if self.wire.is_none() || waited < next {
            return None;
        }
        self.checked = waited;
        let hints = self.hints();
        if hints == self.shown {
            return None;
        }
        self.shown.clone_from(&hints);
        let minutes = waited.as_secs() / 60;
        Some(format!(
            "no phone has come for {minutes} min:\n{}",
            hints.join("\n")
        ))
    }

    /// What to look at now, a sentence each.
    pub(super) fn hints(&self) -> Vec<String> {
        let Some(wire) = &self.wire else {
            return Vec::new();
        };
        let observed = {
            let (frames, dhcp_requests) = wire.counts();
            Observed {
                interface: wire.interface().map(ToOwned::to_owned),
                has_link: wire.interface().and_then(has_link),
                is_down: wire.interface().is_some_and(is_down),
                frames,
                dhcp_requests,
                elsewhere: wire.elsewhere(),
            }
        };
        let mut hints = hints(&observed);
        let findings = self.findings.iter();
        hints.extend(findings.map(|message| format!("The checks at the start found: {message}.")));
        hints
    }
}

/// Whether the interface has a link (sysfs-class-net, `carrier`); `None`: not known.
fn has_link(interface: &str) -> Option<bool> {
    let carrier = format!("/sys/class/net/{interface}/carrier");
    match fs::read_to_string(carrier) {
        Ok(text) => Some(text.trim() == "1"),
        // The kernel answers EINVAL for an interface that is down.
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => Some(false),
        Err(_) => None,
    }
}

/// Whether the interface is switched off (sysfs-class-net, `flags`: `IFF_UP` is bit 0).
fn is_down(interface: &str) -> bool {
    let flags = fs::read_to_string(format!("/sys/class/net/{interface}/flags"));
    let flags = flags.ok().and_then(|text| {
        let digits = text.trim().strip_prefix("0x")?.to_owned();
        u32::from_str_radix(&digits, 16).ok()
    });
    flags.is_some_and(|flags| flags & 1 == 0)
}

fn hints(observed: &Observed) -> Vec<String> {
    let mut hints = Vec::new();
    for (interface, mac) in &observed.elsewhere {
        hints.push(format!(
            "The phone SEP{} was observed on {}, which is not served: connect it to the served \
             network, or start again with --interface {}.",
            mac.upper_hex(),
            escape(interface),
            escape(interface)
        ));
    }
    let Some(interface) = &observed.interface else {
        hints.push(
            "Packets are not captured, so it is not known whether phones ask for an address. Check \
             that the DHCP server announces this machine in option 150 (or 66), and restart a phone."
                .to_owned(),
        );
        return hints;
    };
    let interface = escape(interface);
    hints.push(match observed {
        Observed {
            is_down: true, ..
        } => format!(
            "{interface} is switched off on this machine. This switches it on:\n    sudo ip link \
             set {interface} up"
        ),
        Observed {
            has_link: Some(false),
            ..
        } => format!(
            "{interface} has no link: check the cable, the switch port and the power of the phone."
        ),
        Observed { frames: 0, .. } => format!(
            "Nothing was received on {interface}, neither DHCP nor CDP, LLDP or SIP: no phone \
             restarted in this network, or phones are in another one (voice VLAN). Check the \
             switch port, and restart a phone."
        ),
        Observed {
            dhcp_requests: 0, ..
        } => format!(
            "No DHCP request was received on {interface}: no phone restarted there, or phones are in \
             another network (voice VLAN), or a router relays their requests. Restart a phone."
        ),
        Observed { dhcp_requests, .. } => {
            let plural = if *dhcp_requests == 1 { "" } else { "s" };
            format!(
                "{dhcp_requests} DHCP request{plural} of other devices, and none of a phone, came in \
                 on {interface}: this machine is connected to that network. Restart a phone that is \
                 connected to it."
            )
        }
    });
    hints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed() -> Observed {
        Observed {
            interface: Some("eth7".to_owned()),
            has_link: Some(true),
            is_down: false,
            frames: 9,
            dhcp_requests: 2,
            elsewhere: BTreeMap::new(),
        }
    }

    #[test]
    fn a_hint_states_what_was_observed() {
        let text = |observed: Observed| hints(&observed).join(" ");
        assert!(text(observed()).contains("2 DHCP requests of other devices"));
        for (change, part) in [
            (
                Observed {
                    dhcp_requests: 0,
                    ..observed()
                },
                "No DHCP request was received on eth7",
            ),
            (
                Observed {
                    frames: 0,
                    dhcp_requests: 0,
                    ..observed()
                },
                "Nothing was received on eth7",
            ),
            (
                Observed {
                    has_link: Some(false),
                    ..observed()
                },
                "eth7 has no link",
            ),
            (
                Observed {
                    is_down: true,
                    ..observed()
                },
                "sudo ip link set eth7 up",
            ),
            (Observed::default(), "not captured"),
            (
                Observed {
                    elsewhere: [("eth8".to_owned(), MacAddress::new([0, 0x1d, 0x45, 1, 2, 3]))]
                        .into(),
                    ..observed()
                },
                "SEP001D45010203 was observed on eth8",
            ),
        ] {
            assert!(text(change).contains(part), "{part}");
        }
    }

    #[test]
    fn hints_come_after_two_minutes_and_again_only_if_they_changed() {
        let wire = Arc::new(WireActivity::default());
        let mut hints = WaitingHints::new(Some(Arc::clone(&wire)));
        assert_eq!(hints.due(Duration::from_secs(119)), None);
        let first = hints.due(FIRST_AFTER).unwrap();
        assert!(
            first.starts_with("no phone has come for 2 min:\n"),
            "{first}"
        );
        assert_eq!(hints.due(Duration::from_mins(5)), None, "nothing changed");
        wire.phone_elsewhere("eth8", MacAddress::new([0, 0x1d, 0x45, 1, 2, 3]));
        assert_eq!(hints.due(Duration::from_secs(301)), None, "not yet");
        let next = hints.due(Duration::from_secs(330)).unwrap();
        assert!(
            next.contains("for 5 min") && next.contains("eth8"),
            "{next}"
        );
    }
}
