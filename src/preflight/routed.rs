//! Phones behind a router: ARP does not identify them, so `--routed` may be needed.

use std::net::Ipv4Addr;

use super::{
    Interface,
    finding::{code, finding},
};
use crate::{
    dhcp::Offer,
    diagnose::{Finding, Severity},
    discovery::ArpTable,
    phone::MacAddress,
    track::Subnet,
};

/// The prefix of an offered address without a mask: this address alone.
const HOST_PREFIX: u8 = 32;

/// Addresses of one MAC that are named one by one; more are named as one network.
const NAMED: usize = 4;

/// A note if a DHCP server assigns phones addresses of another network, or answers through a relay
/// agent there. `routed`: networks that the operator named.
pub(super) fn of_offer(offer: &Offer, interface: &Interface, routed: &[Subnet]) -> Option<Finding> {
    let is_elsewhere = |address: &Ipv4Addr| !interface.reaches(*address);
    let relay = offer.relay.filter(is_elsewhere);
    let address = relay.or_else(|| Some(offer.address).filter(is_elsewhere))?;
    if is_named(address, routed) {
        return None;
    }
    let prefix = offer.mask.map_or(HOST_PREFIX, |mask| {
        u8::try_from(mask.to_bits().leading_ones()).unwrap_or(HOST_PREFIX)
    });
    let network = network(address, prefix);
    let through = relay.map_or_else(String::new, |relay| {
        format!(" through the relay agent {relay}")
    });
    let message = format!(
        "DHCP server {} assigns phones addresses of {network}{through}: they are behind a router",
        offer.server
    );
    Some(routed_note(message, &[network]))
}

/// A note for each MAC of the interface that has several addresses, unless the operator named them.
pub(super) fn of_table(table: &ArpTable, interface: &str, routed: &[Subnet]) -> Vec<Finding> {
    let shared = table.shared_macs(interface).into_iter();
    shared
        .filter_map(|(mac, mut addresses)| {
            addresses.retain(|address| !is_named(*address, routed));
            addresses.sort_unstable();
            (addresses.len() > 1).then(|| shared_mac(mac, &addresses))
        })
        .collect()
}

fn shared_mac(mac: MacAddress, addresses: &[Ipv4Addr]) -> Finding {
    let networks = if addresses.len() <= NAMED {
        let hosts = addresses.iter();
        hosts
            .map(|address| network(*address, HOST_PREFIX))
            .collect()
    } else {
        vec![common_network(addresses)]
    };
    let listed: Vec<String> = addresses
        .iter()
        .take(NAMED)
        .map(Ipv4Addr::to_string)
        .collect();
    let more = match addresses.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "{} addresses have the MAC {mac} in the ARP table: {}{more}. It is a router, or one host \
         with several addresses",
        addresses.len(),
        listed.join(", ")
    );
    routed_note(message, &networks)
}

fn routed_note(message: String, networks: &[Subnet]) -> Finding {
    let flags: Vec<String> = networks
        .iter()
        .map(|network| format!("--routed {network}"))
        .collect();
    let cure = format!(
        "If phones are behind that router, they get their configurations if the routing table of \
         this machine reaches them through a gateway. If the router answers ARP for them, or hides \
         their addresses, start with {}",
        flags.join(" ")
    );
    finding(code::ROUTED, Severity::Note, message, cure)
}

fn is_named(address: Ipv4Addr, routed: &[Subnet]) -> bool {
    routed.iter().any(|network| network.contains(address))
}

/// The network of this prefix that has the address, by its first address.
fn network(address: Ipv4Addr, prefix: u8) -> Subnet {
    let mask = u32::MAX
        .checked_shl(u32::from(HOST_PREFIX - prefix))
        .unwrap_or(0);
    Subnet {
        address: Ipv4Addr::from_bits(address.to_bits() & mask),
        prefix,
    }
}

/// The smallest network that has all these addresses.
fn common_network(addresses: &[Ipv4Addr]) -> Subnet {
    let first = addresses.first().map_or(0, |address| address.to_bits());
    let differing = addresses
        .iter()
        .fold(0, |bits, address| bits | (address.to_bits() ^ first));
    let prefix = u8::try_from(differing.leading_zeros()).unwrap_or(HOST_PREFIX);
    network(Ipv4Addr::from_bits(first), prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(address: [u8; 4], mask: Option<[u8; 4]>, relay: Option<[u8; 4]>) -> Offer {
        Offer {
            server: Ipv4Addr::new(10, 9, 9, 9),
            address: address.into(),
            mask: mask.map(Into::into),
            tftp_servers: Vec::new(),
            tftp_name: None,
            next_server: None,
            relay: relay.map(Into::into),
        }
    }

    #[test]
    fn an_offer_of_another_network_has_a_note_with_the_flag() {
        let interface = Interface::example("eth0", 1);
        let mask = Some([255, 255, 0, 0]);
        let note = |offer: &Offer, routed: &[&str]| {
            let routed: Vec<Subnet> = routed.iter().map(|text| text.parse().unwrap()).collect();
            of_offer(offer, &interface, &routed).map(|note| note.cure)
        };
        for (offer, flag) in [
            (offer([10, 2, 0, 7], mask, None), "--routed 10.2.0.0/16"),
            (offer([10, 2, 0, 7], None, None), "--routed 10.2.0.7/32"),
            (
                offer([10, 2, 0, 7], mask, Some([10, 2, 0, 1])),
                "--routed 10.2.0.0/16",
            ),
        ] {
            let cure = note(&offer, &[]).unwrap();
            assert!(cure.ends_with(flag), "{cure}");
            assert_eq!(note(&offer, &["10.2.0.0/16"]), None);
        }
        assert_eq!(note(&offer([192, 0, 2, 77], None, None), &[]), None);
        let own = offer([192, 0, 2, 77], None, Some([192, 0, 2, 254]));
        assert_eq!(note(&own, &[]), None, "the relay serves this network");
    }

    #[test]
    fn a_mac_with_several_addresses_has_a_note_with_the_flags() {
        let lines = |count: u8| {
            let line = |host: u8| format!("192.0.2.{host} 0x1 0x2 00:1d:45:aa:bb:99 * eth0\n");
            let lines: String = (100..100 + count).map(line).collect();
            ArpTable::parse(&format!("heading\n{lines}"))
        };
        let notes = |count, routed: &[Subnet]| of_table(&lines(count), "eth0", routed);
        assert!(notes(1, &[]).is_empty());
        let two = &notes(2, &[])[0].cure;
        let flags = "--routed 192.0.2.100/32 --routed 192.0.2.101/32";
        assert!(two.ends_with(flags), "{two}");
        let many = &notes(12, &[])[0].cure;
        assert!(many.ends_with("--routed 192.0.2.96/28"), "{many}");
        let named: Subnet = "192.0.2.96/28".parse().unwrap();
        assert!(notes(12, &[named]).is_empty());
        assert!(of_table(&lines(12), "eth1", &[]).is_empty());
    }
}
