//! The display of a run, with the operator's instructions added.

use std::time::Duration;

use jiff::Timestamp;

use super::guide::Guide;
use crate::{
    diagnose::Finding,
    phone::RESET_KEYS,
    reporter::{Reporter, Started, Tick},
    run_view::RunView,
    track::{Event, MissingPhone, PhoneId, Report, SurveyResult},
};

/// A reporter with instructions added.
pub(super) struct GuidedReporter {
    inner: Box<dyn Reporter>,
    guide: Guide,
    /// The survey is not over: running phones must not be reset yet.
    in_survey: bool,
}

impl GuidedReporter {
    /// Adds the instructions of `guide` to `inner`. `has_survey`: whether the run begins with a
    /// survey.
    pub(super) fn new(inner: Box<dyn Reporter>, guide: Guide, has_survey: bool) -> Self {
        Self {
            inner,
            guide,
            in_survey: has_survey,
        }
    }

    fn open(&mut self) {
        for text in self.guide.opening() {
            self.inner.notice(&text);
        }
    }
}

/// An instruction without the models that it is for.
fn instruction(text: &str) -> &str {
    text.split_once(": ").map_or(text, |(_, rest)| rest)
}

impl Reporter for GuidedReporter {
    fn started(&mut self, at: Timestamp, started: &Started) {
        let mut started = started.clone();
        // The guide has its own instructions for these models, whose numbers are before the colon.
        let opening = self.guide.opening();
        let own: Vec<_> = opening.iter().map(|text| instruction(text)).collect();
        started
            .messages
            .retain(|line| !line.contains(RESET_KEYS) && !own.contains(&instruction(line)));
        self.inner.started(at, &started);
        if self.in_survey {
            self.inner.notice(
                "Do not reset phones yet. The reset instructions follow when the survey is over.",
            );
        } else {
            self.open();
        }
    }

    fn event(&mut self, at: Timestamp, event: &Event) {
        self.inner.event(at, event);
        match event {
            Event::Step(step) => {
                if let Some(text) = self.guide.step(step) {
                    self.inner.notice(&text);
                }
            }
            Event::Gone { phone } => self.guide.forget(phone.id),
            Event::Diagnosis {
                phone: Some(phone),
                diagnosis,
            } => self.guide.diagnosed(phone.id, diagnosis.code, true),
            Event::Withdrawn {
                phone: Some(phone),
                diagnosis,
            } => self.guide.diagnosed(phone.id, diagnosis.code, false),
            Event::Progress(_) | Event::Diagnosis { .. } | Event::Withdrawn { .. } => {}
        }
    }

    fn resumed(&mut self, view: &RunView) {
        self.inner.resumed(view);
    }

    fn waiting(&mut self, phone: PhoneId, what: &str, left: Duration) {
        self.inner.waiting(phone, what, left);
    }

    fn missing(&mut self, phones: &[MissingPhone]) {
        self.inner.missing(phones);
    }

    fn tick(&mut self, tick: Tick) {
        self.inner.tick(tick);
    }

    fn finding(&mut self, at: Timestamp, finding: &Finding) {
        self.inner.finding(at, finding);
    }

    fn survey_finished(&mut self, at: Timestamp, phones: &[SurveyResult]) {
        self.inner.survey_finished(at, phones);
        if std::mem::take(&mut self.in_survey) {
            self.open();
        }
    }

    fn notice(&mut self, text: &str) {
        self.inner.notice(text);
    }

    fn finished(&mut self, at: Timestamp, report: &Report, afterwards: &[String]) {
        self.inner.finished(at, report, afterwards);
    }
}
