//! The checks at the start of a run: those of `check` except the ports, which the run binds itself, and
//! in two parts, so that no phone waits for a check that takes seconds.

use super::{
    CheckOptions, Protocol, SelectedInterface,
    check::{PendingDhcpProbe, check_firewall, check_interface, serve},
    interfaces,
    ports::Port,
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
    pub asking: Option<PendingDhcpProbe>,
}

/// Checks the address that a run selected, before the run binds its ports and while it has its
/// privileges. Takes as long as the firewall's programs take, at most 3 s each.
///
/// A missing privilege is not a finding here, because binding a port or opening a socket reports
/// it. On loopback only the server itself is checked. With `--dhcp isolated`, that server probes
/// for others.
#[must_use]
pub fn check_before_run(wanted: &CheckOptions, chosen: &SelectedInterface) -> PreflightFindings {
    let mut findings = Vec::new();
    let mut asking = None;
    let rights = Rights::of_this_process(wanted.tftp_port);
    let taken = |number| {
        let mut ports = Port::all(wanted.tftp_port, wanted.http_port, wanted.isolated).into_iter();
        ports.any(|port| {
            port.number == number && port.protocol == Protocol::Udp && port.is_taken(chosen.address)
        })
    };
    if rights.ports && !taken(wanted.tftp_port) {
        findings.push(serve(wanted, chosen.address));
    }
    if !chosen.address.is_loopback() {
        let all = interfaces();
        let interface = all
            .iter()
            .find(|interface| interface.address == chosen.address);
        check_interface(chosen.address, interface, &mut findings);
        if let Some(interface) = interface {
            findings.extend(check_firewall(wanted, interface));
            let is_asked = rights.frames && interface.carrier && !wanted.isolated;
            match is_asked.then(|| PendingDhcpProbe::open(wanted, interface, taken(SERVER_PORT))) {
                Some(Ok(open)) => asking = Some(open),
                Some(Err(finding)) => findings.push(finding),
                None => {}
            }
        }
    }
    worst_first(&mut findings);
    PreflightFindings { findings, asking }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::diagnose::Severity;

    #[test]
    fn on_loopback_the_server_alone_is_looked_at() {
        let wanted = CheckOptions {
            listen: Some(Ipv4Addr::LOCALHOST),
            ..CheckOptions::default()
        };
        let chosen = SelectedInterface {
            address: Ipv4Addr::LOCALHOST,
            interface: None,
            reason: String::new(),
        };
        let PreflightFindings { findings, asking } = check_before_run(&wanted, &chosen);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].code, super::super::code::SELF_TEST);
        assert_eq!(findings[0].severity, Severity::Note);
        assert!(asking.is_none());
    }
}
