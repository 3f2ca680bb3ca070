//! What a phone on SCCP says first: bytes in, observations out.

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use super::gate::Gate;
use crate::{
    discovery::{Decoded, observations},
    protocol::sccp,
    track::Observation,
};

/// AlarmLimiter of one address that are read in [`ALARM_WINDOW`]. A phone sends one a connection.
pub const ALARMS_PER_ADDRESS: u32 = 4;

/// AlarmLimiter that are read in [`ALARM_WINDOW`], of everybody.
pub const ALARMS: u32 = 256;

/// See [`ALARMS`].
pub const ALARM_WINDOW: Duration = Duration::from_secs(1);

/// Messages of a connection that are waited for the alarm in. It is the first one.
pub const MAX_MESSAGES: u8 = 4;

/// Counts alarms over all connections.
#[derive(Debug)]
pub struct AlarmLimiter(Gate);

impl Default for AlarmLimiter {
    fn default() -> Self {
        Self(Gate::new(ALARM_WINDOW, ALARMS_PER_ADDRESS, ALARMS))
    }
}

/// One connection, as far as the alarm.
#[derive(Debug, Default)]
pub struct AlarmReader {
    stream: sccp::Stream,
    messages: u8,
    over: bool,
}

impl AlarmReader {
    /// Takes the next bytes. Nothing is ever said in return.
    pub fn feed(
        &mut self,
        now: Instant,
        from: Ipv4Addr,
        bytes: &[u8],
        alarms: &mut AlarmLimiter,
    ) -> Vec<Observation> {
        if self.over {
            return Vec::new();
        }
        let messages = match self.stream.feed(bytes) {
            Ok(messages) => messages,
            Err(error) => {
                tracing::trace!(%from, %error, "passed over");
                self.over = true;
                return Vec::new();
            }
        };
        for message in messages {
            self.messages += 1;
            let alarm = message.alarm();
            self.over = alarm.is_some() || self.messages >= MAX_MESSAGES;
            if let Some(Ok(sccp::AlarmMessage {
                alarm: Some(alarm), ..
            })) = alarm
                && alarms.0.pass(now, from).is_some()
            {
                let seen = observations(&Decoded::Sccp(&alarm)).into_iter();
                return seen
                    .map(|seen| Observation {
                        address: from,
                        seen,
                    })
                    .collect();
            }
            if self.over {
                break;
            }
        }
        Vec::new()
    }

    /// Whether the connection is to be closed: the alarm is there, or will not come.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }
}
