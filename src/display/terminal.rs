//! A run on a terminal: scrollback above, and below it an area that is drawn five times a second.

use std::{fmt, time::Duration};

use jiff::Timestamp;

use super::{
    closing::closing,
    findings::finding,
    keyboard::MutedKeyboard,
    live::{self, LiveRun, Size},
    opening::opening,
    output::print,
    screen::{Area, Screen, screen},
    style::Style,
};
use crate::{
    diagnose::Finding,
    reporter::{Reporter, Started, Tick},
    run_view::RunView,
    text::{date_time, escape, measure},
    track::{Event, MissingPhone, PhoneId, Report},
};

/// The greatest width of the scrollback, however wide the screen is: longer lines are hard to
/// read.
const WIDEST: usize = 100;

/// The live display.
pub struct TerminalReporter {
    run: LiveRun,
    area: Area,
    style: Style,
    /// Rows for the scrollback, written with the next drawing.
    pending: Vec<String>,
    /// `None`: the run is over.
    keyboard: Option<MutedKeyboard>,
}

impl fmt::Debug for TerminalReporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TerminalReporter").finish_non_exhaustive()
    }
}

impl TerminalReporter {
    /// Draws on standard error; the report goes to standard output.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self {
            run: LiveRun::default(),
            area: screen().area(),
            style,
            pending: Vec::new(),
            keyboard: None,
        }
    }

    /// The rows below the scrollback, on a screen of this size.
    #[must_use]
    pub fn rows(&self, columns: usize, rows: usize, tick: Tick) -> Vec<String> {
        live::rows(&self.run, Size { columns, rows }, tick, self.style)
    }

    /// Adds a text of one or several lines to the pending rows.
    fn add(&mut self, text: &str, paint: impl Fn(&str) -> String) {
        let width = Screen::size().columns.saturating_sub(1).clamp(1, WIDEST);
        for line in text.lines() {
            let indent: String = line.chars().take_while(|first| *first == ' ').collect();
            let rest = format!("{indent}    ");
            let rows = measure::wrap(&escape(line), width, &indent, &rest);
            self.pending.extend(rows.iter().map(|row| paint(row)));
        }
    }

    fn flush(&mut self) {
        screen().scroll(&std::mem::take(&mut self.pending));
    }
}

impl Reporter for TerminalReporter {
    fn started(&mut self, at: Timestamp, started: &Started) {
        self.keyboard = Some(MutedKeyboard::new());
        self.run.started(at);
        self.add(&format!("started {}", date_time(at)), str::to_owned);
        for line in opening(started) {
            self.add(&line, str::to_owned);
        }
        self.flush();
    }

    fn resumed(&mut self, view: &RunView) {
        self.run.resumed(view);
    }

    fn event(&mut self, at: Timestamp, event: &Event) {
        if let Some((state, text)) = self.run.event(at, event) {
            let style = self.style;
            self.add(&text, |row| style.state(state, row));
        }
    }

    fn waiting(&mut self, phone: PhoneId, what: &str, left: Duration) {
        self.run.waiting(phone, what, left);
    }

    fn missing(&mut self, phones: &[MissingPhone]) {
        self.run.missing(phones);
    }

    fn finding(&mut self, _at: Timestamp, found: &Finding) {
        for line in finding(found, Style::plain()).lines() {
            self.notice(line);
        }
    }

    fn tick(&mut self, tick: Tick) {
        self.flush();
        self.run.tick(tick);
        let size = Screen::size();
        let rows = live::rows(&self.run, size, tick, self.style);
        screen().draw(&mut self.area, size, &rows);
    }

    fn notice(&mut self, text: &str) {
        let style = self.style;
        // The first line is the subject.
        let (head, rest) = text.split_once('\n').unwrap_or((text, ""));
        self.add(head, |row| style.warn(row));
        self.add(rest, str::to_owned);
        self.flush();
    }

    fn finished(&mut self, _at: Timestamp, report: &Report, next_steps: &[String]) {
        self.flush();
        screen().close(&self.area);
        self.keyboard = None;
        let view = self.run.finish(report);
        let text = closing(view, next_steps, self.style).join("\n") + "\n";
        if let Err(error) = print(&text) {
            tracing::error!("cannot print the report: {error}");
        }
    }
}
