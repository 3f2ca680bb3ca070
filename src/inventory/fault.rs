//! Faults of an inventory and their positions.

use std::fmt;

/// A position in the file, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextPosition {
    pub(super) line: u64,
    pub(super) column: u64,
}

impl Default for TextPosition {
    /// The start of the file.
    fn default() -> Self {
        Self { line: 1, column: 1 }
    }
}

impl TextPosition {
    pub(super) fn fault(self, message: impl Into<String>) -> InventoryFault {
        InventoryFault {
            line: self.line,
            column: self.column,
            message: message.into(),
        }
    }
}

/// A fault of an inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryFault {
    /// Line, from 1.
    pub line: u64,
    /// Column, from 1: the field number in CSV, the character in TOML.
    pub column: u64,
    /// What was found and what was expected. Contains no secret.
    pub message: String,
}

impl fmt::Display for InventoryFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            message,
        } = self;
        write!(f, "line {line}, column {column}: {message}")
    }
}
