//! The preflight of `convert`: problems found are reported while it already serves.

use std::thread;

use tokio::sync::mpsc::{Receiver, channel};

use super::{
    CheckOptions, PendingDhcpProbe, PreflightFindings, SelectedInterface, check_before_run, code,
};
use crate::diagnose::{Finding, Severity};

/// Room for findings: more than a preflight can have.
const QUEUE: usize = 256;

/// Findings so far, and a DHCP probe that still waits for answers.
#[derive(Debug, Default)]
pub struct PreflightRun {
    findings: Vec<Finding>,
    probe: Option<PendingDhcpProbe>,
}

impl PreflightRun {
    /// Checks this machine, before the ports are bound and while there are privileges.
    #[must_use]
    pub fn new(options: &CheckOptions, chosen: &SelectedInterface) -> Self {
        let PreflightFindings {
            findings,
            dhcp_probe,
        } = check_before_run(options, chosen);
        Self {
            findings,
            probe: dhcp_probe,
        }
    }

    /// Returns a queue with the findings, the worst first. The answers to the DHCP probe
    /// follow within seconds. `quiet` leaves notes out.
    #[must_use]
    pub fn start(self, quiet: bool) -> Receiver<Finding> {
        let (queue, found) = channel(QUEUE);
        let is_reported = move |finding: &Finding| match finding.severity {
            // While the run serves, a note that the server works is of no use.
            Severity::Note => !quiet && finding.code == code::DHCP,
            _ => true,
        };
        for finding in self.findings.into_iter().filter(is_reported) {
            // The queue has room for all.
            let _ = queue.try_send(finding);
        }
        if let Some(probe) = self.probe {
            let probe = move || {
                for finding in probe.answers().into_iter().filter(is_reported) {
                    // An error means that the run is over.
                    let _ = queue.blocking_send(finding);
                }
            };
            if let Err(error) = thread::Builder::new().name("check".to_owned()).spawn(probe) {
                tracing::warn!("cannot probe for DHCP servers: no thread: {error}");
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn only_the_dhcp_note_is_reported_and_quiet_drops_it() {
        let reported = |quiet| {
            let findings = vec![
                found(code::FIREWALL, Severity::Error),
                found(code::SELF_TEST, Severity::Note),
                found(code::DHCP, Severity::Note),
            ];
            let preflight = PreflightRun {
                findings,
                probe: None,
            };
            let mut queue = preflight.start(quiet);
            let codes: Vec<&str> = std::iter::from_fn(|| queue.try_recv().ok())
                .map(|finding| finding.code)
                .collect();
            codes
        };
        assert_eq!(reported(false), [code::FIREWALL, code::DHCP]);
        assert_eq!(reported(true), [code::FIREWALL]);
    }
}
