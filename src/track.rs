//! Who is who, and how far each phone is: sightings in, events out, no socket and no clock.

mod event;
mod fleet;
mod report;
mod sighting;

pub use event::{Event, Evidence, PhoneId, PhoneRef, Progress, State, Step};
pub use fleet::{Admission, Fleet, ManifestPlan, Plan, RunState, StagePlan};
pub use report::{FileOutcome, FileReport, OtherReport, PhoneReport, Report, Totals};
pub use sighting::{End, Moment, Seen, Served, Sighting, TransferId, Transport, Witness};
