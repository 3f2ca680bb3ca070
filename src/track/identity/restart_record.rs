//! What is known of the restarts of one phone that this program ordered.

use std::{net::Ipv4Addr, time::Duration};

use super::super::{
    observation::RunTime,
    restart::{IGNORED_AFTER, RestartState, RestartStatus, Uplink},
};
use crate::phone::MacAddress;

/// Alarm of a phone that a call manager reset.
pub(in crate::track) const RESET_BY_CALL_MANAGER: u16 = 22;
/// Alarm of a phone that a call manager restarted.
pub(in crate::track) const RESTART_BY_CALL_MANAGER: u16 = 23;

/// Whether the alarm says that a load failed: 0 to 9, and 31 for its signature.
pub(in crate::track) fn is_load_alarm(reason: u16) -> bool {
    matches!(reason, 0..=9 | 31)
}

/// How a phone last registered by SCCP.
#[derive(Debug, Clone, Copy)]
pub(in crate::track) struct SccpRegistration {
    pub address: Ipv4Addr,
    /// The MAC that the ARP table had for the address.
    pub sender: Option<MacAddress>,
    pub streams: u32,
}

/// The restarts of one phone.
#[derive(Debug, Clone, Default)]
pub(in crate::track) struct RestartRecord {
    pub status: RestartStatus,
    pub uplink: Uplink,
    pub registration: Option<SccpRegistration>,
    /// The time of the newest order, and of the one before.
    pub ordered_at: Option<RunTime>,
    before: Option<(RunTime, RestartState, u32)>,
    /// When the phone was back after its newest order.
    pub back_at: Option<RunTime>,
    /// The newest alarm about a load after an order.
    pub load_alarm: Option<u16>,
}

impl RestartRecord {
    /// An order was recorded. `again`: it repeats the Reset on the connection of the newest one.
    pub(in crate::track) fn on_order(&mut self, at: RunTime, wave: u32, again: bool) {
        self.status.withheld = None;
        if again {
            return;
        }
        let status = &mut self.status;
        self.before = self
            .ordered_at
            .zip(status.restart)
            .zip(status.wave)
            .map(|((at, state), wave)| (at, state, wave));
        self.ordered_at = Some(at);
        self.back_at = None;
        self.load_alarm = None;
        status.restart = Some(RestartState::Ordered);
        status.wave = Some(wave);
        status.orders = status.orders.saturating_add(1);
    }

    /// The newest order was not sent: the account is as before it.
    pub(in crate::track) fn on_not_sent(&mut self) {
        if self.status.restart != Some(RestartState::Ordered) {
            return;
        }
        let before = self.before.take();
        self.ordered_at = before.map(|(at, _, _)| at);
        self.status.restart = before.map(|(_, state, _)| state);
        self.status.wave = before.map(|(_, _, wave)| wave);
        self.status.orders = self.status.orders.saturating_sub(1);
    }

    /// The phone ended its registration. Returns whether that changes anything.
    pub(in crate::track) fn on_left(&mut self) -> bool {
        let is_ordered = self.status.restart == Some(RestartState::Ordered);
        if is_ordered {
            self.status.restart = Some(RestartState::Restarting);
        }
        is_ordered
    }

    /// The phone showed that it restarted. Returns whether that is new.
    pub(in crate::track) fn on_back(&mut self, at: RunTime) -> bool {
        let is_new = self
            .status
            .restart
            .is_some_and(|state| state != RestartState::Back);
        if is_new {
            self.status.restart = Some(RestartState::Back);
            self.back_at = Some(at);
        }
        is_new
    }

    /// The phone registered again. Returns whether it ignored its order.
    pub(in crate::track) fn on_registered(&mut self, registration: SccpRegistration) -> bool {
        self.registration = Some(registration);
        self.ignore()
    }

    /// When an order counts as ignored.
    pub(in crate::track) fn deadline(&self) -> Option<RunTime> {
        let waits = self.waits();
        self.ordered_at
            .filter(|_| waits)
            .map(|at| at + IGNORED_AFTER)
    }

    /// Applies the time. Returns whether the order counts as ignored now.
    pub(in crate::track) fn tick(&mut self, at: RunTime) -> bool {
        self.deadline().is_some_and(|due| at >= due) && self.ignore()
    }

    /// How long ago the newest order was given.
    pub(in crate::track) fn since_order(&self, at: RunTime) -> Option<Duration> {
        self.ordered_at.map(|ordered| at.saturating_sub(ordered))
    }

    fn waits(&self) -> bool {
        matches!(
            self.status.restart,
            Some(RestartState::Ordered | RestartState::Restarting)
        )
    }

    fn ignore(&mut self) -> bool {
        let waits = self.waits();
        if waits {
            self.status.restart = Some(RestartState::Ignored);
        }
        waits
    }
}
