//! How far a phone is with its registration.

use std::net::SocketAddrV4;

use super::{register_line::RegisterLine, register_requests::DUPLICATE_PACKET_WITHIN};
use crate::{
    protocol::sip::SipTransport,
    track::{
        diagnosis::{
            rules,
            text::{FailureCause, RegistrationFailure},
        },
        observation::RunTime,
        plan::RegistrationTarget,
        register::Register,
    },
};

/// Lines that are followed per phone. No phone has more buttons of its own.
const MAX_LINES: usize = 8;

/// What is known of the registration since the last load was written.
#[derive(Debug, Clone, Default)]
pub(in crate::track) struct RegistrationProgress {
    /// When the phone's own configuration was delivered.
    pub(super) configured: Option<RunTime>,
    /// That configuration sends the REGISTERs here, where they are observed.
    pub(super) expected_here: bool,
    /// A REGISTER was observed.
    pub(super) observed: bool,
    /// By user, in the order in which they were observed.
    lines: Vec<RegisterLine>,
    /// The closed port that the phone sent to.
    closed: Option<ClosedPort>,
    /// The failure that was diagnosed last.
    pub(super) reported: Option<RegistrationFailure>,
}

/// A closed port, and how often the phone sent to it.
#[derive(Debug, Clone, Copy)]
struct ClosedPort {
    pbx: SocketAddrV4,
    transport: SipTransport,
    since: RunTime,
    last: RunTime,
    count: u32,
}

impl RegistrationProgress {
    /// The phone is being sent its own configuration: what it tried before belongs to an earlier
    /// one. It may register with the new one before the end of the transfer is observed, because
    /// transfers and frames are observed by two threads.
    pub(super) fn on_configuration_requested(&mut self) {
        self.lines.clear();
        self.closed = None;
    }

    /// The phone's own configuration was delivered.
    pub(super) fn on_configured(&mut self, at: RunTime, expected_here: bool) {
        self.configured = Some(at);
        self.expected_here = expected_here;
    }

    /// The line of this REGISTER; `None` if too many lines are followed.
    pub(super) fn line_mut(
        &mut self,
        at: RunTime,
        register: &Register,
    ) -> Option<&mut RegisterLine> {
        let index = match self.lines.iter().position(|line| line.is_of(register)) {
            Some(index) => index,
            None if self.lines.len() >= MAX_LINES => return None,
            None => {
                self.lines.push(RegisterLine::new(at, register));
                self.lines.len() - 1
            }
        };
        self.lines.get_mut(index)
    }

    /// The port on which the phone listens over UDP, by its newest REGISTER.
    pub(super) fn via_port(&self) -> Option<u16> {
        self.lines.last().map(RegisterLine::via_port)
    }

    /// The PBX answered, so it listens.
    pub(super) fn on_answer(&mut self) {
        self.closed = None;
    }

    /// The phone sent to a closed port.
    pub(super) fn on_port_closed(
        &mut self,
        at: RunTime,
        pbx: SocketAddrV4,
        transport: SipTransport,
    ) {
        let fresh = ClosedPort {
            pbx,
            transport,
            since: at,
            last: at,
            count: 1,
        };
        let closed = self.closed.get_or_insert(fresh);
        if (closed.pbx, closed.transport) != (pbx, transport) {
            *closed = fresh;
        } else if at.saturating_sub(closed.last) >= DUPLICATE_PACKET_WITHIN {
            closed.last = at;
            closed.count = closed.count.saturating_add(1);
        }
    }

    /// Whether the diagnosed failure is about another user than `register`, whose REGISTERs
    /// are still followed.
    pub(super) fn failure_is_of_another_user(&self, register: &Register) -> bool {
        self.reported.as_ref().is_some_and(|reported| {
            let is_followed = |line: &RegisterLine| reported.user.as_ref() == Some(line.user());
            !reported.is_of(&register.user) && self.lines.iter().any(is_followed)
        })
    }

    /// Whether the diagnosed failure, if any, is that no REGISTER was observed.
    pub(super) fn only_lacks_a_register(&self) -> bool {
        self.reported
            .as_ref()
            .is_none_or(RegistrationFailure::lacks_a_register)
    }

    /// The line of this user, if a REGISTER of it was observed.
    pub(super) fn line(&self, user: &str) -> Option<&RegisterLine> {
        self.lines.iter().find(|line| line.user() == user)
    }

    /// When time alone shows more about the REGISTERs.
    pub(super) fn lines_due(&self) -> Option<RunTime> {
        let due = |line: &RegisterLine| {
            let due = [line.answer_due(), line.accepted_due()];
            due.into_iter().flatten().min()
        };
        self.lines.iter().filter_map(due).min()
    }

    /// The registrations that count as known to the phone from now on.
    pub(super) fn mark_accepted(&mut self, at: RunTime) -> Vec<Register> {
        let lines = self.lines.iter_mut();
        let accepted = lines.filter_map(|line| {
            let is_accepted = line.mark_accepted(at);
            is_accepted.then(|| line.register().clone())
        });
        accepted.collect()
    }

    /// Whether the phone sent to a closed port and no answer was observed since.
    pub(super) fn is_port_closed(&self) -> bool {
        self.closed
            .is_some_and(|closed| closed.count >= rules::CLOSED_PORT_TRIES)
    }

    /// Marks lines whose answers are overdue. Returns whether there are new ones.
    pub(super) fn mark_overdue(&mut self, at: RunTime) -> bool {
        let mut any = false;
        for line in &mut self.lines {
            any |= line.mark_overdue(at);
        }
        any
    }

    /// Why the phone is not registered, if known.
    pub(super) fn failure(
        &self,
        at: RunTime,
        target: Option<&RegistrationTarget>,
    ) -> Option<RegistrationFailure> {
        let closed = self
            .closed
            .filter(|closed| closed.count >= rules::CLOSED_PORT_TRIES);
        let closed = closed.map(|closed| RegistrationFailure {
            cause: FailureCause::PortClosed,
            user: None,
            pbx: Some((closed.pbx, closed.transport)),
            configured: None,
            since: closed.since,
            at,
            count: closed.count,
            others: Vec::new(),
        });
        let of_lines = || {
            let mut lines = self
                .lines
                .iter()
                .filter_map(|line| line.failure(at, target))
                .map(|failure| RegistrationFailure {
                    configured: target.cloned(),
                    ..failure
                });
            let first = lines.next()?;
            let others = lines.collect();
            Some(RegistrationFailure { others, ..first })
        };
        let mut failure = closed.or_else(of_lines)?;
        failure.configured = target.cloned();
        Some(failure)
    }
}
