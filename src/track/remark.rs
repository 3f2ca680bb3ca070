//! What a remark about a phone changes.

use serde::{Deserialize, Serialize};

/// What a remark says about the conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemarkMeaning {
    /// The phone runs SCCP firmware: a pass through SIP images did not convert it.
    RunsSccp,
    /// The server was stopped while the phone lacked images: a restart of the phone is no sign of
    /// lost power.
    NotServed,
}
