//! The model table.

use serde::Serialize;

/// Phones that use the same bundles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub enum Family {
    /// 7906, 7911.
    F11,
    /// 7931.
    F31,
    /// 7941, 7961 and their -GE variants.
    F41,
    /// 7942, 7962.
    F42,
    /// 7945, 7965.
    F45,
    /// 7970, 7971.
    F70,
    /// 7975.
    F75,
    /// 7940, 7960. Their firmware is a loader and an application, without a recovery manifest.
    P3,
    /// 6901.
    F6901,
    /// 6911.
    F6911,
    /// 6921, 6941, 6951, 6961.
    F69,
    /// 6945.
    F6945,
    /// 8941, 8945.
    F894,
    /// 8961.
    F8961,
    /// 9951.
    F9951,
    /// 9971.
    F9971,
    /// 7811, 7821, 7841, 7861.
    F78,
    /// 7832.
    F7832,
    /// 8811, 8841, 8851, 8861.
    F88,
    /// 8845, 8865.
    F8845,
    /// 8821: wireless.
    F8821,
    /// 8831.
    F8831,
    /// 8832.
    F8832,
    /// 7921, 7925, 7926: wireless.
    F792,
    /// 7902, 7910, 7920, 7935, 7936, 7937, 7985: other phones without SIP firmware.
    SccpOnly,
    /// 7905, 7912: their SIP firmware reads a binary profile.
    F7905,
    /// 3905: SIP firmware only, with a configuration of its own.
    F3905,
}

/// A phone model and its identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// The number without letters, such as `7965`; with the suffix for -GE variants: `7961-GE`.
    pub number: &'static str,
    /// The device type of call managers: the number in `loadInformation436`.
    pub device_type: u32,
    /// The family, which determines its bundles.
    pub family: Family,
    /// The manifest that its boot loader requests after a factory reset.
    pub recovery_manifest: Option<&'static str>,
}

impl Family {
    /// The start of the file name of its SIP bundle, as published by Cisco
    /// (`cmterm-7945_7965-sip.9-3-1SR4-1.zip`). `None` if there is no SIP firmware.
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
            Self::F6901 => "cmterm-6901-sip",
            Self::F6911 => "cmterm-6911-sip",
            Self::F69 => "cmterm-69xx-SIP",
            Self::F6945 => "cmterm-6945-SIP",
            Self::F894 => "cmterm-894x-sip",
            Self::F8961 => "cmterm-8961",
            Self::F9951 => "cmterm-9951",
            Self::F9971 => "cmterm-9971",
            Self::F78 => "cmterm-78xx",
            Self::F7832 => "cmterm-7832",
            Self::F88 => "cmterm-88xx",
            Self::F8845 => "cmterm-8845_65",
            Self::F8821 => "cmterm-8821",
            Self::F8831 => "cmterm-8831",
            Self::F8832 => "cmterm-8832",
            Self::F792 | Self::SccpOnly | Self::F7905 | Self::F3905 => return None,
        })
    }

    /// The models of the family, in the order of the table.
    pub fn models(self) -> impl Iterator<Item = &'static Model> {
        MODELS.iter().filter(move |model| model.family == self)
    }

    /// The numbers of its models, where the model is not known: `7945/7965`, `88xx`.
    #[must_use]
    pub fn numbers(self) -> String {
        let mut numbers: Vec<&str> = self.models().map(Model::plain_number).collect();
        numbers.dedup();
        match numbers[..] {
            [first, _, _, _, ..] if self.is_supported() => format!("{}xx", &first[..2]),
            _ => numbers.join("/"),
        }
    }

    /// The family in the name of a load: `SIP45.…`.
    pub(super) fn of_load(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        if ["P0S3", "P003", "P0M3"]
            .iter()
            .any(|start| upper.starts_with(start))
        {
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
            "6901" => Self::F6901,
            "6911" => Self::F6911,
            "69XX" | "6921" | "6941" | "6951" | "6961" => Self::F69,
            "6945" => Self::F6945,
            "894X" | "8941" | "8945" | "8941_8945" => Self::F894,
            "8961" => Self::F8961,
            "9951" => Self::F9951,
            "9971" => Self::F9971,
            "78XX" => Self::F78,
            "7832" => Self::F7832,
            "88XX" => Self::F88,
            "8845_65" => Self::F8845,
            "8821" => Self::F8821,
            "8831" => Self::F8831,
            "8832" => Self::F8832,
            _ => return None,
        })
    }
}

impl Model {
    /// The model with this device type of call managers.
    #[must_use]
    pub fn by_device_type(device_type: u32) -> Option<&'static Self> {
        MODELS.iter().find(|model| model.device_type == device_type)
    }

    /// The model with this number, which may have the prefix `CP-` and the suffix `G`: `7965`,
    /// `CP-7965G`.
    #[must_use]
    pub fn by_number(text: &str) -> Option<&'static Self> {
        let upper = text.trim().to_ascii_uppercase();
        let bare = upper.strip_prefix("CP-").unwrap_or(&upper);
        let bare = bare.replace("G-GE", "-GE");
        // The NR variants have no radio and the same firmware.
        let bare = bare.strip_suffix('G').unwrap_or(&bare);
        let bare = bare.strip_suffix("NR").unwrap_or(bare);
        MODELS.iter().find(|model| model.number == bare)
    }

    /// The model whose boot loader requests this recovery manifest, ignoring case.
    ///
    /// -GE variants request the same name; the plain model is returned.
    #[must_use]
    pub fn by_recovery_manifest(name: &str) -> Option<&'static Self> {
        MODELS.iter().find(|model| {
            model
                .recovery_manifest
                .is_some_and(|recovery| recovery.eq_ignore_ascii_case(name))
        })
    }

    /// The number without the -GE suffix, as used in JSON.
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

/// All known models, convertible or not.
///
/// Sources for the device types, which agree: Cisco's SIP stack
/// (`phone_platform_constants.h`), the `loadNNN.txt` files in Cisco's bundles, and two open
/// source call managers.
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
    model("7902", 30008, Family::SccpOnly, None),
    model("7910", 6, Family::SccpOnly, None),
    model("7920", 30002, Family::SccpOnly, None),
    model("7935", 9, Family::SccpOnly, None),
    model("7936", 30019, Family::SccpOnly, None),
    model("7937", 431, Family::SccpOnly, None),
    model("7985", 302, Family::SccpOnly, None),
    model("7905", 20000, Family::F7905, None),
    model("7912", 30007, Family::F7905, None),
    model("3905", 592, Family::F3905, None),
    model("6901", 547, Family::F6901, None),
    model("6911", 548, Family::F6911, None),
    model("6921", 495, Family::F69, None),
    model("6941", 496, Family::F69, None),
    model("6945", 564, Family::F6945, None),
    model("6951", 576, Family::F69, None),
    model("6961", 497, Family::F69, None),
    model("8941", 586, Family::F894, None),
    model("8945", 585, Family::F894, None),
    model("8961", 540, Family::F8961, None),
    model("9951", 537, Family::F9951, None),
    model("9971", 493, Family::F9971, None),
    model("7811", 36213, Family::F78, None),
    model("7821", 621, Family::F78, None),
    model("7832", 36247, Family::F7832, None),
    model("7841", 622, Family::F78, None),
    model("7861", 623, Family::F78, None),
    model("8811", 36217, Family::F88, None),
    model("8821", 36216, Family::F8821, None),
    model("8831", 659, Family::F8831, None),
    model("8832", 36258, Family::F8832, None),
    model("8841", 683, Family::F88, None),
    model("8845", 36224, Family::F8845, None),
    model("8851", 684, Family::F88, None),
    model("8861", 685, Family::F88, None),
    model("8865", 36225, Family::F8845, None),
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
    fn recovery_manifests_have_the_digits_of_their_models() {
        for model in MODELS {
            assert_eq!(
                model.family.has_recovery_manifest(),
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
    fn model_is_found_by_each_identifier() {
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
