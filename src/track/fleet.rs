//! All phones of a run.

mod admission;
mod completion;
mod disputes;
mod facts;
mod machine;
mod queries;
mod registrations;
mod requests;
mod restarts;
mod survey;
mod unproven;
mod update;
mod withheld;

pub use admission::Admission;
pub use completion::{DRAIN_LIMIT, QUIET_BEFORE_END, RunState};
pub use machine::Fleet;
pub use survey::SurveyResult;
