//! Information from outside the checked file.

use std::path::Path;

use super::{legacy::CommonSettings, name::FileKind, pjsip::PjsipConfig, sip_conf::SipConfig};
use crate::phone::{LoadName, Model};

/// Information from outside the checked file.
#[derive(Debug, Clone, Default)]
pub struct LintContext {
    /// The loads of the bundles; empty if unknown.
    pub loads: Vec<LoadName>,
    /// The model of the phone, if known.
    pub model: Option<&'static Model>,
    /// The `pjsip.conf` of the PBX, if known.
    pub pjsip: Option<PjsipConfig>,
    /// The `sip.conf` of the PBX, if known.
    pub sip: Option<SipConfig>,
    /// The names of dial plans in the configurations of phones.
    pub dial_plans: Vec<String>,
    /// The `SIPDefault.cnf` that the phone of a `SIP<MAC>.cnf` reads too.
    pub common: Option<CommonSettings>,
}

impl LintContext {
    /// Whether a configuration names this file as dial plan.
    pub(super) fn named_plan(&self, path: &Path) -> Option<FileKind> {
        let name = path.file_name()?.to_str()?;
        let is_named = self.dial_plans.iter().any(|plan| plan == name);
        is_named.then_some(FileKind::DialPlan)
    }
}
