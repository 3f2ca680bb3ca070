//! The words for states, phones and sizes that all displays share.

use crate::{
    text::{escape, size},
    track::{Event, Evidence, EvidenceSource, PhoneRef, State, Step},
};

/// A phone's name in a line: its MAC once it is known, its address until then.
pub(super) fn name(phone: &PhoneRef) -> String {
    let model = phone
        .model
        .as_deref()
        .map(|model| format!(" ({model})"))
        .unwrap_or_default();
    let name = phone.name.as_ref().map(|name| format!(" {}", escape(name)));
    match phone.mac {
        Some(mac) => format!("SEP{}{model}{}", mac.upper_hex(), name.unwrap_or_default()),
        None => format!("{}{model}", phone.address),
    }
}

/// One word and what is being waited for.
pub(crate) fn state(state: State) -> (&'static str, &'static str) {
    match state {
        State::Seen => ("seen", "waiting for its first request"),
        State::Configuring => ("configuring", "reads its configuration"),
        State::Manifest => (
            "manifest",
            "has the list of images, asks for the first next",
        ),
        State::Images => ("images", "fetches its images"),
        State::Writing => (
            "writing",
            "DO NOT UNPLUG: writes its flash, up to 5 minutes",
        ),
        State::Rebooted => ("rebooted", "restarted, asks for its configuration next"),
        State::Flashed => (
            "flashed",
            "runs the new images; waiting for a witness of the load",
        ),
        State::Confirmed => ("confirmed", "runs the target load"),
        State::Already => ("already", "ran the target load before anything was fetched"),
        State::Stalled => ("stalled", "silent for longer than is normal"),
        State::Failed => ("failed", "waiting will not heal this"),
    }
}

/// What is known and by whom: `CDP says SIP45.9-3-1SR4-1S (…)`. Not escaped.
pub(crate) fn evidence_of(evidence: &Evidence) -> String {
    let who = match evidence.source {
        // Their words say it: asked for this, delivered that.
        EvidenceSource::Requests => return evidence.detail.clone(),
        EvidenceSource::Neighbour => "ARP says",
        EvidenceSource::Cdp => "CDP says",
        EvidenceSource::Lldp => "LLDP says",
        EvidenceSource::Dhcp => "DHCP says",
        EvidenceSource::Sip => "SIP says",
        EvidenceSource::Sccp => "SCCP says",
        EvidenceSource::Web => "its web page says",
        EvidenceSource::Person => "a person says",
    };
    format!("{who} {}", evidence.detail)
}

/// A step in one line, without the phone's name.
pub(super) fn step(step: &Step) -> String {
    let (word, meaning) = state(step.state);
    let fetching = matches!(step.state, State::Manifest | State::Images | State::Writing);
    let what = match (
        step.details.file.as_ref().filter(|_| fetching),
        step.details.bytes,
    ) {
        (Some(file), Some(bytes)) => format!("got {} ({})", escape(file), size(bytes)),
        (Some(file), None) => format!("asked for {}", escape(file)),
        (None, _) => meaning.to_owned(),
    };
    let load = step
        .details
        .load
        .as_ref()
        .map(|load| format!(", {}", escape(load.as_str())));
    let pass = (step.pass > 1).then(|| format!(", pass {}", step.pass));
    let evidence = step
        .details
        .evidence
        .as_ref()
        .map(|it| format!(" – {}", escape(&evidence_of(it))));
    let rest: String = [load, pass, evidence].into_iter().flatten().collect();
    format!("{word:<11} {what}{rest}")
}

/// A diagnosis or its withdrawal, in the lines that a person reads: what, why, what to do.
pub(super) fn diagnosis(event: &Event) -> Option<(String, Vec<String>)> {
    let (phone, diagnosis, withdrawn) = match event {
        Event::Diagnosis { phone, diagnosis } => (phone, diagnosis, false),
        Event::Withdrawn { phone, diagnosis } => (phone, diagnosis, true),
        Event::Step(_) | Event::Progress(_) | Event::Gone { .. } => return None,
    };
    let whose = phone.as_ref().map_or_else(|| "this run".to_owned(), name);
    if withdrawn {
        return Some((format!("{whose}: no longer {}", diagnosis.code), Vec::new()));
    }
    let lines = vec![
        escape(&diagnosis.evidence),
        format!("→ {}", escape(&diagnosis.cure)),
    ];
    Some((format!("{whose}: {}", diagnosis.code), lines))
}
