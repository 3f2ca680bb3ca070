//! The network between the phone and this machine.

use std::net::Ipv4Addr;

use super::format::{clock, diagnosis, printable};
use crate::{
    diagnose::{Code, Diagnosis},
    track::{
        lease::{BootServer, LeaseOptions},
        observation::{EvidenceSource, RunTime},
        plan::Subnet,
    },
};

/// Addresses of option 150 that are listed; the rest are counted. Phones contact two.
const LISTED_SERVERS: usize = 4;

/// The phone tags its frames and is in another network.
pub(crate) fn voice_vlan(
    vlan: u16,
    source: EvidenceSource,
    address: Ipv4Addr,
    network: Subnet,
    since: RunTime,
) -> Diagnosis {
    let protocol = if source == EvidenceSource::Lldp {
        "LLDP"
    } else {
        "CDP"
    };
    diagnosis(
        Code::VoiceVlan,
        format!(
            "its {protocol} at {} reports that it tags its frames with VLAN {vlan}; its address \
             {address} is not in the served network {network}, and it sent no request here",
            clock(since)
        ),
        format!(
            "Connect this machine to VLAN {vlan}, or remove the voice VLAN from the phone's \
             switch port for the conversion, then restart the phone. If a router connects the two \
             networks, it is enough that the DHCP server of VLAN {vlan} announces this machine as \
             TFTP server."
        ),
    )
}

/// The address and boot options of a lease.
pub(crate) fn leased(address: Ipv4Addr, options: &LeaseOptions) -> String {
    let names = match options.boot_server() {
        BootServer::List(servers) => {
            let mut listed: Vec<String> = servers
                .iter()
                .take(LISTED_SERVERS)
                .map(ToString::to_string)
                .collect();
            if servers.len() > LISTED_SERVERS {
                listed.push(format!("{} more", servers.len() - LISTED_SERVERS));
            }
            let plural = if servers.len() == 1 { "" } else { "s" };
            format!("the TFTP server{plural} {} (option 150)", listed.join(", "))
        }
        BootServer::Address(server) => format!("the TFTP server {server} (option 66)"),
        BootServer::Name(name) => format!("the TFTP server '{}' (option 66)", printable(name)),
        BootServer::Next(next) => {
            format!("no TFTP server: neither option 150 nor option 66, only the next server {next}")
        }
        BootServer::None => {
            "no TFTP server: neither option 150, option 66 nor a next server".to_owned()
        }
    };
    format!(
        "DHCP server {} gave it {address} and names {names}",
        options.server
    )
}

/// The lease names another TFTP server. `addresses`: the phone's, and this machine's.
pub(crate) fn no_tftp_address(
    options: &LeaseOptions,
    (address, own): (Ipv4Addr, Ipv4Addr),
    since: RunTime,
) -> Diagnosis {
    let by_name = match options.boot_server() {
        BootServer::Name(_) => format!(", or make the DNS server resolve that name to {own}"),
        _ => String::new(),
    };
    diagnosis(
        Code::NoTftpAddress,
        format!(
            "{}; this machine is {own}, and the phone has sent no request here since {}",
            leased(address, options),
            clock(since)
        ),
        format!(
            "On DHCP server {} set option 150 to {own}, option 66 to the text \"{own}\" and the next \
             server to {own}{by_name}: `reflash check --paste KIND` prints the lines for each kind \
             of server. Then restart the phone. An alternate TFTP server that is set in the \
             phone itself overrides DHCP: switch it off, or set it to this machine.",
            options.server
        ),
    )
}
