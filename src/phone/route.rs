//! Which load may follow which: the rule of the signing keys and of the hardware masks.

use super::{Family, LoadName, Train};

/// The first release that knows the newer signing key beside the old one. Releases between
/// it and 8.5(1) were seen to refuse newer ones all the same.
const BOTH_KEYS: Train = train(8, 3, 3, 0);

/// The first release of which every report says that it takes what the newer key signed.
const SURELY_BOTH_KEYS: Train = train(8, 5, 1, 0);

/// The last release that the old key signed. It knows both keys: the bridge.
const OLD_KEY: Train = train(8, 5, 2, 0);

/// Hardware classes that take nothing older than [`LATER_RELEASE`], as phones themselves say
/// when they refuse: bits of `#HARDWARE_COMP_1`.
const LATER_HARDWARE: u32 = 0b1100;

/// 9.3(1)SR1.
const LATER_RELEASE: Train = train(9, 3, 1, 1);

const fn train(major: u16, minor: u16, maintenance: u16, service: u16) -> Train {
    Train {
        major,
        minor,
        maintenance,
        service,
    }
}

/// The way from the load that a phone runs to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The phone knows the key that the load is signed with.
    Direct,
    /// It does not: 8.5(2) first.
    Bridge,
    /// The load that it runs is not known, or reports of it differ.
    Unknown,
}

impl Route {
    /// The way from `runs` to `target`, by the trains of both.
    #[must_use]
    pub fn between(runs: Option<&LoadName>, target: &LoadName) -> Self {
        let trains = runs.and_then(LoadName::train).zip(target.train());
        match trains {
            Some((runs, target)) if target > OLD_KEY => {
                if runs < BOTH_KEYS {
                    Self::Bridge
                } else if runs >= SURELY_BOTH_KEYS {
                    Self::Direct
                } else {
                    Self::Unknown
                }
            }
            Some((runs, _)) if runs <= OLD_KEY => Self::Direct,
            _ => Self::Unknown,
        }
    }
}

/// Whether a load with this `mask` runs on hardware of the classes `hardware`; `None` where
/// nothing says so.
///
/// A phone's own rule: every class that it has must be in the mask.
#[must_use]
pub fn supports(load: &LoadName, mask: Option<u32>, hardware: u32) -> Option<bool> {
    if hardware & LATER_HARDWARE != 0 && load.train().is_some_and(|train| train < LATER_RELEASE) {
        return Some(false);
    }
    mask.map(|mask| mask & hardware == hardware)
}

/// The file that holds the bridge for this family, as Cisco publishes it; `None` for
/// families that need none.
#[must_use]
pub fn bridge_bundle(family: Family) -> Option<&'static str> {
    Some(match family {
        Family::F11 => "cmterm-7911_7906-sccp.8-5-2.zip",
        // Published with this slip in its name.
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
    fn the_way_is_told_by_both_trains() {
        let cases = [
            ("SCCP45.8-3-2S", "SIP45.9-3-1SR4-1S", Route::Bridge),
            ("SCCP45.8-2-1S", "SIP45.8-5-2SR1S", Route::Bridge),
            ("SCCP45.8-3-3S", "SIP45.9-3-1SR4-1S", Route::Unknown),
            ("SCCP45.8-5-2S", "SIP45.9-3-1SR4-1S", Route::Direct),
            ("SCCP45.9-0-3S", "SIP45.9-3-1SR4-1S", Route::Direct),
            ("SCCP45.8-2-1S", "SCCP45.8-5-2S", Route::Direct),
            ("SCCP45.9-0-3S", "SCCP45.8-5-2S", Route::Unknown),
            ("term45.default", "SIP45.9-3-1SR4-1S", Route::Unknown),
        ];
        for (runs, target, route) in cases {
            let (runs, target) = (LoadName::new(runs), LoadName::new(target));
            assert_eq!(Route::between(Some(&runs), &target), route, "{runs}");
        }
        let target = LoadName::new("SIP45.9-3-1SR4-1S");
        assert_eq!(Route::between(None, &target), Route::Unknown);
    }

    #[test]
    fn a_mask_must_hold_every_class_and_later_hardware_wants_later_loads() {
        let newer = LoadName::new("SIP45.9-3-1SR4-1S");
        let bridge = LoadName::new("SCCP45.8-5-2S");
        assert_eq!(supports(&newer, Some(15), 8), Some(true));
        assert_eq!(supports(&newer, Some(7), 8), Some(false));
        assert_eq!(supports(&newer, None, 8), None);
        assert_eq!(supports(&bridge, None, 8), Some(false));
        assert_eq!(supports(&bridge, None, 1), None);
    }

    #[test]
    fn every_convertible_family_has_its_bridge_by_name() {
        for model in MODELS {
            let family = model.family;
            assert_eq!(
                bridge_bundle(family).is_some(),
                family.is_convertible(),
                "{family:?}"
            );
        }
    }
}
