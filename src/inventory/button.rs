//! Line buttons after the first.

use super::secret::Secret;

/// A line button after the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineButton {
    /// Button number, from 2.
    pub number: u8,
    /// Its function.
    pub function: ButtonFunction,
}

/// The function of a line button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ButtonFunction {
    /// A SIP line.
    Line(SipLine),
    /// A speed dial.
    SpeedDial {
        /// The number to dial.
        number: String,
        /// Label next to the button.
        label: Option<String>,
        /// Whether the button also shows if the number is busy.
        blf: bool,
    },
}

/// A line that registers at the PBX.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipLine {
    /// Extension and SIP user name.
    pub extension: String,
    /// Display name, shown to the called party.
    pub name: Option<String>,
    /// SIP password.
    pub secret: Option<Secret>,
    /// Label next to the button.
    pub label: Option<String>,
    /// Whether other phones may use the same extension.
    pub shared: bool,
}
