//! The totals below the phones.

use std::time::Duration;

use super::{
    frame::{DrawFrame, folded, listed},
    row::{bar, clock},
    run::LiveRun,
};
use crate::{
    run_view::PhoneView,
    text::{measure::cut, size},
    track::State,
};

/// Maximum number of rows of totals.
const MOST_ROWS: usize = 3;

/// Maximum number of rows of names of phones that were not seen so far.
const MISSING_ROWS: usize = 2;

/// Columns of the bar over all phones.
const BAR: usize = 20;

/// The screen width from which the bar is shown.
const WITH_BAR: usize = 70;

/// How far all phones are, how fast they move, and how long they take.
pub(super) fn footer(run: &LiveRun, frame: DrawFrame) -> Vec<String> {
    if run.view.is_empty() {
        return vec![no_phone(run, frame)];
    }
    let (done, all) = done(run, frame);
    let mut parts = vec![format!("{done} of {all} done")];
    let is_open = |phone: &&PhoneView| phone.state == State::Flashed && !phone.done;
    let flashed = run.view.phones().filter(is_open).count();
    parts.extend((flashed > 0).then(|| format!("{flashed} flashed, not settled")));
    let up = run.view.phones().filter(|phone| phone.up).count();
    parts.extend((up > 0).then(|| format!("{up} up")));
    let others = frame.tick.unexpected.seen;
    parts.extend((others > 0).then(|| format!("{others} not on the list")));
    parts.extend(run.rate.rate().map(|rate| format!("{}/s", size(rate))));
    parts.extend(time_left(run, frame));
    let text = cut(&parts.join(", "), frame.width);
    vec![frame.style.strong(&text)]
}

/// The same with a bar, and the numbers of phones by state.
pub(super) fn sums(run: &LiveRun, frame: DrawFrame) -> Vec<String> {
    let mut lines = footer(run, frame);
    if frame.width >= WITH_BAR
        && let Some(first) = lines.first_mut()
    {
        let (done, all) = done(run, frame);
        let bar = bar(done as u64, all as u64, BAR);
        let narrower = DrawFrame {
            width: frame.width - BAR - 1,
            ..frame
        };
        *first = format!("{bar} {}", footer(run, narrower).concat());
    }
    let fetching = [State::Configuring, State::Manifest, State::Images];
    let parts: Vec<String> = [
        (count(run, &[State::Failed]), "failed"),
        (count(run, &[State::Stalled]), "stalled"),
        (count(run, &[State::Writing]), "writing: DO NOT UNPLUG"),
        (count(run, &[State::Rebooted]), "restarting: DO NOT UNPLUG"),
        (count(run, &fetching), "fetching"),
        (count(run, &[State::Seen]), "only seen"),
        (frame.tick.awaited.unwrap_or(0), "not seen yet"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, words)| format!("{count} {words}"))
    .collect();
    if !parts.is_empty() {
        lines.extend(folded(frame, &parts.join(", "), "", "", str::to_owned));
    }
    let names = missing(run, frame, MOST_ROWS.saturating_sub(lines.len()));
    lines.extend(names);
    lines.truncate(MOST_ROWS);
    lines
}

/// The names of the expected phones that were not seen so far, in `room` rows.
pub(super) fn missing(run: &LiveRun, frame: DrawFrame, room: usize) -> Vec<String> {
    let awaited = frame.tick.awaited.unwrap_or(0);
    if run.missing.is_empty() || awaited == 0 || room == 0 {
        return Vec::new();
    }
    // Phones whose MAC is not known yet are some of these.
    let head = if awaited < run.missing.len() {
        format!("{awaited} of these not seen yet:")
    } else {
        "not seen yet:".to_owned()
    };
    listed(frame, &head, &run.missing, room.min(MISSING_ROWS))
}

/// How many phones are done, and how many were observed or are expected: of a list, only its
/// phones count.
fn done(run: &LiveRun, frame: DrawFrame) -> (usize, usize) {
    let others = frame.tick.unexpected;
    let seen = run.view.len().saturating_sub(others.seen);
    let all = seen + frame.tick.awaited.unwrap_or(0);
    (run.view.done().saturating_sub(others.done), all)
}

fn count(run: &LiveRun, states: &[State]) -> usize {
    let phones = run.view.phones();
    phones
        .filter(|phone| !phone.up && states.contains(&phone.state))
        .count()
}

fn no_phone(run: &LiveRun, frame: DrawFrame) -> String {
    let waited = run.began.map(|began| frame.since(began));
    let waited = waited.map(clock).unwrap_or_default();
    let text = format!("waiting for the first phone (Ctrl-C ends the run) {waited}");
    cut(&text, frame.width)
}

/// How long the phones under way still take, by how long others took from the same positions.
/// `None` where that is not known for each of them.
fn time_left(run: &LiveRun, frame: DrawFrame) -> Option<String> {
    let mut longest = Duration::ZERO;
    let under_way = |phone: &&PhoneView| phone.is_under_way();
    for phone in run.view.phones().filter(under_way) {
        let position = run.position(phone.phone.id)?;
        longest = longest.max(run.pace.left(position, frame.tick.at)?);
    }
    if longest.is_zero() {
        return None;
    }
    let minutes = longest.as_secs().div_ceil(60);
    let time = match (longest.as_secs(), minutes) {
        (0..60, _) => "less than a minute".to_owned(),
        (_, 0..100) => format!("about {minutes} min"),
        _ => format!("about {} h", minutes.div_ceil(60)),
    };
    let whose = match frame.tick.awaited {
        Some(0) => "",
        _ => " for those under way",
    };
    Some(format!("{time} left{whose}"))
}
