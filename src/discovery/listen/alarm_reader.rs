//! The alarm with which a phone begins an SCCP connection: bytes in, observations out.

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use crate::{
    discovery::{Decoded, observations},
    limits::RateLimiter,
    protocol::sccp::{self, PhoneMessage},
    track::{Observation, ObservationKind},
};

/// Maximum number of alarms per address that are read in [`ALARM_WINDOW`]. A phone sends one per
/// connection.
pub const ALARMS_PER_ADDRESS: u32 = 4;

/// Maximum number of alarms that are read in [`ALARM_WINDOW`], from all addresses.
pub const ALARMS: u32 = 256;

/// The time window of [`ALARMS_PER_ADDRESS`] and [`ALARMS`].
pub const ALARM_WINDOW: Duration = Duration::from_secs(1);

/// Maximum number of messages of a connection that are read in search of the alarm. Phones send it
/// first.
pub const MAX_MESSAGES: u8 = 4;

/// Limits the alarms of all connections.
#[derive(Debug)]
pub struct AlarmLimiter(RateLimiter);

impl Default for AlarmLimiter {
    fn default() -> Self {
        Self(RateLimiter::new(ALARM_WINDOW, ALARMS_PER_ADDRESS, ALARMS))
    }
}

/// What a message reports about its phone.
pub(super) fn reported(message: &PhoneMessage) -> Vec<ObservationKind> {
    match message {
        PhoneMessage::Alarm(sccp::AlarmMessage {
            alarm: Some(alarm), ..
        }) => observations(&Decoded::Sccp(alarm)),
        PhoneMessage::XmlAlarm(alarm) => observations(&Decoded::SccpXml(alarm)),
        PhoneMessage::Register(register) => observations(&Decoded::SccpRegister(register)),
        _ => Vec::new(),
    }
}

/// Reads one connection up to the alarm, or to the Register that follows an alarm in XML.
#[derive(Debug, Default)]
pub struct AlarmReader {
    stream: sccp::SccpStream,
    messages: u8,
    done: bool,
}

impl AlarmReader {
    /// Reads the next bytes. Nothing is ever sent in return.
    pub fn feed(
        &mut self,
        now: Instant,
        from: Ipv4Addr,
        bytes: &[u8],
        limiter: &mut AlarmLimiter,
    ) -> Vec<Observation> {
        if self.done {
            return Vec::new();
        }
        let messages = match self.stream.feed(bytes) {
            Ok(messages) => messages,
            Err(error) => {
                tracing::trace!(%from, %error, "malformed SCCP ignored");
                self.done = true;
                return Vec::new();
            }
        };
        let mut kinds = Vec::new();
        for message in messages {
            self.messages += 1;
            let decoded = PhoneMessage::decode(&message);
            self.done = message.id == sccp::ALARM || self.messages >= MAX_MESSAGES;
            if let Ok(message) = decoded {
                self.done |= matches!(message, PhoneMessage::Register(_));
                let reported = reported(&message);
                if !reported.is_empty() && limiter.0.admit(now, from).is_some() {
                    kinds.extend(reported);
                }
            }
            if self.done {
                break;
            }
        }
        let address = from;
        kinds
            .into_iter()
            .map(|kind| Observation { address, kind })
            .collect()
    }

    /// Whether the connection should be closed: the alarm was read or will not come.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done
    }
}
