//! What depends on the model of a phone: its transport, the lengths of its texts, and what it does
//! differently.

use super::problems::first_few;
use crate::{
    inventory::PbxTransport,
    phone::{Dialect, Family, Model},
};

/// Maximum length in bytes of the name that pjsip keeps of a `callerid`.
pub(super) const MAX_CALLER_ID: usize = 79;

/// Maximum length in bytes of a name or label on a 7940 or 7960, and of the label of a speed dial
/// there (P0S3-8-12-00).
const MAX_FIRST_PHONES: usize = 31;
pub(super) const MAX_SPEED_LABEL: usize = 14;

pub(super) fn is_first_phone(model: Option<&Model>) -> bool {
    model.is_some_and(|model| model.family == Family::P3)
}

/// Maximum length in bytes of a name or label on a phone.
pub(super) fn most_bytes(model: Option<&Model>) -> usize {
    if is_first_phone(model) {
        MAX_FIRST_PHONES
    } else {
        MAX_CALLER_ID
    }
}

/// What a phone does differently from what the inventory asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Difference {
    /// A 7940 or 7960 has UDP only.
    OnlyUdp,
    /// An 88xx over UDP.
    UdpRetransmits,
    /// A 7940 or 7960 does not show the state of an extension.
    NoState,
}

impl Difference {
    pub(super) fn note(self, macs: &[&str]) -> String {
        let macs = first_few(macs);
        match self {
            Self::OnlyUdp => format!(
                "a 7940 and 7960 use SIP over UDP only: the PBX must have both transports ({macs})."
            ),
            Self::UdpRetransmits => format!(
                "Warning: an 88xx is reported to repeat requests over UDP: leave `transport` out, \
                 and it uses TCP ({macs})."
            ),
            Self::NoState => format!(
                "a 7940 and 7960 do not show whether a number is busy: `blf` has no effect there \
                 ({macs})."
            ),
        }
    }
}

/// The transport of a phone: that of the site, or the usual one of the family.
pub(in crate::provision) fn transport(
    model: Option<&Model>,
    of_site: Option<PbxTransport>,
) -> PbxTransport {
    let usual = if Dialect::of(model).needs_tcp {
        PbxTransport::Tcp
    } else {
        PbxTransport::Udp
    };
    if is_first_phone(model) {
        return PbxTransport::Udp;
    }
    of_site.unwrap_or(usual)
}
