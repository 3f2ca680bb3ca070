//! One view of a run: every phone with its state, the reason for that state, its diagnoses and
//! its times, folded from the tracker's events.
//!
//! The terminal, plain lines, JSON, the web page, the HTML report and CSV all render this view,
//! so that no two of them disagree. The rules (docs/states.md, "The reason of a state"):
//!
//! - The **state** is that of the phone's newest step.
//! - The **reason** is the evidence of the step that entered the state. `stalled` and `failed` have
//!   no reason of their own, their diagnoses explain them; a phone that returns from them to its
//!   earlier state has its earlier reason again. Later evidence is listed in the details.
//! - A **diagnosis** that is raised again replaces the one of its code.
//! - **Order**: phones that need attention first ([`Attention`]), then in order of appearance.
//! - **Times** and durations are real, in a rehearsal too.

mod attention;
mod diagnoses;
mod fold;
pub(crate) mod format;
mod phone;
mod timeline;

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use self::diagnoses::{raise, withdraw};
pub use self::{
    attention::Attention,
    fold::fold,
    format::{registrations, totals},
    phone::{ExpectedSilence, FileProgress, PhoneView},
    timeline::{MAX_SPANS, Mark, Span, Timeline},
};
use crate::{
    diagnose::Diagnosis,
    track::{Event, PhoneId, PhoneRef, PhoneReport, Report},
};

/// The present state of a run.
///
/// # Examples
///
/// ```
/// use std::{net::Ipv4Addr, time::Duration};
/// use jiff::Timestamp;
/// use reflash::{
///     run_view::RunView,
///     track::{Fleet, Observation, ObservationKind, Plan, State, TransferId, Transport},
/// };
///
/// let request = Observation {
///     address: Ipv4Addr::new(192, 0, 2, 7),
///     kind: ObservationKind::Requested {
///         transfer: TransferId(1),
///         transport: Transport::Tftp,
///         name: "CTLSEP001D45AABB01.tlv".to_owned(),
///         port: 49_152,
///         served: None,
///         error: None,
///         sender: None,
///     },
/// };
/// let began: Timestamp = "2026-01-01T08:00:00Z".parse()?;
/// let mut fleet = Fleet::new(Plan::default());
/// let mut view = RunView::default();
/// let at = Duration::from_secs(1);
/// for event in fleet.observe(at, &request) {
///     view.apply(began + at, &event);
/// }
/// let phone = view.phones().next().unwrap();
/// assert_eq!(phone.state, State::Configuring);
/// assert_eq!(phone.since, began + at);
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct RunView {
    phones: BTreeMap<PhoneId, PhoneView>,
    diagnoses: Vec<Diagnosis>,
    acknowledged: u64,
    report: Option<Report>,
}

impl RunView {
    /// The view of a report whose events are not known. It has no time lines.
    #[must_use]
    pub fn of_report(report: &Report) -> Self {
        let mut view = Self::default();
        view.finish(report);
        view
    }

    /// Folds one event, which happened at this time.
    pub fn apply(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Step(step) => {
                let phone = phone(&mut self.phones, at, &step.phone);
                let more = phone.step(at, step);
                self.acknowledged = self.acknowledged.saturating_add(more);
            }
            Event::Progress(progress) => {
                let phone = phone(&mut self.phones, at, &progress.phone);
                let more = phone.progress(progress);
                self.acknowledged = self.acknowledged.saturating_add(more);
            }
            Event::Diagnosis {
                phone: Some(named),
                diagnosis,
            } => phone(&mut self.phones, at, named).raised(at, diagnosis),
            Event::Withdrawn {
                phone: Some(named),
                diagnosis,
            } => phone(&mut self.phones, at, named).withdrawn(at, diagnosis),
            Event::Diagnosis {
                phone: None,
                diagnosis,
            } => raise(&mut self.diagnoses, diagnosis),
            Event::Withdrawn {
                phone: None,
                diagnosis,
            } => withdraw(&mut self.diagnoses, diagnosis),
            Event::Gone { phone } => {
                self.phones.remove(&phone.id);
            }
        }
    }

    /// Records that a silent phone is expected to do `what` within `left`. Returns whether this is
    /// new.
    pub fn expect(&mut self, phone: PhoneId, what: &str, left: Duration) -> bool {
        let phone = self.phones.get_mut(&phone);
        phone.is_some_and(|phone| phone.expect(what, left))
    }

    /// The run, or its record, ends at this time: every phone's last state lasts until then.
    pub fn close(&mut self, at: Timestamp) {
        for phone in self.phones.values_mut() {
            phone.timeline.close(at);
        }
    }

    /// Adds the report, which has what events do not contain (files, names, the load before the
    /// run). Phones that it does not list are removed; [`RunView::report`] then has its phones in
    /// this view's order, each with the reason of its state.
    pub fn finish(&mut self, report: &Report) {
        let mut known = std::mem::take(&mut self.phones);
        for (number, reported) in (0_u32..).zip(&report.phones) {
            let id = if reported.id == PhoneId::UNKNOWN {
                PhoneId(number)
            } else {
                reported.id
            };
            let view = known.remove(&id);
            let mut view = view.unwrap_or_else(|| PhoneView::of_report(id, reported));
            view.complete(reported);
            self.phones.insert(id, view);
        }
        let mut report = report.clone();
        report.phones = self.reported().map(|(_, phone)| phone.clone()).collect();
        self.report = Some(report);
    }

    /// The report, after [`RunView::finish`].
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }

    /// Every phone, in the order in which all renderings list them.
    pub fn phones(&self) -> impl Iterator<Item = &PhoneView> {
        let mut phones: Vec<&PhoneView> = self.phones.values().collect();
        // Stable: phones of equal attention stay in order of appearance.
        phones.sort_by_key(|phone| phone.attention());
        phones.into_iter()
    }

    /// Like [`RunView::phones`], each with its report; empty before [`RunView::finish`].
    pub fn reported(&self) -> impl Iterator<Item = (&PhoneView, &PhoneReport)> {
        self.phones().filter_map(PhoneView::with_report)
    }

    /// One phone.
    #[must_use]
    pub fn phone(&self, id: PhoneId) -> Option<&PhoneView> {
        self.phones.get(&id)
    }

    /// How many phones there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.phones.len()
    }

    /// How many phones are done.
    #[must_use]
    pub fn done(&self) -> usize {
        self.phones.values().filter(|phone| phone.done).count()
    }

    /// Whether there is no phone yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.phones.is_empty()
    }

    /// Active diagnoses of the run as a whole.
    #[must_use]
    pub fn diagnoses(&self) -> &[Diagnosis] {
        &self.diagnoses
    }

    /// Bytes of files that all phones acknowledged.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged
    }
}

/// The phone that an event names, under the name that the event gives it.
fn phone<'a>(
    phones: &'a mut BTreeMap<PhoneId, PhoneView>,
    at: Timestamp,
    named: &PhoneRef,
) -> &'a mut PhoneView {
    let phone = phones
        .entry(named.id)
        .or_insert_with(|| PhoneView::new(at, named));
    if phone.phone != *named {
        phone.phone.clone_from(named);
    }
    phone
}
