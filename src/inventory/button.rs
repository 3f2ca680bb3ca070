//! The line buttons of a phone beyond the first.

use super::secret::Secret;

/// A line button from the second on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineButton {
    /// Which one, from 2.
    pub number: u8,
    /// What it is for.
    pub function: ButtonFunction,
}

/// What a line button is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ButtonFunction {
    /// A line of its own.
    Line(SipLine),
    /// One press dials a number.
    SpeedDial {
        /// What it dials.
        number: String,
        /// What stands beside the button.
        label: Option<String>,
    },
}

/// A line: somebody who registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipLine {
    /// The number that it answers to, and its user name.
    pub extension: String,
    /// What people called see.
    pub name: Option<String>,
    /// What it registers with.
    pub secret: Option<Secret>,
    /// What stands beside the button.
    pub label: Option<String>,
    /// Whether other phones may have the extension too.
    pub shared: bool,
}
