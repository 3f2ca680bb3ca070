//! The factory reset: the keys, what the lamps show, and known hardware problems.

use std::time::Duration;

use super::{Family, Model};

/// The keys of the factory reset, the same for all families with five images (Cisco's
/// administration guides for the 7906G to 7975G, "Performing a Factory Reset"). A wrong key cancels
/// the reset and the phone starts normally; a repeated key has no effect.
pub const RESET_KEYS: &str = "123456789*0#";

/// How long the phone accepts the keys after the lamps start (same guides).
pub const RESET_WINDOW: Duration = Duration::from_mins(1);

/// What the lamps show during a factory reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResetLamps {
    /// Release `#` and type the keys now.
    pub ready: &'static str,
    /// The keys were accepted.
    pub accepted: &'static str,
}

/// A known hardware problem of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HardwareHazard {
    /// Cisco field notice FN63772: memory installed from 2009 to 2011 may fail when power
    /// returns. The display stays dark and the speaker lamp is lit.
    MayNotStart,
    /// The recovery fails with power over Ethernet (Cisco TAC K43691258).
    NeedsPowerSupply,
}

impl HardwareHazard {
    /// All problems.
    pub const ALL: [Self; 2] = [Self::MayNotStart, Self::NeedsPowerSupply];

    /// The warning shown before the power is cut.
    #[must_use]
    pub fn warning(self) -> &'static str {
        match self {
            Self::MayNotStart => {
                "some of these, built from 2009 to 2011, never start again after any loss of power \
                 (Cisco field notice FN63772: dark display, speaker lamp lit)"
            }
            Self::NeedsPowerSupply => {
                "connect its own power supply: with power over Ethernet the recovery fails"
            }
        }
    }
}

impl Family {
    /// What the lamps show; `None` for families with another procedure.
    ///
    /// For the 7942, 7962, 7931, 7945, 7965 and 7975 it is undocumented. The values are those of
    /// the 7941 and 7961, which have similar hardware.
    #[must_use]
    pub fn reset_lamps(self) -> Option<ResetLamps> {
        Some(match self {
            Self::F11 => ResetLamps {
                ready: "the handset lamp flashes red",
                accepted: "it flashes faster",
            },
            Self::F70 => ResetLamps {
                ready: "the line buttons light up in amber, one after the other",
                accepted: "they turn green",
            },
            Self::F31 | Self::F41 | Self::F42 | Self::F45 | Self::F75 => ResetLamps {
                ready: "the line buttons light up in amber, one after the other",
                accepted: "they turn red",
            },
            _ => return None,
        })
    }
}

impl Model {
    /// The known hardware problems.
    #[must_use]
    pub fn hazards(&self) -> &'static [HardwareHazard] {
        match self.plain_number() {
            "7942" | "7945" | "7962" | "7965" | "7975" => &[HardwareHazard::MayNotStart],
            "7970" => &[HardwareHazard::NeedsPowerSupply],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::MODELS;

    #[test]
    fn models_that_recover_have_lamps() {
        for model in MODELS {
            let family = model.family;
            assert_eq!(
                family.reset_lamps().is_some(),
                family.has_recovery_manifest(),
                "{model:?}"
            );
        }
    }

    #[test]
    fn hazards_are_those_of_the_field_notices() {
        let with = |hazard: HardwareHazard| -> Vec<&str> {
            let models = MODELS.iter();
            let has = models.filter(|model| model.hazards().contains(&hazard));
            has.map(|model| model.number).collect()
        };
        let notice = ["7942", "7962", "7945", "7965", "7975"];
        assert_eq!(with(HardwareHazard::MayNotStart), notice);
        assert_eq!(with(HardwareHazard::NeedsPowerSupply), ["7970"]);
    }
}
