//! Listeners for REGISTERs and SCCP alarms.

use std::{
    io,
    net::{Ipv4Addr, SocketAddrV4},
    time::Instant,
};

use tokio::sync::mpsc;

use super::{bind::bind_failure, captures::Captures};
use crate::{
    discovery::{SIP_PORT, listen},
    failure::Failure,
    preflight::{self, PortProtocol, SelectedInterface},
    protocol::sccp,
    track::Observation,
};

/// The ports of the listeners. `None` is the usual port, if phones use this machine as their call
/// manager; 0 is no listener.
#[derive(Debug, Clone, Copy, Default)]
pub struct RegistrarPorts {
    /// UDP and TCP, for REGISTERs.
    pub sip: Option<u16>,
    /// TCP, for alarms of SCCP phones.
    pub sccp: Option<u16>,
}

/// Observations of the listeners, and when they were made.
pub type Observations = mpsc::Receiver<(Instant, Observation)>;

/// Listeners that are bound, and messages for the operator.
#[derive(Debug, Default)]
pub struct RegistrarListeners {
    bound: listen::BoundListeners,
    messages: Vec<String>,
    sip: Option<SocketAddrV4>,
}

impl RegistrarListeners {
    /// Binds the ports. A port that a flag names must be free; without a flag, a busy port only
    /// causes a message, and the SIP port is left to a PBX on this machine (`is_pbx_here`).
    ///
    /// # Errors
    /// A port that a flag names cannot be bound.
    pub fn bind(
        ports: RegistrarPorts,
        address: Ipv4Addr,
        call_manager: Ipv4Addr,
        is_pbx_here: bool,
    ) -> Result<Self, Failure> {
        let port = |requested: Option<u16>, usual: u16| match requested {
            Some(0) => None,
            Some(port) => Some((SocketAddrV4::new(address, port), true)),
            None if usual == SIP_PORT && is_pbx_here => None,
            None => (address == call_manager).then(|| (SocketAddrV4::new(address, usual), false)),
        };
        let mut listeners = Self::default();
        if let Some((listen, is_required)) = port(ports.sip, SIP_PORT) {
            let bound = listeners.bound.bind_sip(listen);
            if listeners.note(bound, listen, is_required, "REGISTERs", "--sip-port")? {
                listeners.sip = Some(listen);
            }
        }
        if let Some((listen, is_required)) = port(ports.sccp, sccp::PORT) {
            let bound = listeners.bound.bind_sccp(listen);
            listeners.note(bound, listen, is_required, "SCCP alarms", "--sccp-port")?;
        }
        Ok(listeners)
    }

    /// Notes the result of binding a port; returns whether it is bound.
    fn note(
        &mut self,
        bound: io::Result<()>,
        listen: SocketAddrV4,
        is_required: bool,
        what: &str,
        flag: &str,
    ) -> Result<bool, Failure> {
        let error = match bound {
            Ok(()) => {
                self.messages.push(format!(
                    "listening for {what} on {listen} (disable: {flag} 0)"
                ));
                return Ok(true);
            }
            Err(error) => error,
        };
        let protocols = match flag {
            "--sip-port" => &[PortProtocol::Udp, PortProtocol::Tcp][..],
            _ => &[PortProtocol::Tcp],
        };
        let failure = bind_failure(listen, protocols, &error);
        if is_required {
            return Err(failure);
        }
        let holder = protocols
            .iter()
            .find_map(|protocol| preflight::port_owner_at(*protocol, listen));
        let by = holder.map_or_else(String::new, |holder| format!(" by {holder}"));
        self.messages.push(format!(
            "not listening for {what}: {}{by}. Conversion continues without it",
            failure.error
        ));
        Ok(false)
    }

    /// Registers phones by SCCP in order to restart them.
    pub fn restart_phones(&mut self) -> mpsc::Receiver<listen::CallManagerEvent> {
        self.bound.restart_phones()
    }

    /// Messages for the operator.
    #[must_use]
    pub fn messages(&self) -> &[String] {
        &self.messages
    }

    /// Starts the listeners, if any is bound.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(self) -> Result<Option<(listen::ListenerThread, Observations)>, Failure> {
        if !self.bound.has_sip() && !self.bound.has_sccp() {
            return Ok(None);
        }
        self.bound.start().map(Some).map_err(|error| {
            Failure::new(
                format!("cannot start the thread of the registrar listeners: {error}"),
                "Run without them: --sip-port 0 --sccp-port 0",
            )
        })
    }

    /// Where this program listens for REGISTERs.
    #[must_use]
    pub fn sip(&self) -> Option<SocketAddrV4> {
        self.sip
    }

    /// The addresses at which every REGISTER is observed: this program's own listener, and the
    /// ports of [`Self::answers_at`].
    #[must_use]
    pub fn observed_at(
        &self,
        chosen: &SelectedInterface,
        captures: &Captures,
    ) -> Vec<SocketAddrV4> {
        let pbx = self.answers_at(chosen, captures).into_iter();
        self.sip.into_iter().chain(pbx).collect()
    }

    /// The addresses of a PBX on this machine at which REGISTERs and their answers are observed,
    /// because its interface is captured.
    #[must_use]
    pub fn answers_at(&self, chosen: &SelectedInterface, captures: &Captures) -> Vec<SocketAddrV4> {
        let Some(port) = captures.sip() else {
            return Vec::new();
        };
        let addresses = if chosen.address.is_unspecified() {
            own_addresses()
        } else {
            vec![chosen.address]
        };
        let at = addresses.into_iter();
        let at = at.map(|address| SocketAddrV4::new(address, port));
        at.filter(|at| Some(*at) != self.sip).collect()
    }
}

/// The addresses of this machine.
#[must_use]
pub fn own_addresses() -> Vec<Ipv4Addr> {
    let interfaces = preflight::interfaces().into_iter();
    interfaces.map(|interface| interface.address).collect()
}
