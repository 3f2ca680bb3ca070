//! The files a command line names: bundles, extra files, inventories and dial plans.
//!
//! They are read and checked here, before anything is written or served. Commands add the
//! flags; see `cli`.

pub mod asterisk;
pub mod bundles;
pub mod configurations;
pub mod dial_plan;
pub mod extra_files;
pub mod files;
pub mod phone_list;
pub mod plan_file;
pub mod run_inputs;
pub mod secrets;
mod unreadable;

use std::path::Path;

pub use unreadable::unreadable;

use crate::{failure::Failure, stage::StageError, text::escape};

/// Converts an error of the stage.
#[must_use]
pub fn stage_failure(error: StageError) -> Failure {
    let cure = error.cure();
    Failure::new(error, cure)
}

/// A path as messages print it.
#[must_use]
pub fn shown(path: &Path) -> String {
    escape(&path.display().to_string())
}
