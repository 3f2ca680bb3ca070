//! Where to serve: the flags that `convert` and `serve` share.

use std::{
    io,
    net::{Ipv4Addr, SocketAddrV4},
    path::PathBuf,
};

use super::{Failure, privileges};
use crate::{
    http,
    preflight::{self, Protocol, SelectedInterface},
    tftp::{self, BindErrorKind, policy},
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
    /// Let Prometheus read what is counted at http://ADDRESS:PORT/metrics; who can reach that
    /// can read it.
    #[arg(long, value_name = "ADDRESS:PORT")]
    metrics: Option<SocketAddrV4>,
    /// The engine that serves over TFTP.
    #[arg(long, value_name = "ENGINE", default_value = "native")]
    engine: Engine,
    /// Transfers over TFTP at once.
    #[arg(long, value_name = "N", default_value_t = policy::TRANSFERS, value_parser = count)]
    max_transfers: usize,
    /// Transfers over TFTP at once to one address.
    #[arg(long, value_name = "N", default_value_t = policy::TRANSFERS_PER_ADDRESS,
          value_parser = count)]
    max_per_address: usize,
    /// As root: become this user once the ports are open; default: who called sudo.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Mark what is sent for the network's queues: 0 to 63, 0 for nothing special.
    #[arg(long, value_name = "N", default_value_t = 0,
          value_parser = clap::value_parser!(u8).range(0..=63))]
    dscp: u8,
}

/// At least one, and no more than what memory was measured for.
fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=TRANSFERS_MOST) => Ok(count),
        _ => Err(format!("expected a number from 1 to {TRANSFERS_MOST}")),
    }
}

/// The most transfers at once that may be asked for: about 1 KB each.
const TRANSFERS_MOST: usize = 65_536;

/// Which engine serves over TFTP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Engine {
    /// This program's own: it sees every acknowledgement.
    #[default]
    Native,
    /// The crate async-tftp: it sees no final acknowledgement, so that images count as
    /// implied at best.
    AsyncTftp,
}

impl Engine {
    fn kind(self) -> tftp::EngineKind {
        match self {
            Self::Native => tftp::EngineKind::Native,
            Self::AsyncTftp => tftp::EngineKind::AsyncTftp,
        }
    }

    /// What a person has to know of the evidence that it gives; said before and after.
    pub(crate) fn words(self) -> Vec<String> {
        match self {
            Self::Native => Vec::new(),
            Self::AsyncTftp => vec![
                "engine async-tftp: it sees neither a phone's last acknowledgement nor its \
                 errors. Over TFTP no file is called delivered; \"implied\" means that every \
                 block was sent and the phone went on, \"vanished\" may be a file that arrived. \
                 A phone counts as converted only when a witness names its load"
                    .to_owned(),
            ],
        }
    }
}

impl NetworkArgs {
    /// Gives all rights away; the ports are bound by now. Returns what to say of it.
    pub(crate) fn drop_privileges(&self) -> Result<Vec<String>, Failure> {
        privileges::drop_all(self.user.as_deref())
    }

    /// Where the user that serves keeps its journals.
    pub(crate) fn state_folder(&self) -> Result<Option<PathBuf>, Failure> {
        privileges::state_folder(self.user.as_deref())
    }

    /// What a person has to know of how it is served; said before and after.
    pub(crate) fn words(&self) -> Vec<String> {
        self.engine.words()
    }

    /// The address to serve from.
    pub(crate) fn choose(&self) -> Result<SelectedInterface, Failure> {
        if let Some(address) = self.listen {
            let reason = "you named it".to_owned();
            return Ok(SelectedInterface {
                address,
                interface: None,
                reason,
            });
        }
        preflight::choose(&preflight::interfaces(), self.interface.as_deref()).map_err(|error| {
            let cure = error.cure();
            Failure::new(error, cure)
        })
    }

    /// What `check` is to look at.
    pub(crate) fn wanted(&self, isolated: bool) -> preflight::CheckOptions {
        preflight::CheckOptions {
            interface: self.interface.clone(),
            listen: self.listen,
            tftp_port: self.tftp_port,
            http_port: self.http_port,
            transfer_port: self.transfer_port,
            isolated,
        }
    }

    /// The HTTP server, bound, if there is to be one.
    pub(crate) fn bind_http(&self, address: Ipv4Addr) -> Result<Option<http::Server>, Failure> {
        if self.http_port == 0 {
            return Ok(None);
        }
        let listen = SocketAddrV4::new(address, self.http_port);
        http::Server::bind(listen, self.dscp)
            .map(Some)
            .map_err(|error| {
                let kind = BindErrorKind::of(&error);
                let mut cure = cure(kind, Protocol::Tcp, listen);
                if kind == BindErrorKind::InUse {
                    cure += ". Or go without HTTP: --http-port 0 (phones then use TFTP)";
                }
                Failure::new(cannot_listen(listen, kind, &error), cure)
            })
    }

    /// Where what is counted can be read, bound, if it is to be.
    pub(crate) fn bind_metrics(&self) -> Result<Option<http::Server>, Failure> {
        let Some(listen) = self.metrics else {
            return Ok(None);
        };
        http::Server::bind(listen, 0).map(Some).map_err(|error| {
            let kind = BindErrorKind::of(&error);
            let cure = cure(kind, Protocol::Tcp, listen);
            Failure::new(cannot_listen(listen, kind, &error), cure)
        })
    }

    /// The engine, bound.
    pub(crate) fn bind(&self, address: Ipv4Addr) -> Result<tftp::Bound, Failure> {
        if self.engine == Engine::AsyncTftp {
            self.suits_async_tftp(address)?;
        }
        let config = tftp::Config {
            transfer_port: self.transfer_port,
            dscp: self.dscp,
            limits: policy::Limits {
                transfers: self.max_transfers,
                transfers_per_address: self.max_per_address,
                ..policy::Limits::default()
            },
            ..tftp::Config::new(SocketAddrV4::new(address, self.tftp_port))
        };
        bind(self.engine, &config)
    }

    /// The crate opens its transfers' sockets itself, wherever the system likes.
    fn suits_async_tftp(&self, address: Ipv4Addr) -> Result<(), Failure> {
        let cannot = |what: &str, cure: &str| {
            let error = format!("the engine async-tftp cannot {what}");
            Err(Failure::usage(error, cure))
        };
        if address.is_unspecified() {
            return cannot(
                "answer from the address that was asked",
                "Listen on one address, or use --engine native",
            );
        }
        if self.transfer_port != 0 {
            return cannot(
                "keep to one transfer port",
                "Leave --transfer-port out, or use --engine native",
            );
        }
        if self.dscp != 0 {
            return cannot("mark packets", "Leave --dscp out, or use --engine native");
        }
        Ok(())
    }
}

/// The engine, bound, or the words for why not.
pub(crate) fn bind(engine: Engine, config: &tftp::Config) -> Result<tftp::Bound, Failure> {
    tftp::Bound::bind(engine.kind(), config).map_err(|error| {
        let at = SocketAddrV4::new(error.address, error.port);
        let cure = cure(error.kind, Protocol::Udp, at);
        Failure::new(cannot_listen(at, error.kind, &error.source), cure)
    })
}

/// Why a port could not be taken, and who has it.
pub(crate) fn cannot_bind(at: SocketAddrV4, protocols: &[Protocol], error: &io::Error) -> Failure {
    let kind = BindErrorKind::of(error);
    let held = |protocol: &&Protocol| preflight::port_owner_at(**protocol, at).is_some();
    let protocol = protocols.iter().find(held).or(protocols.last());
    let protocol = protocol.copied().unwrap_or(Protocol::Tcp);
    Failure::new(cannot_listen(at, kind, error), cure(kind, protocol, at))
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

fn cure(kind: BindErrorKind, protocol: Protocol, at: SocketAddrV4) -> String {
    let port = at.port();
    match kind {
        BindErrorKind::Permission => {
            format!("Ports below 1024 need a right. {}", privileges::how())
        }
        BindErrorKind::InUse => match preflight::port_owner_at(protocol, at) {
            Some(holder) => format!(
                "{holder} has it. Stop it for the time of the conversion ({}), then start again",
                holder.stop()
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
