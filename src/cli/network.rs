//! Network flags, which `check`, `convert` and `serve` share.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    path::Path,
};

use super::{
    heading,
    metrics::MetricsArgs,
    number::{number, port, transfer_ports},
    web::WebArgs,
};
use crate::{
    failure::Failure,
    inputs::stage_failure,
    preflight::{self, SelectedInterface},
    privileges,
    services::servers::{self, BoundServers},
    stage::{Stage, StageError},
    tftp::{self, policy},
    track::Subnet,
};

/// The TFTP port that phones use; they know no other.
const TFTP_PORT: u16 = 69;

/// The HTTP port that loads from 9.3 on try first.
const HTTP_PORT: u16 = 6970;

/// Where and how to serve.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct NetworkArgs {
    /// Serve on this network interface
    ///
    /// `ip link` lists them. Default: the only interface with a link, or the only wired one.
    #[arg(long, value_name = "NAME", conflicts_with = "listen", help_heading = heading::NETWORK)]
    interface: Option<String>,
    /// Serve on this address of this machine
    #[arg(long, value_name = "ADDRESS", help_heading = heading::NETWORK)]
    listen: Option<Ipv4Addr>,
    /// UDP port for TFTP requests
    ///
    /// Phones use port 69 and no other; another port is for tests and port forwarding.
    #[arg(long, value_name = "N", default_value_t = TFTP_PORT, value_parser = port(TFTP_PORT),
          help_heading = heading::NETWORK)]
    tftp_port: u16,
    /// TCP port for HTTP; 0: no HTTP
    ///
    /// Loads from 9.3 on try HTTP before TFTP.
    #[arg(long, value_name = "N", default_value_t = HTTP_PORT, value_parser = port(HTTP_PORT),
          help_heading = heading::NETWORK)]
    http_port: u16,
    /// UDP ports of transfers; 0: any
    ///
    /// A range such as 30000-30255. By default 256 random ports, of which a random one serves each
    /// transfer: a host that sees no packet of a transfer has to guess its port. A fixed range is
    /// for firewalls that need one; N alone is N and N+1, which a forger guesses at once.
    #[arg(long = "transfer-port", value_name = "N", default_value = "0",
          value_parser = transfer_ports, help_heading = heading::NETWORK)]
    transfer_ports: tftp::TransferPorts,
    /// Network of phones behind a router: 10.2.0.0/16
    ///
    /// Repeatable. A configuration may hold passwords: an address gets only that of the phone that
    /// ARP shows there. Networks that the routing table reaches through a gateway are served
    /// without this; name those whose router answers ARP for the phones or hides their addresses.
    #[arg(long, value_name = "NETWORK", help_heading = heading::NETWORK)]
    routed: Vec<Subnet>,
    /// Another name of this machine that phones use
    ///
    /// Repeatable; for HTTP, if DHCP option 66 is a name with dots. Requests for other names are
    /// refused, as web pages of other sites could cause them.
    #[arg(long = "server-name", value_name = "NAME", help_heading = heading::NETWORK)]
    server_names: Vec<String>,
    /// Engine: native or async-tftp
    ///
    /// native observes every acknowledgement. async-tftp is the crate of that name; it does not
    /// observe the final acknowledgement, so the run cannot prove that a file arrived.
    #[arg(long, value_name = "ENGINE", default_value = "native", hide_possible_values = true,
          help_heading = heading::NETWORK)]
    engine: EngineChoice,
    /// Maximum of TFTP transfers at once
    #[arg(long, value_name = "N", default_value_t = policy::TRANSFERS, value_parser = number(1..=MAX_TRANSFERS),
          help_heading = heading::NETWORK)]
    max_transfers: usize,
    /// Maximum of transfers per address
    #[arg(long, value_name = "N", default_value_t = policy::TRANSFERS_PER_ADDRESS,
          value_parser = number(1..=MAX_TRANSFERS), help_heading = heading::NETWORK)]
    max_per_address: usize,
    /// Switch from root to this user once ports are open
    ///
    /// Default: the user who called sudo, and no other is possible then. For root itself: reflash
    /// if this machine has such a user, else nobody. root: stay root.
    #[arg(long, value_name = "NAME", help_heading = heading::NETWORK)]
    user: Option<String>,
    /// DSCP of outgoing packets (0-63)
    #[arg(long, value_name = "N", default_value_t = 0,
          value_parser = number(0..=63_u8), help_heading = heading::NETWORK)]
    dscp: u8,
}

/// Maximum number of transfers at once that can be configured, at about 1 KB each.
const MAX_TRANSFERS: usize = 65_536;

/// A TFTP engine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum EngineChoice {
    /// This program's own: it observes every acknowledgement.
    #[default]
    Native,
    /// The crate async-tftp: it does not observe the final acknowledgement, so the run cannot prove
    /// that a file arrived.
    AsyncTftp,
}

impl EngineChoice {
    fn kind(self) -> tftp::EngineKind {
        match self {
            Self::Native => tftp::EngineKind::Native,
            Self::AsyncTftp => tftp::EngineKind::AsyncTftp,
        }
    }

    /// Binds the engine.
    pub(crate) fn bind(self, config: &tftp::Config) -> Result<tftp::Bound, Failure> {
        servers::bind_tftp(self.kind(), config)
    }

    /// What the operator must know about its evidence, printed before and after the run.
    pub(crate) fn messages(self) -> Vec<String> {
        match self {
            Self::Native => Vec::new(),
            Self::AsyncTftp => vec![
                "engine async-tftp observes neither final acknowledgements nor errors of phones: \
                 no file over TFTP is reported as delivered. \"implied\" means that every block \
                 was sent and the phone continued; a \"vanished\" file may have arrived. A phone \
                 counts as converted only when an evidence source reports its load"
                    .to_owned(),
            ],
        }
    }
}

impl NetworkArgs {
    /// Drops all privileges, once the ports are bound. Returns messages for the operator. `folder`:
    /// one that is read for the whole run.
    pub(crate) fn drop_privileges(&self, folder: Option<&Path>) -> Result<Vec<String>, Failure> {
        privileges::drop_all(self.user.as_deref(), folder)
    }

    /// Finds a temporary folder for the user that serves; a message if that is not `TMPDIR`.
    pub(crate) fn choose_temporary_folder(&self) -> Result<Option<String>, Failure> {
        privileges::choose_temporary_folder(self.user.as_deref())
    }

    /// Lays out files in a temporary folder, which the user that serves can remove.
    pub(crate) fn lay_out(
        &self,
        stage: impl FnOnce() -> Result<Stage, StageError>,
    ) -> Result<(Stage, Option<String>), Failure> {
        let message = self.choose_temporary_folder()?;
        let laid_out = privileges::creating_as_runner(self.user.as_deref(), stage)?;
        Ok((laid_out.map_err(stage_failure)?, message))
    }

    /// Networks behind a router that the routing table does not show.
    pub(crate) fn routed(&self) -> Vec<Subnet> {
        self.routed.clone()
    }

    /// What the operator must know about the engine, printed before and after the run.
    pub(crate) fn messages(&self) -> Vec<String> {
        self.engine.messages()
    }

    /// Selects the address to serve on.
    pub(crate) fn choose(&self) -> Result<SelectedInterface, Failure> {
        if let Some(address) = self.listen {
            let reason = "given by --listen".to_owned();
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

    /// What the preflight is to check.
    pub(crate) fn check_options(&self, isolated: bool) -> preflight::CheckOptions {
        preflight::CheckOptions {
            interface: self.interface.clone(),
            listen: self.listen,
            tftp_port: self.tftp_port,
            http_port: self.http_port,
            transfer_ports: self.transfer_ports,
            routed: self.routed.clone(),
            isolated,
        }
    }

    /// Binds every server that the options name.
    pub(crate) fn bind(
        &self,
        metrics: MetricsArgs,
        web: WebArgs,
        chosen: &SelectedInterface,
    ) -> Result<BoundServers, Failure> {
        privileges::check_user(self.user.as_deref())?;
        let http = SocketAddrV4::new(chosen.address, self.http_port);
        let bind_http = || {
            let server = servers::bind_http(http, self.dscp)?;
            Ok(server.with_names(self.server_names.clone()))
        };
        Ok(BoundServers {
            tftp: self.bind_tftp(chosen.address)?,
            http: (self.http_port != 0).then(bind_http).transpose()?,
            metrics: metrics.bind()?,
            web: web.bind()?,
        })
    }

    fn bind_tftp(&self, address: Ipv4Addr) -> Result<tftp::Bound, Failure> {
        if self.engine == EngineChoice::AsyncTftp {
            self.check_async_tftp(address)?;
        }
        self.engine.bind(&tftp::Config {
            transfer_ports: self.transfer_ports,
            dscp: self.dscp,
            limits: policy::EngineLimits {
                transfers: self.max_transfers,
                transfers_per_address: self.max_per_address,
                ..policy::EngineLimits::default()
            },
            ..tftp::Config::new(SocketAddrV4::new(address, self.tftp_port))
        })
    }

    /// The crate opens the sockets of transfers itself, without these options.
    fn check_async_tftp(&self, address: Ipv4Addr) -> Result<(), Failure> {
        let cannot = |what: &str, cure: &str| {
            let error = format!("the engine async-tftp cannot {what}");
            Err(Failure::usage(error, cure))
        };
        if address.is_unspecified() {
            return cannot(
                "answer from the address a request was sent to",
                "Listen on one address, or use --engine native",
            );
        }
        if self.transfer_ports != tftp::TransferPorts::RANDOM {
            return cannot(
                "use a fixed transfer port",
                "Remove --transfer-port, or use --engine native",
            );
        }
        if self.dscp != 0 {
            return cannot("set DSCP", "Remove --dscp, or use --engine native");
        }
        Ok(())
    }
}
