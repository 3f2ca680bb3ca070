//! `check` as the first step of `convert`: what stands in the way, said while it serves.

use std::thread;

use tokio::sync::mpsc::{Receiver, channel};

use super::network::NetworkArgs;
use crate::{
    diagnose::{Finding, Severity},
    preflight::{self, PendingDhcpProbe, PreflightFindings, SelectedInterface, code},
};

/// Findings that wait for the session: more than are ever found.
const QUEUE: usize = 256;

/// Whether this machine and its network are looked at.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(crate) struct CheckArgs {
    /// Do not look at this machine and its network first (docs/network.md).
    #[arg(long)]
    no_check: bool,
}

/// What was found, and what is still to be asked.
#[derive(Debug, Default)]
pub(crate) struct Look {
    findings: Vec<Finding>,
    asking: Option<PendingDhcpProbe>,
}

impl CheckArgs {
    /// Looks, before the ports are bound and while there are rights.
    pub(crate) fn look(
        self,
        network: &NetworkArgs,
        isolated: bool,
        chosen: &SelectedInterface,
    ) -> Look {
        if self.no_check {
            return Look::default();
        }
        let PreflightFindings { findings, asking } =
            preflight::check_before_run(&network.wanted(isolated), chosen);
        Look { findings, asking }
    }
}

impl Look {
    /// Hands over what was found, the worst first, and asks the DHCP servers beside: what they say
    /// follows in some seconds. `quiet` leaves notes out.
    pub(crate) fn told(self, quiet: bool) -> Receiver<Finding> {
        let (queue, found) = channel(QUEUE);
        let is_told = move |finding: &Finding| match finding.severity {
            // That a server works is no news once it serves.
            Severity::Note => !quiet && finding.code == code::DHCP,
            _ => true,
        };
        for finding in self.findings.into_iter().filter(is_told) {
            // It has room for all.
            let _ = queue.try_send(finding);
        }
        if let Some(asking) = self.asking {
            let asked = move || {
                for finding in asking.answers().into_iter().filter(is_told) {
                    // An error says that the run is over.
                    let _ = queue.blocking_send(finding);
                }
            };
            if let Err(error) = thread::Builder::new().name("check".to_owned()).spawn(asked) {
                tracing::warn!("DHCP servers were not asked: no thread could be started: {error}");
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Flags {
        #[command(flatten)]
        network: NetworkArgs,
    }

    fn found(code: &'static str, severity: Severity) -> Finding {
        Finding {
            code,
            severity,
            path: None,
            line: None,
            column: None,
            message: "message".to_owned(),
            cure: String::new(),
        }
    }

    #[test]
    fn notes_are_told_where_they_say_something_new_and_nobody_asked_for_quiet() {
        let told = |quiet| {
            let findings = vec![
                found(code::FIREWALL, Severity::Error),
                found(code::SELF_TEST, Severity::Note),
                found(code::DHCP, Severity::Note),
            ];
            let look = Look {
                findings,
                asking: None,
            };
            let mut told = look.told(quiet);
            let codes: Vec<&str> = std::iter::from_fn(|| told.try_recv().ok())
                .map(|finding| finding.code)
                .collect();
            codes
        };
        assert_eq!(told(false), [code::FIREWALL, code::DHCP]);
        assert_eq!(told(true), [code::FIREWALL]);
    }

    #[test]
    fn who_wants_no_check_has_nothing_looked_at() {
        let chosen = SelectedInterface {
            address: std::net::Ipv4Addr::LOCALHOST,
            interface: None,
            reason: String::new(),
        };
        let flags: Flags = clap::Parser::parse_from(["reflash"]);
        let args = CheckArgs { no_check: true };
        let look = args.look(&flags.network, false, &chosen);
        assert!(look.findings.is_empty() && look.asking.is_none());
    }
}
