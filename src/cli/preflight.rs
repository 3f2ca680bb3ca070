//! `--no-check`: whether a run begins with a preflight.

use super::heading;
use crate::preflight::{CheckOptions, PreflightRun, SelectedInterface};

/// Whether this machine and its network are checked first.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(crate) struct PreflightArgs {
    /// Skip the checks of machine and network
    #[arg(long, help_heading = heading::NETWORK)]
    no_check: bool,
}

impl PreflightArgs {
    /// Checks, unless `--no-check` is given.
    pub(crate) fn run(self, options: &CheckOptions, chosen: &SelectedInterface) -> PreflightRun {
        if self.no_check {
            return PreflightRun::default();
        }
        PreflightRun::new(options, chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_check_finds_nothing() {
        let chosen = SelectedInterface {
            address: std::net::Ipv4Addr::LOCALHOST,
            interface: None,
            reason: String::new(),
        };
        let options = CheckOptions {
            interface: None,
            listen: None,
            tftp_port: 69,
            http_port: 6970,
            transfer_ports: crate::tftp::TransferPorts::RANDOM,
            routed: Vec::new(),
            isolated: false,
        };
        let preflight = PreflightArgs { no_check: true }.run(&options, &chosen);
        assert!(preflight.start(false).try_recv().is_err());
    }
}
