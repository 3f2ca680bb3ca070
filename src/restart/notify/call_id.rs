//! The Call-ID of a phone's REGISTERs, which a phone demands in a `service-control` NOTIFY.

use std::fmt;

/// Maximum length of a Call-ID in bytes. Those of phones have about 50.
pub const MAX_CALL_ID: usize = 128;

/// A Call-ID that can be put between braces and into a line of AMI.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RegisterCallId(String);

/// Why a Call-ID cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallIdError {
    /// It is empty.
    #[error("the Call-ID is empty")]
    Empty,
    /// It is longer than [`MAX_CALL_ID`].
    #[error("the Call-ID is longer than {MAX_CALL_ID} bytes")]
    TooLong,
    /// It has a character that no phone uses, and that AMI or the phone would interpret.
    #[error(
        "the Call-ID has a character other than letters, digits and -.!%*_+`'~:@, which no Cisco \
         phone uses"
    )]
    Character,
}

impl RegisterCallId {
    /// Checks a Call-ID. AMI splits a value at commas, and a line break would begin another header:
    /// only characters without a meaning there are accepted.
    ///
    /// # Errors
    /// The text is empty, too long, or has another character.
    pub fn new(text: &str) -> Result<Self, CallIdError> {
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~:@".contains(&byte);
        if text.is_empty() {
            Err(CallIdError::Empty)
        } else if text.len() > MAX_CALL_ID {
            Err(CallIdError::TooLong)
        } else if text.bytes().all(is_known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(CallIdError::Character)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RegisterCallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_id_that_ami_or_the_phone_would_interpret_is_refused() {
        let good = "001d45aa-bb010002-12345678-9abcdef0@192.0.2.101";
        assert_eq!(RegisterCallId::new(good).unwrap().as_str(), good);
        for bad in [
            "a,b",
            "a}b",
            "a\r\nAction: Originate",
            "a b",
            "a\\b",
            "a\"b",
            "(a)",
        ] {
            assert_eq!(
                RegisterCallId::new(bad),
                Err(CallIdError::Character),
                "{bad:?}"
            );
        }
        assert_eq!(RegisterCallId::new(""), Err(CallIdError::Empty));
        let long = "a".repeat(MAX_CALL_ID + 1);
        assert_eq!(RegisterCallId::new(&long), Err(CallIdError::TooLong));
    }
}
