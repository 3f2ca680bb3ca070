//! The hardware that a load supports, and the name of the bridge bundle.

use super::{Family, FirmwareRelease, LoadName};

/// Hardware classes that reject loads older than [`LATER_RELEASE`], according to the phones'
/// own error messages: bits of `#HARDWARE_COMP_1`.
const LATER_HARDWARE: u32 = 0b1100;

/// The first release that supports [`LATER_HARDWARE`]: 9.3(1)SR1.
const LATER_RELEASE: FirmwareRelease = FirmwareRelease {
    major: 9,
    minor: 3,
    maintenance: 1,
    service: 1,
};

/// Whether a phone with these `hardware` classes accepts a load with this `mask`; `None` if
/// unknown.
///
/// As on phones, every hardware class must be in the mask, and some classes need 9.3(1)SR1 or
/// later.
#[must_use]
pub fn supports_hardware(load: &LoadName, mask: Option<u32>, hardware: u32) -> Option<bool> {
    if hardware & LATER_HARDWARE != 0
        && load
            .release()
            .is_some_and(|release| release < LATER_RELEASE)
    {
        return Some(false);
    }
    mask.map(|mask| mask & hardware == hardware)
}

/// The file name of the bridge bundle for this family, as published by Cisco; `None` for
/// families that need no bridge.
#[must_use]
pub fn bridge_bundle_name(family: Family) -> Option<&'static str> {
    Some(match family {
        Family::F11 => "cmterm-7911_7906-sccp.8-5-2.zip",
        // Published with this misspelling.
        Family::F31 => "cmterm-7931-scpp.8-5-2.zip",
        Family::F41 => "cmterm-7941_7961-sccp.8-5-2.zip",
        Family::F42 => "cmterm-7942_7962-sccp.8-5-2.zip",
        Family::F45 => "cmterm-7945_7965-sccp.8-5-2.zip",
        Family::F70 => "cmterm-7970_7971-sccp.8-5-2.zip",
        Family::F75 => "cmterm-7975-sccp.8-5-2.zip",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::MODELS;

    #[test]
    fn mask_must_include_every_class_and_later_hardware_needs_later_loads() {
        let newer = LoadName::new("SIP45.9-3-1SR4-1S");
        let bridge = LoadName::new("SCCP45.8-5-2S");
        assert_eq!(supports_hardware(&newer, Some(15), 8), Some(true));
        assert_eq!(supports_hardware(&newer, Some(7), 8), Some(false));
        assert_eq!(supports_hardware(&newer, None, 8), None);
        assert_eq!(supports_hardware(&bridge, None, 8), Some(false));
        assert_eq!(supports_hardware(&bridge, None, 1), None);
    }

    #[test]
    fn every_family_that_recovers_has_a_bridge_bundle() {
        for model in MODELS {
            let family = model.family;
            assert_eq!(
                bridge_bundle_name(family).is_some(),
                family.has_recovery_manifest(),
                "{family:?}"
            );
        }
    }
}
