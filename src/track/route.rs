//! Which staged bundle a phone is given: the target, or first the bridge.

use serde::Serialize;

/// The role of a staged bundle in a run. Target and bridge share file names
/// (`term65.default.loads`) with different contents, so every look-up names the role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum StageRole {
    /// The firmware that the run installs.
    #[default]
    Target,
    /// The intermediate firmware of this step, from 0.
    Bridge(u8),
}

/// How far one phone is with the bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum BridgeProgress {
    /// Not needed so far.
    #[default]
    Untried,
    /// Offered now.
    Offered,
    /// Installed.
    Installed,
    /// The phone refused the bridge's manifest too.
    Refused,
    /// The application read a configuration that names the bridge and did not request it.
    NotRequested,
}

/// The route that a survey found for a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlannedRoute {
    /// The phone runs the target. No file that names a load is served to it.
    Already,
    /// The phone is offered the target; also if it reported no load, or a load whose route is
    /// disputed.
    Target,
    /// The phone is offered the bridge first, then the target.
    Bridge,
    /// The phone's load is too old for the target, and no bridge is served.
    BridgeNeeded,
    /// The phone was in its boot loader during the survey and is served as in any run.
    Recovery,
    /// No bundle of this run is for the phone.
    Unserved,
    /// `--only` leaves the phone out.
    Excluded,
}
