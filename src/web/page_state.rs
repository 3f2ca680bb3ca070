//! What the page shows: the view of the run, what is served, notices, and the version of each
//! part. No socket and no clock.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    report::html,
    reporter::{Started, Tick, UnexpectedPhones},
    run_view::{RunView, format},
    text::{date_time, escape},
    track::{Event, MissingPhone, PhoneId, PhoneRef, Report, TransferProgress},
};

/// Notices that are kept: the newest.
const NOTICES: usize = 20;

/// The present state of the page.
#[derive(Debug, Default)]
pub(super) struct PageState {
    /// Counts changes, from 1.
    pub(super) version: u64,
    /// The version of the parts that do not concern a phone.
    pub(super) head_changed: u64,
    /// The version in which a phone was removed or all were replaced.
    pub(super) gone: u64,
    pub(super) run: Option<RunInfo>,
    pub(super) notices: VecDeque<String>,
    /// How many expected phones were not seen so far.
    pub(super) awaited: usize,
    pub(super) unexpected: UnexpectedPhones,
    /// The names of those that are expected by name.
    pub(super) missing: Vec<String>,
    pub(super) view: RunView,
    pub(super) versions: BTreeMap<PhoneId, PhoneVersions>,
    pub(super) ended: Option<RunEnd>,
}

/// When a phone's row changed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PhoneVersions {
    /// The version of the row.
    pub(super) row: u64,
    /// The version of its part that changes often ([`Moving`](super::row::Moving)).
    pub(super) moving: u64,
}

/// What a run serves.
#[derive(Debug, Clone, Serialize)]
pub(super) struct RunInfo {
    /// Milliseconds since 1970.
    began: i64,
    tftp: String,
    http: Option<String>,
    journal: Option<String>,
    stages: Vec<StageInfo>,
}

#[derive(Debug, Clone, Serialize)]
struct StageInfo {
    bundle: String,
    load: String,
    models: String,
    bridge: bool,
}

#[derive(Debug)]
pub(super) struct RunEnd {
    pub(super) at: Timestamp,
    pub(super) next_steps: Vec<String>,
}

impl PageState {
    pub(super) fn started(&mut self, at: Timestamp, started: &Started) {
        let path = |path: &std::path::Path| escape(&path.display().to_string());
        self.run = Some(RunInfo {
            began: at.as_millisecond(),
            tftp: started.tftp.to_string(),
            http: started.http.map(|http| http.to_string()),
            journal: started.journal.as_deref().map(path),
            stages: started
                .stages
                .iter()
                .map(|stage| StageInfo {
                    bundle: stage
                        .bundle
                        .file_name()
                        .map(|name| escape(&name.to_string_lossy()))
                        .unwrap_or_default(),
                    load: escape(stage.load.as_str()),
                    models: stage.models.join(", "),
                    bridge: stage.bridge,
                })
                .collect(),
        });
        self.head();
    }

    /// The run continues an earlier one, which had this view.
    pub(super) fn resumed(&mut self, view: &RunView) {
        self.view = view.clone();
        self.version += 1;
        self.gone = self.version;
        let versions = PhoneVersions {
            row: self.version,
            moving: self.version,
        };
        let phones = self.view.phones();
        self.versions = phones.map(|phone| (phone.phone.id, versions)).collect();
        self.head_changed = self.version;
    }

    fn head(&mut self) {
        self.version += 1;
        self.head_changed = self.version;
    }

    pub(super) fn event(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Step(step) => self.row(&step.phone),
            Event::Progress(progress) => self.progress(progress),
            Event::Diagnosis { phone, .. } | Event::Withdrawn { phone, .. } => match phone {
                Some(phone) => self.row(phone),
                None => self.head(),
            },
            Event::Gone { phone } => {
                self.versions.remove(&phone.id);
                self.version += 1;
                self.gone = self.version;
            }
        }
        self.view.apply(at, event);
    }

    /// The phone's row changes.
    fn row(&mut self, phone: &PhoneRef) {
        self.version += 1;
        self.versions.entry(phone.id).or_default().row = self.version;
    }

    fn progress(&mut self, progress: &TransferProgress) {
        let known = self.view.phone(progress.phone.id);
        if known.is_some_and(|known| known.phone == progress.phone) {
            self.moving(progress.phone.id);
        } else {
            self.row(&progress.phone);
        }
    }

    fn moving(&mut self, phone: PhoneId) {
        self.version += 1;
        self.versions.entry(phone).or_default().moving = self.version;
    }

    pub(super) fn waiting(&mut self, phone: PhoneId, what: &str, left: Duration) {
        if self.view.expect(phone, what, left) {
            self.moving(phone);
        }
    }

    pub(super) fn notice(&mut self, text: &str) {
        if self.notices.len() >= NOTICES {
            self.notices.pop_front();
        }
        self.notices.push_back(text.to_owned());
        self.head();
    }

    pub(super) fn missing(&mut self, phones: &[MissingPhone]) {
        self.missing = phones.iter().map(format::missing_name).collect();
        self.head();
    }

    pub(super) fn tick(&mut self, tick: Tick) {
        let awaited = tick.awaited.unwrap_or(0);
        if (awaited, tick.unexpected) != (self.awaited, self.unexpected) {
            self.awaited = awaited;
            self.unexpected = tick.unexpected;
            self.head();
        }
    }

    pub(super) fn finished(&mut self, at: Timestamp, report: &Report, next_steps: &[String]) {
        self.view.close(at);
        self.view.finish(report);
        self.ended = Some(RunEnd {
            at,
            next_steps: next_steps.to_vec(),
        });
        self.version += 1;
    }

    /// The heading of the HTML report.
    pub(super) fn heading(&self, until: Timestamp) -> html::Heading {
        let mut sentences = vec![match &self.ended {
            Some(end) => format!("a run that ended at {}", date_time(end.at)),
            None => format!("a run in progress, as of {}", date_time(until)),
        }];
        for stage in self.run.iter().flat_map(|run| &run.stages) {
            let role = if stage.bridge { "bridge" } else { "bundle" };
            sentences.push(format!("{role} {}: {}", stage.bundle, stage.load));
        }
        html::Heading {
            title: "reflash".to_owned(),
            sentences,
        }
    }
}

#[cfg(test)]
#[path = "page_state_tests.rs"]
mod tests;
