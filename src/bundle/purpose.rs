//! The models and the protocol that the names of loads show.

use std::collections::BTreeSet;

use super::{standalone, types::BundleProtocol};
use crate::phone::{LoadName, Model, Protocol};

/// The protocol of these loads together.
pub(super) fn protocol_of<'l>(loads: impl Iterator<Item = &'l LoadName>) -> Option<BundleProtocol> {
    let spoken: BTreeSet<Protocol> = loads.filter_map(standalone::protocol).collect();
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

/// The numbers of the models in the name of a load, -GE variants included. Some families have
/// loads for a single model (`SIP6945.…`), which the wildcard does not include.
pub(super) fn models_of(load: &LoadName) -> Vec<&'static str> {
    let upper = load.as_str().to_ascii_uppercase();
    let code = ["SIP", "SCCP", "CP"]
        .iter()
        .find_map(|start| upper.strip_prefix(start))
        .and_then(|rest| rest.split(['.', '-']).next())
        .unwrap_or_default();
    let numbers: &[&'static str] = match code {
        "69XX" => &["6921", "6941", "6951", "6961"],
        "78XX" => &["7811", "7821", "7841", "7861"],
        "88XX" => &["8811", "8841", "8851", "8861"],
        "8845_65" => &["8845", "8865"],
        _ if upper.starts_with("P0M3") => &["7940", "7960"],
        _ => standalone::of_load(load).map_or(&[], |kind| kind.models),
    };
    if !numbers.is_empty() {
        return numbers.to_vec();
    }
    match (Model::by_number(code), load.family()) {
        (Some(model), _) => vec![model.number],
        (None, Some(family)) => family.models().map(|model| model.number).collect(),
        (None, None) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_and_protocol_come_from_the_name_of_the_load() {
        use BundleProtocol::{Sccp, Sip};
        let cases: [(&str, &[&str], Option<BundleProtocol>); 14] = [
            ("SIP45.9-3-1SR4-1S", &["7945", "7965"], Some(Sip)),
            ("SCCP75.8-5-2S", &["7975"], Some(Sccp)),
            (
                "SCCP41.9-4-2S",
                &["7941", "7941-GE", "7961", "7961-GE"],
                Some(Sccp),
            ),
            ("P0S3-8-12-00", &["7940", "7960"], Some(Sip)),
            (
                "SIP69xx.9-4-1-3",
                &["6921", "6941", "6951", "6961"],
                Some(Sip),
            ),
            ("SCCP6945.9-3-1-3", &["6945"], Some(Sccp)),
            ("sip8961.9-4-2SR4-1", &["8961"], Some(Sip)),
            ("CP7921G-1.4.5.3", &["7921"], Some(Sccp)),
            ("CP3905.9-4-1SR3", &["3905"], Some(Sip)),
            ("CP7912080001SIP060412A", &["7912"], Some(Sip)),
            ("ATA030204SCCP090202A", &["ATA186", "ATA188"], Some(Sccp)),
            ("P0M3-07-4-00", &["7940", "7960"], None),
            ("sip6821.11-3-1MSR3-3", &["6821"], Some(Sip)),
            ("other", &[], None),
        ];
        for (name, models, protocol) in cases {
            let load = LoadName::new(name);
            assert_eq!(models_of(&load), models, "{name}");
            assert_eq!(protocol_of([&load].into_iter()), protocol, "{name}");
        }
        let both = ["SIP45.1-1-1S", "SCCP75.1-1-1S"].map(LoadName::new);
        assert_eq!(protocol_of(both.iter()), Some(BundleProtocol::Mixed));
    }
}
