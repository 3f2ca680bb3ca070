//! What to do next for a phone.

use crate::{run_view::PhoneView, track::State};

/// What to do next, in a sentence or a few.
pub(super) fn next_step(phone: &PhoneView) -> String {
    if let Some(diagnosis) = phone.diagnoses.first() {
        return diagnosis.cure.clone();
    }
    if phone.up {
        return "Nothing, unless it is to be converted: it is in normal operation, and no conversion \
                is in progress."
            .to_owned();
    }
    match phone.state {
        State::Confirmed | State::Already => "Nothing to do: it runs the target load.",
        State::Flashed => {
            "Read the name of its load on its display or its web page, or wait for CDP, LLDP or SIP \
             to report it."
        }
        State::Writing | State::Rebooted => "Do not unplug it: it may still be writing its flash.",
        State::Images | State::Manifest => {
            "It has only some of its images: leave it powered, and keep a server with this bundle \
             running."
        }
        State::Configuring => {
            "Leave it powered. If it makes no further request, look at its display."
        }
        State::Seen => "Set option 150 of its DHCP server to this server, and restart it.",
        State::Stalled | State::Failed => "Look at its display.",
    }
    .to_owned()
}
