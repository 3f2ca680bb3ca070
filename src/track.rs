//! Tracking: which phone is which, and how far each one is. Observations go in, events come
//! out; there is no socket and no clock.
//!
//! [`Fleet`] is the entry point. `identity` maps addresses to phones, `conversion` is the state
//! machine of one phone, `pass` one pass through the images of a manifest, `history` what was
//! fetched, and `diagnosis` holds the diagnosis rules. docs/states.md defines the states and
//! what each of them proves.

mod catalog;
mod change;
mod conversion;
pub(crate) mod diagnosis;
mod event;
mod evidence_source;
mod file_outcome;
mod fleet;
mod history;
mod identity;
mod lease;
mod limiter;
mod observation;
mod pass;
mod plan;
mod register;
mod registrations;
mod remark;
mod report;
mod restart;
mod restart_facts;
mod route;
mod tftp_error;
mod view;
mod withheld;

pub(crate) use conversion::source_name;
pub use conversion::{ExpectedActivity, SETTLED_AFTER, silence_limit};
pub use event::{
    Event, Evidence, ImageNumber, PhoneId, PhoneRef, PhoneStep, PollCandidate, State, StepDetails,
    TransferProgress,
};
pub use file_outcome::FileOutcome;
pub use fleet::{Admission, DRAIN_LIMIT, Fleet, QUIET_BEFORE_END, RunState, SurveyResult};
pub use history::MAX_ROWS;
pub use identity::{MAX_OTHERS, MAX_PHONES};
pub use lease::LeaseOptions;
pub use limiter::{
    ACKNOWLEDGED_BURST, Counted, Intake, ObservationLimiter, REPEATED_REPORT, REPORTED_BURST,
    STRANGERS_BURST, Sender, Space, UNACKNOWLEDGED_BURST,
};
pub use observation::{
    EvidenceSource, Observation, ObservationKind, RunTime, ServedFile, TransferEnd, TransferId,
    Transport,
};
pub(crate) use plan::bridge_steps;
pub use plan::{
    ConfiguredLine, FileServer, ManifestPlan, ParseSubnetError, Plan, REGISTRATION_WAIT,
    RegistrationTarget, StagePlan, Subnet,
};
pub use register::{Register, RegisterOutcome};
pub use registrations::{LineReport, LineState, Registrations};
pub use remark::RemarkMeaning;
pub use report::{FileReport, FleetCounts, MissingPhone, OtherReport, PhoneReport, Report, Totals};
pub use restart::{IGNORED_AFTER, NotOrdered, RestartState, RestartStatus, Uplink};
pub use restart_facts::{
    MemberOutcome, RestartFacts, RestartLoads, RestartMember, RestartProgress, RestartRegistration,
};
pub use route::PlannedRoute;
pub use tftp_error::TftpError;
pub use view::View;
pub use withheld::{Forgery, Withheld};
