//! Transfers, power and silence.

use std::time::Duration;

use super::format::{clock, diagnosis, printable};
use crate::{
    diagnose::{Code, Diagnosis},
    track::{event::State, observation::RunTime},
};

/// The phone was silent for longer than its state allows.
pub(crate) fn stalled(state: State, silent: Duration, since: RunTime) -> Diagnosis {
    let minutes = silent.as_secs() / 60;
    let (activity, cure) = match state {
        State::Configuring => (
            "requesting its configuration",
            "Either the phone already runs the load and no source has reported it, or its \
             configuration names no load of this bundle. Name the load in its SEP file \
             (loadInformation), or reset the phone to factory settings (hold # while powering \
             it on, then press 123456789*0#).",
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

/// An image is requested again and again. `last`: the acknowledged bytes of the last attempt
/// and the size of the file, if known.
pub(crate) fn broken(
    name: &str,
    attempts: u16,
    last: Option<(u64, u64)>,
    at: RunTime,
) -> Diagnosis {
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
        "Packets are lost between this machine and the phone. Check for a firewall that allows \
         port 69 but not the transfer ports, a duplex mismatch on the switch port, and a bad \
         cable. The phone continues by itself once the problem is fixed.",
    )
}

/// A start of the phone interrupted its images.
pub(crate) fn rebooted(name: &str, interrupted: &str, at: RunTime) -> Diagnosis {
    diagnosis(
        Code::RebootedMidImage,
        format!(
            "restarted {interrupted}: requested '{}' at {}",
            printable(name),
            clock(at)
        ),
        "Leave the phone plugged in: it fetches everything again by itself. If this happens \
         again, change its power: use another switch port, or a power brick.",
    )
}

/// The phone fetched the whole load too often.
pub(crate) fn repeated(load: &str, passes: u32) -> Diagnosis {
    let load = printable(load);
    diagnosis(
        Code::RepeatFlash,
        format!("fetched every image of {load} {passes} times"),
        format!(
            "The server now gives the phone an XMLDefault.cnf.xml that names no load, so the \
             phone keeps its load; it can still fetch its recovery files. If its SEP file names a \
             load, write exactly '{load}' there."
        ),
    )
}

/// The phone does not receive this machine's answers.
pub(crate) fn blocked(
    name: &str,
    requests: u16,
    ports: u16,
    first: RunTime,
    at: RunTime,
) -> Diagnosis {
    diagnosis(
        Code::BlockedByFirewall,
        format!(
            "requested '{}' {requests} times from {ports} ports between {} and {}; every request \
             was answered and nothing was acknowledged",
            printable(name),
            clock(first),
            clock(at)
        ),
        "Requests arrive, but the answers do not reach the phone: a firewall, on this machine or \
         between it and the phone, accepts port 69 but drops what is sent from the transfer \
         ports. Allow outgoing UDP of this program, or fix the port with --transfer-port and \
         allow that port.",
    )
}
