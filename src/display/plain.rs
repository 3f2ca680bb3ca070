//! Plain lines, one for each step, without control codes: for pipes, files and `TERM=dumb`.

use std::{collections::HashMap, fmt, io::Write};

use jiff::Timestamp;

use super::{
    closing::closing, findings::finding, opening::opening, output::LineWriter, style::Style,
};
use crate::{
    diagnose::Finding,
    reporter::{Reporter, Started, Tick},
    run_view::{RunView, format},
    text::{date_time, time_of_day, wrap},
    track::{Event, PhoneId, Report},
};

/// One line for each step.
pub struct PlainReporter<W> {
    out: LineWriter<W>,
    style: Style,
    quiet: bool,
    view: RunView,
    /// The last line of each phone.
    last: HashMap<PhoneId, String>,
}

impl<W> fmt::Debug for PlainReporter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainReporter")
            .field("quiet", &self.quiet)
            .finish_non_exhaustive()
    }
}

impl<W: Write> PlainReporter<W> {
    /// A display that writes to this stream. `quiet`: diagnoses, notices and the report only.
    pub fn new(out: W, style: Style, quiet: bool) -> Self {
        Self {
            out: LineWriter::new(out),
            style,
            quiet,
            view: RunView::default(),
            last: HashMap::new(),
        }
    }
}

impl<W: Write + Send> Reporter for PlainReporter<W> {
    fn started(&mut self, at: Timestamp, started: &Started) {
        if self.quiet {
            return;
        }
        let time = time_of_day(at);
        self.out.line(&format!("{time} started {}", date_time(at)));
        for line in opening(started) {
            self.out.line(&format!("{time} {line}"));
        }
    }

    fn resumed(&mut self, view: &RunView) {
        self.view = view.clone();
    }

    fn event(&mut self, at: Timestamp, event: &Event) {
        self.view.apply(at, event);
        let time = time_of_day(at);
        if let Some((headline, lines)) = format::diagnosis(event) {
            let headline = self.style.bad(&headline);
            self.out.line(&format!("{time} {headline}"));
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
        // The journal needs some steps that read alike; a person does not.
        let text = format::step(step);
        if self.last.get(&step.phone.id) == Some(&text) {
            return;
        }
        let line = format!("{time} {}: {text}", format::phone_name(&step.phone));
        self.out.line(&self.style.state(step.state, &line));
        self.last.insert(step.phone.id, text);
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

    fn finished(&mut self, _at: Timestamp, report: &Report, next_steps: &[String]) {
        self.view.finish(report);
        for line in closing(&self.view, next_steps, self.style) {
            self.out.line(&line);
        }
    }
}
