//! Where to serve: the flags that `convert` and `serve` share.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::Failure;
use crate::{
    preflight::{self, ChooseError, Chosen},
    tftp,
};

/// The port that phones ask. They know no other.
const TFTP_PORT: u16 = 69;

/// Where to serve.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct NetworkArgs {
    /// Serve on this network interface (`ip link` lists them).
    #[arg(long, value_name = "NAME", conflicts_with = "listen")]
    interface: Option<String>,
    /// Serve on this address of this machine.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<Ipv4Addr>,
    /// UDP port for requests; phones ask no other than 69.
    #[arg(long, value_name = "N", default_value_t = TFTP_PORT)]
    tftp_port: u16,
    /// UDP port that all transfers leave from, for a firewall's sake; 0: any.
    #[arg(long, value_name = "N", default_value_t = 0)]
    transfer_port: u16,
}

impl NetworkArgs {
    /// The address to serve from.
    pub(crate) fn choose(&self) -> Result<Chosen, Failure> {
        if let Some(address) = self.listen {
            let reason = "you named it".to_owned();
            return Ok(Chosen {
                address,
                interface: None,
                reason,
            });
        }
        preflight::choose(&preflight::interfaces(), self.interface.as_deref()).map_err(|error| {
            let cure = match &error {
                ChooseError::Several(_) => {
                    "Say which one the phones are connected to: --interface NAME"
                }
                ChooseError::Unknown { .. } => {
                    "Name one of these, or give it an address with your system's own tools"
                }
                _ => {
                    "Connect the cable and give the interface an address, or name an address \
                     yourself: --listen ADDRESS"
                }
            };
            Failure::new(error, cure)
        })
    }

    /// The engine, bound.
    pub(crate) fn bind(&self, address: Ipv4Addr) -> Result<tftp::Server, Failure> {
        bind(
            SocketAddrV4::new(address, self.tftp_port),
            self.transfer_port,
        )
    }
}

/// The engine, bound, or the words for why not.
pub(crate) fn bind(listen: SocketAddrV4, transfer_port: u16) -> Result<tftp::Server, Failure> {
    let config = tftp::Config {
        transfer_port,
        ..tftp::Config::new(listen)
    };
    tftp::Server::bind(&config).map_err(|error| {
        let why = match error.kind {
            tftp::BindErrorKind::Permission => "permission denied".to_owned(),
            tftp::BindErrorKind::InUse => "the port is in use".to_owned(),
            tftp::BindErrorKind::NotAvailable => "not an address of this machine".to_owned(),
            tftp::BindErrorKind::Other => error.source.to_string(),
        };
        let what = format!(
            "cannot listen on {} port {}: {why}",
            error.address, error.port
        );
        Failure::new(what, cure(&error))
    })
}

fn cure(error: &tftp::BindError) -> String {
    let port = error.port;
    match error.kind {
        tftp::BindErrorKind::Permission => {
            let program = std::env::current_exe()
                .map_or_else(|_| "reflash".to_owned(), |path| path.display().to_string());
            format!(
                "Ports below 1024 need a right. Run it with sudo, or give the program the right \
                 once and for all:\n    sudo setcap cap_net_bind_service,cap_net_raw+ep {program}"
            )
        }
        tftp::BindErrorKind::InUse => match preflight::udp_holder(port) {
            Some(holder) => format!(
                "{holder} has it. Stop it for the time of the conversion (sudo systemctl stop \
                 {}, or sudo kill {}), then start again",
                holder.name, holder.pid
            ),
            None => format!(
                "Another program has it; this user may not see which. Find it with: sudo ss \
                 -lunp 'sport = :{port}'"
            ),
        },
        tftp::BindErrorKind::NotAvailable => {
            "No interface of this machine has that address: `ip address` lists those there are"
                .to_owned()
        }
        tftp::BindErrorKind::Other => String::new(),
    }
}
