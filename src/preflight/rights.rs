//! The privileges of this process.

use std::fs;

use caps::{CapSet, Capability};

use super::finding::{code, finding};
use crate::diagnose::{Finding, Severity};

/// The first port that needs no privilege (ip(7), `ip_unprivileged_port_start`).
const FIRST_FREE_PORT: &str = "/proc/sys/net/ipv4/ip_unprivileged_port_start";

/// The default without that file.
const USUAL_FIRST_FREE_PORT: u16 = 1024;

/// The privileges that a conversion needs, as far as this process has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rights {
    /// Whether it may bind ports like 69 and 67.
    pub(super) ports: bool,
    /// Whether it may send and capture frames.
    pub(super) frames: bool,
}

impl Rights {
    /// The privileges of this thread, for a port.
    pub(super) fn of_this_process(port: u16) -> Self {
        // If the kernel does not report it, the attempt to bind will.
        let has = |right| caps::has_cap(None, CapSet::Effective, right).unwrap_or(true);
        let free = fs::read_to_string(FIRST_FREE_PORT)
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(USUAL_FIRST_FREE_PORT);
        Self {
            ports: port == 0 || port >= free || has(Capability::CAP_NET_BIND_SERVICE),
            frames: has(Capability::CAP_NET_RAW),
        }
    }

    /// A finding for each missing privilege.
    pub(super) fn findings(self, port: u16) -> Vec<Finding> {
        let mut findings = Vec::new();
        let cure = || {
            let program = std::env::current_exe()
                .map_or_else(|_| "reflash".to_owned(), |path| path.display().to_string());
            format!(
                "Run it with sudo, or grant the program the privileges permanently:\n    sudo \
                 setcap cap_net_bind_service,cap_net_raw+ep {program}"
            )
        };
        if !self.ports {
            findings.push(finding(
                code::NO_RIGHT,
                Severity::Error,
                format!("this user may not listen on UDP port {port}, and phones use no other"),
                cure(),
            ));
        }
        if !self.frames {
            findings.push(finding(
                code::NO_RIGHT,
                Severity::Warning,
                "this user may not send frames, so no DHCP server was asked what it offers phones",
                cure(),
            ));
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_missing_privilege_has_a_finding_with_the_command_that_grants_it() {
        let findings = |ports, frames| Rights { ports, frames }.findings(69);
        assert_eq!(findings(true, true), []);
        let both = findings(false, false);
        assert_eq!(both.len(), 2);
        assert_eq!(both[0].severity, Severity::Error);
        assert_eq!(both[1].severity, Severity::Warning);
        assert!(both.iter().all(|finding| finding.cure.contains("setcap")));
    }

    #[test]
    fn a_high_port_needs_no_privilege() {
        assert!(Rights::of_this_process(40_000).ports);
        assert!(Rights::of_this_process(0).ports);
    }
}
