//! The network between the phone and this machine.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::format::{clock, diagnosis, printable};
use crate::{
    diagnose::{Code, Diagnosis},
    track::{
        lease::{BootServer, LeaseOptions},
        observation::{EvidenceSource, RunTime},
        plan::Subnet,
        withheld::Forgery,
    },
};

/// Addresses of option 150 that are listed; the rest are counted. Phones contact two.
const LISTED_SERVERS: usize = 4;

/// Another sender uses the phone's address.
pub(crate) fn forged(address: Ipv4Addr, sign: Forgery, at: RunTime) -> Diagnosis {
    let what = match sign {
        Forgery::Guesses => {
            "acknowledgements from {address} reach ports that serve it nothing, as if their sender \
             does not see the transfers and guesses their ports"
        }
        Forgery::Flood => {
            "more requests arrive from {address} than the server answers, 200 per second in the long \
             run, and phones send one"
        }
    };
    diagnosis(
        Code::ForgedPackets,
        format!(
            "at {} {}",
            clock(at),
            what.replace("{address}", &address.to_string())
        ),
        "Another host forges the phone's address, or a second device has it. The switch shows at \
         which port frames with this source address enter; IP source guard and dynamic ARP inspection \
         stop them there. The phone repeats its requests and is served, more slowly. Check on the \
         phone itself what the report says of it.",
    )
}

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

/// The lease names another TFTP server, or none. `addresses`: the phone's, and this machine's.
pub(crate) fn no_tftp_address(
    options: &LeaseOptions,
    (address, own): (Ipv4Addr, Option<Ipv4Addr>),
    since: RunTime,
) -> Diagnosis {
    let by_name = match options.boot_server() {
        BootServer::Name(_) => {
            let machine = own.map_or_else(|| "the TFTP server".to_owned(), |own| own.to_string());
            format!(", or make the DNS server resolve that name to {machine}")
        }
        _ => String::new(),
    };
    let set = own.map_or_else(
        || "option 150, option 66 and the next server to the address of the TFTP server".to_owned(),
        |own| {
            format!(
                "option 150 to {own}, option 66 to the text \"{own}\" and the next server to {own}"
            )
        },
    );
    let observed = own.map_or_else(
        || "no request of the phone was observed".to_owned(),
        |own| format!("this machine is {own}, and the phone has sent no request here"),
    );
    diagnosis(
        Code::NoTftpAddress,
        format!(
            "{}; {observed} since {}",
            leased(address, options),
            clock(since)
        ),
        format!(
            "On DHCP server {} set {set}{by_name}: `reflash check --paste KIND` prints the lines \
             for each kind of server. Then restart the phone. An alternate TFTP server that is set in the \
             phone itself overrides DHCP: switch it off, or set it to that address.",
            options.server
        ),
    )
}

/// The phone asks for an address, and no DHCP server answers.
pub(crate) fn no_lease(count: u32, first: RunTime, last: RunTime) -> Diagnosis {
    diagnosis(
        Code::NoTftpAddress,
        format!(
            "asked for an address by DHCP {count} times between {} and {}, and no DHCP server \
             answered, as far as observed",
            clock(first),
            clock(last)
        ),
        "The phone has no address and knows no TFTP server. Start a DHCP server in the phone's \
         network that names the TFTP server in option 150 (this program can be it: --dhcp \
         isolated; `reflash check --paste KIND` prints the lines for other servers). If one runs: \
         it has no free address or does not serve this MAC, or the phone's switch port puts it \
         into another (voice) VLAN than the server's.",
    )
}

/// The lease leads the phone to the server, and the phone sends no request.
pub(crate) fn no_request(
    options: &LeaseOptions,
    (address, own): (Ipv4Addr, Option<Ipv4Addr>),
    since: RunTime,
) -> Diagnosis {
    let observed = own.map_or_else(
        || "no request of the phone was observed".to_owned(),
        |own| format!("this machine is {own}, and no request of the phone arrived"),
    );
    let server = match own {
        Some(_) => String::new(),
        None => format!(
            "If the named server is not the one that should serve the phone, set option 150 and 66 \
             on DHCP server {}. ",
            options.server
        ),
    };
    diagnosis(
        Code::NoRequest,
        format!(
            "{}; {observed} since {}",
            leased(address, options),
            clock(since)
        ),
        format!(
            "{server}Check in this order. In the phone: Settings > Network Configuration > \
             Alternate TFTP must be No, as it overrides DHCP. In the lease: the router and the \
             netmask, if the server is in another network. Where this was observed: requests to \
             another machine are visible only on that machine or a mirrored port. If nothing \
             helps and the bundle has a recovery manifest for its model, reset it to factory \
             settings: a boot loader that has lost its default load requests nothing."
        ),
    )
}

/// No TFTP server listens where the phone sends its requests.
pub(crate) fn no_tftp_server(
    name: &str,
    server: SocketAddrV4,
    count: u32,
    since: RunTime,
) -> Diagnosis {
    diagnosis(
        Code::NoTftpServer,
        format!(
            "requested '{}' at {} port {}, and ICMP port unreachable came back {count} times since \
             {}",
            printable(name),
            server.ip(),
            server.port(),
            clock(since)
        ),
        format!(
            "Start the TFTP server on {ip}, on that address and UDP port {port} (`ss -lnup` lists \
             what listens there), or let DHCP option 150 and 66 name the machine where it runs. A \
             firewall that rejects port {port} answers in the same way: allow it there.",
            ip = server.ip(),
            port = server.port()
        ),
    )
}

/// Requests of the PBX find the phone's port closed. `listens`: the port that its REGISTER names.
pub(crate) fn contact_unreachable(
    (contact, pbx): (SocketAddrV4, SocketAddrV4),
    listens: Option<u16>,
    count: u32,
    since: RunTime,
) -> Diagnosis {
    let port = listens
        .filter(|port| *port != contact.port())
        .map_or_else(String::new, |port| {
            format!("; its REGISTER says that it listens on port {port}")
        });
    diagnosis(
        Code::ContactUnreachable,
        format!(
            "requests of the PBX {pbx} to {contact} were answered with ICMP port unreachable \
             {count} times since {}: the phone does not listen on that port{port}",
            clock(since)
        ),
        "Calls to the phone do not arrive. Write rewrite_contact=no and force_rport=no into the \
         line's endpoint in pjsip.conf (nat=no in sip.conf) and reload the PBX: these phones send \
         from any port and listen on voipControlPort. Then restart the phone, so that it \
         registers again. Or use TCP (transportLayerProtocol 1).",
    )
}
