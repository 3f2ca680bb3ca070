//! Files that name a load to a 7940 or 7960 whose firmware is from before the loader.

use crate::{
    phone::{EarlyFirmware, EarlyProtocol, Family, Generation79x0, LoadName, Model},
    track::StagePlan,
};

/// The first file that firmware from before the loader requests. A phone whose own load begins with
/// the same four characters ignores the name in it; others install that load.
const IMAGE_NAME: &str = "OS79XX.TXT";
/// The settings of all SIP phones.
const SETTINGS: &str = "SIPDefault.cnf";

/// The load id of the loader among these targets, such as `P003-8-12-00`: the name of the image that
/// brings it.
pub(super) fn loader(plans: &[StagePlan]) -> Option<LoadName> {
    let has_loader =
        |plan: &&StagePlan| plan.load.generation_79x0() == Some(Generation79x0::Loader);
    let plan = plans.iter().find(has_loader)?;
    let mut images = plan.manifests.iter().flat_map(|manifest| &manifest.images);
    images.find_map(|(name, _)| {
        let (load, end) = name.rsplit_once('.')?;
        end.eq_ignore_ascii_case("sbn")
            .then(|| LoadName::new(&load.to_ascii_uppercase()))
    })
}

/// The loads of these models, with the loader in place of those of the 7940 and 7960.
pub(super) fn with_loader<'a>(
    loads: &[(&'static Model, &'a LoadName)],
    loader: &'a LoadName,
) -> Vec<(&'static Model, &'a LoadName)> {
    let named = |(model, load): &(&'static Model, &'a LoadName)| match model.family {
        Family::P3 => (*model, loader),
        _ => (*model, *load),
    };
    loads.iter().map(named).collect()
}

/// The files, besides `XMLDefault.cnf.xml`, that name this load: `OS79XX.TXT`, and for SIP firmware
/// the settings. None for a load that other phones install.
pub(super) fn files(load: &LoadName) -> Vec<(&'static str, Vec<u8>)> {
    let early = EarlyFirmware::of(load);
    if early.is_none() && !load.is_universal_loader() {
        return Vec::new();
    }
    // One line, in capitals, without blanks: a phone takes whatever is in it as the name.
    let name = load.as_str().to_ascii_uppercase();
    let mut files = vec![(IMAGE_NAME, format!("{name}\r\n").into_bytes())];
    if early.is_some_and(|early| early.protocol == Some(EarlyProtocol::Sip)) {
        files.push((SETTINGS, format!("image_version: {name}\n").into_bytes()));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_image_is_one_line_in_capitals_without_blanks() {
        let of = |name| files(&LoadName::new(name));
        assert_eq!(
            of("P003-8-12-00"),
            [(IMAGE_NAME, b"P003-8-12-00\r\n".to_vec())]
        );
        let sip = of("p0s3-04-4-00");
        assert_eq!(sip[0], (IMAGE_NAME, b"P0S3-04-4-00\r\n".to_vec()));
        assert_eq!(
            sip[1],
            (SETTINGS, b"image_version: P0S3-04-4-00\n".to_vec())
        );
        assert_eq!(of("P00305000700").len(), 1);
        assert!(of("SCCP45.8-5-2S").is_empty() && of("P0S3-8-12-00").is_empty());
    }
}
