//! Plain lines: one a step, no control codes. For pipes, files and `TERM=dumb`.

use std::{collections::HashMap, fmt, io::Write};

use jiff::Timestamp;

use super::{Sink, Style, finding, format, report};
use crate::{
    diagnose::Finding,
    reporter::{Reporter, Started, Tick},
    text::wrap,
    track::{Event, PhoneId, Report, State},
};

/// One line a step.
pub struct PlainReporter<W> {
    out: Sink<W>,
    style: Style,
    quiet: bool,
    said: HashMap<PhoneId, String>,
}

impl<W> fmt::Debug for PlainReporter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainReporter")
            .field("quiet", &self.quiet)
            .finish_non_exhaustive()
    }
}

impl<W: Write> PlainReporter<W> {
    /// To this stream; `quiet` leaves diagnoses and the report.
    pub fn new(out: W, style: Style, quiet: bool) -> Self {
        Self {
            out: Sink::new(out),
            style,
            quiet,
            said: HashMap::new(),
        }
    }
}

/// Time of day in UTC: a log is read beside other logs.
pub(super) fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

pub(super) fn painted(style: Style, state: State, text: &str) -> String {
    match state {
        State::Confirmed | State::Already | State::Flashed => style.good(text),
        State::Stalled | State::Failed => style.bad(text),
        State::Writing => style.warn(text),
        _ => text.to_owned(),
    }
}

impl<W: Write + Send> Reporter for PlainReporter<W> {
    fn started(&mut self, at: Timestamp, started: &Started) {
        if self.quiet {
            return;
        }
        let time = clock(at);
        for line in report::opening(started) {
            self.out.line(&format!("{time} {line}"));
        }
    }

    fn event(&mut self, at: Timestamp, event: &Event) {
        let time = clock(at);
        if let Some((what, lines)) = format::diagnosis(event) {
            self.out.line(&format!("{time} {}", self.style.bad(&what)));
            for text in lines {
                for line in wrap(&text, "         ", "           ") {
                    self.out.line(&line);
                }
            }
        }
        let Event::Step(step) = event else { return };
        if self.quiet {
            return;
        }
        // Steps that read alike follow each other where only the record needs them apart.
        let text = format::step(step);
        if self.said.get(&step.phone.id) == Some(&text) {
            return;
        }
        let line = format!("{time} {}: {text}", format::name(&step.phone));
        self.out.line(&painted(self.style, step.state, &line));
        self.said.insert(step.phone.id, text);
    }

    fn finding(&mut self, _at: Timestamp, found: &Finding) {
        for line in finding(found, Style::plain()).lines() {
            self.notice(line);
        }
    }

    fn tick(&mut self, _tick: Tick) {}

    fn notice(&mut self, text: &str) {
        self.out.line(&self.style.warn(text));
    }

    fn finished(&mut self, _at: Timestamp, report: &Report, afterwards: &[String]) {
        for line in report::closing(report, afterwards, self.style) {
            self.out.line(&line);
        }
    }
}
