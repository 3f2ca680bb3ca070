//! The opening and the closing words of a run, 80 columns wide.

use super::{Style, format, plain::painted};
use crate::{
    reporter::Started,
    text::{clock, escape, wrap},
    track::{FileOutcome, PhoneReport, Report, State},
};

/// Columns that the report keeps to.

/// Phones of which a person reads every line of evidence.
const FEW: usize = 10;

/// What a person needs to know when serving begins.
pub(super) fn opening(started: &Started) -> Vec<String> {
    let mut lines = Vec::new();
    for stage in &started.stages {
        let (what, when) = if stage.bridge {
            ("bridge", ", first, where a phone refuses the target")
        } else {
            ("bundle", "")
        };
        lines.push(format!(
            "{what} {}: {} for {}{when}",
            escape(&stage.bundle.display().to_string()),
            escape(stage.load.as_str()),
            stage.models.join(", ")
        ));
    }
    lines.push(format!(
        "serving {} over TFTP on {}",
        started.root.display(),
        started.tftp
    ));
    if let Some(http) = started.http {
        lines.push(format!("and over HTTP on {http}"));
    }
    if let Some(web) = started.web {
        lines.push(format!("on a page, for this machine alone: http://{web}/"));
    }
    lines.extend(started.words.iter().cloned());
    lines
}

/// The report, and what to do now.
pub(super) fn closing(report: &Report, afterwards: &[String], style: Style) -> Vec<String> {
    let mut lines = vec![String::new()];
    lines.extend(phones(report, style, false));
    if !afterwards.is_empty() {
        lines.push(String::new());
        lines.push("Now that this server goes away:".to_owned());
        for text in afterwards {
            lines.extend(wrap(text, "  - ", "    "));
        }
    }
    lines
}

/// The report as a text of its own, with how long each phone took.
#[must_use]
pub fn table(report: &Report, style: Style) -> String {
    phones(report, style, true).join("\n") + "\n"
}

/// Every phone, who is missing, who else came, and the sums. `times`: when each was heard.
fn phones(report: &Report, style: Style, times: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if report.phones.is_empty() {
        lines.push("No phone came.".to_owned());
    } else {
        lines.push(format!(
            "{:<13} {:<15} {:<5} {:<10} {}",
            "MAC", "address", "model", "state", "load"
        ));
    }
    // Of many, the evidence of those that are done is in the JSON.
    let few = report.phones.len() <= FEW;
    let whole = |phone: &PhoneReport| few || !is_done(phone.state);
    let is_stranger = |phone: &&PhoneReport| phone.on_inventory == Some(false);
    for phone in report.phones.iter().filter(|phone| !is_stranger(phone)) {
        lines.extend(row(phone, whole(phone), times, style));
    }
    if report.phones.iter().any(|phone| is_stranger(&phone)) {
        lines.push(String::new());
        lines.push("Not on the inventory:".to_owned());
    }
    for phone in report.phones.iter().filter(is_stranger) {
        lines.extend(row(phone, whole(phone), times, style));
    }
    if !report.missing.is_empty() {
        lines.push(String::new());
        lines.push("Expected, and never heard:".to_owned());
    }
    for phone in &report.missing {
        let name = phone.name.as_deref().map(escape).unwrap_or_default();
        lines.push(style.bad(format!("{:<13} {name}", phone.mac.to_string()).trim_end()));
    }
    if !report.others.is_empty() {
        lines.push(String::new());
        lines.push("Other clients, not phones as far as their requests tell:".to_owned());
        for other in &report.others {
            let got = other
                .files
                .iter()
                .filter(|f| f.outcome == FileOutcome::Delivered)
                .count();
            let asked = other.files.len();
            lines.push(format!("  {:<15} asked {asked}, got {got}", other.address));
        }
    }
    lines.push(String::new());
    lines.push(totals(report));
    lines
}

fn row(phone: &PhoneReport, whole: bool, times: bool, style: Style) -> Vec<String> {
    let mac = phone
        .mac
        .map_or_else(|| "unknown".to_owned(), |mac| mac.to_string());
    let model = phone.model.as_deref().unwrap_or("?");
    let (state, _) = format::state(phone.state);
    let load = phone.to.as_ref().map_or("-", |load| load.as_str());
    let line = format!(
        "{mac:<13} {:<15} {model:<5} {state:<10} {}",
        phone.address.to_string(),
        escape(load)
    );
    let mut lines = vec![painted(style, phone.state, &line)];
    if let Some(name) = &phone.name {
        lines.extend(wrap(&escape(name), "    ", "    "));
    }
    if times {
        let lasted = phone.last_seen.duration_since(phone.first_seen).as_secs();
        lines.push(format!(
            "    heard for {} from {:.0}",
            clock(lasted),
            phone.first_seen
        ));
    }
    for evidence in phone.evidence.iter().filter(|_| whole) {
        lines.extend(wrap(
            &escape(&format::evidence_of(evidence)),
            "    because: ",
            "      ",
        ));
    }
    for diagnosis in &phone.diagnoses {
        let what = format!("{}: {}", diagnosis.code, escape(&diagnosis.evidence));
        lines.extend(wrap(&what, "    ", "      "));
        lines.extend(wrap(&escape(&diagnosis.cure), "    → ", "      "));
    }
    if phone.state == State::Writing {
        lines.push("    DO NOT UNPLUG: it may still be writing its flash".to_owned());
    }
    lines
}

/// Whether a person has nothing more to do for a phone in this state.
#[must_use]
pub fn is_done(state: State) -> bool {
    matches!(state, State::Confirmed | State::Already | State::Flashed)
}

/// The sums in a sentence.
#[must_use]
pub fn totals(report: &Report) -> String {
    let totals = report.totals;
    let parts = [
        (totals.confirmed, "confirmed"),
        (totals.already, "already converted"),
        (totals.flashed, "flashed"),
        (totals.working, "under way"),
        (totals.stalled, "stalled"),
        (totals.failed, "failed"),
        (totals.seen, "only seen"),
    ];
    let named: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let phones = match report.phones.len() {
        1 => "1 phone".to_owned(),
        many => format!("{many} phones"),
    };
    if named.is_empty() {
        phones
    } else {
        format!("{phones}: {}", named.join(", "))
    }
}
