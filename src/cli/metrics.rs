//! `--metrics`: what a run counts, for Prometheus.

use std::net::SocketAddrV4;

use super::heading;
use crate::{failure::Failure, http, services::servers};

/// Whether metrics are served.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct MetricsArgs {
    /// Serve Prometheus metrics at this address
    ///
    /// At http://ADDRESS:PORT/metrics, readable by everyone who can reach it.
    #[arg(long, value_name = "ADDRESS:PORT", help_heading = heading::OUTPUT)]
    metrics: Option<SocketAddrV4>,
}

impl MetricsArgs {
    /// Binds the server, if there is to be one.
    pub(crate) fn bind(self) -> Result<Option<http::HttpServer>, Failure> {
        self.metrics.map(servers::bind_metrics).transpose()
    }
}
