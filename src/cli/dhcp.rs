//! Who gives the phones their addresses: the flags that `check` and `convert` share.

use std::net::Ipv4Addr;

use super::Failure;
use crate::{
    dhcp::{BoundServer, PacketSocketError, Pool, RunningServer, ServerConfig, StartError},
    preflight::{self, Interface, Protocol, SelectedInterface},
};

/// Who gives addresses.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DhcpArgs {
    /// Who gives the phones addresses.
    #[arg(long, value_name = "WHO", default_value = "off")]
    dhcp: Mode,
    /// The router that phones are told of; default: none.
    #[arg(long, value_name = "ADDRESS")]
    dhcp_router: Option<Ipv4Addr>,
}

/// Who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Mode {
    /// The network's own DHCP server.
    Off,
    /// This program, to Cisco phones alone, on a network without another server.
    Isolated,
}

/// A server that is bound and does not serve yet.
#[derive(Debug)]
pub(crate) struct Waiting {
    bound: BoundServer,
    config: ServerConfig,
    interface: String,
}

impl DhcpArgs {
    /// Whether this program gives the addresses.
    pub(crate) fn isolated(&self) -> Result<bool, Failure> {
        let isolated = self.dhcp == Mode::Isolated;
        if !isolated && self.dhcp_router.is_some() {
            return Err(Failure::usage(
                "--dhcp-router is for a DHCP server of this program",
                "Add --dhcp isolated, or leave --dhcp-router out",
            ));
        }
        Ok(isolated)
    }

    /// Opens the sockets, while there are rights for it.
    pub(crate) fn open(&self, chosen: &SelectedInterface) -> Result<Option<Waiting>, Failure> {
        if !self.isolated()? {
            return Ok(None);
        }
        let all = preflight::interfaces();
        let interface = all.iter().find(|one| one.address == chosen.address);
        let link = interface.and_then(Interface::link);
        let (Some(interface), Some(link)) = (interface, link) else {
            return Err(Failure::new(
                format!(
                    "--dhcp isolated needs one Ethernet interface, and {} is none's first address",
                    chosen.address
                ),
                "Name the interface that leads to the phones: --interface NAME",
            ));
        };
        if let Some(router) = self
            .dhcp_router
            .filter(|router| !interface.reaches(*router))
        {
            return Err(Failure::new(
                format!(
                    "--dhcp-router {router} is not in the subnet of {}/{}",
                    interface.address, interface.prefix
                ),
                "Name a router that phones of this subnet reach",
            ));
        }
        let never: Vec<Ipv4Addr> = self.dhcp_router.into_iter().collect();
        let Some(pool) = Pool::new(interface.address, interface.prefix, &never) else {
            return Err(Failure::new(
                format!(
                    "the subnet {}/{} has no address for a phone",
                    interface.address, interface.prefix
                ),
                "Give the interface an address with a shorter prefix, such as 192.168.77.1/24, \
                 with your system's own tools",
            ));
        };
        Ok(Some(Waiting {
            bound: BoundServer::open(link).map_err(|error| failure(&error))?,
            config: ServerConfig {
                address: interface.address,
                pool,
                router: self.dhcp_router,
            },
            interface: interface.name.clone(),
        }))
    }
}

impl Waiting {
    /// Looks for another server, then serves. Takes 6 s.
    pub(crate) fn start(self) -> Result<RunningServer, Failure> {
        self.bound
            .start(self.config)
            .map_err(|error| failure(&error))
    }

    /// What a person should know of it.
    pub(crate) fn words(&self) -> String {
        format!(
            "DHCP: gives Cisco phones on {} addresses for 10 minutes at a time, and names {} to \
             them (options 150 and 66, next server). Nobody else is answered",
            self.interface, self.config.address
        )
    }
}

fn failure(error: &StartError) -> Failure {
    let cure = match error {
        StartError::PacketSocket(PacketSocketError::NotAllowed) => rights(),
        StartError::Port(port) if port.kind() == std::io::ErrorKind::PermissionDenied => rights(),
        StartError::Port(_) => match preflight::port_owner(Protocol::Udp, 67) {
            Some(holder) => format!(
                "{holder} has it. Stop it for the time of the conversion: {}",
                holder.stop()
            ),
            None => "Find who has it: sudo ss -lnup 'sport = :67'".to_owned(),
        },
        StartError::Second(_) => {
            return Failure::new(
                format!("{error} [second-dhcp]"),
                "Connect the phones and this machine to a switch of their own, or leave --dhcp \
                 out and point that server's option 150 here (reflash check says how)",
            );
        }
        _ => "See that the interface is up: `ip link`".to_owned(),
    };
    Failure::new(error, cure)
}

fn rights() -> String {
    let program = std::env::current_exe()
        .map_or_else(|_| "reflash".to_owned(), |path| path.display().to_string());
    format!(
        "Run it with sudo, or give the program the rights once and for all:\n    sudo setcap \
         cap_net_bind_service,cap_net_raw+ep {program}"
    )
}
