//! Checks of what the network's DHCP servers offer phones.

use std::net::Ipv4Addr;

use super::{
    Interface,
    finding::{code, finding},
    routed,
};
use crate::{
    dhcp::{Offer, ServerKind},
    diagnose::{Finding, Severity},
    track::Subnet,
};

/// Maximum number of characters shown of option 66.
const SHOWN: usize = 80;

/// What the offers are compared with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expectation<'a> {
    /// The interface that phones must reach.
    pub(super) interface: &'a Interface,
    /// Whether this program's own server will assign addresses.
    pub(super) isolated: bool,
    /// Networks behind a router, as the operator says.
    pub(super) routed: &'a [Subnet],
    /// The DHCP server on this machine, if recognised.
    pub(super) local: Option<ServerKind>,
}

/// Every finding about the offers.
pub(super) fn check_offers(offers: &[Offer], expected: Expectation<'_>) -> Vec<Finding> {
    let name = &expected.interface.name;
    if expected.isolated {
        return offers
            .iter()
            .map(|offer| conflicting_server(offer, name))
            .collect();
    }
    if offers.is_empty() {
        return vec![no_server(name, expected.interface.address)];
    }
    let mut findings: Vec<Finding> = offers
        .iter()
        .flat_map(|offer| check_offer(offer, expected))
        .collect();
    if offers.len() > 1 {
        let servers: Vec<String> = offers
            .iter()
            .map(|offer| offer.server.to_string())
            .collect();
        findings.push(finding(
            code::SECOND_DHCP,
            Severity::Warning,
            format!(
                "{} DHCP servers answer on {name}: {}. A phone takes the first offer, which may \
                 differ at every boot",
                servers.len(),
                servers.join(", ")
            ),
            "Turn all but one off, or connect the phones and this machine to a separate switch",
        ));
    }
    findings
}

fn conflicting_server(offer: &Offer, name: &str) -> Finding {
    finding(
        code::SECOND_DHCP,
        Severity::Error,
        format!(
            "{} answers DHCP on {name}: --dhcp isolated needs a network without another server",
            offer.server
        ),
        "Connect the phones and this machine to a separate switch, or omit --dhcp and point that \
         server's option 150 at this machine",
    )
}

fn no_server(name: &str, own: Ipv4Addr) -> Finding {
    finding(
        code::NO_TFTP_ADDRESS,
        Severity::Error,
        format!(
            "no DHCP server answered on {name} within 6 s: phones get no address and cannot find \
             this machine"
        ),
        format!(
            "Connect this machine to the phones' network (their voice VLAN may differ from yours). \
             If you run their DHCP server (a router or the PBX), start it and set its option 150 \
             to {own}. Without a server, use a separate switch and let this program assign \
             addresses: --dhcp isolated"
        ),
    )
}

/// The findings about one server's offer.
fn check_offer(offer: &Offer, expected: Expectation<'_>) -> Vec<Finding> {
    let (own, prefix) = (expected.interface.address, expected.interface.prefix);
    let server = offer.server;
    let direction = match offer.tftp_servers.as_slice() {
        [] => by_name(offer, own),
        listed => by_list(server, listed, own),
    };
    let mut findings = vec![match direction {
        Direction::Here(how) => finding(
            code::DHCP,
            Severity::Note,
            format!("DHCP server {server} announces this machine as TFTP server ({how})"),
            "",
        ),
        Direction::Elsewhere(severity, what) => finding(
            code::NO_TFTP_ADDRESS,
            severity,
            what,
            configuration_lines(server, expected),
        ),
    }];
    if offer.tftp_servers.first() == Some(&own)
        && let Some(name) = offer.tftp_name.as_deref()
        && address_of(name) != Some(own)
    {
        let message = format!(
            "DHCP server {server} sends {} in option 66 but this machine in option 150; a phone \
             that uses option 66 uses that server",
            shown(name)
        );
        let cure = configuration_lines(server, expected);
        findings.push(finding(
            code::NO_TFTP_ADDRESS,
            Severity::Note,
            message,
            cure,
        ));
    }
    if !expected.interface.reaches(offer.address) {
        let message = format!(
            "DHCP server {server} assigns phones addresses such as {}, outside the subnet of \
             {own}/{prefix}: they reach this machine only through a router",
            offer.address
        );
        let cure = "Serve from an address in the phones' subnet, or make sure that the router \
                    forwards UDP";
        findings.push(finding(
            code::WRONG_INTERFACE,
            Severity::Warning,
            message,
            cure,
        ));
    }
    findings.extend(routed::of_offer(offer, expected.interface, expected.routed));
    findings
}

/// Where a server directs phones.
enum Direction {
    /// To this machine, by this option.
    Here(&'static str),
    /// Elsewhere, or possibly elsewhere.
    Elsewhere(Severity, String),
}

/// Where option 150, which phones prefer, directs phones.
fn by_list(server: Ipv4Addr, listed: &[Ipv4Addr], own: Ipv4Addr) -> Direction {
    match listed.first() {
        Some(first) if *first == own => Direction::Here("option 150"),
        Some(first) if listed.contains(&own) => Direction::Elsewhere(
            Severity::Warning,
            format!(
                "DHCP server {server} names {first} before this machine ({own}) in option 150: \
                 phones use the first as long as it answers"
            ),
        ),
        first => Direction::Elsewhere(
            Severity::Error,
            format!(
                "DHCP server {server} sends phones to {} (option 150), and this machine is {own}",
                first.map_or_else(|| "no server".to_owned(), ToString::to_string)
            ),
        ),
    }
}

/// Where an offer without option 150 directs phones: by option 66, or else by the next server.
fn by_name(offer: &Offer, own: Ipv4Addr) -> Direction {
    let server = offer.server;
    let name = offer.tftp_name.as_deref();
    match (name, name.and_then(address_of)) {
        (_, Some(address)) if address == own => Direction::Here("option 66"),
        (_, Some(other)) => Direction::Elsewhere(
            Severity::Error,
            format!(
                "DHCP server {server} sends phones to {other} (option 66), and this machine is \
                 {own}"
            ),
        ),
        (Some(name), None) => Direction::Elsewhere(
            Severity::Warning,
            format!(
                "DHCP server {server} sends a name in option 66 ({}) and no option 150: phones \
                 find this machine only if their DNS server resolves it to {own}",
                shown(name)
            ),
        ),
        (None, None) if offer.next_server == Some(own) => Direction::Elsewhere(
            Severity::Warning,
            format!(
                "DHCP server {server} names this machine only as next server, without options 150 \
                 and 66: not every phone uses that"
            ),
        ),
        (None, None) => Direction::Elsewhere(
            Severity::Error,
            format!(
                "DHCP server {server} offers an address but no TFTP server: neither option 150 \
                 nor option 66"
            ),
        ),
    }
}

/// The address in option 66, if it is one; some servers end it with a NUL.
fn address_of(name: &str) -> Option<Ipv4Addr> {
    name.trim_end_matches('\0').trim().parse().ok()
}

/// The configuration lines for a recognised server; else how to print them.
fn configuration_lines(server: Ipv4Addr, expected: Expectation<'_>) -> String {
    let own = expected.interface.address;
    let kinds: Vec<&str> = ServerKind::ALL.map(ServerKind::flag_value).into();
    match expected.local.filter(|_| server == own) {
        Some(kind) => {
            let lines = kind.config_snippet(own).replace('\n', "\n    ");
            format!(
                "This is {kind} on this machine. Add:\n    {}",
                lines.trim_end()
            )
        }
        None => format!(
            "Set option 150, option 66 and the next server to {own} on it. `reflash check --paste \
             KIND` prints the lines: {}",
            kinds.join(", ")
        ),
    }
}

/// Text from the wire, cut; escaped where it is printed.
fn shown(text: &str) -> String {
    let cut: String = text.chars().take(SHOWN).collect();
    format!("\"{cut}\"")
}

#[cfg(test)]
mod tests;
