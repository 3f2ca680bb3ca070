//! How a phone is sent to its boot loader by its keys, what its lamps show meanwhile, and what
//! can go wrong with the hardware on the way.

use std::time::Duration;

use super::{Family, Model};

/// The keys of the factory reset, the same for all families with five images (Cisco's
/// administration guides of the 7906G to the 7975G, "Performing a Factory Reset"). A wrong one drops
/// the reset and the phone starts as ever; one that is pressed twice does no harm.
pub const RESET_KEYS: &str = "123456789*0#";

/// How long after the lamps begin the keys are waited for (the same guides).
pub const RESET_WINDOW: Duration = Duration::from_mins(1);

/// What the lamps of a phone show while it is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResetLamps {
    /// Now let go of `#` and type the keys.
    pub ready: &'static str,
    /// The keys were taken.
    pub taken: &'static str,
}

/// What can go wrong with the hardware of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HardwareHazard {
    /// Cisco's field notice FN63772: memory that was built in from 2009 to 2011 may fail when the
    /// power comes back. The display stays dark and the speaker's lamp is lit.
    MayNotStart,
    /// The recovery fails on power from the cable (Cisco TAC K43691258).
    WantsPowerSupply,
}

impl HardwareHazard {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::MayNotStart, Self::WantsPowerSupply];

    /// What a person has to know before the power goes.
    #[must_use]
    pub fn warning(self) -> &'static str {
        match self {
            Self::MayNotStart => {
                "some of these, built from 2009 to 2011, never start again after any loss of power \
                 (Cisco field notice FN63772: dark display, speaker lamp lit)"
            }
            Self::WantsPowerSupply => {
                "connect its own power supply. On power from the network cable its recovery fails"
            }
        }
    }
}

impl Family {
    /// What the lamps show; `None` for families that are not reset this way.
    ///
    /// Of the 7942, 7962, 7931, 7945, 7965 and 7975 nobody has written it down: it is that of the
    /// 7941 and 7961, whose hardware is next to theirs.
    #[must_use]
    pub fn reset_lamps(self) -> Option<ResetLamps> {
        Some(match self {
            Self::F11 => ResetLamps {
                ready: "the lamp on the handset flashes red",
                taken: "it flashes faster",
            },
            Self::F70 => ResetLamps {
                ready: "the line buttons light up in amber, one after the other",
                taken: "they turn green",
            },
            Self::F31 | Self::F41 | Self::F42 | Self::F45 | Self::F75 => ResetLamps {
                ready: "the line buttons light up in amber, one after the other",
                taken: "they turn red",
            },
            _ => return None,
        })
    }
}

impl Model {
    /// What can go wrong with its hardware.
    #[must_use]
    pub fn hazards(&self) -> &'static [HardwareHazard] {
        match self.plain_number() {
            "7942" | "7945" | "7962" | "7965" | "7975" => &[HardwareHazard::MayNotStart],
            "7970" => &[HardwareHazard::WantsPowerSupply],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::MODELS;

    #[test]
    fn every_convertible_model_has_lamps_and_no_other_has() {
        for model in MODELS {
            let family = model.family;
            assert_eq!(
                family.reset_lamps().is_some(),
                family.is_convertible(),
                "{model:?}"
            );
        }
    }

    #[test]
    fn the_field_notice_names_five_models_and_the_power_supply_one() {
        let with = |hazard: HardwareHazard| -> Vec<&str> {
            let models = MODELS.iter();
            let has = models.filter(|model| model.hazards().contains(&hazard));
            has.map(|model| model.number).collect()
        };
        let notice = ["7942", "7962", "7945", "7965", "7975"];
        assert_eq!(with(HardwareHazard::MayNotStart), notice);
        assert_eq!(with(HardwareHazard::WantsPowerSupply), ["7970"]);
    }
}
