//! What the page shows, shared by the run that reports and the threads that serve.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::watch;

use super::{message::SseMessage, page_state::PageState};
use crate::{
    diagnose::Finding,
    display::{Style, finding},
    report::html,
    reporter::{Reporter, Started, Tick},
    run_view::RunView,
    track::{Event, MissingPhone, PhoneId, Report},
};

/// What the page shows. An `Arc` of it is a [`Reporter`].
pub struct SharedView {
    state: Mutex<PageState>,
    /// The version of the state; each change wakes those that wait for one.
    version: watch::Sender<u64>,
    wall: fn() -> Timestamp,
    report: Box<dyn Fn() -> Report + Send + Sync>,
}

impl fmt::Debug for SharedView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedView")
    }
}

impl SharedView {
    /// An empty view. `wall` returns the time of day, `report` the report so far.
    pub fn new(
        wall: fn() -> Timestamp,
        report: impl Fn() -> Report + Send + Sync + 'static,
    ) -> Self {
        Self {
            state: Mutex::default(),
            version: watch::Sender::new(0),
            wall,
            report: Box::new(report),
        }
    }

    fn state(&self) -> MutexGuard<'_, PageState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, update: impl FnOnce(&mut PageState)) {
        let version = {
            let mut state = self.state();
            update(&mut state);
            state.version
        };
        self.version.send_if_modified(|known| {
            let is_new = *known != version;
            *known = version;
            is_new
        });
    }

    /// Wakes at the next change.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// The message for a client that has this version; `None`: nothing is new.
    pub(super) fn since(&self, known: Option<u64>) -> Option<SseMessage> {
        self.state().since(known, (self.wall)())
    }

    /// The JSON of the first event that a page receives if it connects now.
    #[must_use]
    pub fn snapshot(&self) -> String {
        self.since(None)
            .map(|message| message.data)
            .unwrap_or_default()
    }

    /// The view with the report so far, or with the last one.
    fn reported(&self) -> RunView {
        let ended = {
            let state = self.state();
            state.ended.is_some().then(|| state.view.clone())
        };
        ended.unwrap_or_else(|| {
            // Without this lock: the run holds its own lock while it reports here, so holding both
            // could deadlock.
            let report = (self.report)();
            let mut view = self.state().view.clone();
            view.close((self.wall)());
            view.finish(&report);
            view
        })
    }

    /// The report so far, or the last one.
    pub(super) fn report(&self) -> Report {
        let report = self.reported().report().cloned();
        report.unwrap_or_else(|| (self.report)())
    }

    /// The same as an HTML report.
    pub(super) fn html_report(&self) -> String {
        let view = self.reported();
        let heading = self.state().heading((self.wall)());
        html::render(&view, &heading)
    }
}

/// A finding in one notice of the page, which wraps by itself: the first line is the finding, and
/// the rest is what to do.
fn unwrapped(text: &str) -> String {
    let mut joined = String::new();
    for line in text.lines() {
        let words = line.trim_start();
        // A command of a cure is on a line of its own.
        let is_new = words.starts_with('→') || line.starts_with("        ");
        if !joined.is_empty() {
            joined.push(if is_new { '\n' } else { ' ' });
        }
        joined.push_str(words);
    }
    joined
}

impl Reporter for Arc<SharedView> {
    fn started(&mut self, at: Timestamp, started: &Started) {
        self.update(|state| state.started(at, started));
    }

    fn resumed(&mut self, view: &RunView) {
        self.update(|state| state.resumed(view));
    }

    fn event(&mut self, at: Timestamp, event: &Event) {
        self.update(|state| state.event(at, event));
    }

    fn waiting(&mut self, phone: PhoneId, what: &str, left: Duration) {
        self.update(|state| state.waiting(phone, what, left));
    }

    fn finding(&mut self, _at: Timestamp, found: &Finding) {
        let text = finding(found, Style::plain());
        self.notice(&unwrapped(&text));
    }

    fn missing(&mut self, phones: &[MissingPhone]) {
        self.update(|state| state.missing(phones));
    }

    fn tick(&mut self, tick: Tick) {
        self.update(|state| state.tick(tick));
    }

    fn notice(&mut self, text: &str) {
        self.update(|state| state.notice(text));
    }

    fn finished(&mut self, at: Timestamp, report: &Report, next_steps: &[String]) {
        self.update(|state| state.finished(at, report, next_steps));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::Severity;

    #[test]
    fn a_finding_is_one_notice_with_its_cure_and_its_commands_on_lines_of_their_own() {
        let found = Finding {
            code: "dhcp",
            severity: Severity::Error,
            path: None,
            line: None,
            column: None,
            message: "word ".repeat(30).trim().to_owned(),
            cure: "Do this:\n    sudo systemctl stop dhcpd\nthen start again".to_owned(),
        };
        let text = unwrapped(&finding(&found, Style::plain()));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(lines[0].ends_with("word [dhcp]"), "{text}");
        assert_eq!(lines[1], "→ Do this:");
        assert!(lines[2].starts_with("sudo systemctl stop dhcpd"), "{text}");
    }
}
