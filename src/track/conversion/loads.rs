//! Which loads a phone ran, runs and is given.

use super::load_reports::LoadReports;
use crate::{phone::LoadName, track::observation::EvidenceSource};

/// The loads of a phone, as far as known.
#[derive(Debug, Clone, Default)]
pub(in crate::track) struct Loads {
    /// The load before the first transfer.
    pub from: Option<LoadName>,
    /// The load that it is given.
    pub to: Option<LoadName>,
    /// The load that a source reported last; cleared when the phone writes another load over it.
    pub reported: Option<LoadName>,
    /// What each source reported since the phone last started or was written to.
    pub reports: LoadReports,
    /// The sources that showed, since it entered its state, that it runs the target.
    pub shown_by: Vec<EvidenceSource>,
    /// The phone ran SCCP firmware during this run.
    pub was_on_sccp: bool,
    /// The phone's boot loader requested a recovery manifest during this run.
    pub in_recovery: bool,
}

impl Loads {
    /// New firmware was written: earlier reports no longer hold.
    pub(super) fn on_overwritten(&mut self) {
        self.reported = None;
        self.reports.clear();
    }

    /// A source shows that the phone runs the target. `is_first`: the phone becomes `confirmed` or
    /// `already` by that.
    pub(super) fn shown_by(&mut self, source: EvidenceSource, is_first: bool) {
        if is_first {
            self.shown_by.clear();
        }
        if !self.shown_by.contains(&source) {
            self.shown_by.push(source);
        }
    }

    /// `idle`: nothing was observed in the later part of the history. `carried`: this part took
    /// over the load that was reported.
    pub(super) fn absorb_earlier(&mut self, earlier: Self, idle: bool, carried: bool) {
        self.from = earlier.from.or(self.from.take());
        self.to = self.to.take().or(earlier.to);
        if !carried {
            self.reported = self.reported.take().or(earlier.reported);
        }
        self.was_on_sccp |= earlier.was_on_sccp;
        self.in_recovery |= earlier.in_recovery;
        if idle {
            self.shown_by = earlier.shown_by;
            self.reports = earlier.reports;
        }
    }
}
