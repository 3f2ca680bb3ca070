//! Listeners for phones whose configuration names this machine as their call manager: SIP on port
//! 5060 (UDP and TCP), for the load that a REGISTER reports, and SCCP on TCP port 2000, for the
//! start-up alarm of a phone that is not converted yet.
//!
//! Neither is a call manager, unless phones are to be restarted: then the SCCP listener registers phones
//! only to restart them ([`crate::restart`]). A REGISTER is answered with 503 and a Retry-After. After an alarm the
//! connection is closed without an answer: the phone concludes that the call manager is gone, tries
//! the next one, and in the end requests its configuration over TFTP again. After a
//! `RegisterReject` it would wait instead.
//!
//! [`Registrar`] and [`AlarmReader`] are pure. The sockets are bound before privileges are dropped
//! and are served by a thread of their own, so that no transfer waits for them.

mod alarm_reader;
mod listeners;
mod managed;
mod registrar;
mod serve;

pub use self::{
    alarm_reader::{
        ALARM_WINDOW, ALARMS, ALARMS_PER_ADDRESS, AlarmLimiter, AlarmReader, MAX_MESSAGES,
    },
    listeners::{BoundListeners, ListenerThread, QUEUE},
    managed::{CallManagerEvent, MANAGED_CONNECTIONS, MANAGED_PER_ADDRESS, Request},
    registrar::{
        REFUSAL_INTERVAL, REFUSALS, REGISTERS, REGISTERS_PER_ADDRESS, RESPONSE_INTERVAL,
        RETRY_AFTER, Registrar, RequestOutcome,
    },
    serve::{CONNECTIONS, CONNECTIONS_PER_ADDRESS, IDLE_TIME},
};
