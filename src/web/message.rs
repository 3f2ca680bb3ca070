//! What a client is told: everything, what is new since it was told last, or the end.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    page_state::{End, Entry, PageState, Run},
    row::{Moving, Row, Trouble},
};
use crate::{display::totals, text::escape, track::Report};

/// What a client is told at once, and what it knows then.
#[derive(Debug, PartialEq)]
pub(super) struct SseMessage {
    /// `whole`, `news` or `finished`.
    pub(super) event: &'static str,
    /// JSON, in one line.
    pub(super) data: String,
    pub(super) version: u64,
}

#[derive(Serialize)]
struct Message<'a> {
    /// Milliseconds since 1970.
    now: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<Head<'a>>,
    phones: Vec<Row>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    moved: Vec<Moved<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished: Option<Finished<'a>>,
}

#[derive(Serialize)]
struct Head<'a> {
    run: &'a Option<Run>,
    notices: &'a VecDeque<String>,
    diagnoses: Vec<Trouble>,
}

#[derive(Serialize)]
struct Moved<'a> {
    id: u32,
    #[serde(flatten)]
    moving: &'a Moving,
}

#[derive(Serialize)]
struct Finished<'a> {
    /// Milliseconds since 1970.
    at: i64,
    totals: String,
    missing: Vec<String>,
    afterwards: &'a [String],
    report: &'a Report,
}

impl PageState {
    /// What has to be told to a client that knows this version; `None`: nothing.
    pub(super) fn since(&self, known: Option<u64>, now: Timestamp) -> Option<SseMessage> {
        if known == Some(self.version) {
            return None;
        }
        // Who missed that a phone went away, or knows another run, begins anew.
        let known = known.filter(|known| (self.gone..self.version).contains(known));
        let message = match &self.ended {
            Some(end) => self.last(end),
            None => self.news(known, now),
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

    fn news(&self, known: Option<u64>, now: Timestamp) -> Message<'_> {
        let is_new = |version: u64| known.is_none_or(|known| version > known);
        let changed = |entry: &&Entry| is_new(entry.changed);
        let phones = self.phones.values().filter(changed);
        let phones = phones
            .map(|entry| entry.phone.row(self.timelines.of_id(entry.phone.who.id)))
            .collect();
        let moved = self.phones.values();
        let moved = moved.filter(|entry| !is_new(entry.changed) && is_new(entry.moved));
        let moved = moved
            .map(|entry| Moved {
                id: entry.phone.who.id.0,
                moving: &entry.phone.moving,
            })
            .collect();
        Message {
            now: now.as_millisecond(),
            head: is_new(self.head_changed).then(|| self.top()),
            phones,
            moved,
            finished: None,
        }
    }

    fn top(&self) -> Head<'_> {
        Head {
            run: &self.run,
            notices: &self.notices,
            diagnoses: self.diagnoses.iter().map(Trouble::from).collect(),
        }
    }

    /// The end, by the report alone: what it does not say is not shown.
    fn last<'a>(&'a self, end: &'a End) -> Message<'a> {
        let phones = end.report.phones.iter().enumerate();
        let phones = phones
            .map(|(at, phone)| Row::of_report(at, phone, self.timelines.get(phone)))
            .collect();
        let missing = end.report.missing.iter();
        let missing = missing
            .map(|phone| {
                let name = phone.name.as_deref().map(escape).unwrap_or_default();
                format!("{} {name}", phone.mac).trim_end().to_owned()
            })
            .collect();
        Message {
            now: end.at.as_millisecond(),
            head: Some(self.top()),
            phones,
            moved: Vec::new(),
            finished: Some(Finished {
                at: end.at.as_millisecond(),
                totals: totals(&end.report),
                missing,
                afterwards: &end.afterwards,
                report: &end.report,
            }),
        }
    }
}
