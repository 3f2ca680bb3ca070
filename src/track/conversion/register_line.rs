//! One user's REGISTERs and their answers.

use std::{net::SocketAddrV4, time::Duration};

use crate::{
    protocol::sip::SipTransport,
    track::{
        diagnosis::{
            rules,
            text::{FailureCause, RegistrationFailure},
        },
        observation::{Register, RegisterOutcome, RunTime},
        plan::RegistrationTarget,
    },
};

/// Copies of one packet within this time are one packet that was captured twice. A phone waits
/// 500 ms before it retransmits (T1 of RFC 3261, 17.1.2.2).
pub(super) const DUPLICATE_PACKET_WITHIN: Duration = Duration::from_millis(300);

/// The registration of one user of a phone.
#[derive(Debug, Clone)]
pub(super) struct RegisterLine {
    /// The newest request.
    register: Register,
    requests: Requests,
    answers: PbxAnswers,
    /// The PBX holds the registration.
    registered: bool,
}

/// The requests of one line since it was last registered, or since the first one.
#[derive(Debug, Clone, Copy)]
struct Requests {
    /// The first request.
    since: RunTime,
    /// The newest request or retransmission.
    last: RunTime,
    count: u32,
    /// Retransmissions of the newest request since it was answered, or since it was sent.
    retransmissions: u32,
    /// The first request without an answer, if none has been answered since.
    unanswered_since: Option<RunTime>,
    /// Requests without an answer since then.
    unanswered: u32,
    /// The answer is overdue.
    overdue: bool,
    /// The answers take a path that is not observed: the phone continued as if it had one.
    answers_hidden: bool,
}

/// The answers of the PBX.
#[derive(Debug, Clone, Copy, Default)]
struct PbxAnswers {
    /// The destination of the answer to the newest request.
    destination: Option<SocketAddrV4>,
    /// The answer before the newest request asked for credentials.
    challenged: bool,
    /// Consecutive challenges that the phone did not answer with credentials.
    without_credentials: u32,
    /// Consecutive rejections of credentials.
    denied: u32,
    /// Other consecutive rejections, and the status of the last one.
    rejected: u32,
    status: u16,
}

impl Requests {
    fn new(at: RunTime) -> Self {
        Self {
            since: at,
            last: at,
            count: 0,
            retransmissions: 0,
            unanswered_since: None,
            unanswered: 0,
            overdue: false,
            answers_hidden: false,
        }
    }

    fn on_sent(&mut self, at: RunTime) {
        self.last = at;
        self.count = self.count.saturating_add(1);
        self.retransmissions = 0;
        self.unanswered_since.get_or_insert(at);
        self.unanswered = self.unanswered.saturating_add(1);
    }

    fn on_retransmitted(&mut self, at: RunTime) {
        if at.saturating_sub(self.last) >= DUPLICATE_PACKET_WITHIN {
            self.last = at;
            self.retransmissions = self.retransmissions.saturating_add(1);
        }
    }

    fn on_answered(&mut self, at: RunTime) {
        self.last = at;
        self.retransmissions = 0;
        self.unanswered_since = None;
        self.unanswered = 0;
        self.overdue = false;
    }
}

impl RegisterLine {
    pub(super) fn new(at: RunTime, register: &Register) -> Self {
        Self {
            register: register.clone(),
            requests: Requests::new(at),
            answers: PbxAnswers::default(),
            registered: false,
        }
    }

    /// The user to be registered.
    pub(super) fn user(&self) -> &String {
        &self.register.user
    }

    /// The port on which the phone listens over UDP.
    pub(super) fn via_port(&self) -> u16 {
        self.register.via_port
    }

    /// Whether this REGISTER belongs to this line, whatever its destination.
    pub(super) fn is_of(&self, register: &Register) -> bool {
        self.register.user == register.user
    }

    /// Whether the PBX holds the registration.
    pub(super) fn is_registered(&self) -> bool {
        self.registered
    }

    /// A REGISTER or its answer was observed.
    pub(super) fn on_register(
        &mut self,
        at: RunTime,
        register: &Register,
        outcome: RegisterOutcome,
    ) {
        match outcome {
            RegisterOutcome::Sent => self.on_sent(at, register),
            RegisterOutcome::Again => self.requests.on_retransmitted(at),
            RegisterOutcome::Answered {
                status,
                to,
                stale,
                expires,
            } => {
                // The request was not observed; perhaps only answers are.
                self.register = register.clone();
                self.answers.destination = Some(to);
                self.requests.on_answered(at);
                self.on_status(status, stale, expires);
            }
        }
    }

    fn on_sent(&mut self, at: RunTime, register: &Register) {
        // A phone sends credentials only after a challenge.
        let hidden = self.requests.answers_hidden
            || register.has_credentials
                && !self.register.has_credentials
                && self.requests.unanswered_since.is_some();
        let is_same =
            self.register.pbx == register.pbx && self.register.transport == register.transport;
        self.requests.answers_hidden = hidden;
        if self.registered || !is_same || self.requests.count == 0 {
            *self = Self::new(at, register);
            self.requests.answers_hidden = hidden && is_same;
        }
        self.register = register.clone();
        self.requests.on_sent(at);
        self.answers.destination = None;
        if register.has_credentials {
            self.answers.without_credentials = 0;
        }
    }

    fn on_status(&mut self, status: u16, stale: bool, expires: Option<u32>) {
        let answers = &mut self.answers;
        match status {
            200..300 if self.register.is_unregister => self.registered = false,
            200..300 => {
                self.registered = expires.is_some_and(|seconds| seconds > 0);
                if self.registered {
                    (answers.denied, answers.rejected) = (0, 0);
                    answers.without_credentials = 0;
                    answers.challenged = false;
                }
            }
            // Stale credentials are not wrong.
            401 | 407 if stale => answers.challenged = true,
            401 | 407 if !self.register.has_credentials => {
                answers.challenged = true;
                answers.without_credentials = answers.without_credentials.saturating_add(1);
            }
            401 | 407 if answers.challenged => {
                self.registered = false;
                answers.rejected = 0;
                answers.denied = answers.denied.saturating_add(1);
            }
            // No challenge was observed before: the credentials may answer an older one.
            401 | 407 => answers.challenged = true,
            _ => {
                self.registered = false;
                (answers.denied, answers.without_credentials) = (0, 0);
                answers.rejected = answers.rejected.saturating_add(1);
                answers.status = status;
            }
        }
    }

    /// When the answer is overdue.
    pub(super) fn answer_due(&self) -> Option<RunTime> {
        let requests = &self.requests;
        let since = requests.unanswered_since.filter(|_| !requests.overdue)?;
        Some(since + rules::ANSWERS_WITHIN)
    }

    /// Marks the answer as overdue, if it is. Returns whether that is new.
    pub(super) fn mark_overdue(&mut self, at: RunTime) -> bool {
        let is_overdue = self.answer_due().is_some_and(|due| at >= due);
        self.requests.overdue |= is_overdue;
        is_overdue
    }

    /// Why the line is not registered, if known.
    pub(super) fn failure(
        &self,
        at: RunTime,
        target: Option<&RegistrationTarget>,
    ) -> Option<RegistrationFailure> {
        let (cause, count) = self
            .rejection()
            .unwrap_or_else(|| self.lost_answer().or_else(|| self.no_answer(target)))?;
        Some(RegistrationFailure {
            cause,
            user: Some(self.register.user.clone()),
            pbx: Some((self.register.pbx, self.register.transport)),
            configured: None,
            since: self.requests.since,
            at,
            count,
        })
    }

    /// Why the PBX rejected the registration; `None`: it did not. `Some(None)`: it did, but the
    /// reason may be temporary.
    #[expect(clippy::option_option, reason = "a rejection may have no cause so far")]
    fn rejection(&self) -> Option<Option<(FailureCause, u32)>> {
        let answers = &self.answers;
        if answers.denied > 0 {
            return Some(Some((FailureCause::WrongSecret, answers.denied)));
        }
        if answers.rejected == 0 {
            return None;
        }
        let cause = match answers.status {
            403 => Some(FailureCause::Forbidden),
            404 | 410 | 604 => Some(FailureCause::UnknownUser(answers.status)),
            _ if answers.rejected < rules::REJECTIONS => None,
            423 => Some(FailureCause::IntervalTooBrief),
            status => Some(FailureCause::Rejected(status)),
        };
        Some(cause.map(|cause| (cause, answers.rejected)))
    }

    /// The PBX answered, and the phone retransmits or sends no credentials.
    fn lost_answer(&self) -> Option<(FailureCause, u32)> {
        let register = &self.register;
        if let Some(to) = self.answers.destination
            && register.transport == SipTransport::Udp
            && self.requests.retransmissions >= rules::RETRANSMISSIONS_AFTER_ANSWER
        {
            let port = if register.rport {
                register.source.port()
            } else {
                register.via_port
            };
            let reaches = to.port() == port && to.ip() == register.source.ip();
            let cause = if register.via_differs {
                FailureCause::BehindNat(to)
            } else if reaches {
                FailureCause::AnswerLost(to)
            } else {
                FailureCause::WrongAnswerPort {
                    to,
                    via_port: register.via_port,
                }
            };
            return Some((cause, self.requests.retransmissions));
        }
        let count = self.answers.without_credentials;
        (count >= rules::UNANSWERED_CHALLENGES).then_some((FailureCause::NoCredentials, count))
    }

    /// The answer is overdue.
    fn no_answer(&self, target: Option<&RegistrationTarget>) -> Option<(FailureCause, u32)> {
        let (register, requests) = (&self.register, &self.requests);
        if !requests.overdue {
            return None;
        }
        let is_other_server = target.is_some_and(|target| !target.matches(register));
        let is_unanswered = !requests.answers_hidden
            && match register.transport {
                SipTransport::Udp => requests.retransmissions >= rules::RETRANSMISSIONS,
                // After an answer that is not observed, a phone would send credentials.
                SipTransport::Tcp => requests.unanswered >= 2 && !register.has_credentials,
            };
        if is_other_server && (requests.count >= 2 || is_unanswered) {
            Some((FailureCause::OtherServer, requests.count))
        } else {
            let sent = requests.count.saturating_add(requests.retransmissions);
            is_unanswered.then_some((FailureCause::Unanswered, sent))
        }
    }
}
