//! Clocks of hosts that were set while phones started, back or forward.

use std::{collections::HashMap, net::Ipv4Addr};

use jiff::{SignedDuration, Timestamp};

use super::{
    lines::ServerLine,
    note::TraceNote,
    server_line::ServerMessage,
    servers::{SERVERS, recognize},
    timestamp::LogTime,
};
use crate::phone::RequestedFile;

/// A step back that is shorter comes from processes that write at the same time.
pub(super) const STEP: SignedDuration = SignedDuration::from_secs(30);

/// A process number that is higher by no more than this belongs to the same start of the host.
const PROCESSES: u32 = 1000;

/// Without events for longer than this, a step back of an hour is not the end of summer time.
const SUMMER_PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// A step forward that is longer is a pause, unless the lines show that a phone made none.
const PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// A clock that starts at the beginning of a year is set forward by at least this.
const UNSET: SignedDuration = SignedDuration::from_hours(24);

/// The pause that stands for an unknown one: longer than a restart, shorter than what counts as
/// silence.
const UNKNOWN: SignedDuration = SignedDuration::from_secs(20);

/// Lines before and after a step that are read for a phone that made no pause.
const AROUND: usize = 64;

/// A line and its time.
pub(super) type TimedLine = (Timestamp, ServerLine);

/// Whether a clock was set back between two lines: it was not set yet, summer time ended, or the
/// process numbers go on.
pub(super) fn is_clock(lines: &[TimedLine], before: usize, after: usize) -> bool {
    let (before, after) = (&lines[before], &lines[after]);
    let (from, to) = (&before.1.line, &after.1.line);
    let goes_on = from
        .process
        .zip(to.process)
        .is_some_and(|(from, to)| to > from && to - from <= PROCESSES);
    goes_on || is_unset(after.0, to.time) || is_summer_end(before.0, after.0, to.time)
}

/// The first hour of a clock that starts at the beginning of a year, without a battery.
fn is_unset(time: Timestamp, form: LogTime) -> bool {
    let local = jiff::tz::Offset::UTC.to_datetime(time);
    let is_new_year = local.month() == 1 && local.day() == 1 && local.hour() == 0;
    let is_full = !matches!(form, LogTime::Yearless { .. });
    is_new_year && (!is_full || local.year() <= 2000)
}

/// 02:59 and then 02:00, in one of the months in which summer time ends.
fn is_summer_end(before: Timestamp, after: Timestamp, form: LogTime) -> bool {
    if !matches!(form, LogTime::Yearless { .. } | LogTime::Local(_)) {
        return false;
    }
    let hour = SignedDuration::from_hours(1);
    let pause = hour + after.duration_since(before);
    let local = jiff::tz::Offset::UTC.to_datetime(before);
    let months = [3, 4, 9, 10, 11];
    pause >= SignedDuration::ZERO
        && pause <= SUMMER_PAUSE
        && local.hour() <= 3
        && months.contains(&local.month())
}

/// Lets the times of one host go on where its clock was set back.
pub(super) fn go_on(lines: &mut [TimedLine], indexes: &[usize], notes: &mut Vec<TraceNote>) {
    let mut latest: Option<Timestamp> = None;
    let mut raw_before = None;
    let mut shift = SignedDuration::ZERO;
    let mut lasting = false;
    for index in indexes {
        let raw = lines[*index].0;
        let form = lines[*index].1.line.time;
        let back = raw_before.map_or(SignedDuration::ZERO, |before: Timestamp| {
            before.duration_since(raw)
        });
        if let Some(latest) = latest {
            if back >= STEP {
                lasting = raw_before.is_some_and(|before| is_summer_end(before, raw, form));
                shift = if lasting {
                    shift + SignedDuration::from_hours(1)
                } else {
                    latest.duration_since(raw)
                };
                notes.push(TraceNote::ClockSetBack {
                    line: lines[*index].1.number,
                    by: back,
                });
            } else if !lasting && raw >= latest {
                // The clock is right again.
                shift = SignedDuration::ZERO;
            }
        }
        raw_before = Some(raw);
        let time = raw.checked_add(shift).unwrap_or(raw);
        let time = latest.map_or(time, |latest| latest.max(time));
        lines[*index].0 = time;
        latest = Some(time);
    }
}

/// Moves the lines of one host before a clock was set forward, so that they come just before those
/// after it.
pub(super) fn catch_up(lines: &mut [TimedLine], indexes: &[usize], notes: &mut Vec<TraceNote>) {
    let mut shift = SignedDuration::ZERO;
    for at in (1..indexes.len()).rev() {
        let (before, after) = (indexes[at - 1], indexes[at]);
        let raw = lines[before].0;
        // The line after has its new time already.
        let step = lines[after].0.duration_since(raw) - shift;
        if step >= PAUSE && is_set_forward(lines, indexes, at, step) {
            notes.push(TraceNote::ClockSetForward {
                line: lines[after].1.number,
                by: step,
            });
            shift += step - UNKNOWN;
        }
        lines[before].0 = raw.checked_add(shift).unwrap_or(raw);
    }
}

/// Whether a clock was set forward before the line at this place: it was not set yet, a process goes
/// on, or a phone fetches the next image as it does within seconds.
fn is_set_forward(lines: &[TimedLine], indexes: &[usize], at: usize, step: SignedDuration) -> bool {
    let line = |at: usize| &lines[indexes[at]];
    let (before, after) = (line(at - 1), line(at));
    if step >= UNSET
        && is_unset(before.0, before.1.line.time)
        && !is_unset(after.0, after.1.line.time)
    {
        return true;
    }
    let message = |at: usize| recognize(&line(at).1.line);
    let is_end = |at: usize| {
        matches!(
            message(at),
            Some((
                _,
                ServerMessage::Outcome {
                    address: Some(_),
                    ..
                }
            ))
        )
    };
    let is_request = |at: usize| matches!(message(at), Some((server, ServerMessage::Request { .. })) if !SERVERS[server].logs_ends);
    let same = before.1.line.process.is_some() && before.1.line.process == after.1.line.process;
    if same && is_request(at - 1) && is_end(at) {
        return true;
    }
    let image = |at: usize| {
        let (address, name) = match message(at)?.1 {
            ServerMessage::Request { request, .. } | ServerMessage::Answered { request, .. } => {
                (request.address, request.name)
            }
            ServerMessage::Outcome {
                address: Some(address),
                name: Some(name),
                ..
            } => (address, name),
            _ => return None,
        };
        Some((address, RequestedFile::parse(name) == RequestedFile::Image))
    };
    let mut first: HashMap<Ipv4Addr, bool> = HashMap::new();
    for (address, is_image) in (at..indexes.len()).take(AROUND).filter_map(image) {
        first.entry(address).or_insert(is_image);
    }
    let mut last: HashMap<Ipv4Addr, bool> = HashMap::new();
    for (address, is_image) in (0..at).rev().take(AROUND).filter_map(image) {
        last.entry(address).or_insert(is_image);
    }
    last.iter()
        .any(|(address, is_image)| *is_image && first.get(address) == Some(&true))
}
