//! The family in names.

use crate::phone::Family;

/// The family in the names of loads and images: `45` in `SIP45` and `jar45sip`.
pub(in crate::simulator) fn code(family: Family) -> &'static str {
    match family {
        Family::F11 => "11",
        Family::F31 => "31",
        Family::F41 => "41",
        Family::F42 => "42",
        Family::F70 => "70",
        Family::F75 => "75",
        _ => "45",
    }
}
