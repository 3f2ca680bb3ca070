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

pub(crate) use conversion::BridgeProgress;
pub use conversion::{ExpectedActivity, PlannedRoute, SETTLED_AFTER, silence_limit};
pub use event::{
    Event, Evidence, PhoneId, PhoneRef, PollCandidate, Progress, State, Step, StepDetails,
};
pub use fleet::{Admission, DRAIN_LIMIT, Fleet, QUIET_BEFORE_END, RunState, SurveyResult};
pub use history::MAX_ROWS;
pub use identity::{MAX_OTHERS, MAX_PHONES};
pub(crate) use lease::BootServer;
pub use lease::LeaseOptions;
pub use observation::{
    EvidenceSource, Observation, ObservationKind, Register, RegisterOutcome, RunTime, ServedFile,
    TransferEnd, TransferId, Transport,
};
pub use plan::{ManifestPlan, Plan, RegistrationTarget, StagePlan, Subnet};
pub use report::{
    FileOutcome, FileReport, FleetCounts, MissingPhone, OtherReport, PhoneReport, Report, Totals,
};
pub use view::View;
