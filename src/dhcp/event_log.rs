//! The log of the DHCP server: a bounded number of lines, whatever is sent to it.

use std::{
    fmt::Display,
    time::{Duration, Instant},
};

use super::{DhcpEvent, MAX_POOL};
use crate::limits::{Rate, TokenBucket};

/// Log lines about leases.
const LEASE_LINES: Rate = Rate::per_second(1, MAX_POOL);

/// Log lines about problems.
const PROBLEM_LINES: Rate = Rate::one_each(Duration::from_secs(30), 5);

/// Writes log lines within [`LEASE_LINES`] and [`PROBLEM_LINES`], and the number of the others.
#[derive(Debug, Default)]
pub(super) struct EventLog {
    leases: TokenBucket,
    problems: TokenBucket,
    omitted: u64,
}

impl EventLog {
    pub(super) fn event(&mut self, event: &DhcpEvent) {
        match event {
            DhcpEvent::Leased { address, mac } => {
                if self.leases.take(Instant::now(), LEASE_LINES) {
                    tracing::info!("DHCP: SEP{} leased {address}", mac.upper_hex());
                }
            }
            DhcpEvent::Exhausted(mac) => self.problem(&format!(
                "no free address for SEP{}: the subnet of this interface is too small, or a host \
                 requests addresses for many phones that do not exist; give the interface a shorter \
                 prefix",
                mac.upper_hex()
            )),
            DhcpEvent::Declined(address) => self.problem(&format!(
                "{address} is in use by another host; not assigned for an hour"
            )),
            DhcpEvent::OtherServer(server) => self.problem(&format!(
                "a phone accepted the offer of another server, {server}; probing for it"
            )),
        }
    }

    pub(super) fn problem(&mut self, text: &dyn Display) {
        if !self.problems.take(Instant::now(), PROBLEM_LINES) {
            self.omitted += 1;
            return;
        }
        match std::mem::take(&mut self.omitted) {
            0 => tracing::warn!("DHCP: {text}"),
            omitted => tracing::warn!("DHCP: {text} ({omitted} lines before were left out)"),
        }
    }
}
