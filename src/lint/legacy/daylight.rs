//! Daylight saving time of a 7940 or 7960, whose defaults are the rule of the USA before 2007.

use super::{keys::is_zone, settings::Setting};
use crate::{diagnose::Severity, lint::findings::FindingList};

/// The keys of a rule.
const KEYS: [&str; 8] = [
    "dst_start_month",
    "dst_start_day_of_week",
    "dst_start_week_of_month",
    "dst_start_time",
    "dst_stop_month",
    "dst_stop_day_of_week",
    "dst_stop_week_of_month",
    "dst_stop_time",
];

/// Reports a time zone without a complete rule.
pub(super) fn check(findings: &mut FindingList<'_>, all: &[Setting<'_>]) {
    let find = |key: &str| {
        all.iter()
            .find(|setting| setting.key == key && !setting.value.is_empty())
    };
    let is_off = find("dst_auto_adjust").is_some_and(|setting| setting.value == "0");
    let zone = find("time_zone").or_else(|| all.iter().find(|one| KEYS.contains(&one.key)));
    // An unknown zone has a finding of its own.
    let is_known = |zone: &&Setting<'_>| zone.key != "time_zone" || is_zone(zone.value);
    let Some(zone) = zone.filter(|_| !is_off).filter(is_known) else {
        return;
    };
    // A day of the month replaces the day of the week and its week.
    let has_date = |which: &str| {
        let day = find(&format!("dst_{which}_day"));
        day.is_some_and(|day| day.value != "0")
    };
    let is_replaced = |key: &str| {
        key.contains("week")
            && ["start", "stop"]
                .iter()
                .any(|which| key.starts_with(&format!("dst_{which}")) && has_date(which))
    };
    let missing: Vec<_> = KEYS
        .into_iter()
        .filter(|key| find(key).is_none() && !is_replaced(key))
        .collect();
    let Some(first) = missing.first() else {
        return;
    };
    let what = match missing.len() {
        8 => "no rule of daylight saving time".to_owned(),
        1 => format!("{first} is missing"),
        count => format!("{first} and {} more keys are missing", count - 1),
    };
    findings.at(
        zone.place,
        Severity::Warning,
        "daylight-saving",
        format!("{what}: the phone uses the rule of the USA before 2007 instead"),
        "Write all keys of dst_start and dst_stop, or dst_auto_adjust: 0 for a zone without \
         daylight saving time",
    );
}
