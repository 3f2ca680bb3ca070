//! The alarm with which a phone begins an SCCP connection: bytes in, observations out.

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use crate::{
    discovery::{Decoded, observations},
    limits::RateLimiter,
    protocol::sccp,
    track::Observation,
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

/// Reads one connection up to the alarm.
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
        for message in messages {
            self.messages += 1;
            let alarm = message.alarm();
            self.done = alarm.is_some() || self.messages >= MAX_MESSAGES;
            if let Some(Ok(sccp::AlarmMessage {
                alarm: Some(alarm), ..
            })) = alarm
                && limiter.0.admit(now, from).is_some()
            {
                let kinds = observations(&Decoded::Sccp(&alarm)).into_iter();
                return kinds
                    .map(|kind| Observation {
                        address: from,
                        kind,
                    })
                    .collect();
            }
            if self.done {
                break;
            }
        }
        Vec::new()
    }

    /// Whether the connection should be closed: the alarm was read or will not come.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done
    }
}
