//! Who is who, and how far each phone is: observations in, events out, no socket and no clock.
//!
//! [`Fleet`] is the door. Inside, `identity` says which phone an address is, `conversion`
//! is one phone's state machine, `pass` one walk through a manifest's images, `history`
//! what was fetched. docs/states.md has the states and what each of them proves.

mod announce;
mod catalog;
mod conversion;
pub(crate) mod diagnosis;
mod event;
mod fleet;
mod history;
mod identity;
mod lease;
mod observation;
mod pass;
mod plan;
mod report;
mod view;

pub(crate) use conversion::Bridge;
pub use conversion::{Expected, SETTLED_AFTER, Way, silence_limit};
pub use event::{Event, Evidence, PhoneId, PhoneRef, Progress, State, Step, Unproven};
pub use fleet::{Admission, DRAIN_LIMIT, Fleet, QUIET_BEFORE_END, RunState, Surveyed};
pub use history::MAX_ROWS;
pub use identity::{MAX_OTHERS, MAX_PHONES};
pub use lease::Leased;
pub(crate) use lease::Sends;
pub use observation::{
    End, EvidenceSource, Observation, ObservationKind, Register, RegisterOutcome, RunTime, Served,
    TransferId, Transport,
};
pub use plan::{ManifestPlan, Plan, Registration, StagePlan, Subnet};
pub use report::{
    FileOutcome, FileReport, Missing, OtherReport, PhoneReport, Report, Sums, Totals,
};
pub use view::View;
