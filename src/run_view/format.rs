//! Texts for states, phones, evidence and steps that all renderings share.

use std::net::Ipv4Addr;

use crate::{
    text::{escape, size},
    track::{
        Event, Evidence, EvidenceSource, FileOutcome, LineReport, LineState, MissingPhone,
        PhoneRef, PhoneStep, Report, State, StepDetails, source_name,
    },
};

/// A phone's name in a line: its MAC once it is known, its address until then.
pub(crate) fn phone_name(phone: &PhoneRef) -> String {
    let model = phone
        .model
        .as_deref()
        .or(phone.family.as_deref())
        .map(|model| format!(" ({model})"))
        .unwrap_or_default();
    let name = phone.name.as_ref().map(|name| format!(" {}", escape(name)));
    match phone.mac {
        Some(mac) => format!("SEP{}{model}{}", mac.upper_hex(), name.unwrap_or_default()),
        None => format!("{}{model}", long_address(phone.address)),
    }
}

/// An address, unless it is the unspecified one of a phone without a known address.
pub(crate) fn known_address(address: Ipv4Addr) -> Option<String> {
    (!address.is_unspecified()).then(|| address.to_string())
}

/// An address in a table.
pub(crate) fn address(address: Ipv4Addr) -> String {
    known_address(address).unwrap_or_else(|| "unknown".to_owned())
}

/// An address in a text.
pub(crate) fn long_address(address: Ipv4Addr) -> String {
    known_address(address).unwrap_or_else(|| "address unknown".to_owned())
}

/// A phone that was not seen so far: its name by the inventory, else its MAC, and its model.
pub(crate) fn missing_name(phone: &MissingPhone) -> String {
    let name = match &phone.name {
        Some(name) => escape(name),
        None => format!("SEP{}", phone.mac.upper_hex()),
    };
    match &phone.model {
        Some(model) => format!("{name} ({model})"),
        None => name,
    }
}

/// The name of a state, as in JSON.
pub(crate) fn state_name(state: State) -> &'static str {
    match state {
        State::Seen => "seen",
        State::Configuring => "configuring",
        State::Manifest => "manifest",
        State::Images => "images",
        State::Writing => "writing",
        State::Rebooted => "rebooted",
        State::Flashed => "flashed",
        State::Confirmed => "confirmed",
        State::Already => "already",
        State::Stalled => "stalled",
        State::Failed => "failed",
    }
}

/// What it means that a phone is up.
pub(crate) const UP: &str = "its application runs; it fetches no firmware";

/// What a state means, or what happens next.
pub(crate) fn state_meaning(state: State) -> &'static str {
    match state {
        State::Seen => "waiting for its first request",
        State::Configuring => "reads its configuration",
        State::Manifest => "has the image list; next: the first image",
        State::Images => "fetches its images",
        State::Writing => "DO NOT UNPLUG: writes its flash, about 5 minutes",
        State::Rebooted => "DO NOT UNPLUG: restarts after its last image; next: its configuration",
        State::Flashed => "has the new images; the running load is not confirmed yet",
        State::Confirmed => "runs the target load",
        State::Already => "ran the target load before anything was fetched",
        State::Stalled => "no activity for longer than normal",
        State::Failed => "action needed; see its diagnosis",
    }
}

/// Evidence with its source: `CDP reports SIP45.9-3-1SR4-1S (…)`. Not escaped.
pub(crate) fn evidence(evidence: &Evidence) -> String {
    // The detail is a whole sentence.
    if evidence.disputed {
        return evidence.detail.clone();
    }
    let source = match evidence.source {
        // The detail is a whole sentence: what was requested or delivered.
        EvidenceSource::Requests => return evidence.detail.clone(),
        EvidenceSource::Neighbour => "ARP reports",
        EvidenceSource::Cdp => "CDP reports",
        EvidenceSource::Lldp => "LLDP reports",
        EvidenceSource::Dhcp => "DHCP reports",
        EvidenceSource::Sip => "SIP reports",
        EvidenceSource::Sccp => "SCCP reports",
        EvidenceSource::Web => "its web page reports",
        EvidenceSource::Person => "the operator reports",
    };
    format!("{source} {}", evidence.detail)
}

/// That a state rests on this source alone.
pub(crate) fn rests_on(source: EvidenceSource) -> String {
    let name = source_name(source);
    format!("rests on {name} alone, which another host can forge")
}

/// A step in one line, without the phone's name.
pub(crate) fn step(step: &PhoneStep) -> String {
    let fetching = matches!(step.state, State::Manifest | State::Images | State::Writing);
    let what = match (
        step.details.file.as_ref().filter(|_| fetching),
        step.details.bytes,
    ) {
        (Some(file), Some(bytes)) => transferred(file, bytes, &step.details),
        (Some(file), None) => format!("requested {}", escape(file)),
        (None, _) if step.up => UP.to_owned(),
        (None, _) => state_meaning(step.state).to_owned(),
    };
    // The diagnosis names the load of a failed phone where it matters.
    let load = step.details.load.as_ref();
    let load = load
        .filter(|_| step.state != State::Failed)
        .map(|load| format!(", {}", escape(load.as_str())));
    let pass = (step.pass > 1).then(|| format!(", pass {}", step.pass));
    let evidence = step
        .details
        .evidence
        .as_ref()
        .map(|it| format!(" – {}", escape(&evidence(it))));
    let restarts = &step.details.restarts;
    // The evidence of an order says the same.
    let withheld = restarts
        .withheld
        .filter(|_| step.details.evidence.is_none() && !step.done)
        .map(|why| format!("; not ordered to restart: {}", why.text()));
    let rest: String = [load, pass, evidence, withheld]
        .into_iter()
        .flatten()
        .collect();
    let state = if step.up {
        "up"
    } else {
        state_name(step.state)
    };
    format!("{state:<11} {what}{rest}")
}

/// What a phone has of a file whose transfer ended.
fn transferred(file: &str, bytes: u64, details: &StepDetails) -> String {
    let file = escape(file);
    match (details.outcome, details.size) {
        (None | Some(FileOutcome::Delivered), _) => format!("got {file} ({})", size(bytes)),
        (Some(outcome), Some(whole)) if bytes >= whole || outcome == FileOutcome::Implied => {
            format!(
                "was sent all of {file} ({}); the end is not acknowledged",
                size(whole)
            )
        }
        (_, Some(whole)) => format!(
            "transfer of {file} broke off at {} of {}",
            size(bytes),
            size(whole)
        ),
        (_, None) => format!("transfer of {file} broke off at {}", size(bytes)),
    }
}

/// A diagnosis or its withdrawal: a headline, and below it the evidence and what to do.
pub(crate) fn diagnosis(event: &Event) -> Option<(String, Vec<String>)> {
    let (phone, diagnosis, withdrawn) = match event {
        Event::Diagnosis { phone, diagnosis } => (phone, diagnosis, false),
        Event::Withdrawn { phone, diagnosis } => (phone, diagnosis, true),
        Event::Step(_) | Event::Progress(_) | Event::Gone { .. } => return None,
    };
    let subject = phone
        .as_ref()
        .map_or_else(|| "this run".to_owned(), phone_name);
    if withdrawn {
        return Some((
            format!("{subject}: {} withdrawn", diagnosis.code),
            Vec::new(),
        ));
    }
    let lines = vec![
        escape(&diagnosis.evidence),
        format!("→ {}", escape(&diagnosis.cure)),
    ];
    Some((format!("{subject}: {}", diagnosis.code), lines))
}

/// A sentence with the number of phones in each state.
#[must_use]
pub fn totals(report: &Report) -> String {
    let totals = report.totals;
    let parts = [
        (totals.confirmed, "confirmed"),
        (totals.already, "already converted"),
        (totals.flashed, "flashed"),
        (totals.up, "up"),
        (totals.working, "under way"),
        (totals.stalled, "stalled"),
        (totals.failed, "failed"),
        (totals.seen, "only seen"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, state)| format!("{count} {state}"))
        .collect();
    let phones = match report.phones.len() {
        1 => "1 phone".to_owned(),
        many => format!("{many} phones"),
    };
    let done = report.phones.iter().filter(|phone| phone.done).count();
    let done = (totals.flashed > 0).then(|| format!("; {done} done"));
    let parts = (!parts.is_empty()).then(|| format!(": {}", parts.join(", ")));
    let missing = match report.missing.len() {
        0 => None,
        missing => Some(format!("; {missing} expected, but never seen")),
    };
    let parts = [Some(phones), parts, done, missing];
    parts.into_iter().flatten().collect()
}

/// A sentence with the number of lines by registration; `None`: no phone was given a configuration
/// that names a line.
#[must_use]
pub fn registrations(report: &Report) -> Option<String> {
    let lines = report.registrations.filter(|lines| lines.lines() > 0)?;
    let parts = [
        (lines.registered, "registered"),
        (lines.not_registered, "not registered"),
        (lines.not_visible, "not visible from here"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, state)| format!("{count} {state}"))
        .collect();
    let count = match lines.lines() {
        1 => "1 line".to_owned(),
        many => format!("{many} lines"),
    };
    Some(format!("{count}: {}", parts.join(", ")))
}

/// Each line of a phone's own configuration with its registration; `None`: it has none.
pub(crate) fn lines(lines: &[LineReport]) -> Option<String> {
    let line = |line: &LineReport| {
        let state = match line.state {
            LineState::Registered => "registered",
            LineState::NotRegistered => "not registered",
            LineState::NotVisible => "not visible from here",
        };
        format!("{} {state}", escape(&line.user))
    };
    let lines: Vec<String> = lines.iter().map(line).collect();
    (!lines.is_empty()).then(|| format!("lines: {}", lines.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(outcome: FileOutcome, bytes: u64, size: Option<u64>) -> String {
        let step = PhoneStep {
            phone: PhoneRef {
                id: crate::track::PhoneId(0),
                mac: None,
                address: std::net::Ipv4Addr::new(192, 0, 2, 7),
                model: None,
                family: None,
                name: None,
            },
            state: State::Images,
            done: false,
            up: false,
            pass: 1,
            details: StepDetails {
                file: Some("apps42.sbn".to_owned()),
                bytes: Some(bytes),
                outcome: Some(outcome),
                size,
                ..StepDetails::default()
            },
        };
        step_text(&step)
    }

    fn step_text(step: &PhoneStep) -> String {
        super::step(step).replace("images      ", "")
    }

    #[test]
    fn a_transfer_that_ended_early_is_not_said_to_be_complete() {
        let whole = Some(4_000_000);
        assert_eq!(
            line(FileOutcome::Delivered, 4_000_000, whole),
            "got apps42.sbn (4.0 MB)"
        );
        assert_eq!(
            line(FileOutcome::Implied, 0, whole),
            "was sent all of apps42.sbn (4.0 MB); the end is not acknowledged"
        );
        for outcome in [FileOutcome::Aborted, FileOutcome::Vanished] {
            assert_eq!(
                line(outcome, 1_500_000, whole),
                "transfer of apps42.sbn broke off at 1.5 MB of 4.0 MB"
            );
            assert_eq!(
                line(outcome, 1_500_000, None),
                "transfer of apps42.sbn broke off at 1.5 MB"
            );
            // A client that ends a transfer with an ERROR before its first ACK got nothing.
            assert_eq!(
                line(outcome, 0, whole),
                "transfer of apps42.sbn broke off at 0 B of 4.0 MB"
            );
            assert_eq!(
                line(outcome, 4_000_000, whole),
                "was sent all of apps42.sbn (4.0 MB); the end is not acknowledged"
            );
        }
    }
}
