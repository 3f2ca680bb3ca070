//! The DHCP server of `--dhcp isolated`.

use std::net::Ipv4Addr;

use crate::{
    dhcp::{
        BoundServer, PacketSocketError, Pool, ProbedServer, RunningServer, ServerConfig, StartError,
    },
    failure::Failure,
    preflight::{self, Interface, PortProtocol, SelectedInterface},
    privileges,
};

/// A DHCP server that is bound and does not serve yet.
#[derive(Debug)]
pub struct BoundDhcp {
    bound: BoundServer,
    config: ServerConfig,
    interface: String,
}

impl BoundDhcp {
    /// Opens the sockets, which needs privileges. `router`: the router option for phones.
    ///
    /// # Errors
    /// The serving address does not belong to one Ethernet interface, its subnet has no room
    /// for phones or does not contain `router`, or a socket cannot be opened.
    pub fn open(chosen: &SelectedInterface, router: Option<Ipv4Addr>) -> Result<Self, Failure> {
        let all = preflight::interfaces();
        let interface = all.iter().find(|one| one.address == chosen.address);
        let link = interface.and_then(Interface::link);
        let (Some(interface), Some(link)) = (interface, link) else {
            return Err(Failure::new(
                format!(
                    "--dhcp isolated needs one Ethernet interface; {} is not the first address of \
                     one",
                    chosen.address
                ),
                "Name the interface that leads to the phones: --interface NAME",
            ));
        };
        if let Some(router) = router.filter(|router| !interface.reaches(*router)) {
            return Err(Failure::new(
                format!(
                    "--dhcp-router {router} is not in the subnet of {}/{}",
                    interface.address, interface.prefix
                ),
                "Name a router in this subnet",
            ));
        }
        let reserved: Vec<Ipv4Addr> = router.into_iter().collect();
        let Some(pool) = Pool::new(interface.address, interface.prefix, &reserved) else {
            return Err(Failure::new(
                format!(
                    "the subnet {}/{} has no free address for a phone",
                    interface.address, interface.prefix
                ),
                "Give the interface an address with a shorter prefix, for example \
                 192.168.77.1/24, with your system's network settings",
            ));
        };
        Ok(Self {
            bound: BoundServer::open(link.clone()).map_err(|error| failure(&error))?,
            config: ServerConfig {
                address: interface.address,
                mac: link.mac,
                pool,
                router,
            },
            interface: interface.name.clone(),
        })
    }

    /// Probes for another DHCP server. Takes 6 s.
    ///
    /// # Errors
    /// Another server answers, or a socket or the ARP table cannot be used.
    pub fn probe(self) -> Result<ProbedDhcp, Failure> {
        let probed = self.bound.probe(self.config);
        probed.map(ProbedDhcp).map_err(|error| failure(&error))
    }

    /// A message for the operator.
    #[must_use]
    pub fn message(&self) -> String {
        format!(
            "DHCP: serving Cisco phones on {} with 10-minute leases and TFTP server {} (options \
             150 and 66, next server); no other client is answered",
            self.interface, self.config.address
        )
    }
}

/// A DHCP server that is the only one of its network.
#[derive(Debug)]
pub struct ProbedDhcp(ProbedServer);

impl ProbedDhcp {
    /// Serves on a thread of its own: privileges are dropped before.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(self) -> Result<RunningServer, Failure> {
        self.0.start().map_err(|error| failure(&error))
    }
}

fn failure(error: &StartError) -> Failure {
    let cure = match error {
        StartError::PacketSocket(PacketSocketError::NotAllowed) => privileges::how_to_grant(),
        StartError::Port(port) if port.kind() == std::io::ErrorKind::PermissionDenied => {
            privileges::how_to_grant()
        }
        StartError::Port(_) => match preflight::port_owner(PortProtocol::Udp, 67) {
            Some(holder) => match holder.how_to_stop() {
                (text, Some(command)) => format!("{holder} is using it. {text}: {command}"),
                (text, None) => format!("{holder} is using it. {text}"),
            },
            None => "Find the program that is using it: sudo ss -lnup 'sport = :67'".to_owned(),
        },
        StartError::OtherServer(_) => {
            return Failure::new(
                format!("{error} [second-dhcp]"),
                "Connect the phones and this machine to a separate switch, or remove --dhcp and \
                 set that server's option 150 to this machine (`reflash check` shows how)",
            );
        }
        _ => "Check that the interface is up: `ip link`".to_owned(),
    };
    Failure::new(error, cure)
}
