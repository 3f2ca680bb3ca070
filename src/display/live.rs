//! A run while it goes on: events and time in, rows of text out, without a terminal or a clock. The
//! rows fit a screen of any size.
//!
//! While they fit, there is a row for each phone, with its diagnoses below. Otherwise phones
//! that need attention come first, then those that must not be unplugged, then those under way.

mod footer;
mod frame;
mod pace;
mod row;
mod run;
mod summary;
#[cfg(test)]
mod tests;

use self::{
    footer::{footer, missing},
    frame::{DrawFrame, INDENT, cure_lines, diagnosis_lines},
    row::Columns,
    summary::summary,
};
pub(super) use self::{frame::Size, run::LiveRun};
use super::style::Style;
use crate::{reporter::Tick, run_view::PhoneView};

/// Rows that are left for the scrollback, on a screen that has many.
const SPARE_ROWS: usize = 2;

/// From this height on a screen has many rows.
const MANY_ROWS: usize = 10;

/// The rows of this moment.
pub(super) fn rows(run: &LiveRun, size: Size, tick: Tick, style: Style) -> Vec<String> {
    let spare = if size.rows < MANY_ROWS { 1 } else { SPARE_ROWS };
    let frame = DrawFrame {
        width: size.columns.saturating_sub(1).max(1),
        room: size.rows.saturating_sub(spare).max(1),
        tick,
        style,
    };
    let mut lines = all_of(run, frame, &|_| true)
        .or_else(|| all_of(run, frame, &|phone| !phone.done || phone.needs_attention()))
        .unwrap_or_else(|| summary(run, frame));
    lines.truncate(frame.room);
    lines
}

/// A row for each of these phones, if there is room for all of them.
fn all_of(
    run: &LiveRun,
    frame: DrawFrame,
    wanted: &dyn Fn(&PhoneView) -> bool,
) -> Option<Vec<String>> {
    let phones: Vec<&PhoneView> = run.view.phones().filter(|phone| wanted(phone)).collect();
    let footer = footer(run, frame);
    if phones.len() + footer.len() > frame.room {
        return None;
    }
    let columns = Columns::new(frame, &phones);
    let mut lines = Vec::new();
    for diagnosis in run.view.diagnoses() {
        lines.extend(diagnosis_lines(frame, "", "this run: ", diagnosis));
        lines.extend(cure_lines(frame, "", diagnosis));
    }
    for phone in &phones {
        lines.push(columns.row(frame, phone));
        for diagnosis in &phone.diagnoses {
            lines.extend(diagnosis_lines(frame, INDENT, "", diagnosis));
            lines.extend(cure_lines(frame, INDENT, diagnosis));
        }
    }
    let room = frame.room.saturating_sub(lines.len() + footer.len());
    lines.extend(missing(run, frame, room));
    lines.extend(footer);
    if !phones.is_empty() && lines.len() < frame.room {
        lines.insert(0, columns.head(frame));
    }
    (lines.len() <= frame.room).then_some(lines)
}
