//! Checks of feature codes: the star key is `\*`, because `*` alone stands for digits.

use crate::{
    diagnose::{Finding, Severity},
    dialplan::{
        dial::dial,
        finding::finding,
        pattern::unreachable,
        plan::{DialMode, PlanEntry, shown},
    },
};

/// Digits dialled after a number to show that the phone no longer accepts them.
const FURTHER: &str = "5555555";

/// Reports patterns such as `*97`, which match every number in which 97 follows another digit.
pub(super) fn star_codes(entries: &[PlanEntry]) -> Vec<Finding> {
    entries
        .iter()
        .filter(|entry| unreachable(&entry.pattern).is_none())
        .filter_map(|entry| star_code(entries, entry))
        .collect()
}

fn star_code(entries: &[PlanEntry], entry: &PlanEntry) -> Option<Finding> {
    let digits = entry.pattern.strip_prefix('*')?;
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let pattern = shown(&entry.pattern);
    let effect = match swallowed(entries, entry, digits) {
        Some((dialled, sent)) => format!("{dialled} is sent as {sent}"),
        None => format!("it also matches a number such as 5{digits}"),
    };
    Some(finding(
        "star-code",
        Severity::Warning,
        entry.pattern_position,
        format!("'*' in '{pattern}' stands for one or more digits, not for the star key: {effect}"),
        format!("For the star key write MATCH=\"\\{pattern}\""),
    ))
}

/// A number that the entry cuts short, and what is sent instead.
fn swallowed(entries: &[PlanEntry], entry: &PlanEntry, digits: &str) -> Option<(String, String)> {
    let line = entry.line.max(1);
    let literal: String = digits.chars().take_while(char::is_ascii_digit).collect();
    let rest: String = digits[literal.len()..]
        .chars()
        .map(|c| if c.is_ascii_digit() { c } else { '5' })
        .collect();
    ('1'..='9')
        .rev()
        .map(|first| format!("{first}{literal}{rest}{FURTHER}"))
        .find_map(|dialled| {
            let result = dial(entries, line, &dialled, DialMode::Proxy);
            let is_taken = result
                .rule
                .as_ref()
                .is_some_and(|rule| rule.index == entry.index);
            (is_taken && !result.unsent.is_empty()).then_some((dialled, result.sent))
        })
}
