//! How much a phone needs a person's attention: the order and the colour of every rendering.

use crate::track::State;

/// How much a phone needs attention, most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attention {
    /// It failed.
    Failed,
    /// It stalled.
    Stalled,
    /// It has an active diagnosis.
    Diagnosed,
    /// It is under way.
    UnderWay,
    /// It is converted.
    Finished,
}

impl Attention {
    /// How much attention a phone in this state needs, with or without active diagnoses.
    #[must_use]
    pub fn new(state: State, is_diagnosed: bool) -> Self {
        match state {
            State::Failed => Self::Failed,
            State::Stalled => Self::Stalled,
            _ if is_diagnosed => Self::Diagnosed,
            state if is_finished(state) => Self::Finished,
            _ => Self::UnderWay,
        }
    }

    /// The class of its colour: `bad`, `warn` or `good`.
    pub(crate) fn color(self) -> &'static str {
        match self {
            Self::Failed | Self::Stalled => "bad",
            Self::Diagnosed | Self::UnderWay => "warn",
            Self::Finished => "good",
        }
    }
}

/// Whether nothing is left to do for a phone in this state.
#[must_use]
pub fn is_finished(state: State) -> bool {
    matches!(state, State::Confirmed | State::Already | State::Flashed)
}
