//! What is wrong with an inventory, and where.

use std::fmt;

/// Where something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextPosition {
    pub(super) line: u64,
    pub(super) column: u64,
}

impl Default for TextPosition {
    /// The beginning.
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

/// What is wrong with an inventory, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryFault {
    /// From 1.
    pub line: u64,
    /// From 1: the field of a CSV line, the character of a TOML line.
    pub column: u64,
    /// What was found and what was expected. Never a secret.
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
