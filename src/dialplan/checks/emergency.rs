//! Whether emergency calls get through, whole and at once.

use super::{
    super::{
        dial,
        finding::finding,
        plan::{DialMode, Entry, ProxyRoute, shown},
    },
    reach::{WalkStep, Walks},
};
use crate::diagnose::{Finding, Severity};

/// Numbers that mean an emergency where a plan names them: Australia, its text relay, New
/// Zealand, most of the world, North America, Britain and others.
const NUMBERS: [&str; 6] = ["000", "106", "111", "112", "911", "999"];

/// Numbers that are tried where a plan names none.
const USUAL: [&str; 4] = ["000", "112", "911", "999"];

/// Whether a plan names an emergency number here.
pub(super) fn is_emergency(entry: &Entry) -> bool {
    entry.route == ProxyRoute::Emergency || NUMBERS.contains(&entry.pattern.as_str())
}

/// Says that another entry cuts an emergency number off, or makes it wait.
pub(super) fn delayed_or_cut_off(entry: &Entry, walks: &mut Walks<'_>) -> Option<Finding> {
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

fn cut(entry: &Entry, sent: &str, by: &Entry) -> Finding {
    let sent = match sent {
        "" => "before a digit of it is dialled".to_owned(),
        sent => format!("with '{sent}'"),
    };
    finding(
        "emergency-cut-off",
        Severity::Error,
        entry.position,
        format!(
            "emergency number '{}' cannot be called: '{}' (line {}) begins a call {sent}",
            shown(&entry.pattern),
            shown(&by.pattern),
            by.position.line
        ),
        "Give that entry a Timeout of some seconds, or a pattern that differs",
    )
}

fn late(entry: &Entry, number: &str, seconds: u32) -> Finding {
    finding(
        "emergency-delayed",
        Severity::Warning,
        entry.position,
        format!(
            "emergency number '{number}' waits {seconds} s: an entry that fits better, or wants \
             more digits, keeps it back"
        ),
        format!("Write an entry with MATCH=\"{number}\" Timeout=\"0\""),
    )
}

/// A plan without an emergency number of its own may still cut the usual ones off.
pub(super) fn cut_off_common_numbers(entries: &[Entry]) -> Vec<Finding> {
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
                    "'{}' begins a call before {} can be dialled",
                    shown(&entry.pattern),
                    numbers.join(" or ")
                ),
                "Add your country's emergency numbers, and give this entry a Timeout",
            )
        })
        .collect()
}
