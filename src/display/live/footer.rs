//! The sums below the phones.

use std::time::Duration;

use super::{
    Frame, Live, folded,
    phone::Phone,
    row::{bar, clock},
};
use crate::{
    text::{measure::cut, size},
    track::State,
};

/// Rows of sums at most.
const MOST_ROWS: usize = 3;

/// Columns of the bar over all phones.
const BAR: usize = 20;

/// From this width on there is one.
const WITH_BAR: usize = 70;

impl Live {
    /// How far all are, how fast it goes, and how long it takes.
    pub(super) fn foot(&self, frame: Frame) -> Vec<String> {
        if self.phones.is_empty() {
            return vec![self.nobody(frame)];
        }
        let done = self.phones.values().filter(|phone| phone.is_done()).count();
        let all = self.phones.len() + frame.tick.awaited.unwrap_or(0);
        let mut parts = vec![format!("{done} of {all} done")];
        let flashed = |phone: &&Phone| phone.state == State::Flashed;
        let flashed = self.phones.values().filter(flashed).count();
        parts.extend((flashed > 0).then(|| format!("{flashed} flashed")));
        parts.extend(self.bytes.rate().map(|rate| format!("{}/s", size(rate))));
        parts.extend(self.left(frame));
        let text = cut(&parts.join(", "), frame.width);
        vec![frame.style.strong(&text)]
    }

    /// The same, with a bar, and the phones by state.
    pub(super) fn sums(&self, frame: Frame) -> Vec<String> {
        let mut lines = self.foot(frame);
        if frame.width >= WITH_BAR {
            let done = self.phones.values().filter(|phone| phone.is_done()).count();
            let all = self.phones.len() + frame.tick.awaited.unwrap_or(0);
            let bar = bar(done as u64, all as u64, BAR);
            if let Some(first) = lines.first_mut() {
                let narrower = Frame {
                    width: frame.width - BAR - 1,
                    ..frame
                };
                *first = format!("{bar} {}", self.foot(narrower).concat());
            }
        }
        let count = |wanted: &[State]| {
            let phones = self.phones.values();
            phones.filter(|phone| wanted.contains(&phone.state)).count()
        };
        let fetching = [State::Configuring, State::Manifest, State::Images];
        let parts: Vec<String> = [
            (count(&[State::Failed]), "failed"),
            (count(&[State::Stalled]), "stalled"),
            (count(&[State::Writing]), "writing: DO NOT UNPLUG"),
            (count(&[State::Rebooted]), "restarting"),
            (count(&fetching), "fetching"),
            (count(&[State::Seen]), "only seen"),
            (frame.tick.awaited.unwrap_or(0), "not here yet"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
        if !parts.is_empty() {
            lines.extend(folded(frame, &parts.join(", "), "", "", str::to_owned));
        }
        lines.truncate(MOST_ROWS);
        lines
    }

    fn nobody(&self, frame: Frame) -> String {
        let waited = self.began.map(|began| frame.since(began));
        let waited = waited.map(clock).unwrap_or_default();
        let text = format!("waiting for the first phone (Ctrl-C ends the run) {waited}");
        cut(&text, frame.width)
    }

    /// How long those under way take still, by how long others took from where they are.
    /// `None` where that is not known of each of them.
    fn left(&self, frame: Frame) -> Option<String> {
        let mut longest = Duration::ZERO;
        for phone in self.phones.values().filter(|phone| phone.is_under_way()) {
            let left = self.pace.left(phone.place()?, frame.tick.at)?;
            longest = longest.max(left);
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
}
