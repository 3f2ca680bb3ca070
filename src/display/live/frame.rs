//! The space and the time that the rows of one drawing share, and texts that fit into it.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    diagnose::Diagnosis,
    display::style::Style,
    reporter::Tick,
    text::{
        escape,
        measure::{cut, width, wrap},
    },
};

/// Columns and rows of a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::display) struct Size {
    pub columns: usize,
    pub rows: usize,
}

/// What the rows of one drawing have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct DrawFrame {
    /// Columns that may be written to. The last one stays free: some terminals begin a new
    /// line once it is used.
    pub width: usize,
    /// Rows that may be used.
    pub room: usize,
    pub tick: Tick,
    pub style: Style,
}

impl DrawFrame {
    /// The time from `then` until now.
    pub(super) fn since(&self, then: Timestamp) -> Duration {
        Duration::try_from(self.tick.at.duration_since(then)).unwrap_or_default()
    }
}

/// Indent of what belongs to the phone above.
pub(super) const INDENT: &str = "    ";

/// A diagnosis and its evidence.
pub(super) fn diagnosis_lines(
    frame: DrawFrame,
    indent: &str,
    subject: &str,
    diagnosis: &Diagnosis,
) -> Vec<String> {
    let text = format!(
        "{subject}{}: {}",
        diagnosis.code,
        escape(&diagnosis.evidence)
    );
    let rest = format!("{indent}  ");
    folded(frame, &text, indent, &rest, |line| frame.style.bad(line))
}

/// What to do about a diagnosis.
pub(super) fn cure_lines(frame: DrawFrame, indent: &str, diagnosis: &Diagnosis) -> Vec<String> {
    let text = format!("→ {}", escape(&diagnosis.cure));
    let rest = format!("{indent}  ");
    folded(frame, &text, indent, &rest, str::to_owned)
}

/// A text, wrapped into as many rows as it needs.
pub(super) fn folded(
    frame: DrawFrame,
    text: &str,
    first: &str,
    rest: &str,
    paint: impl Fn(&str) -> String,
) -> Vec<String> {
    let lines = wrap(text, frame.width, first, rest);
    lines
        .iter()
        .map(|line| paint(&cut(line, frame.width)))
        .collect()
}

/// Names after a head, in `most` rows, and how many are left out.
pub(super) fn listed(frame: DrawFrame, head: &str, names: &[String], most: usize) -> Vec<String> {
    let mut lines = vec![head.to_owned()];
    // A row may have to show how many are left out.
    let more = width(&format!(" and {} more", names.len()));
    for (at, name) in names.iter().enumerate() {
        let name = cut(name, frame.width / 2);
        let last = lines.len() == most;
        let end = if last && at + 1 < names.len() {
            more
        } else {
            0
        };
        let line = lines.last_mut().map_or(0, |line| width(line));
        if line + 1 + width(&name) + end <= frame.width {
            if let Some(line) = lines.last_mut() {
                line.push(' ');
                line.push_str(&name);
            }
        } else if last {
            if let Some(line) = lines.last_mut() {
                if at == 0 {
                    line.truncate(line.trim_end_matches(':').len());
                } else {
                    let text = format!(" and {} more", names.len() - at);
                    line.push_str(&text);
                }
            }
            break;
        } else {
            lines.push(format!("{INDENT}{name}"));
        }
    }
    lines.iter().map(|line| cut(line, frame.width)).collect()
}
