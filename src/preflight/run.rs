//! What a run looks at before its first phone: `check` without the ports, which are the run's
//! own, and in two parts, so that no phone waits for what takes seconds.

use super::{
    Chosen, Protocol, Wanted,
    check::{Asking, judge_place, said, serve},
    interfaces,
    ports::Port,
    rights::Rights,
};
use crate::{
    diagnose::{Finding, worst_first},
    protocol::dhcp::SERVER_PORT,
};

/// What is known at once, and what is still to be asked.
#[derive(Debug)]
pub struct Beforehand {
    /// The worst first.
    pub findings: Vec<Finding>,
    /// The question to the network's DHCP servers: the socket is open, nothing is sent yet.
    /// `None`: there is nobody to ask, or no right to.
    pub asking: Option<Asking>,
}

/// Looks at the address that a run has chosen, before it binds its ports and while it has its
/// rights. Takes what the firewall's programs take: each is left after 3 s.
///
/// Missing rights are no finding here: who binds a port or opens a socket says so. On loopback
/// only the server itself is looked at. Where this program's own DHCP server is to give the
/// addresses, that one asks for others.
#[must_use]
pub fn beforehand(wanted: &Wanted, chosen: &Chosen) -> Beforehand {
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
        judge_place(chosen.address, interface, &mut findings);
        if let Some(interface) = interface {
            findings.extend(said(wanted, interface));
            let is_asked = rights.frames && interface.carrier && !wanted.isolated;
            match is_asked.then(|| Asking::open(wanted, interface, taken(SERVER_PORT))) {
                Some(Ok(open)) => asking = Some(open),
                Some(Err(finding)) => findings.push(finding),
                None => {}
            }
        }
    }
    worst_first(&mut findings);
    Beforehand { findings, asking }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::diagnose::Severity;

    #[test]
    fn on_loopback_the_server_alone_is_looked_at() {
        let wanted = Wanted {
            listen: Some(Ipv4Addr::LOCALHOST),
            ..Wanted::default()
        };
        let chosen = Chosen {
            address: Ipv4Addr::LOCALHOST,
            interface: None,
            reason: String::new(),
        };
        let Beforehand { findings, asking } = beforehand(&wanted, &chosen);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].code, super::super::code::SELF_TEST);
        assert_eq!(findings[0].severity, Severity::Note);
        assert!(asking.is_none());
    }
}
