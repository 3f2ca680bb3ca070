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
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address, help_heading = heading::OUTPUT)]
    metrics: Option<SocketAddrV4>,
}

/// An address with a port.
fn address(text: &str) -> Result<SocketAddrV4, String> {
    text.parse().map_err(|_| {
        let port = text.parse::<u16>().unwrap_or(EXAMPLE_PORT);
        format!(
            "expected an address of this machine and a port, such as 127.0.0.1:{port} (this \
             machine only) or 0.0.0.0:{port} (every address)"
        )
    })
}

/// The port of the example in a message, registered by no exporter of Prometheus that runs on most
/// machines.
const EXAMPLE_PORT: u16 = 9169;

impl MetricsArgs {
    /// Binds the server, if there is to be one.
    pub(crate) fn bind(self) -> Result<Option<http::HttpServer>, Failure> {
        self.metrics.map(servers::bind_metrics).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_is_answered_with_the_address_to_write() {
        assert!(address("127.0.0.1:9169").is_ok());
        for (wrong, part) in [
            ("9170", "such as 127.0.0.1:9170"),
            ("localhost:9169", "such as 127.0.0.1:9169"),
            ("", "0.0.0.0:9169"),
        ] {
            let message = address(wrong).unwrap_err();
            assert!(message.contains(part), "{message}");
        }
    }
}
