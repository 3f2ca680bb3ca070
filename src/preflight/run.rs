//! The checks at the start of a run: those of `check` except the ports, which the run binds itself, and
//! in two parts, so that no phone waits for a check that takes seconds.

use super::{
    CheckOptions, PortProtocol, SelectedInterface,
    check::{PendingDhcpProbe, check_firewall, check_interface, serve},
    interfaces,
    ports::CheckedPort,
    rights::Rights,
};
use crate::{
    diagnose::{Finding, worst_first},
    protocol::dhcp::SERVER_PORT,
};

/// The findings so far, and the probe that is still to be sent.
#[derive(Debug)]
pub struct PreflightFindings {
    /// Most severe first.
    pub findings: Vec<Finding>,
    /// The DHCP probe: its socket is open, nothing is sent yet. `None` if there is no network to
    /// probe, or if the privilege to probe it is missing.
    pub dhcp_probe: Option<PendingDhcpProbe>,
}

/// Checks the address that a run selected, before the run binds its ports and while it has its
/// privileges. Takes as long as the firewall's programs take, at most 3 s each.
///
/// A missing privilege is not a finding here, because binding a port or opening a socket reports
/// it. On loopback only the server itself is checked. With `--dhcp isolated`, that server probes
/// for others.
#[must_use]
pub fn check_before_run(options: &CheckOptions, chosen: &SelectedInterface) -> PreflightFindings {
    let mut findings = Vec::new();
    let mut dhcp_probe = None;
    let rights = Rights::of_this_process(options.tftp_port);
    let taken = |number| {
        let mut ports =
            CheckedPort::all(options.tftp_port, options.http_port, options.isolated).into_iter();
        ports.any(|port| {
            port.number == number
                && port.protocol == PortProtocol::Udp
                && port.is_taken(chosen.address)
        })
    };
    if rights.ports && !taken(options.tftp_port) {
        findings.push(serve(options, chosen.address));
    }
    if !chosen.address.is_loopback() {
        let all = interfaces();
        let interface = all
            .iter()
            .find(|interface| interface.address == chosen.address);
        check_interface(chosen.address, interface, &mut findings);
        if let Some(interface) = interface {
            findings.extend(check_firewall(options, interface));
            let is_asked = rights.frames && interface.carrier && !options.isolated;
            match is_asked.then(|| PendingDhcpProbe::open(options, interface, taken(SERVER_PORT))) {
                Some(Ok(open)) => dhcp_probe = Some(open),
                Some(Err(finding)) => findings.push(finding),
                None => {}
            }
        }
    }
    worst_first(&mut findings);
    PreflightFindings {
        findings,
        dhcp_probe,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::diagnose::Severity;

    #[test]
    fn on_loopback_only_the_server_is_checked() {
        let options = CheckOptions {
            listen: Some(Ipv4Addr::LOCALHOST),
            ..CheckOptions::default()
        };
        let chosen = SelectedInterface {
            address: Ipv4Addr::LOCALHOST,
            interface: None,
            reason: String::new(),
        };
        let PreflightFindings {
            findings,
            dhcp_probe,
        } = check_before_run(&options, &chosen);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].code, super::super::code::SELF_TEST);
        assert_eq!(findings[0].severity, Severity::Note);
        assert!(dhcp_probe.is_none());
    }
}
