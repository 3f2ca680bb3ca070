//! Messages to a page: everything, what changed since its last message, or the end.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    page_state::{PageState, PhoneVersions, RunEnd, RunInfo},
    row::{Moving, PhoneRow, RowDiagnosis},
};
use crate::{
    run_view::{PhoneView, registrations, totals},
    text::escape,
    track::{PhoneId, Report},
};

/// One server-sent event, and the version that its client has then.
#[derive(Debug, PartialEq)]
pub(super) struct SseMessage {
    /// `whole`, `news` or `finished`.
    pub(super) event: &'static str,
    /// JSON, in one line.
    pub(super) data: String,
    pub(super) version: u64,
}

#[derive(Serialize)]
struct PageMessage<'a> {
    /// Milliseconds since 1970.
    now: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<PageHead<'a>>,
    phones: Vec<PhoneRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    moved: Vec<Moved>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished: Option<PageFinished<'a>>,
}

#[derive(Serialize)]
struct PageHead<'a> {
    run: &'a Option<RunInfo>,
    notices: &'a VecDeque<String>,
    diagnoses: Vec<RowDiagnosis>,
    awaited: usize,
    /// Phones that came and are not on the list, and how many of them are done.
    unexpected: [usize; 2],
    missing: &'a [String],
}

#[derive(Serialize)]
struct Moved {
    id: u32,
    #[serde(flatten)]
    moving: Moving,
}

#[derive(Serialize)]
struct PageFinished<'a> {
    /// Milliseconds since 1970.
    at: i64,
    totals: String,
    missing: Vec<String>,
    next_steps: &'a [String],
    report: &'a Report,
}

impl PageState {
    /// The message for a client that has this version; `None`: nothing is new.
    pub(super) fn since(&self, known: Option<u64>, now: Timestamp) -> Option<SseMessage> {
        if known == Some(self.version) {
            return None;
        }
        // A client that missed a removal, or knows another run, starts anew.
        let known = known.filter(|known| (self.gone..self.version).contains(known));
        let message = match (&self.ended, self.view.report()) {
            (Some(end), Some(report)) => self.last(end, report),
            _ => self.news(known, now),
        };
        let event = match (&self.ended, known) {
            (Some(_), _) => "finished",
            (None, Some(_)) => "news",
            (None, None) => "whole",
        };
        let data = serde_json::to_string(&message)
            .expect("strings, numbers and lists of them can be written as JSON");
        Some(SseMessage {
            event,
            data,
            version: self.version,
        })
    }

    fn versions(&self, id: PhoneId) -> PhoneVersions {
        self.versions.get(&id).copied().unwrap_or_default()
    }

    fn news(&self, known: Option<u64>, now: Timestamp) -> PageMessage<'_> {
        let is_new = |version: u64| known.is_none_or(|known| version > known);
        let changed = |phone: &&PhoneView| is_new(self.versions(phone.phone.id).row);
        let moved = |phone: &&PhoneView| {
            let versions = self.versions(phone.phone.id);
            !is_new(versions.row) && is_new(versions.moving)
        };
        PageMessage {
            now: now.as_millisecond(),
            head: is_new(self.head_changed).then(|| self.top()),
            phones: self
                .view
                .phones()
                .filter(changed)
                .map(PhoneRow::from)
                .collect(),
            moved: self
                .view
                .phones()
                .filter(moved)
                .map(|phone| Moved {
                    id: phone.phone.id.0,
                    moving: Moving::from(phone),
                })
                .collect(),
            finished: None,
        }
    }

    fn top(&self) -> PageHead<'_> {
        let diagnoses = self.view.diagnoses().iter();
        PageHead {
            run: &self.run,
            notices: &self.notices,
            diagnoses: diagnoses.map(RowDiagnosis::from).collect(),
            awaited: self.awaited,
            unexpected: [self.unexpected.seen, self.unexpected.done],
            missing: &self.missing,
        }
    }

    fn last<'a>(&'a self, end: &'a RunEnd, report: &'a Report) -> PageMessage<'a> {
        let missing = report.missing.iter();
        let missing = missing
            .map(|phone| {
                let name = phone.name.as_deref().map(escape).unwrap_or_default();
                let model = phone.model.as_deref().unwrap_or_default();
                let text = format!("{} {model} {name}", phone.mac);
                text.split_whitespace().collect::<Vec<_>>().join(" ")
            })
            .collect();
        PageMessage {
            now: end.at.as_millisecond(),
            head: Some(self.top()),
            phones: self.view.phones().map(PhoneRow::from).collect(),
            moved: Vec::new(),
            finished: Some(PageFinished {
                at: end.at.as_millisecond(),
                totals: [Some(totals(report)), registrations(report)]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(". "),
                missing,
                next_steps: &end.next_steps,
                report,
            }),
        }
    }
}
