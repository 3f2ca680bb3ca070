//! What the page shows, shared by who folds it and who serves it.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use tokio::sync::watch;

use super::{
    message::SseMessage,
    page_state::{PageState, moment},
};
use crate::{report::html, track::Report};

/// What the page shows, shared by who folds and who serves.
pub struct SharedView {
    shown: Mutex<PageState>,
    /// How far it is; each change is told to who waits for one.
    news: watch::Sender<u64>,
    wall: fn() -> Timestamp,
    report: Box<dyn Fn() -> Report + Send + Sync>,
}

impl fmt::Debug for SharedView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedView")
    }
}

impl SharedView {
    /// An empty one. `wall` gives the time of day, `report` the report so far.
    pub fn new(
        wall: fn() -> Timestamp,
        report: impl Fn() -> Report + Send + Sync + 'static,
    ) -> Self {
        Self {
            shown: Mutex::default(),
            news: watch::Sender::new(0),
            wall,
            report: Box::new(report),
        }
    }

    fn shown(&self) -> MutexGuard<'_, PageState> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Folds what happened.
    pub(super) fn fold(&self, fold: impl FnOnce(&mut PageState)) {
        let version = {
            let mut shown = self.shown();
            fold(&mut shown);
            shown.version
        };
        self.news.send_if_modified(|at| {
            let news = *at != version;
            *at = version;
            news
        });
    }

    /// Who waits for the next change.
    pub(super) fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// What a client that knows this version has to be told; `None`: nothing.
    pub(super) fn since(&self, known: Option<u64>) -> Option<SseMessage> {
        self.shown().since(known, (self.wall)())
    }

    /// The report so far, or the last one.
    pub(super) fn report(&self) -> Report {
        let ended = self.shown().ended.as_ref().map(|end| end.report.clone());
        // Not under our lock: the run holds its own while it tells us something.
        ended.unwrap_or_else(|| (self.report)())
    }

    /// The same as a page on paper.
    pub(super) fn html_report(&self) -> String {
        let report = self.report();
        let (timelines, heading) = {
            let shown = self.shown();
            let mut timelines = shown.timelines.clone();
            let until = shown.ended.as_ref().map_or_else(self.wall, |end| end.at);
            timelines.close(moment(until));
            (timelines, shown.heading(until))
        };
        html::render(&report, &timelines, &heading)
    }
}
