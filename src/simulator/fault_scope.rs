//! Which phones have which faults.

use super::PhoneFault;
use crate::phone::{Family, Generation79x0, Installation, LoadName};

/// How a phone starts, as far as its faults depend on it.
#[derive(Debug, Clone, Copy)]
pub struct FaultScope<'a> {
    /// Its family.
    pub family: Family,
    /// The load that it runs at the start, if that is not the usual one.
    pub from: Option<&'a LoadName>,
    /// Whether a call manager restarts it.
    pub restarts: bool,
    /// Names of the images that it may fetch; `None`: unknown.
    pub images: Option<&'a [&'a str]>,
}

impl PhoneFault {
    /// The kinds of faults for [`PhoneFault::applies`], with an example for those with a value.
    pub const EXAMPLES: &'static [&'static str] = &[
        "refuses-manifest",
        "wrong-hardware",
        "needs-bridge",
        "address-change",
        "no-witness",
        "no-second-pass",
        "config-refused",
        "peer-sharing",
        "refuses-images",
        "other-slot",
        "trust-list",
        "weak-power",
        "multiplatform",
        "tftp-only",
        "late-reset",
        "ignores-reset",
        "in-call",
        "loss=2",
    ];

    /// Whether a simulated phone of this kind does anything else with the fault than without it.
    #[must_use]
    pub fn applies(&self, to: &FaultScope<'_>) -> bool {
        let installation = to.family.installation();
        let is_of_five = matches!(installation, Installation::Recovery);
        let slots = to.family.slots();
        match self {
            Self::Loss(_) => true,
            Self::PowerCut { image, .. } => to.images.is_none_or(|names| {
                let begins = |name: &&str| {
                    let head = name.get(..image.len());
                    head.is_some_and(|head| head.eq_ignore_ascii_case(image))
                };
                names.iter().any(begins)
            }),
            // The loader of a 7940 or 7960 accepts every manifest; older firmware rejects images.
            Self::RefusesManifest => {
                let generation = to.from.and_then(LoadName::generation_79x0);
                is_of_five
                    || slots.is_some()
                    || generation.is_some_and(|generation| generation < Generation79x0::Loader)
            }
            Self::NeedsBridge => is_of_five,
            // Only phones that were reset install a recovery manifest.
            Self::NoSecondPass => is_of_five && to.from.is_none() && !to.restarts,
            Self::WrongHardware
            | Self::AddressChange
            | Self::NoWitness
            | Self::ConfigRefused
            | Self::PeerSharing => is_of_five || slots.is_some(),
            Self::RefusesImages
            | Self::OtherSlot
            | Self::TrustList
            | Self::WeakPower
            | Self::Multiplatform => slots.is_some(),
            Self::TftpOnly => slots.is_some_and(|slots| slots.tries_http),
            Self::LateReset | Self::IgnoresReset | Self::InCall => to.restarts,
        }
    }
}
