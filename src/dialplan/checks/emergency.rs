//! Checks that emergency numbers can be dialled completely and without delay.

use super::{
    super::{
        dial,
        finding::finding,
        plan::{DialMode, PlanEntry, ProxyRoute, shown},
    },
    reach::{WalkStep, Walks},
};
use crate::diagnose::{Finding, Severity};

/// Patterns treated as emergency numbers: Australia (000, text relay 106), New Zealand (111),
/// most of the world (112), North America (911), Britain and others (999).
const NUMBERS: [&str; 6] = ["000", "106", "111", "112", "911", "999"];

/// Numbers tried if a plan has no emergency number.
const USUAL: [&str; 4] = ["000", "112", "911", "999"];

/// Whether the entry is for an emergency number.
pub(in crate::dialplan) fn is_emergency(entry: &PlanEntry) -> bool {
    entry.route == ProxyRoute::Emergency || NUMBERS.contains(&entry.pattern.as_str())
}

/// The emergency numbers of a plan that can be dialled as they are written.
pub(in crate::dialplan) fn numbers(entries: &[PlanEntry]) -> Vec<&str> {
    let is_key = |key: char| key.is_ascii_digit() || "#+".contains(key);
    let mut numbers: Vec<_> = entries
        .iter()
        .filter(|entry| is_emergency(entry) && !entry.pattern.is_empty())
        .map(|entry| entry.pattern.as_str())
        .filter(|pattern| pattern.chars().all(is_key))
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Reports if another entry starts a call too early or delays this emergency number.
pub(super) fn delayed_or_cut_off(entry: &PlanEntry, walks: &mut Walks<'_>) -> Option<Finding> {
    let mut found = None;
    walks.numbers(entry, &mut |end| {
        found = match end.choice.winner {
            Some(winner) if winner.index == entry.index => None,
            Some(winner) if !end.is_whole && !is_emergency(winner) => {
                Some(cut(entry, end.dialled, winner))
            }
            Some(winner) if winner.timeout <= entry.timeout => None,
            _ => Some(late(entry, end.dialled, end.choice.seconds())),
        };
        if found.is_some() {
            WalkStep::Stop
        } else {
            WalkStep::Continue
        }
    });
    found
}

fn cut(entry: &PlanEntry, sent: &str, by: &PlanEntry) -> Finding {
    let sent = match sent {
        "" => "before the first digit".to_owned(),
        sent => format!("after '{sent}'"),
    };
    finding(
        "emergency-cut-off",
        Severity::Error,
        entry.position,
        format!(
            "emergency number '{}' cannot be dialled: '{}' (line {}) starts a call {sent}",
            shown(&entry.pattern),
            shown(&by.pattern),
            by.position.line
        ),
        "Give that entry a Timeout of a few seconds, or change its pattern",
    )
}

fn late(entry: &PlanEntry, number: &str, seconds: u32) -> Finding {
    finding(
        "emergency-delayed",
        Severity::Warning,
        entry.position,
        format!(
            "emergency number '{number}' is sent only after {seconds} s: another entry matches \
             better or needs more digits"
        ),
        format!("Add an entry with MATCH=\"{number}\" Timeout=\"0\""),
    )
}

/// Reports common emergency numbers that cannot be dialled, if the plan has none itself.
pub(super) fn cut_off_common_numbers(entries: &[PlanEntry]) -> Vec<Finding> {
    let has_hotline = entries.iter().any(|entry| entry.pattern.is_empty());
    if has_hotline || entries.iter().any(is_emergency) {
        return Vec::new();
    }
    let mut cuts: Vec<(usize, Vec<&str>)> = Vec::new();
    for number in USUAL {
        let dialled = dial::dial(entries, 1, number, DialMode::Proxy);
        let Some(rule) = dialled.rule.filter(|_| !dialled.unsent.is_empty()) else {
            continue;
        };
        match cuts.iter_mut().find(|(index, _)| *index == rule.index) {
            Some((_, numbers)) => numbers.push(number),
            None => cuts.push((rule.index, vec![number])),
        }
    }
    let by = |index: usize| entries.iter().find(|entry| entry.index == index);
    cuts.iter()
        .filter_map(|(index, numbers)| Some((by(*index)?, numbers)))
        .map(|(entry, numbers)| {
            finding(
                "emergency-cut-off",
                Severity::Warning,
                entry.position,
                format!(
                    "'{}' starts a call before {} can be dialled",
                    shown(&entry.pattern),
                    numbers.join(" or ")
                ),
                "Add the emergency numbers of your country, and give this entry a Timeout",
            )
        })
        .collect()
}
