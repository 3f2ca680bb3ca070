//! Lines that should be registered at a PBX, and whether they are.

use serde::{Deserialize, Serialize};

/// Whether a line is registered at its PBX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineState {
    /// The PBX accepted its registration.
    Registered,
    /// Its REGISTERs can be observed here, and it is not registered.
    NotRegistered,
    /// This machine does not see its REGISTERs.
    NotVisible,
}

/// One line of a phone's own configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineReport {
    /// The user that it registers as.
    pub user: String,
    /// Whether it is registered.
    pub state: LineState,
    /// `not-registering` gives the cause. Not in the JSON, where the phone has its diagnoses.
    #[serde(skip)]
    pub is_diagnosed: bool,
}

/// Lines of the phones that got a configuration of their own, by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registrations {
    /// See [`LineState::Registered`].
    pub registered: u32,
    /// See [`LineState::NotRegistered`].
    pub not_registered: u32,
    /// See [`LineState::NotVisible`].
    pub not_visible: u32,
}

impl Registrations {
    /// Counts a line.
    pub fn count(&mut self, state: LineState) {
        let sum = match state {
            LineState::Registered => &mut self.registered,
            LineState::NotRegistered => &mut self.not_registered,
            LineState::NotVisible => &mut self.not_visible,
        };
        *sum += 1;
    }

    /// How many lines there are.
    #[must_use]
    pub fn lines(&self) -> u32 {
        self.registered + self.not_registered + self.not_visible
    }
}
