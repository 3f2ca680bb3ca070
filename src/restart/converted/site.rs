//! What a run needs of the world.

use std::{net::Ipv4Addr, time::Duration};

use super::{Order, PhoneSignal, RestartedPhone};
use crate::{
    failure::Failure,
    restart::{
        ami::{AmiResult, EndpointState},
        notify::Answer,
    },
};

/// Clock, network and record of a run. A test has its own.
pub trait RestartSite {
    /// The time since the run began.
    fn now(&self) -> Duration;

    /// Waits. Returns false if the operator ends the run.
    fn wait(&mut self, time: Duration) -> bool;

    /// The messages of phones that were captured since the last call.
    fn signals(&mut self) -> Vec<PhoneSignal>;

    /// Whether Asterisk can be reached by AMI.
    fn has_pbx(&self) -> bool;

    /// Whether this machine has this address.
    fn is_own(&self, address: Ipv4Addr) -> bool;

    /// The state of an endpoint; `None`: Asterisk has no such endpoint.
    ///
    /// # Errors
    /// AMI failed.
    fn endpoint(&mut self, name: &str) -> Result<Option<EndpointState>, Failure>;

    /// Sends an order by AMI.
    ///
    /// # Errors
    /// AMI failed.
    fn notify_by_pbx(&mut self, order: &Order) -> Result<AmiResult, Failure>;

    /// Sends an order over UDP, and waits for the phone's response; `None`: the operator ends the run
    /// before there is one.
    ///
    /// # Errors
    /// The NOTIFY cannot be sent.
    fn notify_by_udp(&mut self, order: &Order) -> Result<Option<Answer>, Failure>;

    /// Records an order, on disk, before it is sent.
    ///
    /// # Errors
    /// It cannot be recorded: it is not sent then.
    fn record(&mut self, order: &Order) -> Result<(), Failure>;

    /// Shows and records that the status of a phone has changed.
    fn changed(&mut self, phone: &RestartedPhone);
}
