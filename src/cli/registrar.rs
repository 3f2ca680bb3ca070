//! Flags of `convert` that say how the loads of converted phones are observed.

use std::time::Duration;

use super::{
    heading,
    number::{duration_or_none, port},
};
use crate::{discovery::poll::Poller, protocol::sccp, services::registrar::RegistrarPorts};

/// Listeners for registering phones, and the poller.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RegistrarArgs {
    /// UDP and TCP port for REGISTERs; 0: do not listen
    ///
    /// Phones name their load in REGISTERs. Default: 5060, if phones use this machine as their
    /// call manager and the port is free.
    #[arg(long, value_name = "N", value_parser = port(5060), help_heading = heading::DISCOVERY)]
    sip_port: Option<u16>,
    /// TCP port for alarms of SCCP phones; 0: do not listen
    ///
    /// Default: 2000, under the same conditions as --sip-port.
    #[arg(long, value_name = "N", value_parser = port(2000), help_heading = heading::DISCOVERY)]
    sccp_port: Option<u16>,
    /// Do not poll phones' web pages for the running load
    ///
    /// By default each converted phone is polled a few times if no other source has reported
    /// its load.
    #[arg(long, help_heading = heading::DISCOVERY)]
    no_web_poll: bool,
    /// Wait this long for registrations; 0: none
    ///
    /// Counts from when a phone is done, for phones that get a configuration of their own and whose
    /// PBX is this machine, or whose REGISTERs a mirror port brings here. The run ends earlier if
    /// every line is registered or the cause is known. A line that is not registered makes the exit
    /// code 1. Default: 5m.
    #[arg(long, value_name = "DURATION", value_parser = duration_or_none,
          help_heading = heading::REGISTRATION)]
    registration_wait: Option<Duration>,
}

impl RegistrarArgs {
    pub(crate) fn poller(&self) -> Option<Poller> {
        (!self.no_web_poll).then(Poller::default)
    }

    pub(crate) fn registration_wait(&self) -> Option<Duration> {
        self.registration_wait
    }

    /// `restarts`: phones are to be restarted, for which the SCCP port is needed.
    pub(crate) fn ports(&self, restarts: bool) -> RegistrarPorts {
        let needed = restarts.then_some(sccp::PORT);
        RegistrarPorts {
            sip: self.sip_port,
            sccp: self.sccp_port.or(needed),
        }
    }

    /// Whether phones can register by SCCP.
    pub(crate) fn has_sccp(&self) -> bool {
        self.sccp_port != Some(0)
    }
}
