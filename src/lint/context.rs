//! What is known apart from the file itself.

use super::pjsip::PjsipConfig;
use crate::phone::{LoadName, Model};

/// What is known beside the file itself.
#[derive(Debug, Clone, Default)]
pub struct LintContext {
    /// The loads that lie beside it; empty where that is not known.
    pub loads: Vec<LoadName>,
    /// The model that it is for.
    pub model: Option<&'static Model>,
    /// The PBX's side.
    pub pjsip: Option<PjsipConfig>,
}
