//! `replay` and `report`: other servers' logs and captures, the forms of a report, metrics.

mod captures;
mod commands;
mod fleet;
mod logs;
mod page;
mod witnesses;

use jiff::Timestamp;
use reflash::{
    replay::{self, Format},
    report::{self, Timelines},
    track::{Fleet, PhoneReport, Report, RunTime, StagePlan},
};

/// What replay says of a log.
fn replay_log(log: &str) -> Report {
    replayed(log.as_bytes(), Format::Log, Vec::new()).0
}

/// What replay says of a record, with these stages or what it shows itself.
fn replayed(bytes: &[u8], format: Format, stages: Vec<StagePlan>) -> (Report, Timelines) {
    let modified: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    let mut input = bytes;
    let mut record = replay::read_from(&mut input, format, Some(2025), Some(modified)).unwrap();
    let plan = replay::plan(&mut record, stages);
    let conversation = record.observations(&plan);
    let mut fleet = Fleet::new(plan);
    let timelines = report::fold(&mut fleet, &conversation.observations, RunTime::ZERO);
    (fleet.report(conversation.began), timelines)
}

fn codes(phone: &PhoneReport) -> Vec<String> {
    phone
        .diagnoses
        .iter()
        .map(|it| it.code.to_string())
        .collect()
}
