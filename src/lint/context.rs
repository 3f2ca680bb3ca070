//! Information from outside the checked file.

use super::pjsip::PjsipConfig;
use crate::phone::{LoadName, Model};

/// Information from outside the checked file.
#[derive(Debug, Clone, Default)]
pub struct LintContext {
    /// The loads of the bundles; empty if unknown.
    pub loads: Vec<LoadName>,
    /// The model of the phone, if known.
    pub model: Option<&'static Model>,
    /// The configuration of the PBX, if known.
    pub pjsip: Option<PjsipConfig>,
}
