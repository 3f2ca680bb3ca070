//! How one attempt at one file ended.

use serde::{Deserialize, Serialize};

/// How one attempt at one file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileOutcome {
    /// The last block was acknowledged.
    Delivered,
    /// Every block was sent, the final ACK never arrived, and the phone requested its next
    /// image.
    Implied,
    /// The phone ended the transfer.
    Aborted,
    /// The phone stopped responding.
    Vanished,
    /// Answered with "not found".
    NotFound,
    /// Requested; nothing more is known (yet).
    Asked,
}
