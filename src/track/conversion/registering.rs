//! Whether a converted phone registers, as far as its REGISTERs, and what they are answered, are
//! heard.

mod line;

use std::net::SocketAddrV4;

use super::{Change, Conversion, EvidenceSource, RequestedFile, Row, Scene, State};
use crate::{
    diagnose::Code,
    protocol::sip::SipTransport,
    track::{
        Register, RegisterOutcome, RunTime,
        diagnosis::{
            rules,
            text::{self, Unregistered, Why},
        },
    },
};
use line::{APART, Line};

/// Lines of one phone that are followed. No phone has more buttons of its own.
const MAX_LINES: usize = 8;

/// What is known of it since the last load was written.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Registering {
    /// When its own configuration came whole.
    configured: Option<RunTime>,
    /// That configuration sends its REGISTERs where they are heard.
    awaited: bool,
    /// One came.
    heard: bool,
    /// By their users, in the order in which they were heard.
    lines: Vec<Line>,
    /// Where it called and nobody listened.
    closed: Option<Closed>,
    /// What was said of it last.
    said: Option<Unregistered>,
}

/// A closed port, and how often it was called.
#[derive(Debug, Clone, Copy)]
struct Closed {
    pbx: SocketAddrV4,
    transport: SipTransport,
    since: RunTime,
    last: RunTime,
    count: u32,
}

impl Conversion {
    /// A file that is neither manifest nor image came whole.
    pub(super) fn may_register(&mut self, scene: Scene<'_>, row: &Row) {
        let is_own = matches!(
            RequestedFile::parse(&row.name),
            RequestedFile::Config { signed: false, .. }
        );
        if is_own && !scene.excluded {
            let registering = &mut self.registering;
            registering.configured = Some(scene.at);
            registering.awaited = scene.registers;
            // What it asked for before was another configuration's wish.
            registering.lines.clear();
            registering.closed = None;
        }
    }

    /// A REGISTER was heard.
    pub(super) fn register_heard(&mut self, out: &mut Vec<Change>) {
        self.registering.heard = true;
        let is_silence = self
            .registering
            .said
            .as_ref()
            .is_none_or(|said| matches!(said.why, Why::Silent));
        if is_silence {
            self.refute(Code::NotRegistering, None, out);
        }
    }

    /// A REGISTER was sent, or answered.
    pub(in super::super) fn registers(
        &mut self,
        scene: Scene<'_>,
        register: &Register,
        outcome: RegisterOutcome,
        out: &mut Vec<Change>,
    ) {
        self.last = scene.at;
        self.register_heard(out);
        let lines = &mut self.registering.lines;
        let at = match lines.iter().position(|line| line.is_of(register)) {
            Some(at) => at,
            None if lines.len() >= MAX_LINES => return,
            None => {
                lines.push(Line::new(scene.at, register));
                lines.len() - 1
            }
        };
        let line = &mut lines[at];
        line.see(scene.at, register, outcome);
        if matches!(outcome, RegisterOutcome::Answered { .. }) {
            let is_registered = line.is_registered();
            // It found a PBX that listens.
            self.registering.closed = None;
            if is_registered {
                self.registered(scene, register, out);
            }
        }
        self.judge_registering(scene, out);
    }

    /// The PBX took it.
    fn registered(&mut self, scene: Scene<'_>, register: &Register, out: &mut Vec<Change>) {
        let detail = text::registered(register, scene.registration);
        self.note(EvidenceSource::Sip, detail, out);
        let user = self
            .registering
            .said
            .as_ref()
            .and_then(|said| said.user.as_ref());
        let is_others = user.is_some_and(|user| {
            *user != register.user
                && self
                    .registering
                    .lines
                    .iter()
                    .any(|line| line.register.user == *user)
        });
        if !is_others {
            self.registering.said = None;
            self.refute(Code::NotRegistering, None, out);
        }
    }

    /// It called a port where nobody listens.
    pub(in super::super) fn found_closed(
        &mut self,
        scene: Scene<'_>,
        pbx: SocketAddrV4,
        transport: SipTransport,
        out: &mut Vec<Change>,
    ) {
        self.last = scene.at;
        let fresh = Closed {
            pbx,
            transport,
            since: scene.at,
            last: scene.at,
            count: 1,
        };
        let closed = self.registering.closed.get_or_insert(fresh);
        if (closed.pbx, closed.transport) != (pbx, transport) {
            *closed = fresh;
        } else if scene.at.saturating_sub(closed.last) >= APART {
            closed.last = scene.at;
            closed.count = closed.count.saturating_add(1);
        }
        self.judge_registering(scene, out);
    }

    /// Whether it can be told of: it is converted, or took its configuration without a load.
    fn may_be_told(&self) -> bool {
        match self.state {
            State::Flashed | State::Confirmed | State::Already => true,
            State::Seen | State::Configuring => self.registering.configured.is_some(),
            _ => false,
        }
    }

    /// When it has been silent for too long.
    pub(in super::super) fn registers_until(&self) -> Option<RunTime> {
        let is_converted = matches!(
            self.state,
            State::Flashed | State::Confirmed | State::Already
        );
        let registering = &self.registering;
        let is_open = is_converted
            && registering.awaited
            && !registering.heard
            && !self.stands(Code::NotRegistering);
        let configured = registering.configured.filter(|_| is_open)?;
        Some(configured + rules::REGISTERS_WITHIN)
    }

    /// When time alone says more of its registration.
    pub(super) fn registering_due(&self) -> Option<RunTime> {
        let lines = self.registering.lines.iter().filter_map(Line::due);
        lines.chain(self.registers_until()).min()
    }

    /// Lets time pass.
    pub(super) fn registering_late(&mut self, scene: Scene<'_>, out: &mut Vec<Change>) {
        let at = scene.at;
        if self.registers_until().is_some_and(|until| at >= until)
            && let Some(configured) = self.registering.configured
        {
            self.say(Unregistered::silent(configured, at), out);
        }
        let mut is_late = false;
        for line in &mut self.registering.lines {
            is_late |= line.pass(at);
        }
        if is_late {
            self.judge_registering(scene, out);
        }
    }

    /// Says why it is not registered, if that is known and was not said.
    fn judge_registering(&mut self, scene: Scene<'_>, out: &mut Vec<Change>) {
        if !self.may_be_told() {
            return;
        }
        let closed = self
            .registering
            .closed
            .filter(|closed| closed.count >= rules::CLOSED_CALLS);
        let closed = closed.map(|closed| Unregistered {
            why: Why::Closed,
            user: None,
            pbx: Some((closed.pbx, closed.transport)),
            written: None,
            since: closed.since,
            at: scene.at,
            count: closed.count,
        });
        let lines = &self.registering.lines;
        let line = || {
            lines
                .iter()
                .find_map(|line| line.cause(scene.at, scene.registration))
        };
        let Some(mut cause) = closed.or_else(line) else {
            return;
        };
        cause.written = scene.registration.cloned();
        self.say(cause, out);
    }

    fn say(&mut self, cause: Unregistered, out: &mut Vec<Change>) {
        let stands = self.stands(Code::NotRegistering);
        if stands
            && self
                .registering
                .said
                .as_ref()
                .is_some_and(|said| said.is_same(&cause))
        {
            return;
        }
        self.refute(Code::NotRegistering, None, out);
        self.raise("", text::not_registering(&cause), out);
        self.registering.said = Some(cause);
    }
}
