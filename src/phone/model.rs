//! The model table.

use serde::Serialize;

/// Phones that take the same bundles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub enum Family {
    /// 7906, 7911.
    F11,
    /// 7931.
    F31,
    /// 7941, 7961 and their -GE forms.
    F41,
    /// 7942, 7962.
    F42,
    /// 7945, 7965.
    F45,
    /// 7970, 7971.
    F70,
    /// 7975.
    F75,
    /// 7940, 7960: a loader and an application, no recovery manifest.
    P3,
    /// 6901, 6911, 6921, 6941, 6945, 6961.
    F69,
    /// 8941, 8945.
    F894,
    /// 8961, 9951, 9971.
    F99,
    /// 7811, 7821, 7832, 7841, 7861.
    F78,
    /// 8811 to 8865.
    F88,
    /// 7921, 7925, 7926: wireless.
    F792,
}

/// One phone model, as it is named in each place it is named in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// The number without letters: `7965`. -GE forms carry theirs: `7961-GE`.
    pub number: &'static str,
    /// The device type id of a call manager, the number in `loadInformation436`.
    pub device_type: u32,
    /// Which bundles it takes.
    pub family: Family,
    /// The manifest that its boot loader asks for after a factory reset.
    pub recovery_manifest: Option<&'static str>,
}

impl Family {
    /// Whether `convert` can take a phone of this family from SCCP to SIP: the families
    /// with a `termNN` recovery manifest and five images.
    #[must_use]
    pub fn is_convertible(self) -> bool {
        matches!(
            self,
            Self::F11 | Self::F31 | Self::F41 | Self::F42 | Self::F45 | Self::F70 | Self::F75
        )
    }

    /// The beginning of its SIP bundle's file name, as Cisco publishes it
    /// (`cmterm-7945_7965-sip.9-3-1SR4-1.zip`). `None` where there is no SIP firmware, or
    /// where no one name holds for every model of the family.
    #[must_use]
    pub fn sip_bundle(self) -> Option<&'static str> {
        Some(match self {
            Self::F11 => "cmterm-7911_7906-sip",
            Self::F31 => "cmterm-7931-sip",
            Self::F41 => "cmterm-7941_7961-sip",
            Self::F42 => "cmterm-7942_7962-sip",
            Self::F45 => "cmterm-7945_7965-sip",
            Self::F70 => "cmterm-7970_7971-sip",
            Self::F75 => "cmterm-7975-sip",
            Self::P3 => "P0S3-8-12-00",
            Self::F69 | Self::F894 | Self::F99 | Self::F78 | Self::F88 | Self::F792 => return None,
        })
    }

    /// The models of the family, in the table's order.
    pub fn models(self) -> impl Iterator<Item = &'static Model> {
        MODELS.iter().filter(move |model| model.family == self)
    }

    /// The family that a load's or an image's name speaks of: `SIP45.…`, `jar45sip.…`.
    pub(super) fn of_load(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        if upper.starts_with("P0S3") || upper.starts_with("P003") {
            return Some(Self::P3);
        }
        let rest = upper
            .strip_prefix("SIP")
            .or_else(|| upper.strip_prefix("SCCP"))?;
        let code = rest.split(['.', '-']).next()?;
        Some(match code {
            "11" => Self::F11,
            "31" => Self::F31,
            "41" => Self::F41,
            "42" => Self::F42,
            "45" => Self::F45,
            "70" => Self::F70,
            "75" => Self::F75,
            "69XX" | "6901" | "6911" | "6921" | "6941" | "6945" | "6961" => Self::F69,
            "894X" | "8941_8945" => Self::F894,
            "99XX" | "8961" | "9951" | "9971" => Self::F99,
            "78XX" | "7832" => Self::F78,
            "88XX" | "8821" | "8831" | "8832" | "8845_65" => Self::F88,
            _ => return None,
        })
    }
}

impl Model {
    /// The model of this number, with or without `CP-` before and a letter after it:
    /// `7965`, `CP-7965G`.
    #[must_use]
    pub fn by_number(text: &str) -> Option<&'static Self> {
        let upper = text.trim().to_ascii_uppercase();
        let bare = upper.strip_prefix("CP-").unwrap_or(&upper);
        let bare = bare.replace("G-GE", "-GE");
        let bare = bare.strip_suffix('G').unwrap_or(&bare);
        MODELS.iter().find(|model| model.number == bare)
    }

    /// The model whose boot loader asks for this recovery manifest, in either case.
    ///
    /// A -GE form asks for the same name as the plain one, which is what is returned.
    #[must_use]
    pub fn by_recovery_manifest(name: &str) -> Option<&'static Self> {
        MODELS.iter().find(|model| {
            model
                .recovery_manifest
                .is_some_and(|recovery| recovery.eq_ignore_ascii_case(name))
        })
    }

    /// The number without the -GE, as JSON gives it.
    #[must_use]
    pub fn plain_number(&self) -> &'static str {
        &self.number[..4]
    }
}

const fn model(
    number: &'static str,
    device_type: u32,
    family: Family,
    recovery: Option<&'static str>,
) -> Model {
    Model {
        number,
        device_type,
        family,
        recovery_manifest: recovery,
    }
}

/// Every model that is known, convertible or only recognised.
///
/// Device type ids: Cisco's own SIP stack (`phone_platform_constants.h`), the
/// `loadNNN.txt` files inside Cisco's bundles and two open call managers agree on them.
pub const MODELS: &[Model] = &[
    model("7906", 369, Family::F11, Some("term06.default.loads")),
    model("7911", 307, Family::F11, Some("term11.default.loads")),
    model("7931", 348, Family::F31, Some("term31.default.loads")),
    model("7940", 8, Family::P3, None),
    model("7960", 7, Family::P3, None),
    model("7941", 115, Family::F41, Some("term41.default.loads")),
    model("7941-GE", 309, Family::F41, Some("term41.default.loads")),
    model("7961", 30018, Family::F41, Some("term61.default.loads")),
    model("7961-GE", 308, Family::F41, Some("term61.default.loads")),
    model("7942", 434, Family::F42, Some("term42.default.loads")),
    model("7962", 404, Family::F42, Some("term62.default.loads")),
    model("7945", 435, Family::F45, Some("term45.default.loads")),
    model("7965", 436, Family::F45, Some("term65.default.loads")),
    model("7970", 30006, Family::F70, Some("term70.default.loads")),
    model("7971", 119, Family::F70, Some("term71.default.loads")),
    model("7975", 437, Family::F75, Some("term75.default.loads")),
    model("7921", 365, Family::F792, None),
    model("7925", 484, Family::F792, None),
    model("7926", 577, Family::F792, None),
    model("6901", 547, Family::F69, None),
    model("6911", 548, Family::F69, None),
    model("6921", 495, Family::F69, None),
    model("6941", 496, Family::F69, None),
    model("6945", 564, Family::F69, None),
    model("6961", 497, Family::F69, None),
    model("8941", 586, Family::F894, None),
    model("8945", 585, Family::F894, None),
    model("8961", 540, Family::F99, None),
    model("9951", 537, Family::F99, None),
    model("9971", 493, Family::F99, None),
    model("7811", 36213, Family::F78, None),
    model("7821", 621, Family::F78, None),
    model("7832", 36247, Family::F78, None),
    model("7841", 622, Family::F78, None),
    model("7861", 623, Family::F78, None),
    model("8811", 36217, Family::F88, None),
    model("8821", 36216, Family::F88, None),
    model("8831", 659, Family::F88, None),
    model("8832", 36258, Family::F88, None),
    model("8841", 683, Family::F88, None),
    model("8845", 36224, Family::F88, None),
    model("8851", 684, Family::F88, None),
    model("8861", 685, Family::F88, None),
    model("8865", 36225, Family::F88, None),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn numbers_and_ids_are_unique() {
        let numbers: HashSet<_> = MODELS.iter().map(|m| m.number).collect();
        let ids: HashSet<_> = MODELS.iter().map(|m| m.device_type).collect();
        assert_eq!((numbers.len(), ids.len()), (MODELS.len(), MODELS.len()));
    }

    #[test]
    fn every_convertible_model_has_a_recovery_manifest_of_its_own_digits() {
        for model in MODELS {
            assert_eq!(
                model.family.is_convertible(),
                model.recovery_manifest.is_some(),
                "{model:?}"
            );
            if let Some(recovery) = model.recovery_manifest {
                assert_eq!(
                    recovery,
                    format!("term{}.default.loads", &model.number[2..4])
                );
            }
        }
    }

    #[test]
    fn a_model_is_found_under_each_of_its_names() {
        assert_eq!(
            Model::by_number("CP-7965G").map(|m| m.device_type),
            Some(436)
        );
        assert_eq!(
            Model::by_number("7961G-GE").map(|m| m.device_type),
            Some(308)
        );
        assert_eq!(
            Model::by_recovery_manifest("TERM65.DEFAULT.loads").map(|m| m.number),
            Some("7965")
        );
        assert_eq!(
            Model::by_recovery_manifest("term61.default.loads").map(|m| m.number),
            Some("7961")
        );
        assert_eq!(Model::by_number("7999"), None);
    }
}
