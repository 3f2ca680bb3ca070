//! The words of what a DHCP server told a phone.

use std::net::Ipv4Addr;

use super::{clock, diagnosis, shown};
use crate::{
    diagnose::{Code, Diagnosis},
    track::{BootServer, LeaseOptions, RunTime},
};

/// Addresses of option 150 that are shown; more are counted. Phones ask two.
const SHOWN_SERVERS: usize = 4;

/// What a server gave and told.
pub(crate) fn leased(address: Ipv4Addr, leased: &LeaseOptions) -> String {
    let names = match leased.boot_server() {
        BootServer::List(listed) => {
            let mut words: Vec<String> = listed
                .iter()
                .take(SHOWN_SERVERS)
                .map(ToString::to_string)
                .collect();
            if listed.len() > SHOWN_SERVERS {
                words.push(format!("{} more", listed.len() - SHOWN_SERVERS));
            }
            let plural = if listed.len() == 1 { "" } else { "s" };
            format!("the TFTP server{plural} {} (option 150)", words.join(", "))
        }
        BootServer::Address(server) => format!("the TFTP server {server} (option 66)"),
        BootServer::Name(name) => format!("the TFTP server '{}' (option 66)", shown(name)),
        BootServer::Next(next) => {
            format!("no TFTP server: neither option 150 nor option 66, only the next server {next}")
        }
        BootServer::Nowhere => {
            "no TFTP server: neither option 150, option 66 nor a next server".to_owned()
        }
    };
    format!(
        "DHCP server {} gave it {address} and names {names}",
        leased.server
    )
}

/// `addresses`: the phone's, and this machine's.
pub(crate) fn no_tftp_address(
    told: &LeaseOptions,
    (address, own): (Ipv4Addr, Ipv4Addr),
    since: RunTime,
) -> Diagnosis {
    let by_name = match told.boot_server() {
        BootServer::Name(_) => format!(", or let the DNS server say {own} for that name"),
        _ => String::new(),
    };
    diagnosis(
        Code::NoTftpAddress,
        format!(
            "{}; this machine is {own}, and since {} it asked for nothing here",
            leased(address, told),
            clock(since)
        ),
        format!(
            "On DHCP server {} set option 150 to {own}, option 66 to the text \"{own}\" and the next \
             server to {own}{by_name}: `reflash check --paste KIND` prints the lines for each kind \
             of server. Then restart the phone. An alternate TFTP server that is set in the \
             phone itself outweighs DHCP: it has to be off, or this machine.",
            told.server
        ),
    )
}
