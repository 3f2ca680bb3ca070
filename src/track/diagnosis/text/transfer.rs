//! Transfers, power and silence.

use std::time::Duration;

use super::format::{clock, diagnosis, printable};
use crate::{
    diagnose::{Code, Diagnosis},
    phone::{Family, Installation, LoadName, RequestedFile},
    track::{event::State, observation::RunTime},
};

/// The phone was silent for longer than its state allows.
pub(crate) fn stalled(
    state: State,
    silent: Duration,
    family: Option<Family>,
    since: RunTime,
) -> Diagnosis {
    let minutes = silent.as_secs() / 60;
    let has_slots = family.is_some_and(|family| family.slots().is_some());
    let has_loader = family.is_some_and(|family| family.installation() == Installation::Loader);
    let (activity, cure) = match state {
        State::Images if has_loader => (
            "transferring an image",
            "Check the cable, the switch port and the power. Then power the phone off and on: its \
             loader requests its configuration again and fetches what is missing.",
        ),
        state if has_loader && state.may_be_writing() => (
            "its last image",
            "Writing and restarting takes minutes, but was never observed to take this long. Read \
             the phone's screen; if it shows no 'Upgrading' and no 'Copying', power the phone off \
             and on: its loader requests its configuration again. Keep this server running.",
        ),
        State::Configuring if has_loader => (
            "requesting its configuration",
            "Likely causes: the phone runs the load already and no source has reported it; its \
             configuration names no load of this bundle; the phone lost power or its network. \
             Look at the phone. If it is on, name the load in its SEP file (loadInformation) or in \
             its SIP file (image_version), and restart it. A reset does not help: it keeps the \
             firmware.",
        ),
        State::Images if has_slots => (
            "transferring an image",
            "Check the cable, the switch port and the power. Then power the phone off and on: it \
             starts the firmware that it ran before, and fetches everything again.",
        ),
        state if has_slots && state.may_be_writing() => (
            "its last image",
            "Writing and restarting takes minutes, but was never observed to take this long. Power \
             the phone off and on: it starts one of its two firmwares and requests its configuration.",
        ),
        State::Configuring if has_slots => (
            "requesting its configuration",
            "Likely causes: the phone runs the load already, perhaps from its other slot, and no \
             source has reported it; its configuration names no load of this bundle, or one that \
             the phone rejects by its name; the phone lost power or its network. Look at the phone. \
             If it is on, name the load in its SEP file (loadInformation) and restart it.",
        ),
        State::Configuring => (
            "requesting its configuration",
            "Likely causes: the phone runs the load already and no source has reported it; its \
             configuration names no load of this bundle; the phone lost power or its network. \
             Look at the phone. If it is on, name the load in its SEP file (loadInformation). Or, \
             if the bundle has a recovery manifest for its model, reset it to factory settings \
             (hold # while powering it on, then press 123456789*0#).",
        ),
        State::Manifest => (
            "requesting a manifest",
            "Read the phone's screen. 'Auth Fail' or 'Load rejected HC' means that the phone \
             refuses this release. Otherwise check the cable and the switch port, then power \
             the phone off and on; it starts again by itself.",
        ),
        State::Images => (
            "transferring an image",
            "Check the cable, the switch port and the power. Then power the phone off and on: \
             its boot loader requests the recovery manifest again and loses nothing. Keep this \
             server running.",
        ),
        _ => (
            "its last image",
            "Writing takes minutes, with a dark screen, but was never observed to take this long. \
             If no lamp is lit, power the phone off and on: if it cannot start, its boot loader \
             requests the recovery manifest again. Keep this server running.",
        ),
    };
    diagnosis(
        Code::Stalled,
        format!(
            "no request or acknowledgement for {minutes} min, since {} (after {activity})",
            clock(since)
        ),
        cure,
    )
}

/// The phone rejected its images and was silent for longer than the time of writing.
pub(crate) fn stalled_after_rejection(silent: Duration, since: RunTime) -> Diagnosis {
    let minutes = silent.as_secs() / 60;
    diagnosis(
        Code::Stalled,
        format!(
            "no request or acknowledgement for {minutes} min, since {} (after it rejected its images)",
            clock(since)
        ),
        "The phone runs on with the load that it has, and writes nothing: see images-refused. It \
         fetches the images again when it restarts.",
    )
}

/// An application of the phone requested `name` after the last image, and acknowledged nothing since.
pub(crate) fn stalled_unproven(name: &str, silent: Duration, since: RunTime) -> Diagnosis {
    let minutes = silent.as_secs() / 60;
    diagnosis(
        Code::Stalled,
        format!(
            "no request or acknowledgement for {minutes} min, since {}; after its last image its address \
             requested {}, as a phone does that starts, but acknowledged no file, as every phone does",
            clock(since),
            printable(name)
        ),
        "The request may be another host's. Look at the phone. If its display shows the time or \
         'Registering', it runs: power it off and on, and it requests its files again. If no lamp is lit, \
         do the same: its boot loader requests the recovery manifest. Keep this server running.",
    )
}

/// An image is requested again and again. `last`: the acknowledged bytes of the last attempt
/// and the size of the file, if known.
pub(crate) fn broken(
    name: &str,
    attempts: u16,
    last: Option<(u64, u64)>,
    at: RunTime,
) -> Diagnosis {
    let power = match last {
        Some(_) => "",
        None => {
            " A phone that loses its power at this file looks the same in a log: check that too."
        }
    };
    let last = last.map_or_else(
        || "the phone never requested the next file".to_owned(),
        |(bytes, size)| format!("the last one got {bytes} of {size} bytes"),
    );
    diagnosis(
        Code::TransferBroken,
        format!(
            "requested '{}' {attempts} times (last at {}); no attempt completed: {last}",
            printable(name),
            clock(at)
        ),
        format!(
            "Packets are lost between this machine and the phone. Check for a firewall that allows \
             port 69 but not the transfer ports, a duplex mismatch on the switch port, and a bad \
             cable.{power} The phone continues by itself once the problem is fixed."
        ),
    )
}

/// A start of the phone interrupted its images.
pub(crate) fn rebooted(
    name: &str,
    interrupted: &str,
    family: Option<Family>,
    at: RunTime,
) -> Diagnosis {
    let caution = match family.and_then(Family::slots).map(|slots| slots.caution) {
        Some(caution) if !caution.is_empty() => format!(" Known of this model: {caution}."),
        _ => String::new(),
    };
    diagnosis(
        Code::RebootedMidImage,
        format!(
            "restarted {interrupted}: requested '{}' at {}",
            printable(name),
            clock(at)
        ),
        format!(
            "Leave the phone plugged in: it fetches everything again by itself. If this happens \
             again, change its power: use another switch port, or a power brick.{caution}"
        ),
    )
}

/// The phone fetched the whole load too often.
pub(crate) fn repeated(load: &LoadName, passes: u32) -> Diagnosis {
    let name = if load.is_recovery() {
        "the load that the phone shows (Settings > Model Information)".to_owned()
    } else {
        format!("exactly '{}'", printable(load.as_str()))
    };
    let load = printable(load.as_str());
    diagnosis(
        Code::RepeatFlash,
        format!("fetched every image of {load} {passes} times"),
        format!(
            "In a run of this program the server now gives the phone an XMLDefault.cnf.xml that \
             names no load, so the phone keeps its load; it can still fetch its recovery files. If \
             its SEP file names a load, write {name} there."
        ),
    )
}

/// Repeated requests for one file whose answers do not arrive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LostAnswers<'a> {
    pub(crate) name: &'a str,
    pub(crate) requests: u16,
    pub(crate) ports: u16,
    /// The record gives the phone's ports.
    pub(crate) has_ports: bool,
    /// Answers and acknowledgements are observed, not only requests.
    pub(crate) answers_observed: bool,
    pub(crate) first: RunTime,
    pub(crate) last: RunTime,
}

/// The phone does not receive the server's answers.
pub(crate) fn blocked(lost: &LostAnswers<'_>) -> Diagnosis {
    let ports = match lost.ports {
        ports if lost.has_ports && ports > 1 => format!(" from {ports} ports"),
        _ => String::new(),
    };
    let answers = if lost.answers_observed {
        "every request was answered and nothing was acknowledged"
    } else {
        "it repeats the request as it does without an answer"
    };
    let waits = match RequestedFile::parse(lost.name) {
        RequestedFile::TrustList(_) | RequestedFile::IdentityList(_) => {
            " The phone waits for an answer to its request for a trust list; \"not found\" is \
             enough, and the phone then continues. If the answers cannot be made to arrive from \
             this server, use another one; if a phone still repeats the request, serve an empty \
             file of that name. Or, if the bundle has a recovery manifest for its model, reset it \
             to factory settings."
        }
        _ => "",
    };
    diagnosis(
        Code::BlockedByFirewall,
        format!(
            "requested '{}' {} times{ports} between {} and {}; {answers}",
            printable(lost.name),
            lost.requests,
            clock(lost.first),
            clock(lost.last)
        ),
        format!(
            "Requests arrive at the server, but its answers do not reach the phone. Check in this \
             order. Firewall: on the server, it accepts port 69 but no established connections, \
             to which the phone's acknowledgements belong (`reflash check` reads the rules and \
             prints the command); or, on the way, it does not allow the transfer ports out \
             (--transfer-port 30000-30255 fixes those of this program). \
             Routing: the server has no route back to the phone's network, or the phone has a \
             wrong router or netmask (ping the phone from the server). Reply address: a server \
             with several addresses answers from another address than the phone asked; bind it to \
             that address.{waits}"
        ),
    )
}
