//! One user's REGISTERs and their answers.

use std::{net::SocketAddrV4, time::Duration};

use super::{
    answer_path::{AnswerPath, LostAnswer},
    register_requests::Requests,
};
use crate::{
    protocol::sip::SipTransport,
    track::{
        diagnosis::{
            rules,
            text::{FailureCause, RegistrationFailure},
        },
        observation::RunTime,
        plan::RegistrationTarget,
        register::{Register, RegisterOutcome},
    },
};

/// After a lost answer, a registration counts as known to the phone if the phone has not
/// retransmitted its request within this time: it would have done so three times (500 ms, then
/// twice as long each time; RFC 3261, 17.1.2.2).
const ACCEPTED_AFTER: Duration = Duration::from_secs(4);

/// The registration of one user of a phone.
#[derive(Debug, Clone)]
pub(super) struct RegisterLine {
    /// The newest request.
    register: Register,
    requests: Requests,
    answers: PbxAnswers,
    /// The PBX holds the registration, and nothing shows that the phone does not know it.
    registered: bool,
    /// It was registered before its newest request, and nothing observed since contradicts that.
    refreshes: bool,
    /// When the PBX accepted a registration counts as known to the phone, although an answer was
    /// lost before or this one went elsewhere: if the phone does not retransmit until then.
    accepted_at: Option<RunTime>,
}

/// The answers of the PBX.
#[derive(Debug, Clone, Copy, Default)]
struct PbxAnswers {
    /// At least one was observed.
    any: bool,
    /// Status and destination of the answer to the newest request.
    newest: Option<(u16, SocketAddrV4)>,
    /// Answers that the phone did not receive. Kept until the phone shows that it received one.
    lost: Option<LostAnswer>,
    /// The answer before the newest request asked for credentials.
    challenged: bool,
    /// Consecutive challenges that the phone received and did not answer with credentials.
    without_credentials: u32,
    /// Consecutive challenges that went to a port on which the phone does not listen.
    misdirected: u32,
    /// Consecutive rejections of credentials.
    denied: u32,
    /// Other consecutive rejections, and the status of the last one.
    rejected: u32,
    status: u16,
}

impl RegisterLine {
    pub(super) fn new(at: RunTime, register: &Register) -> Self {
        Self {
            register: register.clone(),
            requests: Requests::new(at),
            answers: PbxAnswers::default(),
            registered: false,
            refreshes: false,
            accepted_at: None,
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

    /// Whether an answer just registered the line.
    pub(super) fn is_registered(&self) -> bool {
        self.registered
    }

    /// Whether the line is registered, also while it refreshes its registration.
    pub(super) fn holds_registration(&self) -> bool {
        self.registered || self.refreshes
    }

    /// Its newest request.
    pub(super) fn register(&self) -> &Register {
        &self.register
    }

    /// Whether an answer of the PBX was observed.
    pub(super) fn is_answered(&self) -> bool {
        self.answers.any
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
            RegisterOutcome::Again => self.on_retransmitted(at),
            RegisterOutcome::Answered {
                status,
                to,
                stale,
                expires,
            } => {
                // The request was not observed; perhaps only answers are.
                self.register = register.clone();
                self.answers.any = true;
                self.answers.newest = Some((status, to));
                self.requests.on_answered(at);
                self.on_status(at, (status, to), stale, expires);
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
        let refreshes = self.holds_registration() && is_same && !register.is_unregister;
        if self.registered || !is_same || self.requests.count == 0 {
            let any = self.answers.any && is_same;
            *self = Self::new(at, register);
            self.requests.answers_hidden = hidden && is_same;
            self.answers.any = any;
        }
        self.refreshes = refreshes;
        self.register = register.clone();
        self.requests.on_sent(at);
        self.accepted_at = None;
        let answers = &mut self.answers;
        answers.newest = None;
        if register.has_credentials {
            // The phone received a challenge.
            (answers.without_credentials, answers.misdirected) = (0, 0);
            answers.lost = answers.lost.filter(|lost| !lost.is_challenge);
        }
    }

    /// The phone does not stop to send a request: it has no answer.
    fn on_retransmitted(&mut self, at: RunTime) {
        let is_new = self.requests.on_retransmitted(at);
        let Some((status, to)) = self.answers.newest.filter(|_| is_new) else {
            return;
        };
        self.answers.without_credentials = 0;
        if self.register.transport == SipTransport::Udp
            && self.requests.retransmissions >= rules::RETRANSMISSIONS_AFTER_ANSWER
        {
            self.is_not_registered();
            self.accepted_at = None;
            let path = AnswerPath::of(&self.register, to);
            let is_challenge = is_challenge(status) && !self.register.has_credentials;
            let before = self
                .answers
                .lost
                .filter(|lost| lost.is_challenge == is_challenge);
            let more = before.map_or(self.requests.retransmissions, |lost| {
                lost.retransmissions.saturating_add(1)
            });
            self.answers.lost = Some(LostAnswer {
                status,
                path,
                is_challenge,
                retransmissions: more,
            });
        }
    }

    fn on_status(
        &mut self,
        at: RunTime,
        (status, to): (u16, SocketAddrV4),
        stale: bool,
        expires: Option<u32>,
    ) {
        let path = AnswerPath::of(&self.register, to);
        let answers = &mut self.answers;
        match status {
            200..300 if self.register.is_unregister => self.is_not_registered(),
            200..300 if expires.is_none_or(|seconds| seconds == 0) => self.is_not_registered(),
            // The phone may not receive this one either.
            200..300 if answers.lost.is_some() || !path.reaches() => {
                self.registered = false;
                self.accepted_at = Some(at);
            }
            200..300 => self.on_registered(),
            // Stale credentials are not wrong.
            401 | 407 if stale => answers.challenged = true,
            401 | 407 if !self.register.has_credentials => {
                answers.challenged = true;
                let count = if path.reaches() {
                    &mut answers.without_credentials
                } else {
                    &mut answers.misdirected
                };
                *count = count.saturating_add(1);
                if answers.misdirected >= rules::UNANSWERED_CHALLENGES && answers.lost.is_none() {
                    answers.lost = Some(LostAnswer {
                        status,
                        path,
                        is_challenge: true,
                        retransmissions: 0,
                    });
                }
            }
            401 | 407 if answers.challenged => {
                answers.rejected = 0;
                answers.denied = answers.denied.saturating_add(1);
                self.is_not_registered();
            }
            // No challenge was observed before: the credentials may answer an older one.
            401 | 407 => answers.challenged = true,
            _ => {
                (answers.denied, answers.without_credentials) = (0, 0);
                answers.rejected = answers.rejected.saturating_add(1);
                answers.status = status;
                self.is_not_registered();
            }
        }
    }

    fn is_not_registered(&mut self) {
        (self.registered, self.refreshes) = (false, false);
    }

    /// The phone is registered and knows it.
    fn on_registered(&mut self) {
        self.registered = true;
        self.accepted_at = None;
        self.answers = PbxAnswers {
            any: true,
            newest: self.answers.newest,
            ..PbxAnswers::default()
        };
    }

    /// When an accepted registration counts as known to the phone.
    pub(super) fn accepted_due(&self) -> Option<RunTime> {
        self.accepted_at.map(|at| at + ACCEPTED_AFTER)
    }

    /// Counts an accepted registration as known to the phone, if it is time. Returns whether it
    /// does.
    pub(super) fn mark_accepted(&mut self, at: RunTime) -> bool {
        let is_due = self.accepted_due().is_some_and(|due| at >= due);
        if is_due {
            self.on_registered();
        }
        is_due
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
        self.refreshes &= !is_overdue;
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
            others: Vec::new(),
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

    /// The PBX answered, and the phone did not receive it or sends no credentials.
    fn lost_answer(&self) -> Option<(FailureCause, u32)> {
        if let Some(lost) = &self.answers.lost {
            let times = if lost.retransmissions > 0 {
                lost.retransmissions
            } else {
                self.answers.misdirected
            };
            return Some((lost.cause(), times));
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

fn is_challenge(status: u16) -> bool {
    matches!(status, 401 | 407)
}
