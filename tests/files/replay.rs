//! `replay` and `report`: logs of other servers, captures, and the formats of a report; metrics.

mod advice;
mod capture_file;
mod captures;
mod commands;
mod fleet;
mod formats;
mod logs;
mod marks;
mod metrics;
mod nameless;
mod observations;
mod operation;
mod page;
mod reachability;
mod records;
mod registered;
mod sites;
mod starts;
mod story;
mod traces;
mod tracking;

use jiff::Timestamp;
use reflash::{
    replay::{self, ReplayFormat},
    run_view::{self, RunView},
    track::{Fleet, PhoneReport, Report, RunTime, StagePlan},
};

/// The report of a log.
fn replay_log(log: &str) -> Report {
    replayed(log.as_bytes(), ReplayFormat::Log, Vec::new()).0
}

/// The report and the view of a record, with these stages or those that it shows.
fn replayed(bytes: &[u8], format: ReplayFormat, stages: Vec<StagePlan>) -> (Report, RunView) {
    let modified: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    let mut input = bytes;
    let mut record = replay::read_from(&mut input, format, Some(2025), Some(modified)).unwrap();
    let plan = replay::plan(&mut record, stages);
    let conversation = record.observations(&plan);
    let mut fleet = Fleet::new(plan);
    let began = conversation.began;
    let wall = |at| began.checked_add(at).unwrap();
    let mut view = run_view::fold(&mut fleet, &conversation.observations, RunTime::ZERO, wall);
    let mut report = fleet.report(began);
    record.restore_addresses(&mut report);
    view.finish(&report);
    (report, view)
}

fn codes(phone: &PhoneReport) -> Vec<String> {
    phone
        .diagnoses
        .iter()
        .map(|it| it.code.to_string())
        .collect()
}
