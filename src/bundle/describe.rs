//! What a single Cisco file is, from its name.

use super::{file_kinds::is_manifest, purpose, standalone};
use crate::phone::{Family, LoadName, Model, Support};

/// What the file of this name is and for which phones, for a message.
pub(super) fn describe(name: &str) -> String {
    let converted = |support: Support| match support {
        Support::Converts => "which this program converts",
        Support::Upgrades => "which this program upgrades",
        Support::Recognised => "which this program does not convert",
    };
    if let Some(model) = Model::by_recovery_manifest(name) {
        return format!(
            "the recovery manifest of the {}, {}; it only names the images of a load",
            model.number,
            converted(model.family.support())
        );
    }
    if let Some(kind) = standalone::of(name) {
        return format!(
            "firmware for {}, {}: {}",
            kind.what,
            converted(Support::Recognised),
            kind.why.text()
        );
    }
    if is_manifest(name) {
        let load = LoadName::new(name);
        let models = purpose::models_of(&load);
        if models.is_empty() {
            return "the manifest of a load for unknown phones; it only names images".to_owned();
        }
        let family = load.family().filter(|_| !load.is_multiplatform());
        let support = family.map_or(Support::Recognised, Family::support);
        return format!(
            "the manifest of the load {load} for {}, {}; it only names the load's images",
            models.join(", "),
            converted(support)
        );
    }
    "one image of a load".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_file_is_described_with_its_phones() {
        for (name, parts) in [
            (
                "term65.default.loads",
                ["recovery manifest", "7965", "converts"],
            ),
            (
                "SIP45.9-3-1SR4-1S.loads",
                ["manifest", "7945, 7965", "converts"],
            ),
            ("sip8961.9-4-2SR4-1.loads", ["manifest", "8961", "upgrades"]),
            ("B015-1-0-4-2.SBN", ["module", "7915", "does not convert"]),
            ("other.loads", ["manifest", "unknown phones", "images"]),
            ("jar45sip.9-3-1.sbn", ["one image", "of a", "load"]),
        ] {
            let text = describe(name);
            assert!(parts.iter().all(|part| text.contains(part)), "{text}");
        }
    }
}
