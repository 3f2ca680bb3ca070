//! Which of this machine's addresses phones can reach.

use std::{fmt, net::Ipv4Addr, path::Path};

use crate::{dhcp::LinkInterface, phone::MacAddress, track::Subnet};

/// A network interface with an IPv4 address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its name in `ip link`.
    pub name: String,
    /// Its first IPv4 address.
    pub address: Ipv4Addr,
    /// The length of its subnet's prefix: 24 for a mask of 255.255.255.0.
    pub prefix: u8,
    /// Its Ethernet address; `None` for a tunnel or another interface without one.
    pub mac: Option<MacAddress>,
    /// Its index.
    pub index: u32,
    /// Whether it has a carrier.
    pub carrier: bool,
    /// Whether it is wireless. The supported phones are wired.
    pub wireless: bool,
    /// Whether it is virtual: a container bridge, a tunnel.
    pub software: bool,
}

/// The selected address and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectedInterface {
    /// The address to serve from.
    pub address: Ipv4Addr,
    /// Its interface; `None` if only an address was given.
    pub interface: Option<String>,
    /// Why it was selected.
    pub reason: String,
}

impl SelectedInterface {
    /// The same, with another reason if there is one.
    #[must_use]
    pub fn because(mut self, reason: Option<&str>) -> Self {
        if let Some(reason) = reason {
            reason.clone_into(&mut self.reason);
        }
        self
    }
}

impl SelectedInterface {
    /// The address's network, if it is the first address of an interface.
    #[must_use]
    pub fn network(&self) -> Option<Subnet> {
        let all = interfaces().into_iter();
        let mut with_address = all.filter(|interface| interface.address == self.address);
        with_address.next().map(|interface| Subnet {
            address: interface.address,
            prefix: interface.prefix,
        })
    }
}

/// Why no address could be selected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// No interface has an address and a carrier.
    #[error(
        "no network interface of this machine has both an IPv4 address and a carrier{}",
        found(.0)
    )]
    Nothing(Vec<Interface>),
    /// Several are equally likely.
    #[error("several interfaces could lead to the phones: {}", list(.0))]
    Several(Vec<Interface>),
    /// The named interface does not exist or has no address.
    #[error("there is no interface '{name}' with an IPv4 address{}", found(.existing))]
    Unknown {
        /// The requested name.
        name: String,
        /// The existing interfaces.
        existing: Vec<Interface>,
    },
}

impl Interface {
    /// The link for raw frames; `None` if the interface does not carry them.
    #[must_use]
    pub fn link(&self) -> Option<LinkInterface> {
        Some(LinkInterface {
            name: self.name.clone(),
            index: self.index,
            mac: self.mac?,
            address: self.address,
        })
    }

    /// Whether an address is in its subnet.
    #[must_use]
    pub fn reaches(&self, address: Ipv4Addr) -> bool {
        let network = Subnet {
            address: self.address,
            prefix: self.prefix,
        };
        network.contains(address)
    }
}

fn list(interfaces: &[Interface]) -> String {
    let names: Vec<String> = interfaces.iter().map(ToString::to_string).collect();
    names.join(", ")
}

fn found(interfaces: &[Interface]) -> String {
    if interfaces.is_empty() {
        return String::new();
    }
    format!("; found: {}", list(interfaces))
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.name, self.address)?;
        for (holds, word) in [
            (!self.carrier, "no carrier"),
            (self.wireless, "wireless"),
            (self.software, "software"),
        ] {
            if holds {
                write!(f, ", {word}")?;
            }
        }
        f.write_str(")")
    }
}

/// Every interface with an IPv4 address, except loopback.
#[must_use]
pub fn interfaces() -> Vec<Interface> {
    pnet::datalink::interfaces()
        .into_iter()
        .filter(|interface| !interface.is_loopback())
        .filter_map(|interface| {
            let (address, prefix) =
                interface
                    .ips
                    .iter()
                    .find_map(|network| match network.ip() {
                        std::net::IpAddr::V4(address) => Some((address, network.prefix())),
                        std::net::IpAddr::V6(_) => None,
                    })?;
            let sys = Path::new("/sys/class/net").join(&interface.name);
            Some(Interface {
                address,
                prefix,
                mac: interface.mac.map(|mac| MacAddress::new(mac.octets())),
                index: interface.index,
                carrier: interface.is_running(),
                wireless: sys.join("wireless").exists(),
                software: !sys.join("device").exists(),
                name: interface.name,
            })
        })
        .collect()
}

/// The interfaces on which phones' frames can be captured, with or without an address: wired with a
/// carrier; virtual ones only if there are no others.
#[must_use]
pub fn capture_interfaces() -> Vec<String> {
    let live: Vec<_> = pnet::datalink::interfaces()
        .into_iter()
        .filter(|interface| !interface.is_loopback() && interface.is_running())
        .map(|interface| {
            let sys = Path::new("/sys/class/net").join(&interface.name);
            let hard = sys.join("device").exists();
            let wired = hard && !sys.join("wireless").exists();
            (interface.name, hard, wired)
        })
        .collect();
    let any_wired = live.iter().any(|(_, _, wired)| *wired);
    let fits = |(_, hard, wired): &(String, bool, bool)| *wired || (!any_wired && !*hard);
    live.into_iter()
        .filter(fits)
        .map(|(name, ..)| name)
        .collect()
}

/// Selects the address to serve from: the named interface, else the likeliest with a carrier. Wired is
/// preferred to wireless and both to virtual; a tie is an error, never a guess.
///
/// # Errors
/// [`SelectError`] lists the candidates.
pub fn choose(all: &[Interface], named: Option<&str>) -> Result<SelectedInterface, SelectError> {
    if let Some(name) = named {
        return all
            .iter()
            .find(|interface| interface.name == name)
            .map_or_else(
                || {
                    Err(SelectError::Unknown {
                        name: name.to_owned(),
                        existing: all.to_vec(),
                    })
                },
                |interface| Ok(chosen(interface, "given by --interface")),
            );
    }
    let rank = |interface: &&Interface| (interface.software, interface.wireless);
    let live: Vec<&Interface> = all.iter().filter(|interface| interface.carrier).collect();
    let Some(best) = live.iter().map(rank).min() else {
        return Err(SelectError::Nothing(all.to_vec()));
    };
    let likely: Vec<&Interface> = live
        .iter()
        .copied()
        .filter(|interface| rank(interface) == best)
        .collect();
    match likely.as_slice() {
        [only] => Ok(chosen(only, reason(only, live.len() == 1))),
        several => Err(SelectError::Several(
            several.iter().copied().cloned().collect(),
        )),
    }
}

/// Why this interface is selected. Only interfaces with an address are compared; one without could
/// still have a phone on its cable.
fn reason(chosen: &Interface, is_only: bool) -> &'static str {
    match (is_only, chosen.wireless, chosen.software) {
        (true, ..) => "the only one with an address and a carrier",
        (false, false, false) => "the only wired one with an address and a carrier",
        (false, true, _) => "the only wireless one with a carrier, and no wired one has both",
        (false, false, true) => "the likeliest of several virtual ones",
    }
}

fn chosen(interface: &Interface, reason: &str) -> SelectedInterface {
    SelectedInterface {
        address: interface.address,
        interface: Some(interface.name.clone()),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
impl Interface {
    /// A wired interface with a carrier, at 192.0.2.`last`.
    pub(crate) fn example(name: &str, last: u8) -> Self {
        Self {
            name: name.to_owned(),
            address: Ipv4Addr::new(192, 0, 2, last),
            prefix: 24,
            mac: None,
            index: 2,
            carrier: true,
            wireless: false,
            software: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wired_interface_with_a_carrier_is_preferred_to_wireless_and_virtual() {
        let all = [
            Interface {
                software: true,
                ..Interface::example("docker0", 1)
            },
            Interface {
                wireless: true,
                ..Interface::example("wlan0", 2)
            },
            Interface::example("eth0", 3),
            Interface {
                carrier: false,
                ..Interface::example("eth1", 4)
            },
        ];
        let chosen = choose(&all, None).unwrap();
        assert_eq!(chosen.interface.as_deref(), Some("eth0"));
        assert_eq!(choose(&all, Some("wlan0")).unwrap().address, all[1].address);
    }

    #[test]
    fn the_reason_says_only_what_was_compared() {
        let wireless = Interface {
            wireless: true,
            ..Interface::example("wlan0", 2)
        };
        let bridge = |name, last| Interface {
            software: true,
            ..Interface::example(name, last)
        };
        let reason = |all: &[Interface]| choose(all, None).unwrap().reason;
        for (all, expected) in [
            (
                vec![Interface::example("eth0", 1)],
                "the only one with an address and a carrier",
            ),
            (
                vec![wireless.clone()],
                "the only one with an address and a carrier",
            ),
            (
                vec![Interface::example("eth0", 1), wireless.clone()],
                "the only wired one with an address and a carrier",
            ),
            (
                vec![wireless, bridge("docker0", 3)],
                "the only wireless one with a carrier, and no wired one has both",
            ),
        ] {
            assert_eq!(reason(&all), expected);
        }
        let named = choose(&[Interface::example("eth0", 1)], Some("eth0")).unwrap();
        assert_eq!(named.reason, "given by --interface");
    }

    #[test]
    fn a_subnet_ends_according_to_its_prefix() {
        let mut eth0 = Interface::example("eth0", 9);
        eth0.prefix = 29;
        assert!(eth0.reaches(Ipv4Addr::new(192, 0, 2, 14)));
        assert!(!eth0.reaches(Ipv4Addr::new(192, 0, 2, 16)));
        eth0.prefix = 0;
        assert!(eth0.reaches(Ipv4Addr::new(10, 0, 0, 1)));
        eth0.prefix = 32;
        assert!(!eth0.reaches(Ipv4Addr::new(192, 0, 2, 8)));
    }

    #[test]
    fn two_equal_interfaces_are_an_error() {
        let all = [Interface::example("eth0", 1), Interface::example("eth1", 2)];
        let error = choose(&all, None).unwrap_err().to_string();
        assert!(
            error.contains("eth0 (192.0.2.1), eth1 (192.0.2.2)"),
            "{error}"
        );
    }

    #[test]
    fn an_error_lists_the_existing_interfaces() {
        let all = [Interface {
            carrier: false,
            ..Interface::example("eth0", 1)
        }];
        let error = choose(&all, None).unwrap_err().to_string();
        assert!(
            error.ends_with("found: eth0 (192.0.2.1, no carrier)"),
            "{error}"
        );
        assert!(
            choose(&all, Some("eth7"))
                .unwrap_err()
                .to_string()
                .contains("'eth7'")
        );
    }
}
