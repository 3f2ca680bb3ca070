//! The servers of a run: bound while the process has its privileges, before it drops them.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    path::{Path, PathBuf},
};

use super::bind::{bind_failure, bind_failure_of_kind};
use crate::{
    failure::Failure,
    http,
    journal::Network,
    preflight::PortProtocol,
    reporter::{Started, StartedStage},
    tftp::{self, BindErrorKind},
    web,
};

/// Servers that are bound and do not serve yet.
#[derive(Debug)]
pub struct BoundServers {
    /// Requests of phones.
    pub tftp: tftp::Bound,
    /// The same over HTTP; `None` with `--http-port 0`.
    pub http: Option<http::HttpServer>,
    /// `--metrics`.
    pub metrics: Option<http::HttpServer>,
    /// `--web`.
    pub web: Option<web::WebServer>,
}

impl BoundServers {
    /// The addresses phones use.
    #[must_use]
    pub fn network(&self) -> Network {
        Network {
            tftp: self.tftp.local_addr(),
            http: self.http.as_ref().map(http::HttpServer::local_addr),
        }
    }

    /// A message for the operator: where the metrics are.
    #[must_use]
    pub fn metrics_message(&self) -> Option<String> {
        let server = self.metrics.as_ref()?;
        Some(format!("metrics: http://{}/metrics", server.local_addr()))
    }

    /// What the display prints when serving begins.
    #[must_use]
    pub fn started(
        &self,
        root: PathBuf,
        journal: Option<&Path>,
        stages: Vec<StartedStage>,
        messages: Vec<String>,
    ) -> Started {
        let Network { tftp, http } = self.network();
        Started {
            tftp,
            http,
            web: self.web.as_ref().map(web::WebServer::local_addr),
            root,
            journal: journal.map(ToOwned::to_owned),
            stages,
            messages,
        }
    }
}

/// Binds a TFTP engine.
///
/// # Errors
/// The port cannot be bound.
pub fn bind_tftp(engine: tftp::EngineKind, config: &tftp::Config) -> Result<tftp::Bound, Failure> {
    tftp::Bound::bind(engine, config).map_err(|error| {
        let address = SocketAddrV4::new(error.address, error.port);
        bind_failure_of_kind(address, PortProtocol::Udp, error.kind, &error.source)
    })
}

/// Binds the HTTP server for phones.
///
/// # Errors
/// The port cannot be bound.
pub fn bind_http(listen: SocketAddrV4, dscp: u8) -> Result<http::HttpServer, Failure> {
    http::HttpServer::bind(listen, dscp).map_err(|error| {
        let mut failure = bind_failure(listen, &[PortProtocol::Tcp], &error);
        if BindErrorKind::of(&error) == BindErrorKind::InUse {
            failure.cure += ". Or run without HTTP: --http-port 0 (phones then use TFTP)";
        }
        failure
    })
}

/// Binds the server for metrics.
///
/// # Errors
/// The port cannot be bound.
pub fn bind_metrics(listen: SocketAddrV4) -> Result<http::HttpServer, Failure> {
    http::HttpServer::bind(listen, 0)
        .map_err(|error| bind_failure(listen, &[PortProtocol::Tcp], &error))
}

/// Binds the web page's server on loopback.
///
/// # Errors
/// The port cannot be bound.
pub fn bind_web(port: u16) -> Result<web::WebServer, Failure> {
    web::WebServer::bind(port, web::WebLimits::default()).map_err(|error| {
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        let failure = bind_failure(address, &[PortProtocol::Tcp], &error);
        let cure = format!(
            "{}. Or choose another port for the page: --web PORT (0: any free port)",
            failure.cure.trim_end_matches('.')
        );
        Failure { cure, ..failure }
    })
}
