//! Responses of a PBX.

use super::{Headers, fault, head, split_outside};
use crate::protocol::bytes::Malformed;

/// The head of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Status, 100 to 699.
    pub status: u16,
    headers: Headers,
}

impl Response {
    /// Decodes the head at the start of a datagram or a segment, and ignores the body.
    ///
    /// # Errors
    /// The head is incomplete, too long, or not a response.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (first, headers) = head(bytes)?;
        let status = first
            .strip_prefix("SIP/2.0 ")
            .and_then(|rest| rest.get(..3))
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .filter(|status| (100..700).contains(status));
        let Some(status) = status else {
            return Err(fault("a status line expected: SIP/2.0 STATUS REASON"));
        };
        Ok(Self { status, headers })
    }

    /// The transaction: Call-ID, `CSeq` number, `CSeq` method.
    pub(crate) fn transaction(&self) -> Option<(&str, u32, &str)> {
        self.headers.transaction()
    }

    /// Call-ID and `CSeq` number, if it is a response to a REGISTER.
    pub(crate) fn answers(&self) -> Option<(&str, u32)> {
        let (call, number, method) = self.transaction()?;
        (method == "REGISTER").then_some((call, number))
    }

    /// Whether the credentials were valid but their nonce too old (`stale`, RFC 2617, 3.2.1).
    #[must_use]
    pub fn is_stale(&self) -> bool {
        let challenges = ["www-authenticate", "proxy-authenticate"];
        challenges.iter().any(|name| {
            self.headers.values(name).any(|challenge| {
                let bare = challenge.split_once(' ').map_or("", |(_, rest)| rest);
                split_outside(bare, &[',']).iter().any(|part| {
                    part.split_once('=').is_some_and(|(name, value)| {
                        let value = value.trim().trim_matches('"');
                        name.trim().eq_ignore_ascii_case("stale")
                            && value.eq_ignore_ascii_case("true")
                    })
                })
            })
        })
    }

    /// The registration time in seconds. `None`: there is no Contact, so nothing is registered (RFC
    /// 3261, 10.3).
    #[must_use]
    pub fn registered_for(&self) -> Option<u32> {
        self.headers.first("contact")?;
        self.headers.expires()
    }
}
