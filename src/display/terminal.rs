//! A run on a terminal: what moves is drawn five times a second below what was said.

use std::{fmt, time::Duration};

use jiff::Timestamp;

use super::{
    Style, finding,
    live::Live,
    plain::painted,
    report,
    screen::{Area, Screen, screen},
};
use crate::{
    diagnose::Finding,
    reporter::{Reporter, Started, Tick},
    text::{escape, measure},
    track::{Event, PhoneId, Report},
};

/// What is said above is no wider than this, however wide the screen is: people read no
/// longer lines.
const WIDEST: usize = 100;

/// The live display.
pub struct TerminalReporter {
    live: Live,
    area: Area,
    style: Style,
    /// Rows to say with the next drawing: one for many.
    waiting: Vec<String>,
}

impl fmt::Debug for TerminalReporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TerminalReporter").finish_non_exhaustive()
    }
}

impl TerminalReporter {
    /// Draws on standard error, as all that moves; the report goes to standard output.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self {
            live: Live::default(),
            area: screen().area(),
            style,
            waiting: Vec::new(),
        }
    }

    /// Keeps a text of one or several lines to be said.
    fn put(&mut self, text: &str, paint: impl Fn(&str) -> String) {
        let width = Screen::size().columns.saturating_sub(1).clamp(1, WIDEST);
        for line in text.lines() {
            let indent: String = line.chars().take_while(|first| *first == ' ').collect();
            let rest = format!("{indent}    ");
            let rows = measure::wrap(&escape(line), width, &indent, &rest);
            self.waiting.extend(rows.iter().map(|row| paint(row)));
        }
    }

    fn say(&mut self) {
        screen().say(&std::mem::take(&mut self.waiting));
    }
}

impl Reporter for TerminalReporter {
    fn started(&mut self, at: Timestamp, started: &Started) {
        self.live.started(at);
        for line in report::opening(started) {
            self.put(&line, str::to_owned);
        }
        self.say();
    }

    fn event(&mut self, at: Timestamp, event: &Event) {
        if let Some((state, text)) = self.live.event(at, event) {
            let style = self.style;
            self.put(&text, |row| painted(style, state, row));
        }
    }

    fn waiting(&mut self, phone: PhoneId, what: &str, left: Duration) {
        self.live.waiting(phone, what, left);
    }

    fn finding(&mut self, _at: Timestamp, found: &Finding) {
        for line in finding(found, Style::plain()).lines() {
            self.notice(line);
        }
    }

    fn tick(&mut self, tick: Tick) {
        self.say();
        self.live.tick(tick);
        let size = Screen::size();
        let rows = self.live.lines(size, tick, self.style);
        screen().draw(&mut self.area, size, &rows);
    }

    fn notice(&mut self, text: &str) {
        let style = self.style;
        // The first line says what it is about.
        let (head, rest) = text.split_once('\n').unwrap_or((text, ""));
        self.put(head, |row| style.warn(row));
        self.put(rest, str::to_owned);
        self.say();
    }

    fn finished(&mut self, _at: Timestamp, report: &Report, afterwards: &[String]) {
        self.say();
        screen().close(&self.area);
        let text = report::closing(report, afterwards, self.style).join("\n") + "\n";
        if let Err(error) = super::print(&text) {
            tracing::error!("the report cannot be printed: {error}");
        }
    }
}
