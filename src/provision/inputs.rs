//! The inputs of `build` other than the inventory.

use super::passwords::Passwords;
use crate::phone::{LoadName, Model};

/// The inputs other than the inventory.
#[derive(Debug, Clone, Copy)]
pub struct ProvisionInputs<'a> {
    /// Generated passwords for lines without a `secret`.
    pub passwords: &'a Passwords,
    /// The target load of each model. Phones of other models keep their load.
    pub loads: &'a [(&'static Model, LoadName)],
    /// The content of `dialplan.xml`, if the site has a dial plan.
    pub dial_plan: Option<&'a [u8]>,
    /// The year in which time zone offsets are compared.
    pub year: i16,
}
