//! The words of refusals, of power, of configurations and of the way to the phone.

use std::net::Ipv4Addr;

use super::{clock, diagnosis, models, shown};
use crate::{
    diagnose::{Code, Diagnosis},
    phone::{Family, LoadName, bridge_bundle_name},
    track::{BridgeProgress, EvidenceSource, RunTime, Subnet, diagnosis::rules::Take},
};

/// Times in a list of evidence; more are counted.
const SHOWN_TIMES: usize = 5;

/// What the phones of a family need, as this program does not convert them.
fn needs(family: Option<Family>) -> &'static str {
    match family {
        Some(Family::P3) => {
            "A 7940 or 7960 takes P0S3-8-12-00: the universal loader (P003-8-12-00.sbn) first, \
             then the application (.sb2), by OS79XX.TXT, SIPDefault.cnf or loadInformation7 and 8."
        }
        Some(Family::F69) => {
            "A 69xx changes its load by loadInformation in its SEP file, without a reset: BOOT, \
             DSP and SIP images of a cmterm-69xx-sip bundle."
        }
        Some(Family::F894) => {
            "An 8941 or 8945 changes its load by its SEP file and fetches nine image parts, over \
             HTTP first, on a power brick."
        }
        Some(Family::F99) => {
            "An 8961, 9951 or 9971 speaks SIP only; a new load is named in its SEP file."
        }
        Some(Family::F78 | Family::F88) => {
            "A 78xx or 88xx speaks SIP; without a call manager it needs the licence and the \
             firmware of the multiplatform (MPP) line."
        }
        Some(Family::F792) => "A 7921, 7925 or 7926 is wireless and has no SIP firmware.",
        _ => {
            "This program converts the 7906/7911, 7931, 7941/7961, 7942/7962, 7945/7965, 7970/7971 \
             and 7975."
        }
    }
}

pub(crate) fn unsupported(name: &str, family: Option<Family>, at: RunTime) -> Diagnosis {
    let own = family.map_or_else(
        || "a model that this program does not know".to_owned(),
        |family| format!("a {}", models(&[family])),
    );
    diagnosis(
        Code::UnsupportedModel,
        format!("'{}' at {}, as of {own}", shown(name), clock(at)),
        format!(
            "This program does not convert it: disconnect it. {}",
            needs(family)
        ),
    )
}

pub(crate) fn voice_vlan(
    vlan: u16,
    source: EvidenceSource,
    address: Ipv4Addr,
    network: Subnet,
    since: RunTime,
) -> Diagnosis {
    let who = if source == EvidenceSource::Lldp {
        "LLDP"
    } else {
        "CDP"
    };
    diagnosis(
        Code::VoiceVlan,
        format!(
            "by its own {who} at {} it tags its frames with VLAN {vlan}, and its address {address} \
             is not in {network}, which is served; it asked for nothing here",
            clock(since)
        ),
        format!(
            "Connect this machine to VLAN {vlan}, or for the conversion take the voice VLAN off the \
             phone's switch port, and restart the phone. Where a router leads from there to \
             here, it is enough that the DHCP server of VLAN {vlan} names this machine."
        ),
    )
}

pub(crate) fn no_application(name: &str, at: RunTime) -> Diagnosis {
    diagnosis(
        Code::ProtocolApplicationInvalid,
        format!("asked for '{}' at {}", shown(name), clock(at)),
        "A 7940 or 7960 whose loader finds no application. Serve P0S3-8-12-00.loads, \
         P003-8-12-00.sbn and P0S3-8-12-00.sb2, and an XMLDefault.cnf.xml with loadInformation7 \
         and loadInformation8 naming P0S3-8-12-00; this program does not do that.",
    )
}

/// The boots in which a manifest was taken and no image asked for.
pub(crate) fn boots_without_images(boots: &[Take]) -> String {
    let (name, recovery) = boots
        .last()
        .map_or(("", true), |take| (take.name.as_str(), take.recovery));
    let mut times: Vec<String> = boots
        .iter()
        .take(SHOWN_TIMES)
        .map(|take| clock(take.first))
        .collect();
    if boots.len() > SHOWN_TIMES {
        times.push(format!("{} more", boots.len() - SHOWN_TIMES));
    }
    let who = if recovery {
        "boot loader"
    } else {
        "application"
    };
    let took = if boots.iter().all(|take| take.whole) {
        format!("took '{}' whole", shown(name))
    } else {
        format!("asked for '{}'", shown(name))
    };
    format!(
        "the {who} {took} in {} boots (at {}) and never asked for an image",
        boots.len(),
        times.join(", ")
    )
}

/// What to do about the key, for who tried this with the bridge.
fn bridge_cure(family: Option<Family>, tried: BridgeProgress) -> String {
    let file = family.and_then(bridge_bundle_name).map_or_else(
        || "the SCCP 8.5(2) bundle of its model".to_owned(),
        |file| format!("{file} (Cisco's SCCP 8.5(2) bundle of its model)"),
    );
    match tried {
        BridgeProgress::Untried => format!(
            "get {file} and start again with --bridge: the phone then gets the bridge and after \
             its reboot this release, by itself"
        ),
        BridgeProgress::Shown | BridgeProgress::Taken => {
            "it took the bridge, so its load knows the key by now".to_owned()
        }
        BridgeProgress::Unwanted => {
            "it was told of the bridge and did not ask for it, so it most likely \
                             runs it and the key is not the cause"
                .to_owned()
        }
        BridgeProgress::Refused => format!(
            "it refused the bridge too; if that was not {file}, try that one, else the hardware is \
             the likelier cause"
        ),
    }
}

/// The cure of a refusal by one of two causes.
fn either(family: Option<Family>, tried: BridgeProgress) -> String {
    format!(
        "The phone reads the manifest and refuses this release, for one of two reasons; its screen \
         tells which. 'Auth Fail': its load is older than 8.3(3) and does not know the signing \
         key; {}. 'Load rejected HC': the release is not made for this hardware revision; take \
         the newest release of its model. Cables, switches and settings are not the cause.",
        bridge_cure(family, tried)
    )
}

pub(crate) fn bridge_unwanted(since: RunTime, tried: BridgeProgress) -> Diagnosis {
    diagnosis(
        Code::ManifestRefused,
        format!(
            "refused the manifest, was told of the bridge in its configuration at {} and did not \
             ask for it",
            clock(since)
        ),
        either(None, tried),
    )
}

pub(crate) fn refused(boots: &[Take], family: Option<Family>, tried: BridgeProgress) -> Diagnosis {
    diagnosis(
        Code::ManifestRefused,
        boots_without_images(boots),
        either(family, tried),
    )
}

pub(crate) fn bridge_needed(
    evidence: &str,
    family: Option<Family>,
    tried: BridgeProgress,
) -> Diagnosis {
    diagnosis(
        Code::BridgeNeeded,
        evidence.to_owned(),
        format!(
            "The phone's load does not know the key that this release is signed with: {}. Leave \
             cables, switches and settings as they are.",
            bridge_cure(family, tried)
        ),
    )
}

pub(crate) fn hardware_mismatch(
    evidence: &str,
    runs: Option<&LoadName>,
    hardware: Option<u32>,
) -> Diagnosis {
    let known = match (hardware, runs) {
        (Some(classes), _) => format!("its hardware classes are {classes:#x}"),
        (None, Some(load)) => format!("it runs {}, which knows the key", shown(load.as_str())),
        (None, None) => "the key is not the cause".to_owned(),
    };
    diagnosis(
        Code::HardwareMismatch,
        format!("{evidence}; {known}"),
        "This release does not support the phone's hardware revision (screen: 'Load rejected \
         HC'). Take the newest release of its model; a bridge does not help.",
    )
}

pub(crate) fn rejected_own(name: &str, at: RunTime) -> Diagnosis {
    rejected(format!(
        "its configuration came whole, and in the same boot it asked for '{}' at {}",
        shown(name),
        clock(at)
    ))
}

pub(crate) fn rejected_default(boots: u8, name: &str, at: RunTime) -> Diagnosis {
    rejected(format!(
        "'XMLDefault.cnf.xml' came whole in {boots} boots in a row and nothing followed; it began \
         again with '{}' at {}",
        shown(name),
        clock(at)
    ))
}

fn rejected(evidence: String) -> Diagnosis {
    diagnosis(
        Code::ConfigRejected,
        evidence,
        "The phone drops the configuration: it has no line for it, or an error in it makes it drop \
         the whole file. Give the phone a well-formed SEP file of its own that has a line and no \
         placeholder left; the phone's reason is on http://PHONE/DeviceLog.",
    )
}

pub(crate) fn rebooted(name: &str, cut: &str, at: RunTime) -> Diagnosis {
    diagnosis(
        Code::RebootedMidImage,
        format!(
            "started again {cut}: asked for '{}' at {}",
            shown(name),
            clock(at)
        ),
        "Leave it plugged in: it fetches everything again by itself. If it happens again, look at \
         its power: another switch port, or a power brick.",
    )
}

pub(crate) fn repeated(load: &str, passes: u32) -> Diagnosis {
    diagnosis(
        Code::RepeatFlash,
        format!("fetched every image of {} {passes} times", shown(load)),
        format!(
            "It now gets an XMLDefault that names no load, and keeps what it has; recovery is \
             served as before. If its SEP file names a load, write exactly '{}' there.",
            shown(load)
        ),
    )
}

pub(crate) fn blocked(name: &str, asks: u16, ports: u16, first: RunTime, at: RunTime) -> Diagnosis {
    diagnosis(
        Code::BlockedByFirewall,
        format!(
            "asked for '{}' {asks} times from {ports} ports between {} and {}, was answered each \
             time and never acknowledged anything",
            shown(name),
            clock(first),
            clock(at)
        ),
        "Requests arrive and answers do not get back: a firewall on this machine or between lets \
         port 69 in and the transfer ports not out. Allow UDP from this program, or fix the port \
         with --transfer-port and allow that one.",
    )
}
