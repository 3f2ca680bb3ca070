//! Digests of a file and the checksums they are compared with.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The digests of a file, as lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// 32 digits.
    pub md5: String,
    /// 40 digits.
    pub sha1: String,
    /// 64 digits.
    pub sha256: String,
    /// 128 digits.
    pub sha512: String,
}

/// A checksum as a person enters it: 32 (MD5), 40 (SHA-1), 64 (SHA-256) or 128 (SHA-512)
/// hex digits, stored in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Checksum(String);

/// Why a text is not a [`Checksum`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseChecksumError {
    /// The length is not one of the four.
    #[error(
        "{0} characters; a checksum has 32 (MD5), 40 (SHA-1), 64 (SHA-256) or 128 (SHA-512) hex \
         digits"
    )]
    Length(usize),
    /// A character is not a hex digit.
    #[error("not a hex digit: {0:?}; a checksum has only 0-9 and a-f")]
    Digit(char),
}

impl FromStr for Checksum {
    type Err = ParseChecksumError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Some(odd) = text.chars().find(|c| !c.is_ascii_hexdigit()) {
            return Err(ParseChecksumError::Digit(odd));
        }
        match text.len() {
            32 | 40 | 64 | 128 => Ok(Self(text.to_ascii_lowercase())),
            length => Err(ParseChecksumError::Length(length)),
        }
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Checksum {
    /// The name of the algorithm, which follows from the length.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.0.len() {
            32 => "MD5",
            40 => "SHA-1",
            64 => "SHA-256",
            _ => "SHA-512",
        }
    }

    /// The digest of the same algorithm.
    #[must_use]
    pub fn same_kind<'d>(&self, digests: &'d Digests) -> &'d str {
        match self.0.len() {
            32 => &digests.md5,
            40 => &digests.sha1,
            64 => &digests.sha256,
            _ => &digests.sha512,
        }
    }

    /// Whether the file with these digests has this checksum.
    #[must_use]
    pub fn equals(&self, digests: &Digests) -> bool {
        self.0 == self.same_kind(digests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_texts_are_rejected() {
        let cases = [
            ("", ParseChecksumError::Length(0)),
            ("abc", ParseChecksumError::Length(3)),
            (
                "4088c17c622a1e181b1c2b1265349df",
                ParseChecksumError::Length(31),
            ),
            (
                "4088c17c622a1e181b1c2b1265349dfg",
                ParseChecksumError::Digit('g'),
            ),
            (
                "md5:4088c17c622a1e181b1c2b1265349df6",
                ParseChecksumError::Digit('m'),
            ),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<Checksum>(), Err(error), "{text}");
        }
    }
}
