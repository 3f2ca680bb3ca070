//! A run as it is seen while it goes on: events and time in, rows of text out. No terminal
//! and no clock: whatever the size, no row is wider and there are no more of them.
//!
//! While they fit, there is a row a phone, with what stands in its way below it. Beyond a
//! screenful those that need a hand come first, then those that must not be unplugged, then
//! those under way.

mod footer;
mod pace;
mod phone;
mod row;
mod summary;
#[cfg(test)]
mod tests;

use crate::{
    diagnose::Diagnosis,
    reporter::Tick,
    text::{
        escape,
        measure::{cut, wrap},
    },
    track::{Event, PhoneId, State},
};
use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use self::{
    pace::{Bytes, Pace},
    phone::Phone,
    row::Columns,
};
use super::{Style, format};

/// Rows above ours that are left for what was said last, on a screen that has many.
const SPARE_ROWS: usize = 2;

/// From this height on a screen has many.
const MANY_ROWS: usize = 10;

/// Columns and rows of a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub columns: usize,
    pub rows: usize,
}

/// All that is shown of a run.
#[derive(Debug, Default)]
pub(super) struct Live {
    phones: BTreeMap<PhoneId, Phone>,
    /// What stands in the way of the run as a whole.
    run: Vec<Diagnosis>,
    began: Option<Timestamp>,
    bytes: Bytes,
    pace: Pace,
}

/// What the rows of one moment have in common.
#[derive(Debug, Clone, Copy)]
struct Frame {
    /// Columns that may be written to. The last one stays free: some terminals begin a new
    /// line once it is.
    width: usize,
    /// Rows that may be used.
    room: usize,
    tick: Tick,
    style: Style,
}

impl Frame {
    /// The phones' time since then.
    fn since(&self, then: Timestamp) -> Duration {
        let ours = Duration::try_from(self.tick.at.duration_since(then)).unwrap_or_default();
        Duration::try_from_secs_f64(ours.as_secs_f64() * self.tick.speed).unwrap_or(ours)
    }
}

impl Live {
    pub(super) fn started(&mut self, at: Timestamp) {
        self.began = Some(at);
    }

    /// Takes an event in. What comes back is worth a line that stays.
    pub(super) fn event(&mut self, at: Timestamp, event: &Event) -> Option<(State, String)> {
        match event {
            Event::Step(step) => {
                let phone = Phone::of(&mut self.phones, at, &step.phone);
                let before = phone.step(at, step, &mut self.bytes);
                let is_done = matches!(step.state, State::Confirmed | State::Already);
                if !is_done || before == step.state {
                    return None;
                }
                phone.pass_on(at, &mut self.pace);
                Some((step.state, phone.outcome()))
            }
            Event::Progress(progress) => {
                let phone = Phone::of(&mut self.phones, at, &progress.phone);
                phone.progress(at, progress, &mut self.bytes);
                None
            }
            Event::Diagnosis { phone, diagnosis } => {
                let standing = match phone {
                    Some(phone) => &mut Phone::of(&mut self.phones, at, phone).standing,
                    None => &mut self.run,
                };
                if !standing.contains(diagnosis) {
                    standing.push(diagnosis.clone());
                }
                None
            }
            Event::Withdrawn { phone, diagnosis } => {
                let standing = match phone {
                    Some(phone) => &mut Phone::of(&mut self.phones, at, phone).standing,
                    None => &mut self.run,
                };
                standing.retain(|other| other.code != diagnosis.code);
                format::diagnosis(event).map(|(text, _)| (State::Seen, text))
            }
            Event::Gone { phone } => {
                self.phones.remove(&phone.id);
                None
            }
        }
    }

    /// What a silent phone is waited for, and how long that is still normal.
    pub(super) fn waiting(&mut self, id: PhoneId, what: &str, left: Duration) {
        if let Some(phone) = self.phones.get_mut(&id) {
            phone.waits(what, left);
        }
    }

    /// Time passes: rates are taken between ticks.
    pub(super) fn tick(&mut self, tick: Tick) {
        self.bytes.tick(tick.at);
    }

    /// The rows of this moment.
    pub(super) fn lines(&self, size: Size, tick: Tick, style: Style) -> Vec<String> {
        let spare = if size.rows < MANY_ROWS { 1 } else { SPARE_ROWS };
        let frame = Frame {
            width: size.columns.saturating_sub(1).max(1),
            room: size.rows.saturating_sub(spare).max(1),
            tick,
            style,
        };
        let mut lines = self
            .whole(frame, &|_| true)
            .or_else(|| self.whole(frame, &|phone| !phone.is_done() || phone.needs_a_hand()))
            .unwrap_or_else(|| self.summary(frame));
        lines.truncate(frame.room);
        lines
    }

    /// A row for each of these phones, if there is room for all of them.
    fn whole(&self, frame: Frame, wanted: &dyn Fn(&Phone) -> bool) -> Option<Vec<String>> {
        let phones: Vec<&Phone> = self.phones.values().filter(|phone| wanted(phone)).collect();
        let foot = self.foot(frame);
        if phones.len() + foot.len() > frame.room {
            return None;
        }
        let columns = Columns::new(frame, &phones);
        let mut lines = Vec::new();
        for diagnosis in &self.run {
            lines.extend(told(frame, "", "this run: ", diagnosis));
            lines.extend(cure(frame, "", diagnosis));
        }
        for phone in &phones {
            lines.push(columns.row(frame, phone));
            for diagnosis in &phone.standing {
                lines.extend(told(frame, INDENT, "", diagnosis));
                lines.extend(cure(frame, INDENT, diagnosis));
            }
        }
        lines.extend(foot);
        if !phones.is_empty() && lines.len() < frame.room {
            lines.insert(0, columns.head(frame));
        }
        (lines.len() <= frame.room).then_some(lines)
    }
}

/// What is said of a phone stands below it, by so much to the right.
const INDENT: &str = "    ";

/// A diagnosis and what shows it.
fn told(frame: Frame, indent: &str, whose: &str, diagnosis: &Diagnosis) -> Vec<String> {
    let text = format!("{whose}{}: {}", diagnosis.code, escape(&diagnosis.evidence));
    let rest = format!("{indent}  ");
    folded(frame, &text, indent, &rest, |line| frame.style.bad(line))
}

/// What a person does about it.
fn cure(frame: Frame, indent: &str, diagnosis: &Diagnosis) -> Vec<String> {
    let text = format!("→ {}", escape(&diagnosis.cure));
    let rest = format!("{indent}  ");
    folded(frame, &text, indent, &rest, str::to_owned)
}

/// A text in as many rows as it takes.
fn folded(
    frame: Frame,
    text: &str,
    first: &str,
    rest: &str,
    paint: impl Fn(&str) -> String,
) -> Vec<String> {
    let lines = wrap(text, frame.width, first, rest);
    lines
        .iter()
        .map(|line| paint(&cut(line, frame.width)))
        .collect()
}
