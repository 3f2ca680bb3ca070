//! One phone as it is sent to the page. Names of phones and files are escaped here.

use std::net::Ipv4Addr;

use serde::Serialize;

use crate::{
    diagnose::{Code, Diagnosis},
    phone::MacAddress,
    run_view::{ExpectedSilence, FileProgress, Mark, PhoneView, Span, format},
    text::escape,
    track::State,
};

/// How many states and marks of a phone's time line are sent: the newest.
const MAX_SENT: usize = 64;

/// A complete row. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct PhoneRow {
    id: u32,
    mac: Option<MacAddress>,
    address: Ipv4Addr,
    model: Option<String>,
    name: Option<String>,
    state: State,
    /// Its colour: good, warn or bad.
    color: &'static str,
    /// How much it needs attention: 0 most.
    rank: u8,
    /// Whether it is done.
    done: bool,
    /// Whether it is in normal operation and no conversion is in progress.
    up: bool,
    /// What the state means.
    meaning: &'static str,
    pass: u32,
    load: Option<String>,
    /// Why it is in this state.
    reason: Option<String>,
    /// Its restarts; `None`: none was ordered or refused, or it is done.
    restart: Option<String>,
    /// Other evidence.
    evidence: Vec<String>,
    diagnoses: Vec<RowDiagnosis>,
    first_seen: i64,
    since: i64,
    last_seen: i64,
    /// State, since when, until when; the last one may go on.
    spans: Vec<(State, i64, i64)>,
    /// When, which diagnosis, whether it was withdrawn then.
    marks: Vec<(i64, Code, bool)>,
    moving: Moving,
}

/// The part of a row that changes often.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Moving {
    file: Option<File>,
    waiting: Option<WaitingRow>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct File {
    name: String,
    /// Its place in the manifest, from 1; 0 for a file that is not an image.
    at: u32,
    of: u32,
    bytes: u64,
    size: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct WaitingRow {
    what: String,
    /// Seconds for which silence is still normal.
    left: u64,
}

/// A diagnosis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct RowDiagnosis {
    code: Code,
    evidence: String,
    cure: String,
}

impl From<&Diagnosis> for RowDiagnosis {
    fn from(diagnosis: &Diagnosis) -> Self {
        Self {
            code: diagnosis.code,
            evidence: escape(&diagnosis.evidence),
            cure: escape(&diagnosis.cure),
        }
    }
}

impl From<&PhoneView> for PhoneRow {
    fn from(phone: &PhoneView) -> Self {
        let named = &phone.phone;
        let attention = phone.attention();
        let line = |evidence| escape(&format::evidence(evidence));
        Self {
            id: named.id.0,
            mac: named.mac,
            address: named.address,
            model: phone.model_text().map(ToOwned::to_owned),
            name: named.name.as_deref().map(escape),
            state: phone.state,
            color: attention.color(),
            rank: attention as u8,
            done: phone.done,
            up: phone.up,
            meaning: phone.meaning(),
            pass: phone.pass,
            load: phone.load.as_ref().map(|load| escape(load.as_str())),
            reason: phone.reason.as_ref().map(line),
            restart: phone.restart_text(),
            evidence: phone
                .caveat()
                .into_iter()
                .chain(phone.uplink_text().map(|text| escape(&text)))
                .chain(phone.other_evidence().map(line))
                .collect(),
            diagnoses: phone.diagnoses.iter().map(RowDiagnosis::from).collect(),
            first_seen: phone.first_seen.as_millisecond(),
            since: phone.since.as_millisecond(),
            last_seen: phone.last_seen.as_millisecond(),
            spans: newest(&phone.timeline.spans).map(span).collect(),
            marks: newest(&phone.timeline.marks).map(mark).collect(),
            moving: Moving::from(phone),
        }
    }
}

impl From<&PhoneView> for Moving {
    fn from(phone: &PhoneView) -> Self {
        Self {
            file: phone.file.as_ref().map(File::from),
            waiting: phone.expected.as_ref().map(WaitingRow::from),
        }
    }
}

impl From<&FileProgress> for File {
    fn from(file: &FileProgress) -> Self {
        let (at, of) = file
            .image
            .map_or((0, 0), |image| (image.number, image.count));
        Self {
            name: escape(&file.name),
            at,
            of,
            bytes: file.bytes.min(file.size),
            size: file.size,
        }
    }
}

impl From<&ExpectedSilence> for WaitingRow {
    fn from(expected: &ExpectedSilence) -> Self {
        Self {
            what: escape(&expected.what),
            left: expected.left.as_secs(),
        }
    }
}

fn newest<T>(all: &[T]) -> impl Iterator<Item = &T> {
    all[all.len().saturating_sub(MAX_SENT)..].iter()
}

fn span(span: &Span) -> (State, i64, i64) {
    let (from, to) = (span.from.as_millisecond(), span.to.as_millisecond());
    (span.state, from, to)
}

fn mark(mark: &Mark) -> (i64, Code, bool) {
    (mark.at.as_millisecond(), mark.code, mark.withdrawn)
}
