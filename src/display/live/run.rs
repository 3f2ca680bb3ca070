//! The run as the live display knows it: the view, and the speed of the phones.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use super::pace::{ByteRate, Pace, PacePosition};
use crate::{
    reporter::Tick,
    run_view::{PhoneView, RunView, format},
    text::escape,
    track::{Event, MissingPhone, PhoneId, PhoneRef, Report, State},
};

/// Positions of a phone that are remembered. A conversion has about 20; a phone that goes through
/// them again and again is not representative of others.
const MAX_POSITIONS: usize = 64;

/// A run while it goes on.
#[derive(Debug, Default)]
pub(in crate::display) struct LiveRun {
    pub(super) view: RunView,
    pub(super) began: Option<Timestamp>,
    pub(super) rate: ByteRate,
    pub(super) pace: Pace,
    /// The names of the phones that are expected by name and were not seen so far.
    pub(super) missing: Vec<String>,
    /// Where each unfinished phone was, and since when.
    positions: BTreeMap<PhoneId, Vec<(PacePosition, Timestamp)>>,
}

impl LiveRun {
    pub(in crate::display) fn started(&mut self, at: Timestamp) {
        self.began = Some(at);
    }

    /// Continues from what was recorded before.
    pub(in crate::display) fn resumed(&mut self, view: &RunView) {
        self.view = view.clone();
    }

    /// Applies an event. Returns a line for the scrollback, if it is worth one.
    pub(in crate::display) fn event(
        &mut self,
        at: Timestamp,
        event: &Event,
    ) -> Option<(State, String)> {
        match event {
            Event::Step(step) => {
                let id = step.phone.id;
                let before = self.view.phone(id).map(|phone| phone.state);
                self.view.apply(at, event);
                self.moved(id, at);
                let phone = self.view.phone(id)?;
                // A phone that is flashed is mostly confirmed a moment later: one line for both.
                let is_confirmed = matches!(phone.state, State::Confirmed | State::Already);
                if !is_confirmed || before == Some(phone.state) {
                    return None;
                }
                let positions = self.positions.remove(&id).unwrap_or_default();
                if positions.len() < MAX_POSITIONS {
                    self.pace.learn(&positions, at);
                }
                Some((phone.state, outcome(phone)))
            }
            Event::Progress(progress) => {
                self.view.apply(at, event);
                self.moved(progress.phone.id, at);
                None
            }
            Event::Diagnosis { .. } => {
                self.view.apply(at, event);
                None
            }
            Event::Withdrawn { .. } => {
                self.view.apply(at, event);
                format::diagnosis(event).map(|(text, _)| (State::Seen, text))
            }
            Event::Gone { phone } => {
                self.view.apply(at, event);
                self.positions.remove(&phone.id);
                None
            }
        }
    }

    /// Remembers where a phone is, if that is new.
    fn moved(&mut self, id: PhoneId, at: Timestamp) {
        let Some(phone) = self.view.phone(id) else {
            return;
        };
        let image = phone.file.as_ref().and_then(|file| file.image);
        let image = image.map_or(0, |image| image.number);
        let position = (phone.pass, phone.state, image);
        let positions = self.positions.entry(id).or_default();
        let is_new = match positions.last() {
            // Only progress names the image.
            Some((last, _)) => {
                (last.0, last.1) != (phone.pass, phone.state) || (image > 0 && last.2 != image)
            }
            None => true,
        };
        if is_new && positions.len() < MAX_POSITIONS {
            positions.push((position, at));
        }
    }

    /// Where a phone is, and since when.
    pub(super) fn position(&self, id: PhoneId) -> Option<(PacePosition, Timestamp)> {
        self.positions.get(&id)?.last().copied()
    }

    /// What a silent phone is expected to do, and how long the silence is still normal.
    pub(in crate::display) fn waiting(&mut self, id: PhoneId, what: &str, left: Duration) {
        self.view.expect(id, what, left);
    }

    /// These phones are expected by name and were not seen so far.
    pub(in crate::display) fn missing(&mut self, phones: &[MissingPhone]) {
        self.missing = phones.iter().map(format::missing_name).collect();
    }

    /// Time passes: rates are measured between ticks.
    pub(in crate::display) fn tick(&mut self, tick: Tick) {
        self.rate.tick(tick.at, self.view.acknowledged());
    }

    /// The run is over. Returns the finished view.
    pub(in crate::display) fn finish(&mut self, report: &Report) -> &RunView {
        self.view.finish(report);
        &self.view
    }
}

/// A phone and why it is in its state, for a line of its own.
fn outcome(phone: &PhoneView) -> String {
    // Short: the model is in its row.
    let named = PhoneRef {
        model: None,
        ..phone.phone.clone()
    };
    format!(
        "{}: {} – {}",
        format::phone_name(&named),
        format::state_name(phone.state),
        escape(&phone.reason_text())
    )
}
