//! The present state of a run, folded from what the display is told: no socket, no clock.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use jiff::Timestamp;
use serde::Serialize;

use super::row::{Phone, raise};
use crate::{
    diagnose::Diagnosis,
    report::{Timelines, html},
    reporter::Started,
    text::escape,
    track::{Event, PhoneId, PhoneRef, Progress, Report, RunTime},
};

/// Sentences about the run that are kept, the newest.
const NOTICES: usize = 20;

/// The present state.
#[derive(Debug, Default)]
pub(super) struct PageState {
    /// Counts changes, from 1.
    pub(super) version: u64,
    /// The version of what is no phone's.
    pub(super) head_changed: u64,
    /// The version in which a phone went away.
    pub(super) gone: u64,
    pub(super) run: Option<Run>,
    pub(super) notices: VecDeque<String>,
    pub(super) diagnoses: Vec<Diagnosis>,
    pub(super) phones: BTreeMap<PhoneId, Entry>,
    pub(super) timelines: Timelines,
    pub(super) ended: Option<End>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) phone: Phone,
    /// The version of its row, and of what moves in it.
    pub(super) changed: u64,
    pub(super) moved: u64,
}

/// What a run is.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Run {
    /// Milliseconds since 1970.
    pub(super) began: i64,
    pub(super) tftp: String,
    pub(super) http: Option<String>,
    pub(super) journal: Option<String>,
    pub(super) stages: Vec<Stage>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Stage {
    pub(super) bundle: String,
    pub(super) load: String,
    pub(super) models: String,
    pub(super) bridge: bool,
}

#[derive(Debug)]
pub(super) struct End {
    pub(super) at: Timestamp,
    pub(super) report: Report,
    pub(super) afterwards: Vec<String>,
}

impl PageState {
    pub(super) fn started(&mut self, at: Timestamp, started: &Started) {
        let path = |path: &std::path::Path| escape(&path.display().to_string());
        self.run = Some(Run {
            began: at.as_millisecond(),
            tftp: started.tftp.to_string(),
            http: started.http.map(|http| http.to_string()),
            journal: started.journal.as_deref().map(path),
            stages: started
                .stages
                .iter()
                .map(|stage| Stage {
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

    fn head(&mut self) {
        self.version += 1;
        self.head_changed = self.version;
    }

    /// The phone's entry, which has changed.
    fn entry(&mut self, phone: &PhoneRef) -> &mut Phone {
        self.version += 1;
        let entry = self.phones.entry(phone.id).or_insert_with(|| Entry {
            phone: Phone::new(phone),
            changed: 0,
            moved: 0,
        });
        entry.phone.who.clone_from(phone);
        entry.changed = self.version;
        &mut entry.phone
    }

    pub(super) fn event(&mut self, at: Timestamp, event: &Event) {
        self.timelines.take(moment(at), std::slice::from_ref(event));
        match event {
            Event::Step(step) => self.entry(&step.phone).step(step),
            Event::Progress(progress) => self.progress(progress),
            Event::Diagnosis {
                phone: Some(phone),
                diagnosis,
            } => self.entry(phone).raised(diagnosis),
            Event::Withdrawn {
                phone: Some(phone),
                diagnosis,
            } => self.entry(phone).withdrawn(diagnosis),
            Event::Diagnosis {
                phone: None,
                diagnosis,
            } => {
                raise(&mut self.diagnoses, diagnosis);
                self.head();
            }
            Event::Withdrawn {
                phone: None,
                diagnosis,
            } => {
                self.diagnoses.retain(|it| it.code != diagnosis.code);
                self.head();
            }
            Event::Gone { phone } => {
                self.phones.remove(&phone.id);
                self.version += 1;
                self.gone = self.version;
            }
        }
    }

    fn progress(&mut self, progress: &Progress) {
        let is_new =
            self.phones.get(&progress.phone.id).map(|it| &it.phone.who) != Some(&progress.phone);
        if is_new {
            self.entry(&progress.phone).progress(progress);
        } else if let Some(entry) = self.phones.get_mut(&progress.phone.id) {
            self.version += 1;
            entry.moved = self.version;
            entry.phone.progress(progress);
        }
    }

    pub(super) fn waiting(&mut self, phone: PhoneId, what: &str, left: Duration) {
        if let Some(entry) = self.phones.get_mut(&phone)
            && entry.phone.waiting(what, left)
        {
            self.version += 1;
            entry.moved = self.version;
        }
    }

    pub(super) fn notice(&mut self, text: &str) {
        if self.notices.len() >= NOTICES {
            self.notices.pop_front();
        }
        self.notices.push_back(text.to_owned());
        self.head();
    }

    pub(super) fn finished(&mut self, at: Timestamp, report: &Report, afterwards: &[String]) {
        self.ended = Some(End {
            at,
            report: report.clone(),
            afterwards: afterwards.to_vec(),
        });
        self.version += 1;
    }

    pub(super) fn heading(&self, until: Timestamp) -> html::Heading {
        let mut words = vec![match &self.ended {
            Some(end) => format!("a run that ended at {:.0}", end.at),
            None => format!("a run that goes on, as it was at {until:.0}"),
        }];
        for stage in self.run.iter().flat_map(|run| &run.stages) {
            let role = if stage.bridge { "bridge" } else { "bundle" };
            words.push(format!("{role} {}: {}", stage.bundle, stage.load));
        }
        html::Heading {
            title: "reflash".to_owned(),
            words,
        }
    }
}

/// Moments of the page's time lines count from 1970: they are times of day.
pub(super) fn moment(at: Timestamp) -> RunTime {
    let since = at.duration_since(Timestamp::UNIX_EPOCH);
    RunTime::try_from(since).unwrap_or_default()
}

#[cfg(test)]
#[path = "page_state_tests.rs"]
mod tests;
