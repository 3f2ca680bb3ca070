//! Where to serve: the flags that `convert` and `serve` share.

use std::{
    io,
    net::{Ipv4Addr, SocketAddrV4},
};

use super::Failure;
use crate::{
    http,
    preflight::{self, ChooseError, Chosen, Protocol},
    tftp::{self, BindErrorKind},
};

/// The port that phones ask. They know no other.
const TFTP_PORT: u16 = 69;

/// The port that loads from 9.3 on ask first.
const HTTP_PORT: u16 = 6970;

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
    /// TCP port for HTTP, which loads from 9.3 on try first; 0: no HTTP.
    #[arg(long, value_name = "N", default_value_t = HTTP_PORT)]
    http_port: u16,
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

    /// The HTTP server, bound, if there is to be one.
    pub(crate) fn bind_http(&self, address: Ipv4Addr) -> Result<Option<http::Server>, Failure> {
        if self.http_port == 0 {
            return Ok(None);
        }
        let listen = SocketAddrV4::new(address, self.http_port);
        http::Server::bind(listen).map(Some).map_err(|error| {
            let kind = BindErrorKind::of(&error);
            let mut cure = cure(kind, Protocol::Tcp, self.http_port);
            if kind == BindErrorKind::InUse {
                cure += ". Or go without HTTP: --http-port 0 (phones then use TFTP)";
            }
            Failure::new(cannot_listen(listen, kind, &error), cure)
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
        let at = SocketAddrV4::new(error.address, error.port);
        let cure = cure(error.kind, Protocol::Udp, error.port);
        Failure::new(cannot_listen(at, error.kind, &error.source), cure)
    })
}

fn cannot_listen(at: SocketAddrV4, kind: BindErrorKind, error: &io::Error) -> String {
    let why = match kind {
        BindErrorKind::Permission => "permission denied".to_owned(),
        BindErrorKind::InUse => "the port is in use".to_owned(),
        BindErrorKind::NotAvailable => "not an address of this machine".to_owned(),
        BindErrorKind::Other => error.to_string(),
    };
    format!("cannot listen on {} port {}: {why}", at.ip(), at.port())
}

fn cure(kind: BindErrorKind, protocol: Protocol, port: u16) -> String {
    match kind {
        BindErrorKind::Permission => {
            let program = std::env::current_exe()
                .map_or_else(|_| "reflash".to_owned(), |path| path.display().to_string());
            format!(
                "Ports below 1024 need a right. Run it with sudo, or give the program the right \
                 once and for all:\n    sudo setcap cap_net_bind_service,cap_net_raw+ep {program}"
            )
        }
        BindErrorKind::InUse => match preflight::holder(protocol, port) {
            Some(holder) => format!(
                "{holder} has it. Stop it for the time of the conversion (sudo systemctl stop \
                 {}, or sudo kill {}), then start again",
                holder.name, holder.pid
            ),
            None => format!(
                "Another program has it; this user may not see which. Find it with: sudo ss \
                 -ln{}p 'sport = :{port}'",
                match protocol {
                    Protocol::Udp => 'u',
                    Protocol::Tcp => 't',
                }
            ),
        },
        BindErrorKind::NotAvailable => {
            "No interface of this machine has that address: `ip address` lists those there are"
                .to_owned()
        }
        BindErrorKind::Other => String::new(),
    }
}
