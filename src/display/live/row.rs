//! A phone's row: columns by the width of the screen. A narrow screen loses what matters less:
//! the model, the time in this state, the image's name, the bar.

use std::time::Duration;

use super::frame::DrawFrame;
use crate::{
    run_view::{FileProgress, PhoneView, format},
    text::{
        escape,
        measure::{cut, pad, width},
    },
    track::{ImageNumber, State},
};

/// The width from which a MAC is written as in file names, with SEP before it.
const LONG_NAMES: usize = 60;

/// The width from which the time in this state is shown.
const WITH_SINCE: usize = 50;

/// The width from which the model is shown.
const WITH_MODEL: usize = 70;

/// The width from which the stage shows the pass.
const WITH_PASS: usize = 79;

/// With fewer columns than this next to a bar, the image's name is left out.
const SHORTEST_FILE: usize = 12;

/// The width of the last column from which it also shows what a fetching phone does next.
const WITH_NEXT: usize = 62;

/// With fewer columns than this, only the time limit of what comes next is shown.
const SHORTEST_NEXT: usize = 7;

/// Columns of an image's name where more follows.
const FILE: usize = 22;

/// Columns of a time: `59:59`, `99h59`.
const TIME: usize = 5;

/// Columns of a model, and of the models of a family: `7945/7965`.
const MODEL: usize = 5;
const FAMILY: usize = 9;

/// The head of the last column.
const WHAT: &str = "progress, or what comes next";

/// The width of each column; 0: it is left out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    name: usize,
    model: usize,
    stage: usize,
    since: usize,
    rest: usize,
}

impl Columns {
    /// The columns for these phones on this screen.
    pub(super) fn new(frame: DrawFrame, phones: &[&PhoneView]) -> Self {
        let all = frame.width;
        let widest = phones.iter().map(|phone| width(&name(frame, phone))).max();
        let usual = if all < LONG_NAMES { 12 } else { 15 };
        let name = widest.unwrap_or(0).clamp(usual, usual.max(all / 5));
        let models = phones.iter().filter_map(|phone| phone.model_text());
        let widest = models.map(width).max().unwrap_or(0);
        let model = if all < WITH_MODEL {
            0
        } else {
            widest.clamp(MODEL, FAMILY)
        };
        let stage = if all < WITH_PASS { 11 } else { 16 };
        let since = if all < WITH_SINCE { 0 } else { TIME };
        let columns = [name, model, stage, since];
        let taken: usize = columns
            .iter()
            .filter(|columns| **columns > 0)
            .map(|columns| columns + 1)
            .sum();
        Self {
            name,
            model,
            stage,
            since,
            rest: all.saturating_sub(taken),
        }
    }

    /// The table header.
    pub(super) fn head(&self, frame: DrawFrame) -> String {
        let line = self.line([
            "phone",
            "model",
            "stage",
            "for",
            if self.rest < WHAT.len() {
                "progress"
            } else {
                WHAT
            },
        ]);
        frame.style.faint(&cut(&line, frame.width))
    }

    pub(super) fn row(&self, frame: DrawFrame, phone: &PhoneView) -> String {
        let model = phone.model_text().map_or("?".into(), escape);
        let since = match phone.state {
            State::Confirmed | State::Already => String::new(),
            _ => clock(frame.since(phone.since)),
        };
        let line = self.line([
            &name(frame, phone),
            &model,
            &self.stage(phone),
            &since,
            &self.rest(phone),
        ]);
        frame.style.state(phone.state, &cut(&line, frame.width))
    }

    fn line(&self, [name, model, stage, since, rest]: [&str; 5]) -> String {
        let mut line = pad(name, self.name);
        for (text, columns) in [(model, self.model), (stage, self.stage)] {
            if columns > 0 {
                line.push(' ');
                line.push_str(&pad(text, columns));
            }
        }
        if self.since > 0 {
            let since = format!(" {since:>TIME$}");
            line.push_str(&since);
        }
        line.push(' ');
        line.push_str(&cut(rest, self.rest));
        line.truncate(line.trim_end().len());
        line
    }

    /// Its position: `image 3/5 pass 2`.
    fn stage(&self, phone: &PhoneView) -> String {
        let name = phone.state_text();
        let image = phone.file.as_ref().and_then(|file| file.image);
        let stage = match image.filter(|_| phone.state == State::Images) {
            Some(ImageNumber { number, count }) => format!("image {number}/{count}"),
            _ => name.to_owned(),
        };
        let is_moving = phone.is_under_way() || phone.state == State::Flashed;
        if phone.pass > 1 && is_moving && self.stage >= 16 {
            format!("{stage} pass {}", phone.pass)
        } else {
            stage
        }
    }

    /// Its progress, or what comes next.
    fn rest(&self, phone: &PhoneView) -> String {
        let next = phone.expected.as_ref().map(|expected| {
            let time = format!("within {}", clock(expected.left));
            // The first part only: the row has DO NOT UNPLUG in its own words.
            let what = expected.what.split([',', ';']).next().unwrap_or_default();
            let what = escape(what.strip_prefix("its ").unwrap_or(what));
            (what, time)
        });
        let next = |room: usize| {
            let (what, time) = next.as_ref()?;
            match room.checked_sub(time.len() + 1) {
                Some(room) if room >= SHORTEST_NEXT => Some(format!("{} {time}", cut(what, room))),
                _ => Some(time.clone()).filter(|time| time.len() <= room),
            }
        };
        match (phone.state, &phone.file) {
            (State::Images, Some(file)) if file.size > 0 => {
                let mut text = self.file(file);
                let left = self.rest.saturating_sub(width(&text) + 1);
                if let Some(next) = next(left).filter(|_| self.rest >= WITH_NEXT) {
                    text = format!("{text} {next}");
                }
                text
            }
            (state, _) if state.may_be_writing() && !phone.has_rejected_images() => {
                let text = "DO NOT UNPLUG";
                match next(self.rest.saturating_sub(text.len() + 2)) {
                    Some(next) => format!("{text}, {next}"),
                    None => text.to_owned(),
                }
            }
            (State::Confirmed | State::Already, _) => {
                let took = phone.took();
                let reason = escape(&phone.reason_text());
                if took.is_zero() || self.rest < WITH_NEXT {
                    reason
                } else {
                    format!("{reason}; took {}", clock(took))
                }
            }
            (state, _) => {
                let restart = phone
                    .restart_text()
                    .filter(|_| matches!(state, State::Seen | State::Configuring));
                restart
                    .or_else(|| next(self.rest))
                    .unwrap_or_else(|| phone.meaning().to_owned())
            }
        }
    }

    /// `██████░░░░  57% apps45.9-3-1ES26.sbn`, as much of it as there is room for.
    fn file(&self, file: &FileProgress) -> String {
        let short = (self.rest / 4).clamp(4, 16);
        let left = self.rest.saturating_sub(short + 6);
        let (columns, name) = if self.rest >= WITH_NEXT {
            (short, format!(" {}", pad(&escape(&file.name), FILE)))
        } else if left >= SHORTEST_FILE {
            (short, format!(" {}", cut(&escape(&file.name), left)))
        } else {
            (self.rest.saturating_sub(5), String::new())
        };
        let percent = file.bytes.saturating_mul(100) / file.size.max(1);
        let bar = bar(file.bytes, file.size, columns);
        format!("{bar} {:>3}%{name}", percent.min(100))
    }
}

/// A bar for `part` of `whole`, this many columns wide.
pub(super) fn bar(part: u64, whole: u64, columns: usize) -> String {
    let eighths = columns as u128 * 8 * u128::from(part.min(whole)) / u128::from(whole.max(1));
    let eighths = usize::try_from(eighths).unwrap_or(0);
    let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    let full = eighths / 8;
    let empty = columns - full - usize::from(!part.is_empty());
    format!("{}{part}{}", "█".repeat(full), "░".repeat(empty))
}

/// A phone's name in a row: by the inventory, else its MAC, else its address.
pub(super) fn name(frame: DrawFrame, phone: &PhoneView) -> String {
    let named = &phone.phone;
    match (&named.name, named.mac) {
        (Some(name), _) => escape(name),
        (None, Some(mac)) if frame.width >= LONG_NAMES => format!("SEP{}", mac.upper_hex()),
        (None, Some(mac)) => mac.upper_hex(),
        (None, None) => format::long_address(named.address),
    }
}

/// A duration in five columns at most: `9:59`, `99h59`, then days.
pub(super) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..3600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        3600..360_000 => format!("{}h{:02}", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_has_the_given_width() {
        assert_eq!(bar(0, 8, 4), "░░░░");
        assert_eq!(bar(1, 8, 4), "▌░░░");
        assert_eq!(bar(5, 8, 4), "██▌░");
        assert_eq!(bar(9, 8, 4), "████", "never more than all");
        assert_eq!(bar(0, 0, 2), "░░");
    }

    #[test]
    fn times_have_five_columns() {
        let time = |seconds| clock(Duration::from_secs(seconds));
        assert_eq!(time(0), "0:00");
        assert_eq!(time(3599), "59:59");
        assert_eq!(time(3600), "1h00");
        assert_eq!(time(359_999), "99h59");
        assert_eq!(time(360_000), "4d");
    }
}
