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
    track::Plan,
};

/// What observes phones besides their requests.
pub(super) struct Observers {
    pub(super) registrar: RegistrarListeners,
    pub(super) expected: ExpectedRegistrations,
    pub(super) captures: Captures,
    /// What the operator must know about the PBXs. Root sees which program listens at a port.
    messages: Vec<String>,
}

impl Observers {
    /// The plan with where phones register, and what the operator must know about that.
    pub(super) fn complete(&self, plan: Plan, chosen: &SelectedInterface) -> (Plan, Vec<String>) {
        let (registrar, expected) = (&self.registrar, &self.expected);
        let visible = registrar.answers_at(chosen, &self.captures);
        let plan = Plan {
            registering: expected.at(&registrar.observed_at(chosen, &self.captures)),
            registrations: expected.targets(&visible),
            ..plan
        };
        let mut messages = registrar.messages().to_vec();
        messages.extend(self.messages.iter().cloned());
        (plan, messages)
    }

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
        let visible = registrar.answers_at(chosen, &captures);
        let messages = expected.messages(&own_addresses, &visible, registrar.sip());
        Ok(Self {
            registrar,
            expected,
            captures,
            messages,
        })
    }
}
