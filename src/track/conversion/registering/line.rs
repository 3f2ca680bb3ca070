//! One user's REGISTERs, and what they were answered.

use std::{net::SocketAddrV4, time::Duration};

use crate::{
    protocol::sip::SipTransport,
    track::{
        Register, RegisterOutcome, RegistrationTarget, RunTime,
        diagnosis::{
            rules,
            text::{Unregistered, Why},
        },
    },
};

/// Copies of one packet nearer than this are one packet that was captured twice. A phone waits
/// 500 ms before it repeats itself (T1 of RFC 3261, 17.1.2.2).
pub(super) const APART: Duration = Duration::from_millis(300);

/// One line.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about one line"
)]
pub(super) struct Line {
    /// The newest request.
    pub(super) register: Register,
    /// The first request since it was registered, or at all.
    since: RunTime,
    /// The newest request or copy of one.
    last: RunTime,
    /// Requests since then.
    requests: u32,
    /// Copies of the newest request, since it was answered or since it was sent.
    again: u32,
    /// The first request that nobody answered, as none since; and how many they are.
    asked: Option<RunTime>,
    unanswered: u32,
    /// It waits for an answer longer than it would.
    late: bool,
    /// Its answers go a way that is not heard: it went on as if it had one.
    deaf: bool,
    /// The newest request's answer, and where that went.
    answer: Option<(u16, SocketAddrV4)>,
    /// The answer before the newest request asked for a proof.
    challenged: bool,
    /// Requests for a proof that it did not give, in a row.
    unproven: u32,
    /// Proofs that were refused, in a row.
    denied: u32,
    /// Other refusals in a row, and the last of them.
    refused: u32,
    status: u16,
    registered: bool,
}

impl Line {
    pub(super) fn new(at: RunTime, register: &Register) -> Self {
        Self {
            register: register.clone(),
            since: at,
            last: at,
            requests: 0,
            again: 0,
            asked: None,
            unanswered: 0,
            late: false,
            deaf: false,
            answer: None,
            challenged: false,
            unproven: 0,
            denied: 0,
            refused: 0,
            status: 0,
            registered: false,
        }
    }

    /// Whether this REGISTER is of this line: of its user, wherever it goes.
    pub(super) fn is_of(&self, register: &Register) -> bool {
        self.register.user == register.user
    }

    /// Whether the PBX holds it.
    pub(super) fn is_registered(&self) -> bool {
        self.registered
    }

    /// A REGISTER or its answer.
    pub(super) fn see(&mut self, at: RunTime, register: &Register, outcome: RegisterOutcome) {
        match outcome {
            RegisterOutcome::Sent => self.sent(at, register),
            RegisterOutcome::Again => {
                if at.saturating_sub(self.last) >= APART {
                    self.last = at;
                    self.again = self.again.saturating_add(1);
                }
            }
            RegisterOutcome::Answered {
                status,
                to,
                stale,
                expires,
            } => {
                // An answer may be all that is heard.
                self.register = register.clone();
                self.answer = Some((status, to));
                (self.again, self.asked, self.unanswered, self.late) = (0, None, 0, false);
                self.last = at;
                self.answered(status, stale, expires);
            }
        }
    }

    fn sent(&mut self, at: RunTime, register: &Register) {
        // Nobody proves a password who was not asked to.
        self.deaf |=
            register.has_credentials && !self.register.has_credentials && self.asked.is_some();
        let is_same =
            self.register.pbx == register.pbx && self.register.transport == register.transport;
        if self.registered || !is_same || self.requests == 0 {
            let deaf = self.deaf && is_same;
            *self = Self {
                deaf,
                ..Self::new(at, register)
            };
        }
        self.register = register.clone();
        self.last = at;
        self.requests = self.requests.saturating_add(1);
        self.again = 0;
        self.asked.get_or_insert(at);
        self.unanswered = self.unanswered.saturating_add(1);
        self.answer = None;
        if register.has_credentials {
            self.unproven = 0;
        }
    }

    fn answered(&mut self, status: u16, stale: bool, expires: Option<u32>) {
        match status {
            200..300 if self.register.is_unregister => self.registered = false,
            200..300 => {
                self.registered = expires.is_some_and(|seconds| seconds > 0);
                if self.registered {
                    (self.denied, self.refused, self.unproven) = (0, 0, 0);
                    self.challenged = false;
                }
            }
            // Too old is not wrong.
            401 | 407 if stale => self.challenged = true,
            401 | 407 if !self.register.has_credentials => {
                self.challenged = true;
                self.unproven = self.unproven.saturating_add(1);
            }
            401 | 407 if self.challenged => {
                self.registered = false;
                self.refused = 0;
                self.denied = self.denied.saturating_add(1);
            }
            // It proved something before it was heard to be asked: perhaps for an older question.
            401 | 407 => self.challenged = true,
            _ => {
                self.registered = false;
                (self.denied, self.unproven) = (0, 0);
                self.refused = self.refused.saturating_add(1);
                self.status = status;
            }
        }
    }

    /// When it will have waited for too long.
    pub(super) fn due(&self) -> Option<RunTime> {
        let asked = self.asked.filter(|_| !self.late)?;
        Some(asked + rules::ANSWERS_WITHIN)
    }

    /// Lets time pass; whether that says more.
    pub(super) fn pass(&mut self, at: RunTime) -> bool {
        let is_late = self.due().is_some_and(|due| at >= due);
        self.late |= is_late;
        is_late
    }

    /// Why it is not registered, if that can be said.
    pub(super) fn cause(
        &self,
        at: RunTime,
        registration: Option<&RegistrationTarget>,
    ) -> Option<Unregistered> {
        let (why, count) = self.why(registration)?;
        Some(Unregistered {
            why,
            user: Some(self.register.user.clone()),
            pbx: Some((self.register.pbx, self.register.transport)),
            written: None,
            since: self.since,
            at,
            count,
        })
    }

    fn why(&self, registration: Option<&RegistrationTarget>) -> Option<(Why, u32)> {
        let register = &self.register;
        if self.denied > 0 {
            return Some((Why::Secret, self.denied));
        }
        if self.refused > 0 {
            let why = match self.status {
                403 => Some(Why::Forbidden),
                404 | 410 | 604 => Some(Why::Unknown(self.status)),
                _ if self.refused < rules::REFUSALS => None,
                423 => Some(Why::Brief),
                status => Some(Why::Failing(status)),
            };
            return why.map(|why| (why, self.refused));
        }
        if let Some((_, to)) = self.answer
            && register.transport == SipTransport::Udp
            && self.again >= rules::VAIN_COPIES
        {
            let port = if register.rport {
                register.source.port()
            } else {
                register.via_port
            };
            let reaches = to.port() == port && to.ip() == register.source.ip();
            let why = if register.via_differs {
                Why::Nat(to)
            } else if reaches {
                Why::Lost(to)
            } else {
                Why::Astray {
                    to,
                    via_port: register.via_port,
                }
            };
            return Some((why, self.again));
        }
        if self.unproven >= rules::UNPROVEN {
            return Some((Why::NoProof, self.unproven));
        }
        if !self.late {
            return None;
        }
        let is_elsewhere = registration.is_some_and(|written| !written.matches(register));
        let is_unanswered = !self.deaf
            && match register.transport {
                SipTransport::Udp => self.again >= rules::COPIES,
                // A phone that got an answer which is not heard would prove its password.
                SipTransport::Tcp => self.unanswered >= 2 && !register.has_credentials,
            };
        if is_elsewhere && (self.requests >= 2 || is_unanswered) {
            Some((Why::Elsewhere, self.requests))
        } else {
            let sent = self.requests.saturating_add(self.again);
            is_unanswered.then_some((Why::Unanswered, sent))
        }
    }
}
