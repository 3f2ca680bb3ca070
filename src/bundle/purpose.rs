//! Loads, protocol and models of a bundle, from the names of its manifests.

use std::collections::{BTreeMap, BTreeSet};

use super::types::BundleProtocol;
use crate::phone::{Family, LoadName, Model, Protocol};

/// What a bundle is for.
#[derive(Debug, Default)]
pub(super) struct Purpose {
    pub(super) protocol: Option<BundleProtocol>,
    /// Without recovery manifests, sorted.
    pub(super) loads: Vec<LoadName>,
    /// -GE variants included, sorted by number.
    pub(super) models: Vec<&'static Model>,
}

impl Purpose {
    /// Derives the purpose from the file names of the manifests. The models are those with a
    /// recovery manifest; for a family without one, they follow from the name of the load.
    pub(super) fn of<'n>(manifests: impl Iterator<Item = &'n str> + Clone) -> Self {
        let mut loads: Vec<LoadName> = manifests
            .clone()
            .map(LoadName::new)
            .filter(|load| !load.is_recovery())
            .collect();
        loads.sort_unstable();
        let mut models: BTreeMap<&str, &'static Model> = BTreeMap::new();
        let mut recoverable: BTreeSet<Family> = BTreeSet::new();
        for found in manifests.filter_map(Model::by_recovery_manifest) {
            recoverable.insert(found.family);
            // A -GE variant requests the manifest of the plain model.
            let same = |model: &&Model| model.recovery_manifest == found.recovery_manifest;
            models.extend(found.family.models().filter(same).map(by_number));
        }
        for load in &loads {
            if load
                .family()
                .is_none_or(|family| !recoverable.contains(&family))
            {
                models.extend(models_of(load).into_iter().map(by_number));
            }
        }
        Self {
            protocol: protocol_of(&loads),
            loads,
            models: models.into_values().collect(),
        }
    }
}

fn by_number(model: &'static Model) -> (&'static str, &'static Model) {
    (model.number, model)
}

fn protocol_of(loads: &[LoadName]) -> Option<BundleProtocol> {
    let spoken: BTreeSet<Protocol> = loads.iter().filter_map(LoadName::protocol).collect();
    match (
        spoken.contains(&Protocol::Sip),
        spoken.contains(&Protocol::Sccp),
    ) {
        (true, true) => Some(BundleProtocol::Mixed),
        (true, false) => Some(BundleProtocol::Sip),
        (false, true) => Some(BundleProtocol::Sccp),
        (false, false) => None,
    }
}

/// The models in the name of a load. Some families have loads for a single model
/// (`SIP6945.…`), which the wildcard does not include.
fn models_of(load: &LoadName) -> Vec<&'static Model> {
    let upper = load.as_str().to_ascii_uppercase();
    let code = ["SIP", "SCCP", "CP"]
        .iter()
        .find_map(|start| upper.strip_prefix(start))
        .and_then(|rest| rest.split(['.', '-']).next())
        .unwrap_or_default();
    let numbers: &[&str] = match code {
        "69XX" => &["6921", "6941", "6961"],
        "78XX" => &["7811", "7821", "7841", "7861"],
        "88XX" => &["8811", "8841", "8851", "8861"],
        "8845_65" => &["8845", "8865"],
        _ => &[],
    };
    if !numbers.is_empty() {
        return numbers
            .iter()
            .filter_map(|number| Model::by_number(number))
            .collect();
    }
    match (Model::by_number(code), load.family()) {
        (Some(model), _) => vec![model],
        (None, Some(family)) => family.models().collect(),
        (None, None) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_come_from_recovery_manifests_or_the_load() {
        use BundleProtocol::{Mixed, Sccp, Sip};
        let cases: [(&[&str], &[&str], Option<BundleProtocol>); 10] = [
            (
                &[
                    "SIP45.9-3-1SR4-1S.loads",
                    "term45.default.loads",
                    "term65.default.loads",
                ],
                &["7945", "7965"],
                Some(Sip),
            ),
            (
                &["SIP45.8-5-4S.loads", "term45.default.loads"],
                &["7945"],
                Some(Sip),
            ),
            (&["SIP45.8-5-4S.loads"], &["7945", "7965"], Some(Sip)),
            (
                &["SCCP41.9-4-2S.loads", "term61.default.loads"],
                &["7961", "7961-GE"],
                Some(Sccp),
            ),
            (
                &[
                    "SIP45.1-1-1S.loads",
                    "SCCP75.1-1-1S.loads",
                    "term75.default.loads",
                ],
                &["7945", "7965", "7975"],
                Some(Mixed),
            ),
            (&["P0S3-8-12-00.loads"], &["7940", "7960"], Some(Sip)),
            (
                &["SIP69xx.9-4-1-3.loads"],
                &["6921", "6941", "6961"],
                Some(Sip),
            ),
            (&["SCCP6945.9-3-1-3.loads"], &["6945"], Some(Sccp)),
            (&["CP7921G-1.4.5.3.LOADS"], &["7921"], None),
            (&["term99.default.loads", "other.loads"], &[], None),
        ];
        for (names, models, protocol) in cases {
            let purpose = Purpose::of(names.iter().copied());
            let numbers: Vec<_> = purpose.models.iter().map(|model| model.number).collect();
            assert_eq!(numbers, models, "{names:?}");
            assert_eq!(purpose.protocol, protocol, "{names:?}");
        }
    }
}
