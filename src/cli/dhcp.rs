//! Flags of the built-in DHCP server, which `check` and `convert` share.

use std::net::Ipv4Addr;

use super::heading;
use crate::{failure::Failure, preflight::SelectedInterface, services::dhcp::BoundDhcp};

/// Which DHCP server phones use.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DhcpArgs {
    /// DHCP server: off or isolated
    ///
    /// off: the network's own DHCP server. isolated: reflash serves addresses, to Cisco phones
    /// only; for a network without another DHCP server.
    #[arg(long, value_name = "MODE", default_value = "off", hide_possible_values = true,
          help_heading = heading::NETWORK)]
    dhcp: Mode,
    /// Router that --dhcp isolated announces
    ///
    /// Default: none.
    #[arg(long, value_name = "ADDRESS", help_heading = heading::NETWORK)]
    dhcp_router: Option<Ipv4Addr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Mode {
    /// The network's own DHCP server.
    Off,
    /// This program, for Cisco phones only, on a network without another server.
    Isolated,
}

impl DhcpArgs {
    /// Whether this program serves addresses.
    pub(crate) fn isolated(&self) -> Result<bool, Failure> {
        let isolated = self.dhcp == Mode::Isolated;
        if !isolated && self.dhcp_router.is_some() {
            return Err(Failure::usage(
                "--dhcp-router needs --dhcp isolated",
                "Add --dhcp isolated, or remove --dhcp-router",
            ));
        }
        Ok(isolated)
    }

    /// Opens the server's sockets, which needs privileges.
    pub(crate) fn open(&self, chosen: &SelectedInterface) -> Result<Option<BoundDhcp>, Failure> {
        let isolated = self.isolated()?;
        isolated
            .then(|| BoundDhcp::open(chosen, self.dhcp_router))
            .transpose()
    }
}
