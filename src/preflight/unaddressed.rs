//! Interfaces that phones may be connected to but that have no IPv4 address: usually a cable from this
//! machine directly to a phone, or to a switch without a DHCP server.

use std::{net::Ipv4Addr, path::Path};

use super::{
    Interface, SelectError, capture_interfaces,
    finding::{code, finding},
    interfaces,
};
use crate::{
    diagnose::{Finding, Severity},
    track::Subnet,
};

/// The interfaces that phones can be connected to but that have no IPv4 address: those of
/// [`capture_interfaces`] without one, except parts of another interface (a bridge, a VLAN).
#[must_use]
pub fn interfaces_without_address() -> Vec<String> {
    let mut names = capture_interfaces();
    let with_address = interfaces();
    names.retain(|name| {
        with_address.iter().all(|interface| interface.name != *name) && upper(name).is_none()
    });
    names
}

/// The interface that this one is a part of: its bridge, bond or VLAN.
#[must_use]
pub fn upper(name: &str) -> Option<String> {
    let entries = std::fs::read_dir(Path::new("/sys/class/net").join(name)).ok()?;
    let mut names = entries.flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        name.strip_prefix("upper_").map(str::to_owned)
    });
    names.next()
}

/// An address for an interface that has none, in a private network that none of these interfaces
/// uses; the prefix is [`FREE_PREFIX`].
fn free_address(used: &[Interface]) -> Ipv4Addr {
    let is_free = |address: &Ipv4Addr| {
        let network = Subnet {
            address: *address,
            prefix: FREE_PREFIX,
        };
        let overlaps = |one: &Interface| one.reaches(*address) || network.contains(one.address);
        !used.iter().any(overlaps)
    };
    // RFC 1918. Low numbers are common in homes, so they are not tried.
    let small = (70..=250).map(|third| Ipv4Addr::new(192, 168, third, 1));
    let large = (70..=250).map(|third| Ipv4Addr::new(10, 99, third, 1));
    let mut free = small.chain(large).filter(is_free);
    free.next().unwrap_or(Ipv4Addr::new(172, 30, 99, 1))
}

/// The prefix of [`free_address`].
const FREE_PREFIX: u8 = 24;

/// The commands that give an interface an address until the next restart of this machine, and those
/// that take it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressCommands {
    /// Assign the address.
    pub assign: Vec<String>,
    /// Remove it.
    pub remove: Vec<String>,
}

impl AddressCommands {
    /// For this interface, on this machine.
    #[must_use]
    pub fn of_this_machine(interface: &str) -> Self {
        let managed = Path::new("/run/NetworkManager").is_dir();
        Self::new(interface, free_address(&interfaces()), managed)
    }

    /// `managed`: `NetworkManager` runs. It would remove the address when its own DHCP request
    /// fails, so it must leave the interface alone.
    fn new(interface: &str, address: Ipv4Addr, managed: bool) -> Self {
        let manage = |value| format!("sudo nmcli device set {interface} managed {value}");
        let address =
            |verb| format!("sudo ip address {verb} {address}/{FREE_PREFIX} dev {interface}");
        let mut commands = Self {
            assign: vec![address("add")],
            remove: vec![address("del")],
        };
        if managed {
            commands.assign.insert(0, manage("no"));
            commands.remove.push(manage("yes"));
        }
        commands
    }
}

/// What to do if an interface has no address, as text and commands.
pub(super) fn how_to_assign(interface: &str) -> String {
    assign_text(interface, &AddressCommands::of_this_machine(interface))
}

fn assign_text(interface: &str, commands: &AddressCommands) -> String {
    let lines = |commands: &[String]| {
        let lines = commands.iter().map(|command| format!("\n    {command}"));
        lines.collect::<String>()
    };
    format!(
        "Assign {interface} an address, and let this program assign addresses to the phones with \
         --interface {interface} --dhcp isolated:{}\nAfterwards remove it:{}",
        lines(&commands.assign),
        lines(&commands.remove)
    )
}

/// A finding about interfaces without an address, if phones could be connected to one of them
/// rather than to the selected interface.
pub(super) fn check_unaddressed(
    selected: &Interface,
    unaddressed: &[String],
    how_to: impl FnOnce(&str) -> String,
) -> Option<Finding> {
    let first = unaddressed.first()?;
    let is_doubtful = selected.wireless || selected.software;
    let severity = if is_doubtful {
        Severity::Warning
    } else {
        Severity::Note
    };
    let have = if unaddressed.len() == 1 {
        "has"
    } else {
        "have"
    };
    let message = format!(
        "{} {have} a carrier but no IPv4 address: phones connected there cannot be served",
        unaddressed.join(", ")
    );
    let cure = format!(
        "If the phones are connected there: {}",
        lower_first(&how_to(first))
    );
    Some(finding(code::WRONG_INTERFACE, severity, message, cure))
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}

impl SelectError {
    /// What to do.
    #[must_use]
    pub fn cure(&self) -> String {
        self.cure_with(&interfaces_without_address(), how_to_assign)
    }

    fn cure_with(&self, unaddressed: &[String], how_to: impl FnOnce(&str) -> String) -> String {
        let text = match self {
            Self::Several(_) => {
                "Name the interface that the phones are connected to: --interface NAME"
            }
            Self::Unknown { name, .. } if unaddressed.contains(name) => return how_to(name),
            Self::Unknown { .. } => {
                "Name one of these, or assign it an address with your system's tools"
            }
            Self::Nothing(_) => {
                if let [first, ..] = unaddressed {
                    return how_to(first);
                }
                "Connect the cable and assign the interface an address, or name an address: \
                 --listen ADDRESS"
            }
        };
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_address_overlaps_no_network_of_this_machine() {
        assert_eq!(free_address(&[]), Ipv4Addr::new(192, 168, 70, 1));
        let with = |address: [u8; 4], prefix| Interface {
            address: address.into(),
            prefix,
            ..Interface::example("eth0", 1)
        };
        // The same /24, a network around it, and a smaller one inside it.
        for (address, prefix, free) in [
            ([192, 168, 70, 44], 24, [192, 168, 71, 1]),
            ([192, 168, 5, 5], 16, [10, 99, 70, 1]),
            ([192, 168, 70, 200], 29, [192, 168, 71, 1]),
            ([192, 168, 1, 10], 24, [192, 168, 70, 1]),
        ] {
            assert_eq!(free_address(&[with(address, prefix)]), Ipv4Addr::from(free));
        }
        let all = [with([192, 168, 0, 1], 16), with([10, 0, 0, 1], 8)];
        assert_eq!(free_address(&all), Ipv4Addr::new(172, 30, 99, 1));
    }

    #[test]
    fn the_address_is_assigned_and_removed_by_commands() {
        let address = Ipv4Addr::new(192, 168, 70, 1);
        let plain = AddressCommands::new("eth1", address, false);
        assert_eq!(
            plain.assign,
            ["sudo ip address add 192.168.70.1/24 dev eth1"]
        );
        assert_eq!(
            plain.remove,
            ["sudo ip address del 192.168.70.1/24 dev eth1"]
        );
        let managed = AddressCommands::new("eth1", address, true);
        assert_eq!(managed.assign[0], "sudo nmcli device set eth1 managed no");
        assert_eq!(managed.remove[1], "sudo nmcli device set eth1 managed yes");
    }

    #[test]
    fn an_interface_without_an_address_is_a_warning_beside_a_wireless_one() {
        let assign = |name: &str| format!("Assign {name} an address");
        let eth1 = ["eth1".to_owned()];
        let wlan0 = Interface {
            wireless: true,
            ..Interface::example("wlan0", 2)
        };
        assert_eq!(check_unaddressed(&wlan0, &[], assign), None);
        let found = check_unaddressed(&wlan0, &eth1, assign).unwrap();
        assert_eq!(found.severity, Severity::Warning);
        let expected = "eth1 has a carrier but no IPv4 address";
        assert!(found.message.starts_with(expected), "{found:?}");
        assert!(found.cure.ends_with("there: assign eth1 an address"));
        let found = check_unaddressed(&Interface::example("eth0", 1), &eth1, assign).unwrap();
        assert_eq!(found.severity, Severity::Note);
    }

    #[test]
    fn the_cure_names_the_interface_that_lacks_an_address() {
        let assign = |name: &str| format!("assign {name}");
        let eth1 = ["eth1".to_owned()];
        let nothing = SelectError::Nothing(Vec::new());
        assert_eq!(nothing.cure_with(&eth1, assign), "assign eth1");
        assert!(
            nothing
                .cure_with(&[], assign)
                .starts_with("Connect the cable")
        );
        let unknown = |name: &str| SelectError::Unknown {
            name: name.to_owned(),
            existing: Vec::new(),
        };
        assert_eq!(unknown("eth1").cure_with(&eth1, assign), "assign eth1");
        let other = unknown("eth7").cure_with(&eth1, assign);
        assert!(other.starts_with("Name one of these"), "{other}");
    }
}
