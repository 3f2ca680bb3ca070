//! One phone's conversion as a state machine. docs/states.md has the table that it follows.
//!
//! `core` holds the machine; `activity`, `device`, `loads`, `delivery`, `routing`,
//! `configuration`, `reachability`, `registration` and `findings` hold what is known of the
//! phone, by subject. The other files hold the rules, each for one kind of observation.

mod activity;
mod answer_path;
mod application;
mod claims;
mod closed;
mod config_boot;
mod configuration;
mod context;
mod core;
mod delivery;
mod device;
mod early;
mod early_firmware;
mod expected;
mod findings;
mod firmware;
mod forged;
mod images;
mod inferred;
mod lease;
mod listed;
mod load_reports;
mod loader;
mod loader_evidence;
mod loader_search;
mod loads;
mod merge;
mod not_found;
mod own_file_starts;
mod proven_start;
mod reachability;
mod register_line;
mod register_requests;
mod registered_lines;
mod registration;
mod registration_rules;
mod request_loop;
mod requests;
mod route;
mod routing;
mod running;
mod sccp;
mod slots;
mod start;
mod starts;
mod status;
mod survey;
mod transfer;
mod unacked;
mod unnamed_load;
mod vlan;

pub(super) use self::core::Conversion;
pub(super) use claims::NO_START_WITHIN;
pub(super) use context::{Context, FileRequest};
pub use expected::ExpectedActivity;
pub(crate) use load_reports::source_name;
pub use status::{SETTLED_AFTER, silence_limit};
