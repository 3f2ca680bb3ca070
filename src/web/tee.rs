//! What the display is told, told to the page too.

use std::{fmt, sync::Arc, time::Duration};

use jiff::Timestamp;

use super::SharedView;
use crate::{
    diagnose::Finding,
    display::{Style, finding},
    reporter::{Reporter, Started, Tick},
    track::{Event, PhoneId, Report, SurveyResult},
};

/// A display and a page.
pub struct TeeReporter {
    display: Box<dyn Reporter>,
    board: Arc<SharedView>,
}

impl fmt::Debug for TeeReporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TeeReporter")
    }
}

impl TeeReporter {
    /// Of these two.
    #[must_use]
    pub fn new(display: Box<dyn Reporter>, board: Arc<SharedView>) -> Self {
        Self { display, board }
    }
}

// The page first: a terminal may be slow.
impl Reporter for TeeReporter {
    fn started(&mut self, at: Timestamp, started: &Started) {
        self.board.fold(|shown| shown.started(at, started));
        self.display.started(at, started);
    }

    fn event(&mut self, at: Timestamp, event: &Event) {
        self.board.fold(|shown| shown.event(at, event));
        self.display.event(at, event);
    }

    fn waiting(&mut self, phone: PhoneId, what: &str, left: Duration) {
        self.board.fold(|shown| shown.waiting(phone, what, left));
        self.display.waiting(phone, what, left);
    }

    fn tick(&mut self, tick: Tick) {
        self.display.tick(tick);
    }

    fn finding(&mut self, at: Timestamp, found: &Finding) {
        for line in finding(found, Style::plain()).lines() {
            self.board.fold(|shown| shown.notice(line));
        }
        self.display.finding(at, found);
    }

    fn survey_finished(&mut self, at: Timestamp, phones: &[SurveyResult]) {
        self.display.survey_finished(at, phones);
    }

    fn notice(&mut self, text: &str) {
        self.board.fold(|shown| shown.notice(text));
        self.display.notice(text);
    }

    fn finished(&mut self, at: Timestamp, report: &Report, afterwards: &[String]) {
        self.board
            .fold(|shown| shown.finished(at, report, afterwards));
        self.display.finished(at, report, afterwards);
    }
}
