//! Manifests that a phone refuses.

use super::format::{clock, diagnosis, printable};
use crate::{
    diagnose::{Code, Diagnosis, Severity},
    phone::{Family, LoadName, bridge_bundle_name},
    track::{diagnosis::rules::ManifestDelivery, observation::RunTime, route::BridgeProgress},
};

/// Times that a list in the evidence contains; the rest are counted.
const LISTED_TIMES: usize = 5;

/// The boots in which a manifest was delivered and no image was requested.
pub(crate) fn boots_without_images(boots: &[ManifestDelivery]) -> String {
    let (name, recovery) = boots.last().map_or(("", true), |delivery| {
        (delivery.name.as_str(), delivery.recovery)
    });
    let name = printable(name);
    let mut times: Vec<String> = boots
        .iter()
        .take(LISTED_TIMES)
        .map(|delivery| clock(delivery.first))
        .collect();
    if boots.len() > LISTED_TIMES {
        times.push(format!("{} more", boots.len() - LISTED_TIMES));
    }
    let program = if recovery {
        "boot loader"
    } else {
        "application"
    };
    let (fetched, caution) = if boots.iter().all(|delivery| delivery.whole) {
        (format!("fetched all of '{name}'"), "")
    } else {
        let caution = "; requests alone do not show whether the manifest arrived";
        (format!("requested '{name}'"), caution)
    };
    format!(
        "the {program} {fetched} in {} boots (at {}) and never requested an image{caution}",
        boots.len(),
        times.join(", ")
    )
}

/// What to do about the signing key, given what became of the bridge.
fn bridge_cure(family: Option<Family>, bridge: BridgeProgress) -> String {
    let file = family.and_then(bridge_bundle_name).map_or_else(
        || "the SCCP 8.5(2) bundle of its model".to_owned(),
        |file| format!("{file} (Cisco's SCCP 8.5(2) bundle of its model)"),
    );
    match bridge {
        BridgeProgress::Untried => format!(
            "get {file} and start again with --bridge: the phone then installs the bridge and, \
             after its restart, this release, by itself"
        ),
        BridgeProgress::Offered | BridgeProgress::Installed => {
            "it installed the bridge, so its load knows the key by now".to_owned()
        }
        BridgeProgress::NotRequested => {
            "it was offered the bridge and did not request it, so it most likely runs it already, \
             and then the key is not the cause"
                .to_owned()
        }
        BridgeProgress::Refused => format!(
            "it refused the bridge too: if that bridge was not {file}, try {file}; otherwise the \
             hardware is the likelier cause"
        ),
    }
}

/// What the boots show besides the refusal.
fn what_boots_show(boots: &[ManifestDelivery]) -> &'static str {
    let whole = boots.iter().all(|delivery| delivery.whole);
    match boots.last() {
        Some(delivery) if !delivery.recovery => {
            " If the screen shows neither, the phone may run this load already: compare Settings > \
             Model Information."
        }
        Some(_) if !whole => "",
        Some(_) => " The phone acknowledged the whole manifest, so requests and answers arrive.",
        None => "",
    }
}

/// The cure of a refusal with two possible causes.
fn either_cure(
    boots: &[ManifestDelivery],
    family: Option<Family>,
    bridge: BridgeProgress,
) -> String {
    format!(
        "{}Read the phone's screen: it shows which of two reasons applies. 'Auth Fail': its load is \
         older than 8.3(3) and does not know the signing key; {}. 'Load rejected HC': the release \
         does not support this hardware revision; use the newest release for its model.{}",
        how_to_tell_apart(boots),
        bridge_cure(family, bridge),
        what_boots_show(boots)
    )
}

/// What to check first if it is not known that the manifest arrived.
fn how_to_tell_apart(boots: &[ManifestDelivery]) -> String {
    let Some(newest) = boots.last().filter(|_| is_inferred(boots)) else {
        return String::new();
    };
    let name = printable(newest.name.rsplit('/').next().unwrap_or(&newest.name));
    format!(
        "Only requests were observed, so first find out on the server whether the manifest \
         arrives. Is '{name}' in the server's folder, in this spelling, and may the server's user \
         read it? Some servers log requests for missing files like all others. Does another host \
         get it (curl -O tftp://SERVER/{name})? If so, a firewall or a route may keep the answers \
         from the phone: capture while it starts (tcpdump -i any -w FILE, then reflash replay \
         FILE). If the manifest arrives, the phone refuses it. "
    )
}

/// Whether no delivery was observed, only requests.
fn is_inferred(boots: &[ManifestDelivery]) -> bool {
    !boots.is_empty() && boots.iter().all(|delivery| !delivery.whole)
}

/// The application read the name of the bridge and did not request it.
pub(crate) fn bridge_not_requested(since: RunTime, bridge: BridgeProgress) -> Diagnosis {
    diagnosis(
        Code::ManifestRefused,
        format!(
            "refused the manifest, read a configuration that names the bridge at {}, and did not \
             request the bridge",
            clock(since)
        ),
        either_cure(&[], None, bridge),
    )
}

/// The phone refused a manifest, for one of two reasons.
pub(crate) fn refused(
    boots: &[ManifestDelivery],
    family: Option<Family>,
    bridge: BridgeProgress,
) -> Diagnosis {
    let refused = diagnosis(
        Code::ManifestRefused,
        boots_without_images(boots),
        either_cure(boots, family, bridge),
    );
    if is_inferred(boots) {
        // The phone does not count as failed.
        return Diagnosis {
            severity: Severity::Warning,
            ..refused
        };
    }
    refused
}

/// The phone's load does not know the signing key of the target.
pub(crate) fn bridge_needed(
    evidence: &str,
    family: Option<Family>,
    bridge: BridgeProgress,
) -> Diagnosis {
    diagnosis(
        Code::BridgeNeeded,
        evidence.to_owned(),
        format!(
            "The phone's load does not know the key that this release is signed with: {}. Other \
             cables, switches or settings do not change that.",
            bridge_cure(family, bridge)
        ),
    )
}

/// The release does not support the phone's hardware revision.
pub(crate) fn hardware_mismatch(
    evidence: &str,
    reported: Option<&LoadName>,
    hardware: Option<u32>,
) -> Diagnosis {
    let known = match (hardware, reported) {
        (Some(classes), _) => format!("its hardware classes are {classes:#x}"),
        (None, Some(load)) => {
            format!("it runs {}, which knows the key", printable(load.as_str()))
        }
        (None, None) => "the key is not the cause".to_owned(),
    };
    diagnosis(
        Code::HardwareMismatch,
        format!("{evidence}; {known}"),
        "Use the newest release for the phone's model: this one does not support its hardware \
         revision (screen: 'Load rejected HC'). A bridge does not help.",
    )
}
