//! Whether a converted phone registers, where its REGISTERs would be heard.

use super::{Change, Conversion, Request, Row, Scene, State};
use crate::{
    diagnose::{Code, rules, text},
    track::Moment,
};

/// What is known of it since the last load was written.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Registering {
    /// When its own configuration came whole, which sends its REGISTERs here.
    configured: Option<Moment>,
    /// One came.
    heard: bool,
}

impl Conversion {
    /// A file that is neither manifest nor image came whole.
    pub(super) fn may_register(&mut self, scene: Scene<'_>, row: &Row) {
        let is_own = matches!(
            Request::read(&row.name),
            Request::Config { signed: false, .. }
        );
        if is_own && scene.registers && !scene.excluded {
            self.registering.configured = Some(scene.at);
        }
    }

    /// It registers.
    pub(super) fn registered(&mut self, out: &mut Vec<Change>) {
        self.registering.heard = true;
        self.refute(Code::NotRegistering, None, out);
    }

    /// When it has been silent for too long.
    pub(in super::super) fn registers_until(&self) -> Option<Moment> {
        let is_converted = matches!(
            self.state,
            State::Flashed | State::Confirmed | State::Already
        );
        let is_open = is_converted && !self.registering.heard && !self.stands(Code::NotRegistering);
        let configured = self.registering.configured.filter(|_| is_open)?;
        Some(configured + rules::REGISTERS_WITHIN)
    }

    /// Lets time pass.
    pub(super) fn judge_registering(&mut self, at: Moment, out: &mut Vec<Change>) {
        if self.registers_until().is_some_and(|until| at >= until)
            && let Some(configured) = self.registering.configured
        {
            let diagnosis = text::not_registering(configured, at);
            self.raise("", diagnosis, out);
        }
    }
}
