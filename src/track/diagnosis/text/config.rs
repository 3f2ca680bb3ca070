//! Configurations that a phone does not accept.

use std::net::Ipv4Addr;

use super::format::{clock, diagnosis, printable};
use crate::{
    diagnose::{Code, Diagnosis},
    phone::Family,
    track::{observation::RunTime, withheld::Withheld},
};

/// The phone requested the signed form of its configuration.
pub(crate) fn trust_list(name: &str, family: Option<Family>, at: RunTime) -> Diagnosis {
    let then = match family.and_then(Family::slots) {
        Some(_) => " Then restart the phone.",
        None => "",
    };
    let status = match family.and_then(Family::slots) {
        Some(_) => " (status message: authenticated fail, Reason:14); its old configuration stays",
        None => "",
    };
    diagnosis(
        Code::TrustList,
        format!(
            "requested the signed '{}' at {}",
            printable(name),
            clock(at)
        ),
        format!(
            "The phone has a trust list of its previous call manager and accepts only \
             configurations that are signed by it{status}. {}{then}",
            erase_list(family)
        ),
    )
}

/// How to erase the trust list of a phone.
fn erase_list(family: Option<Family>) -> String {
    if let Some(slots) = family.and_then(Family::slots) {
        return format!("Erase the list {}.", slots.erase_lists);
    }
    let reset = match family {
        Some(family) if !family.has_recovery_manifest() => "",
        _ => {
            " Or, if the bundle has a recovery manifest for its model, reset it to factory settings: \
             recovery ignores trust lists."
        }
    };
    format!(
        "Erase the list on the phone (Settings > Security Configuration > Trust List, unlock with \
         **#, Erase).{reset}"
    )
}

/// The phone fetched its own configuration and did not use it.
/// `may_be_loader`: the phone made a pause of 20 s or more before its application's requests.
pub(crate) fn rejected_own(name: &str, may_be_loader: bool, at: RunTime) -> Diagnosis {
    let mut rejected = rejected(format!(
        "its own configuration was delivered, and in the same boot it requested '{}' at {}",
        printable(name),
        clock(at)
    ));
    if may_be_loader {
        rejected.cure.push_str(
            " If it is a 7940 or 7960, its SEP file names no load that its loader takes: write the load \
             (P0S3-8-12-00) into loadInformation, or remove the file (reflash explain load-not-named).",
        );
    }
    rejected
}

/// The phone fetched a configuration in several boots and nothing followed. `own`: its own.
pub(crate) fn rejected_in_boots(boots: u8, own: bool, name: &str, at: RunTime) -> Diagnosis {
    let file = if own {
        "its own configuration"
    } else {
        "'XMLDefault.cnf.xml'"
    };
    rejected(format!(
        "{file} was delivered in {boots} consecutive boots and nothing followed; the phone started \
         over with '{}' at {}",
        printable(name),
        clock(at)
    ))
}

/// In a record of requests alone, the phone requested a configuration start after start and nothing
/// of a later step.
pub(crate) fn request_loop(starts: u32, name: &str, first: RunTime, last: RunTime) -> Diagnosis {
    let name = printable(name);
    diagnosis(
        Code::ConfigRejected,
        format!(
            "requested '{name}' in {starts} consecutive starts from {} to {}, and nothing of a \
             later step; requests alone do not show whether the file arrived",
            clock(first),
            clock(last)
        ),
        "Two causes are common. The file does not arrive: check that it is in the server's folder and \
         readable for it, that it is not empty, and that the server's answers reach the phone \
         (reflash explain blocked-by-firewall); a capture shows which. Or the phone drops it: check \
         it with reflash lint, and give the phone its own well-formed SEP file, with a telephone \
         line and without placeholders (the phone logs its reason at http://PHONE/DeviceLog). If \
         neither is it, look at the phone: it may restart because it does not register or loses \
         its power.",
    )
}

/// The phone requested configurations in several boots, and each was answered with "not found".
pub(crate) fn no_configuration(boots: u8, name: &str, at: RunTime) -> Diagnosis {
    diagnosis(
        Code::NoConfiguration,
        format!(
            "started {boots} times one after the other, and every configuration that it requested \
             was answered with \"not found\" (started again with '{}' at {})",
            printable(name),
            clock(at)
        ),
        "Put SEP<MAC>.cnf.xml (the MAC address in capitals) or XMLDefault.cnf.xml into the \
         server's folder, with rights for its user. Without one the phone keeps its old \
         configuration and its old load.",
    )
}

/// A client requested the configuration of a phone, which may hold passwords, and did not get it.
pub(crate) fn withheld(name: &str, address: Ipv4Addr, reason: Withheld, at: RunTime) -> Diagnosis {
    let (why, cure) = match reason {
        Withheld::OtherDevice { mac } => (
            format!("the ARP table of this machine has {mac} at that address, which is not this phone"),
            format!(
                "If {mac} is a router, or a host that forwards the phones' requests, start again \
                 with --routed {address}/32, or with the phones' whole network. If the phone got \
                 that address only now, it requests the file again and gets it. Otherwise another \
                 device requests the phone's passwords: the switch shows the port of {mac}."
            ),
        ),
        Withheld::Unresolved => (
            "no host has answered ARP for that address".to_owned(),
            format!(
                "The phone requests the file again. If this repeats, ARP does not reach the phone: \
                 check the switch and the VLAN. If a router forwards the phone's requests, start \
                 again with --routed {address}/32, or with the phones' whole network; do not if you \
                 know no phone with that address, as any host can forge it."
            ),
        ),
        Withheld::ThisMachine => (
            "that is an address of this machine, and accounts of this machine get no file with \
             passwords"
                .to_owned(),
            "To read the file, open it where it was made. To test the run, fetch another file, such \
             as XMLDefault.cnf.xml, or rehearse it: reflash rehearse."
                .to_owned(),
        ),
    };
    diagnosis(
        Code::ConfigurationWithheld,
        format!(
            "{address} requested '{}' at {} and did not get it: {why}",
            printable(name),
            clock(at)
        ),
        cure,
    )
}

/// The phone starts over with its trust lists, and requests no configuration.
pub(crate) fn list_loop(boots: u8, name: &str, family: Option<Family>, at: RunTime) -> Diagnosis {
    diagnosis(
        Code::TrustList,
        format!(
            "started over {boots} times with its trust lists and requested no configuration (last \
             '{}' at {})",
            printable(name),
            clock(at)
        ),
        format!(
            "The phone waits for the trust list (CTLSEP or ITLSEP) of its previous call manager, or \
             the answer \"not found\" does not reach it. {} If it continues, check that the server's \
             answers arrive (reflash explain blocked-by-firewall).",
            erase_list(family)
        ),
    )
}

fn rejected(evidence: String) -> Diagnosis {
    diagnosis(
        Code::ConfigRejected,
        evidence,
        "Give the phone its own well-formed SEP file, with a telephone line and without \
         placeholders: a single error makes a phone drop the whole file. It logs the reason at \
         http://PHONE/DeviceLog.",
    )
}
