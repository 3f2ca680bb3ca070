//! What `convert` opens to observe phones besides their requests.

use std::net::Ipv4Addr;

use crate::{
    discovery::SIP_PORT,
    failure::Failure,
    preflight::SelectedInterface,
    services::{
        captures::Captures,
        expected_registrations::ExpectedRegistrations,
        registrar::{self, RegistrarListeners, RegistrarPorts},
    },
    stage::ExtraFile,
};

/// What observes phones besides their requests.
pub(super) struct Observers {
    pub(super) registrar: RegistrarListeners,
    pub(super) expected: ExpectedRegistrations,
    /// The addresses of this machine.
    pub(super) own_addresses: Vec<Ipv4Addr>,
    pub(super) captures: Captures,
}

impl Observers {
    pub(super) fn open(
        ports: RegistrarPorts,
        own_files: &[ExtraFile],
        chosen: &SelectedInterface,
        call_manager: Ipv4Addr,
    ) -> Result<Self, Failure> {
        let expected = ExpectedRegistrations::of(own_files, chosen.address);
        let own_addresses = registrar::own_addresses();
        let is_pbx_here = expected.is_at(&own_addresses, SIP_PORT);
        let registrar = RegistrarListeners::bind(ports, chosen.address, call_manager, is_pbx_here)?;
        let mut captures = Captures::open(chosen, expected.port(), registrar.sip());
        captures.watch_others();
        Ok(Self {
            registrar,
            expected,
            own_addresses,
            captures,
        })
    }
}
