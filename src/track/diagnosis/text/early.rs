//! The 7940 and 7960: firmware from before the loader, and configurations for the loader.

use super::format::{clock, diagnosis, printable};
use crate::{
    diagnose::{Code, Diagnosis},
    phone::{EarlyFirmware, EarlyProtocol, Generation79x0, LoadName},
    track::observation::RunTime,
};

/// Firmware from before the loader, as far as it is known: `SIP 4.2`, `unsigned SCCP firmware`.
pub(crate) fn early_firmware(firmware: EarlyFirmware) -> String {
    let protocol = match firmware.protocol {
        Some(EarlyProtocol::Sip) => "SIP",
        Some(EarlyProtocol::Mgcp) => "MGCP",
        Some(EarlyProtocol::Skinny | EarlyProtocol::SkinnyWithoutXml) => "SCCP",
        None => "",
    };
    let text = match (firmware.release, firmware.generation) {
        (Some(release), _) => format!("{protocol} {}.{}", release.major, release.minor),
        (None, Some(Generation79x0::Unsigned)) => {
            format!("unsigned {protocol} firmware, older than 5.0")
        }
        (None, Some(_)) => format!("signed {protocol} firmware"),
        (None, None) => format!("{protocol} firmware"),
    };
    let text = text.replace("  ", " ");
    format!("{}, from before the loader", text.trim_start())
}

/// The phone cannot get to the loader with the bridges that are served.
pub(crate) fn early_bridges_needed(
    evidence: &str,
    firmware: EarlyFirmware,
    missing: &[&str],
) -> Diagnosis {
    let files = missing.join(", then ");
    let further = match firmware.protocol {
        Some(EarlyProtocol::Sip) => " 6.x is used as a further step if it is given.",
        Some(EarlyProtocol::Mgcp) => {
            " What MGCP firmware accepts is not documented: these are the steps of SIP firmware, to \
             which OS79XX.TXT brings it. Try one phone first."
        }
        _ => "",
    };
    diagnosis(
        Code::BridgeNeeded,
        format!("{evidence}: it runs {}", early_firmware(firmware)),
        format!(
            "It does not accept the loader of the target. Get the bundles with {files} (other \
             releases of the same numbers do too), and start again with --bridge for each: the \
             phone installs one after the other, in the order of their releases, then the target, \
             by itself.{further} There is no way back from 5.0 on: from there the phone accepts signed \
             images only."
        ),
    )
}

/// A phone fetches one image at every start.
pub(crate) fn image_rejected(name: &str, count: u8, at: RunTime) -> Diagnosis {
    diagnosis(
        Code::ImageRejected,
        format!(
            "fetched all of '{}' {count} times and started with its earlier firmware after each; \
             the last start was at {}",
            printable(name),
            clock(at)
        ),
        "The phone rejects this image (screen: Image Authentication Failed). Give a fresh copy: \
         `reflash verify` says whether it is damaged. A renamed file is rejected. From 5.0 on, a \
         phone rejects unsigned images (.bin), and a phone with 2.x to 4.x rejects releases that \
         are too new for it: it needs the steps 4.4 and 5.x.",
    )
}

/// A phone fetches two images in turn.
pub(crate) fn upgrade_loop(names: [&str; 2], at: RunTime) -> Diagnosis {
    let [one, other] = names.map(printable);
    diagnosis(
        Code::UpgradeLoop,
        format!(
            "installs '{one}' and '{other}' in turn; the last start was at {}",
            clock(at)
        ),
        "OS79XX.TXT and image_version in SIPDefault.cnf or SIP<MAC>.cnf name different loads. \
         Write the same load into each, or remove OS79XX.TXT once every phone has the loader.",
    )
}

/// The loader is installed at every start.
pub(crate) fn loader_loop(name: &str, count: usize, at: RunTime) -> Diagnosis {
    diagnosis(
        Code::UpgradeLoop,
        format!(
            "fetched all of '{}' {count} times (last at {}) and requested no application",
            printable(name),
            clock(at)
        ),
        "The loader installs itself at every start: LA_VERSION in the manifest (P0S3-….loads) is not \
         the version of this image, as of files of different releases, or a configuration names the \
         loader (P003-…) as the load. Take the manifest and both images from one bundle (reflash verify \
         compares them), and name the SIP load (P0S3-8-12-00).",
    )
}

/// A phone that has the loader was given the loader's name as its load.
pub(crate) fn loader_named(name: &str, at: RunTime) -> Diagnosis {
    diagnosis(
        Code::LoaderNamed,
        format!("requested '{}' at {}", printable(name), clock(at)),
        "A configuration names the loader (P003-…) to a phone that has it: the phone installs it \
         again and again and never gets an application. Write the SIP load (P0S3-8-12-00) into \
         SEP<MAC>.cnf.xml, XMLDefault.cnf.xml and image_version. Only phones from before the \
         loader, which request OS79XX.TXT, need the name P003-….",
    )
}

/// The phone's own SEP file ended the search of its loader in starts from the first to the last.
pub(crate) fn load_not_named(
    name: &str,
    wanted: &LoadName,
    starts: u32,
    [first, last]: [RunTime; 2],
) -> Diagnosis {
    let name = printable(name);
    let times = match starts {
        1 => format!("at a start of its loader at {}", clock(first)),
        _ => format!(
            "in {starts} starts of its loader from {} to {}",
            clock(first),
            clock(last)
        ),
    };
    diagnosis(
        Code::LoadNotNamed,
        format!(
            "fetched '{name}' {times}, and requested nothing after it: the file names no load, or one \
             that the loader rejects by its name (screen: Right Load Not Specified)"
        ),
        format!(
            "The loader ends its search at this file and starts the firmware that the phone has. It \
             takes names that begin with P0 and have 3 as their fourth character. \
             Write the load into the file, as <loadInformation>{wanted}</loadInformation> \
             (loadInformation8 is only read by a 7940, loadInformation7 only by a 7960); or remove \
             the file, so that the loader searches SIP<MAC>.cnf and XMLDefault.cnf.xml. Then restart \
             the phone."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_of_mgcp_firmware_are_named_as_those_of_sip() {
        let of = |load| {
            let firmware = EarlyFirmware::of(&LoadName::new(load)).unwrap();
            early_bridges_needed("it asked", firmware, &["P0S3-04-4-00.bin"])
        };
        let mgcp = of("P0M30100");
        assert!(mgcp.evidence.contains("it runs MGCP 1.0"), "{mgcp:?}");
        assert!(mgcp.cure.contains("these are the steps of SIP firmware"));
        assert!(mgcp.cure.contains("There is no way back from 5.0 on"));
        assert!(!of("P0S3-03-2-00").cure.contains("MGCP"));
    }
}
