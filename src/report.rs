//! The record of a run in forms that people keep and pass on: [`csv`] for a spreadsheet,
//! [`html`] for reading and printing. What happened when comes from [`Timelines`].

pub mod csv;
pub mod html;
mod timeline;

use crate::{
    display::is_done,
    track::{PhoneReport, State},
};

pub use timeline::{MAX_SPANS, Mark, Span, Timeline, Timelines, fold};

/// How much a phone in this state needs a person, most first; `diagnosed`: something stands
/// in its way.
pub(crate) fn urgency(state: State, diagnosed: bool) -> u8 {
    match state {
        State::Failed => 0,
        State::Stalled => 1,
        State::Writing => 2,
        _ if diagnosed => 3,
        State::Images | State::Manifest | State::Rebooted | State::Configuring => 4,
        State::Seen => 5,
        State::Flashed => 6,
        State::Confirmed | State::Already => 7,
    }
}

/// The colour of a phone: what needs a person, what is done, what is under way.
pub(crate) fn colour(state: State, diagnosed: bool) -> &'static str {
    match state {
        State::Failed | State::Stalled => "bad",
        state if is_done(state) && !diagnosed => "good",
        _ => "warn",
    }
}

/// What is to be done for a phone, in a sentence or a few.
fn next_step(phone: &PhoneReport) -> String {
    if let Some(diagnosis) = phone.diagnoses.first() {
        return diagnosis.cure.clone();
    }
    match phone.state {
        State::Confirmed | State::Already => "Nothing: it runs the load.",
        State::Flashed => {
            "Look at its screen or its web page for the load's name, or let a witness name it."
        }
        State::Writing => "Do not unplug it: it may still be writing its flash.",
        State::Images | State::Manifest => {
            "It is between two images: keep a server with this bundle running, and leave it on."
        }
        State::Rebooted | State::Configuring => {
            "Leave it on; if it asks for nothing more, look at its screen."
        }
        State::Seen => "Let it ask: its DHCP must name this server, or reset it.",
        State::Stalled | State::Failed => "Look at its screen.",
    }
    .to_owned()
}
