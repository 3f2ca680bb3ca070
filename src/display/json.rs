//! JSON Lines: one object an event, for programs.

use std::{fmt, io::Write};

use jiff::Timestamp;
use serde::Serialize;

use super::Sink;
use crate::{
    diagnose::{Code, Diagnosis, Finding, Severity},
    reporter::{Reporter, Started, Tick},
    track::{Event, Report, SurveyResult},
};

/// Writes `{"at","kind",…}` lines as docs/json.md lists them.
pub struct JsonReporter<W>(Sink<W>);

impl<W> fmt::Debug for JsonReporter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JsonReporter")
    }
}

#[derive(Serialize)]
struct Line<T> {
    at: Timestamp,
    #[serde(flatten)]
    what: T,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Other<'a> {
    Started(&'a Started),
    Survey { phones: &'a [SurveyResult] },
    Finished { report: &'a Report },
}

impl<W: Write> JsonReporter<W> {
    /// To this stream.
    pub fn new(out: W) -> Self {
        Self(Sink::new(out))
    }

    fn write<T: Serialize>(&mut self, at: Timestamp, what: T) {
        match serde_json::to_string(&Line { at, what }) {
            Ok(line) => self.0.line(&line),
            Err(error) => tracing::error!("an event could not be written as JSON: {error}"),
        }
    }
}

impl<W: Write + Send> Reporter for JsonReporter<W> {
    fn started(&mut self, at: Timestamp, started: &Started) {
        self.write(at, Other::Started(started));
    }

    fn event(&mut self, at: Timestamp, event: &Event) {
        if !matches!(event, Event::Gone { .. }) {
            self.write(at, event);
        }
    }

    fn tick(&mut self, _tick: Tick) {}

    fn finding(&mut self, at: Timestamp, found: &Finding) {
        let code = Code::from_name(found.code);
        let Some(code) = code.filter(|_| found.severity > Severity::Note) else {
            // Of no phone's conversion: good to know, or about this program's own server.
            let words = format!("{} [{}]", found.message, found.code);
            if found.severity > Severity::Note {
                tracing::warn!("{words}");
            } else {
                tracing::info!("{words}");
            }
            return;
        };
        let diagnosis = Diagnosis {
            code,
            severity: found.severity,
            evidence: found.message.clone(),
            cure: found.cure.clone(),
        };
        let phone = None;
        self.write(at, &Event::Diagnosis { phone, diagnosis });
    }

    fn survey_finished(&mut self, at: Timestamp, phones: &[SurveyResult]) {
        self.write(at, Other::Survey { phones });
    }

    fn notice(&mut self, text: &str) {
        // Not an event of the contract: a person who watches standard error reads it.
        tracing::warn!("{text}");
    }

    fn finished(&mut self, at: Timestamp, report: &Report, _afterwards: &[String]) {
        self.write(at, Other::Finished { report });
    }
}
