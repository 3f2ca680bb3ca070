//! The words of each diagnosis: what was seen, when, and what a person does about it.

use std::time::Duration;

mod lease;
mod more;
mod registering;

use crate::{
    diagnose::{Code, Diagnosis},
    phone::{Family, Model},
    track::{RunTime, State},
};
pub(crate) use lease::{leased, no_tftp_address};
pub(crate) use more::*;
pub(crate) use registering::{Unregistered, Why, not_registering, registered};

/// Characters of a name from the wire that evidence shows.
const SHOWN_CHARACTERS: usize = 80;

fn diagnosis(code: Code, evidence: String, cure: impl Into<String>) -> Diagnosis {
    Diagnosis {
        code,
        severity: code.severity(),
        evidence,
        cure: cure.into(),
    }
}

/// A name from the wire as it may be shown: escaped and cut.
pub(crate) fn shown(name: &str) -> String {
    name.escape_debug().take(SHOWN_CHARACTERS).collect()
}

/// A moment as evidence gives it: time since the run began.
pub(crate) fn clock(at: RunTime) -> String {
    let seconds = at.as_secs();
    format!(
        "{}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

fn models(families: &[Family]) -> String {
    let mut numbers: Vec<&str> = families
        .iter()
        .flat_map(|family| family.models())
        .map(Model::plain_number)
        .collect();
    numbers.dedup();
    numbers.join("/")
}

pub(crate) fn stalled(state: State, silent: Duration, since: RunTime) -> Diagnosis {
    let minutes = silent.as_secs() / 60;
    let (was, cure) = match state {
        State::Configuring => (
            "after asking for its configuration",
            "Either it runs the load already and no witness said so, or the configuration that it \
             uses names no load of this bundle, and it has no reason to fetch one. Name the load in its SEP file (loadInformation), or reset the \
             phone to factory settings (hold # while powering it on, then 123456789*0#).",
        ),
        State::Manifest => (
            "after asking for a manifest",
            "Look at the phone's screen: 'Auth Fail' or 'Load rejected HC' mean that it refuses \
             this release. Otherwise check cable and switch port, then power the phone off and \
             on; it starts again by itself.",
        ),
        State::Images => (
            "between two images",
            "Check cable, switch port and power. Then power the phone off and on: its boot \
             loader asks for the recovery manifest again and loses nothing. Keep this server \
             running.",
        ),
        _ => (
            "after its last image",
            "Writing takes minutes with a dark screen; this is longer than any seen. If no lamp \
             is lit, power the phone off and on: if it cannot start, its boot loader asks for \
             the recovery manifest again. Keep this server running.",
        ),
    };
    diagnosis(
        Code::Stalled,
        format!("silent for {minutes} min since {} {was}", clock(since)),
        cure,
    )
}

pub(crate) fn missing(name: &str, at: RunTime) -> Diagnosis {
    diagnosis(
        Code::MissingImage,
        format!(
            "asked for '{}' at {} and was told that it is not there",
            shown(name),
            clock(at)
        ),
        "If the name is of this bundle, the bundle is incomplete: verify it and get it again. If \
         it is of another release, the phone's SEP file names that release: name the staged load \
         there. The phone starts over by itself.",
    )
}

pub(crate) fn wrong_model(name: &str, family: Family, staged: &[Family], at: RunTime) -> Diagnosis {
    let own = models(&[family]);
    diagnosis(
        Code::WrongModelBundle,
        format!(
            "asked for '{}' at {}, as a {own} does; what is staged is for {}",
            shown(name),
            clock(at),
            models(staged)
        ),
        format!(
            "Start again with a SIP bundle for the {own} beside or instead of this one. Leave \
             the phone on: it keeps asking."
        ),
    )
}

pub(crate) fn trust_list(name: &str, at: RunTime) -> Diagnosis {
    diagnosis(
        Code::TrustList,
        format!("asked for the signed '{}' at {}", shown(name), clock(at)),
        "The phone holds a trust list of its old call manager and takes no configuration that is \
         not signed by it. Erase it on the phone (Settings > Security Configuration > Trust \
         List, unlock with **#, Erase), or reset the phone to factory settings: recovery ignores \
         trust lists.",
    )
}

pub(crate) fn mismatch(name: &str, meant: &str, at: RunTime) -> Diagnosis {
    diagnosis(
        Code::NameMismatch,
        format!(
            "asked for '{}' at {}; staged is '{}'",
            shown(name),
            clock(at),
            shown(meant)
        ),
        format!(
            "Write the name as it is staged into the phone's SEP file: the load is '{}', without \
             .loads behind it and with everything else.",
            shown(meant.strip_suffix(".loads").unwrap_or(meant))
        ),
    )
}

/// `last`: the acknowledged bytes of the last attempt and the file's, where they are known.
pub(crate) fn broken(
    name: &str,
    attempts: u16,
    last: Option<(u64, u64)>,
    at: RunTime,
) -> Diagnosis {
    let last = last.map_or_else(
        || ", as it never asked for what follows".to_owned(),
        |(bytes, size)| format!(", the last one got {bytes} of {size} bytes"),
    );
    diagnosis(
        Code::TransferBroken,
        format!(
            "asked for '{}' for the {attempts}. time at {}; no attempt came through{last}",
            shown(name),
            clock(at)
        ),
        "Something between this machine and the phone loses packets: look for a firewall that \
         lets port 69 through and the transfers not, a duplex mismatch on the switch port, or a \
         bad cable. The phone goes on by itself once the way is clear.",
    )
}
