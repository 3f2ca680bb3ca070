//! JSON Lines for programs: one object for each event.

use std::{fmt, io::Write};

use jiff::Timestamp;
use serde::Serialize;

use super::output::LineWriter;
use crate::{
    diagnose::{Code, Diagnosis, Finding, Severity},
    reporter::{JSON_VERSION, Reporter, Started, Tick},
    run_view::RunView,
    track::{Event, Report, SurveyResult},
};

/// Writes `{"at","kind",…}` lines; docs/json.md lists them.
pub struct JsonReporter<W> {
    out: LineWriter<W>,
    view: RunView,
}

impl<W> fmt::Debug for JsonReporter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonReporter").finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct VersionedDocument<T> {
    version: u32,
    #[serde(flatten)]
    body: T,
}

/// The single JSON document of a command, in one line: `version`, then the fields of `body`.
///
/// # Errors
///
/// `body` cannot be written as a JSON object.
pub fn json_document(body: impl Serialize) -> serde_json::Result<String> {
    let version = JSON_VERSION;
    serde_json::to_string(&VersionedDocument { version, body }).map(|text| text + "\n")
}

#[derive(Serialize)]
struct JsonLine<T> {
    at: Timestamp,
    #[serde(flatten)]
    event: T,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Other<'a> {
    Started {
        version: u32,
        #[serde(flatten)]
        started: &'a Started,
    },
    Survey {
        phones: &'a [SurveyResult],
    },
    Finished {
        report: &'a Report,
    },
}

impl<W: Write> JsonReporter<W> {
    /// A display that writes to this stream.
    pub fn new(out: W) -> Self {
        Self {
            out: LineWriter::new(out),
            view: RunView::default(),
        }
    }

    fn write<T: Serialize>(&mut self, at: Timestamp, event: T) {
        match serde_json::to_string(&JsonLine { at, event }) {
            Ok(line) => self.out.line(&line),
            Err(error) => tracing::error!("cannot write an event as JSON: {error}"),
        }
    }
}

impl<W: Write + Send> Reporter for JsonReporter<W> {
    fn started(&mut self, at: Timestamp, started: &Started) {
        let version = JSON_VERSION;
        self.write(at, Other::Started { version, started });
    }

    fn resumed(&mut self, view: &RunView) {
        self.view = view.clone();
    }

    fn event(&mut self, at: Timestamp, event: &Event) {
        self.view.apply(at, event);
        if !matches!(event, Event::Gone { .. }) {
            self.write(at, event);
        }
    }

    fn tick(&mut self, _tick: Tick) {}

    fn finding(&mut self, at: Timestamp, found: &Finding) {
        let code = Code::from_name(found.code);
        let Some(code) = code.filter(|_| found.severity > Severity::Note) else {
            // Not a diagnosis of a conversion, but a note or a finding about this program's own
            // server.
            let text = format!("{} [{}]", found.message, found.code);
            if found.severity > Severity::Note {
                tracing::warn!("{text}");
            } else {
                tracing::info!("{text}");
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
        // For a person who watches standard error.
        tracing::warn!("{text}");
    }

    fn finished(&mut self, at: Timestamp, report: &Report, _next_steps: &[String]) {
        self.view.finish(report);
        if let Some(report) = self.view.report().cloned() {
            self.write(at, Other::Finished { report: &report });
        }
    }
}
