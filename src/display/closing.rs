//! The report at the end of a run, 80 columns wide.

use std::{collections::BTreeMap, net::Ipv4Addr};

use jiff::SignedDuration;

use super::style::Style;
use crate::{
    run_view::{PhoneView, RunView, format, registrations, totals},
    text::{clock, date_time, escape, wrap},
    track::{FileOutcome, PhoneReport, Report, State},
};

/// Phones write their flash for up to this long.
const WRITING_TAKES: SignedDuration = SignedDuration::from_mins(5);

/// Columns of a model.
const MODEL: usize = 5;

/// Up to this many phones, the evidence of finished phones is printed too.
const FEW: usize = 10;

/// The report, and what to do next.
pub(super) fn closing(view: &RunView, next_steps: &[String], style: Style) -> Vec<String> {
    let mut lines = vec![String::new()];
    lines.extend(phones(view, style, false));
    if !next_steps.is_empty() {
        lines.push(String::new());
        lines.push("What to do next:".to_owned());
        for text in next_steps {
            lines.extend(step(text));
        }
    }
    lines
}

/// One item of what to do next. Lines that begin with four spaces are a command: they are printed as
/// they are, so that they can be copied.
fn step(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.starts_with("    ") {
            lines.push(line.to_owned());
        } else {
            let first = if lines.is_empty() { "  - " } else { "    " };
            lines.extend(wrap(line, first, "    "));
        }
    }
    lines
}

/// The report of a finished view as a text of its own.
#[must_use]
pub fn table(view: &RunView, style: Style) -> String {
    phones(view, style, true).join("\n") + "\n"
}

/// Every phone, expected phones that were never observed, other clients, and the totals. `times`:
/// print when each phone was seen, however many there are.
fn phones(view: &RunView, style: Style, times: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let models = view.phones().filter_map(PhoneView::model_text);
    let models = models.map(str::len).max().unwrap_or(0).max(MODEL);
    if view.is_empty() {
        lines.push("No phone came.".to_owned());
    } else {
        lines.push(format!(
            "{:<13} {:<15} {:<models$} {:<11} {}",
            "MAC", "address", "model", "state", "load"
        ));
    }
    // With more phones, the evidence of finished ones is only in the JSON.
    let few = view.len() <= FEW;
    for (phone, report) in view.reported() {
        let whole = few || !phone.done;
        lines.extend(row(phone, report, (models, whole, times), style));
    }
    let Some(report) = view.report() else {
        return lines;
    };
    if !report.missing.is_empty() {
        lines.push(String::new());
        lines.push("Expected, but never seen:".to_owned());
    }
    for phone in &report.missing {
        let name = phone.name.as_deref().map(escape).unwrap_or_default();
        let model = phone.model.as_deref().unwrap_or_default();
        let line = match model {
            "" => format!("{:<13} {name}", phone.mac.to_string()),
            model => format!("{:<13} {model:<5} {name}", phone.mac.to_string()),
        };
        lines.push(style.bad(line.trim_end()));
    }
    if !report.others.is_empty() {
        lines.push(String::new());
        lines.push("Other clients (nothing shows that they are phones):".to_owned());
        for other in &report.others {
            let delivered = other
                .files
                .iter()
                .filter(|file| file.outcome == FileOutcome::Delivered)
                .count();
            let requests = other.files.len();
            lines.push(format!(
                "  {:<15} requests: {requests}, delivered: {delivered}",
                format::address(other.address)
            ));
        }
    }
    lines.push(String::new());
    lines.push(totals(report));
    lines.extend(registrations(report));
    let uncertain = report
        .phones
        .iter()
        .filter(|phone| phone.rests_on.is_some());
    lines.extend(
        Some(uncertain.count())
            .filter(|count| !few && *count > 0)
            .map(caveats),
    );
    lines.extend(shared_addresses(report));
    lines
}

/// Several phones at one address: which of them fetched an image is not known.
fn shared_addresses(report: &Report) -> Vec<String> {
    let mut counts: BTreeMap<Ipv4Addr, usize> = BTreeMap::new();
    let addresses = report.phones.iter().map(|phone| phone.address);
    for address in addresses.filter(|address| !address.is_unspecified()) {
        *counts.entry(address).or_default() += 1;
    }
    let shared = counts.into_iter().filter(|(_, phones)| *phones > 1);
    shared
        .flat_map(|(address, phones)| {
            let text = format!(
                "{phones} phones share the address {address}: requests for images name no phone, so an image \
                 may be that of another phone at this address, and more phones than these may be there"
            );
            wrap(&text, "", "  ")
        })
        .collect()
}

/// How many phones rest on one source, where their own lines do not show it.
fn caveats(phones: usize) -> String {
    match phones {
        1 => "1 phone rests on one source alone, which another host can forge".to_owned(),
        many => format!("{many} phones rest on one source alone, which another host can forge"),
    }
}

/// The load that the phone runs, as far as a source reported it; else the one that it is given, marked
/// as that.
fn load(phone: &PhoneView, report: &PhoneReport) -> String {
    let is_proven = matches!(phone.state, State::Confirmed | State::Already);
    let given = phone.load.as_ref();
    match (&report.from, given) {
        (_, Some(given)) if is_proven => given.to_string(),
        // Nothing was fetched since that report.
        (Some(from), _) if phone.pass == 0 => from.to_string(),
        (_, Some(given)) => format!("target {given}"),
        (_, None) => "-".to_owned(),
    }
}

fn row(
    phone: &PhoneView,
    report: &PhoneReport,
    (models, whole, times): (usize, bool, bool),
    style: Style,
) -> Vec<String> {
    let named = &phone.phone;
    let mac = named
        .mac
        .map_or_else(|| "unknown".to_owned(), |mac| mac.to_string());
    let model = phone.model_text().unwrap_or("?");
    let load = load(phone, report);
    let line = format!(
        "{mac:<13} {:<15} {model:<models$} {:<11} {}",
        format::address(named.address),
        phone.state_text(),
        escape(&load)
    );
    let mut lines = vec![style.state(phone.state, &line)];
    if let Some(name) = &named.name {
        lines.extend(wrap(&escape(name), "    ", "    "));
    }
    if report.on_inventory == Some(false) {
        lines.push("    not on the inventory".to_owned());
    }
    if whole || times {
        let lasted = phone.last_seen.duration_since(phone.first_seen).as_secs();
        let first = date_time(phone.first_seen);
        lines.push(format!("    seen for {} from {first}", clock(lasted)));
    }
    if let Some(text) = format::lines(&report.lines) {
        lines.extend(wrap(&text, "    ", "      "));
    }
    if whole {
        if let Some(reason) = &phone.reason {
            let reason = escape(&format::evidence(reason));
            lines.extend(wrap(&reason, "    because: ", "      "));
        }
        if let Some(caveat) = phone.caveat() {
            lines.extend(wrap(&caveat, "    ", "      "));
        }
        let restart = phone.restart_text();
        for text in restart.into_iter().chain(phone.uplink_text()) {
            lines.extend(wrap(&escape(&text), "    ", "      "));
        }
        for evidence in phone.other_evidence() {
            let evidence = escape(&format::evidence(evidence));
            lines.extend(wrap(&evidence, "    also: ", "      "));
        }
    }
    for diagnosis in &phone.diagnoses {
        let what = format!("{}: {}", diagnosis.code, escape(&diagnosis.evidence));
        lines.extend(wrap(&what, "    ", "      "));
        lines.extend(wrap(&escape(&diagnosis.cure), "    → ", "      "));
    }
    let writes = phone.state.may_be_writing() && !phone.has_rejected_images();
    if writes && times {
        let until = phone.last_seen.checked_add(WRITING_TAKES);
        let until = date_time(until.unwrap_or(phone.last_seen));
        let text =
            format!("at the end of the record it may have been writing its flash, until {until}");
        lines.extend(wrap(&text, "    ", "      "));
    } else if writes {
        lines.push("    DO NOT UNPLUG: it may still be writing its flash".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::track::{Fleet, Observation, ObservationKind, Plan, TransferId, Transport};

    #[test]
    fn phones_that_share_an_address_are_said_to_be_indistinguishable_by_their_images() {
        let mut fleet = Fleet::new(Plan::default());
        for (number, last) in [(1, 7), (2, 7), (3, 8)] {
            let kind = ObservationKind::Requested {
                transfer: TransferId(number),
                transport: Transport::Tftp,
                name: format!("CTLSEP001D45AABB0{number}.tlv"),
                port: 49_152,
                served: None,
                error: None,
                sender: None,
            };
            let address = Ipv4Addr::new(192, 0, 2, last);
            fleet.observe(Duration::from_secs(number), &Observation { address, kind });
        }
        let report = fleet.report("2026-01-01T08:00:00Z".parse().unwrap());
        let lines = shared_addresses(&report);
        assert!(lines.iter().all(|line| line.len() <= 80), "{lines:?}");
        let text = lines.join(" ");
        assert!(
            text.starts_with("2 phones share the address 192.0.2.7: "),
            "{text}"
        );
        assert!(!text.contains("192.0.2.8"), "{text}");
    }
}
