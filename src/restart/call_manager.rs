//! One connection of a phone to a call manager that registers phones only to restart them: bytes and
//! the time in, frames and what the phone said out.
//!
//! Without a verdict nothing is sent but answers to `KeepAlives`, tokens and Unregister: a connection that
//! carries only `KeepAlives` belongs to a phone that another call manager serves, and is never ordered.
//!
//! An order is a `RegisterAck`, a `CapabilitiesReq` and, with the next message of the phone or after
//! [`EARLY_WAIT`], Reset(1). If the connection stands [`REPEAT_AFTER`] later and the phone sent another
//! message, the owner is asked again; the requests of the registration are then answered, and Reset
//! follows once more.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::protocol::{
    Malformed,
    sccp::{PhoneMessage, SccpMessage, SccpRegister, SccpStream, encode, station},
};

/// How long a connection may last without a whole message: three `KeepAlives` and some.
pub const IDLE: Duration = Duration::from_secs(95);

/// How long a connection may last without its first whole message. Phones send their alarm at once.
pub const FIRST_MESSAGE: Duration = Duration::from_secs(10);

/// How long a phone that registered waits for a verdict before the connection is closed.
pub const VERDICT_WAIT: Duration = Duration::from_secs(15);

/// How long after the `RegisterAck` the Reset is sent, if the phone sends nothing before.
pub const EARLY_WAIT: Duration = Duration::from_secs(2);

/// How long after a Reset the connection may stand.
pub const REPEAT_AFTER: Duration = Duration::from_secs(10);

/// How long after the last request of a registration, or an answer to it, the second Reset is sent.
pub const SETTLED: Duration = Duration::from_secs(2);

/// Requests of one registration that are kept until they are answered.
pub const MAX_OPEN: usize = 32;

/// Messages of one connection in [`MESSAGE_WINDOW`]; with more the connection is closed. A registration
/// has about 20.
pub const MAX_MESSAGES: u32 = 200;

/// The time window of [`MAX_MESSAGES`].
pub const MESSAGE_WINDOW: Duration = Duration::from_secs(10);

/// This moment, on both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// For deadlines.
    pub instant: Instant,
    /// For the answer to a request for the time.
    pub wall: Timestamp,
}

/// What the owner decides about a phone that registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Restart it. The order is in the journal.
    Order,
    /// Register it and keep it registered, without a line: it waits for its order.
    Hold,
    /// Close the connection: the phone tries its next call manager and comes again.
    Close,
}

/// What a connection asks its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// The phone registered.
    Registered(Box<SccpRegister>),
    /// It was ordered and did not obey: may it be ordered once more on this connection?
    Again,
}

/// What follows from bytes, a verdict or the time.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Sent to the phone.
    pub send: Vec<u8>,
    /// What the phone reported: alarms, Register and Unregister.
    pub reports: Vec<PhoneMessage>,
    /// What the owner is asked.
    pub question: Option<Question>,
    /// A Reset is among what is sent.
    pub reset: bool,
    /// The connection ends after what is sent.
    pub close: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The phone did not register.
    Unregistered,
    /// The phone registered and waits for a verdict.
    Asked { since: Instant },
    /// The registration is accepted; Reset follows.
    Acked { since: Instant },
    /// Registered until its order.
    Held,
    /// Reset was sent.
    Ordered { since: Instant, count: u8 },
    /// The owner is asked whether to repeat the Reset.
    AskedAgain { since: Instant },
    /// The registration is completed; the second Reset follows.
    Completing { since: Instant },
    /// It was closed.
    Closed,
}

/// One connection.
#[derive(Debug)]
pub struct CallManager {
    stream: SccpStream,
    phase: Phase,
    name: String,
    version: u8,
    /// Requests of the registration that are not answered yet.
    open: Vec<SccpMessage>,
    /// Whether the phone sent a message since the last Reset, other than a `KeepAlive`.
    has_sent: bool,
    has_message: bool,
    last: Instant,
    window: (Instant, u32),
}

impl CallManager {
    /// A connection that was accepted at this time.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            stream: SccpStream::default(),
            phase: Phase::Unregistered,
            name: String::new(),
            version: 0,
            open: Vec::new(),
            has_sent: false,
            has_message: false,
            last: now,
            window: (now, 0),
        }
    }

    /// Reads the next bytes.
    ///
    /// # Errors
    /// They are not SCCP. The connection should be closed.
    pub fn feed(&mut self, now: Moment, bytes: &[u8]) -> Result<Outcome, Malformed> {
        let mut out = Outcome::default();
        for message in self.stream.feed(bytes)? {
            if self.phase == Phase::Closed {
                break;
            }
            self.last = now.instant;
            self.has_message = true;
            if self.is_flood(now.instant) {
                self.close(&mut out);
                break;
            }
            let decoded = PhoneMessage::decode(&message)?;
            self.on_message(now, message, decoded, &mut out);
        }
        Ok(out)
    }

    /// Applies the answer to a question. One that comes too late changes nothing.
    pub fn on_verdict(&mut self, now: Moment, verdict: Verdict) -> Outcome {
        let mut out = Outcome::default();
        match (self.phase, verdict) {
            (Phase::Asked { .. }, Verdict::Order) => {
                self.accept(&mut out);
                self.phase = Phase::Acked { since: now.instant };
            }
            (Phase::Asked { .. }, Verdict::Hold) => {
                self.accept(&mut out);
                self.phase = Phase::Held;
                self.answer_open(now, &mut out);
            }
            (Phase::Held, Verdict::Order) => self.reset(now.instant, 1, &mut out),
            (Phase::AskedAgain { .. }, Verdict::Order) => {
                self.phase = Phase::Completing { since: now.instant };
                self.answer_open(now, &mut out);
            }
            (Phase::Asked { .. } | Phase::Held | Phase::AskedAgain { .. }, Verdict::Close) => {
                self.close(&mut out);
            }
            _ => {}
        }
        out
    }

    /// Applies what the time alone changes. Call it at [`Self::deadline`].
    pub fn on_time(&mut self, now: Instant) -> Outcome {
        let mut out = Outcome::default();
        if now < self.deadline() {
            return out;
        }
        match self.phase {
            Phase::Acked { .. } => self.reset(now, 1, &mut out),
            Phase::Completing { .. } => self.reset(now, 2, &mut out),
            Phase::Ordered { count: 1, .. } if self.has_sent => {
                self.phase = Phase::AskedAgain { since: now };
                out.question = Some(Question::Again);
            }
            _ => self.close(&mut out),
        }
        out
    }

    /// When the time changes something.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        let idle = self.last
            + if self.has_message {
                IDLE
            } else {
                FIRST_MESSAGE
            };
        match self.phase {
            Phase::Unregistered | Phase::Held | Phase::Closed => idle,
            Phase::Asked { since } | Phase::AskedAgain { since } => since + VERDICT_WAIT,
            Phase::Acked { since } => since + EARLY_WAIT,
            Phase::Completing { .. } => self.last + SETTLED,
            Phase::Ordered { since, .. } => since + REPEAT_AFTER,
        }
    }

    /// Whether a Reset was sent.
    #[must_use]
    pub fn is_ordered(&self) -> bool {
        matches!(
            self.phase,
            Phase::Ordered { .. } | Phase::AskedAgain { .. } | Phase::Completing { .. }
        )
    }

    fn is_flood(&mut self, now: Instant) -> bool {
        let (since, count) = &mut self.window;
        if now.saturating_duration_since(*since) >= MESSAGE_WINDOW {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        *count > MAX_MESSAGES
    }

    fn on_message(
        &mut self,
        now: Moment,
        message: SccpMessage,
        decoded: PhoneMessage,
        out: &mut Outcome,
    ) {
        match decoded {
            PhoneMessage::KeepAlive => out.send.extend(encode::keep_alive_ack()),
            PhoneMessage::TokenRequest => out.send.extend(encode::token_reject()),
            PhoneMessage::Unregister => {
                out.send.extend(encode::unregister_ack());
                out.reports.push(PhoneMessage::Unregister);
                self.close(out);
            }
            PhoneMessage::Register(register) => self.on_register(now.instant, register, out),
            PhoneMessage::Alarm(_) | PhoneMessage::XmlAlarm(_) => out.reports.push(decoded),
            PhoneMessage::IpPort | PhoneMessage::Other(_) => self.on_other(now, message, out),
        }
    }

    /// The first Register of the connection is a question; a further one is a message like any other.
    fn on_register(&mut self, now: Instant, register: SccpRegister, out: &mut Outcome) {
        if self.phase != Phase::Unregistered {
            self.has_sent = true;
            return;
        }
        self.name.clone_from(&register.name);
        self.version = encode::acknowledged_version(register.version);
        self.phase = Phase::Asked { since: now };
        out.reports.push(PhoneMessage::Register(register.clone()));
        out.question = Some(Question::Registered(Box::new(register)));
    }

    fn on_other(&mut self, now: Moment, message: SccpMessage, out: &mut Outcome) {
        let is_registration = station::is_registration(message.id);
        match self.phase {
            Phase::Held | Phase::Completing { .. } if is_registration => {
                out.send.extend(self.answer(&message, now));
            }
            Phase::Asked { .. } | Phase::Ordered { .. } | Phase::AskedAgain { .. }
                if is_registration && self.open.len() < MAX_OPEN =>
            {
                self.open.push(message);
                self.has_sent = true;
            }
            // IpPort follows Register at once, before the answer to it.
            Phase::Acked { .. } => {
                self.open.push(message);
                self.reset(now.instant, 1, out);
            }
            _ => self.has_sent = true,
        }
    }

    fn accept(&mut self, out: &mut Outcome) {
        out.send.extend(encode::register_ack(self.version));
        out.send.extend(encode::capabilities_request(self.version));
    }

    fn answer(&self, request: &SccpMessage, now: Moment) -> Vec<u8> {
        station::answer(request, self.version, &self.name, now.wall).unwrap_or_default()
    }

    fn answer_open(&mut self, now: Moment, out: &mut Outcome) {
        for request in std::mem::take(&mut self.open) {
            out.send.extend(self.answer(&request, now));
        }
        self.last = now.instant;
    }

    fn reset(&mut self, now: Instant, count: u8, out: &mut Outcome) {
        out.send.extend(encode::reset(self.version));
        out.reset = true;
        self.has_sent = false;
        self.phase = Phase::Ordered { since: now, count };
    }

    fn close(&mut self, out: &mut Outcome) {
        self.phase = Phase::Closed;
        out.close = true;
    }
}

#[cfg(test)]
#[path = "call_manager_tests.rs"]
mod tests;
