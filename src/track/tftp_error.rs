//! A TFTP ERROR.

use serde::{Deserialize, Serialize};

/// A TFTP ERROR: of a server that answers a request, or of a phone that ends a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TftpError {
    /// The TFTP error code.
    pub code: u16,
    /// Its text, unescaped.
    pub message: String,
}

impl TftpError {
    /// Whether the server refuses access to the file: access violation, permission denied.
    #[must_use]
    pub fn is_denial(&self) -> bool {
        const ACCESS_VIOLATION: u16 = 2;
        let text = self.message.to_ascii_lowercase();
        let words = [
            "permission denied",
            "access violation",
            "access denied",
            "eacces",
        ];
        self.code == ACCESS_VIOLATION || words.iter().any(|words| text.contains(words))
    }
}
