//! What `build` reads besides the inventory.

use super::passwords::Passwords;
use crate::phone::{LoadName, Model};

/// What goes with an inventory.
#[derive(Debug, Clone, Copy)]
pub struct ProvisionInputs<'a> {
    /// What was made for lines without a secret of their own.
    pub passwords: &'a Passwords,
    /// The loads that phones are to run; a model without one keeps what it has.
    pub loads: &'a [(&'static Model, LoadName)],
    /// `dialplan.xml`, where the site has one.
    pub dial_plan: Option<&'a [u8]>,
    /// The year for which a time zone's daylight time is looked at.
    pub year: i16,
}
