//! Checks of a dial plan.

mod emergency;
mod hidden;
mod reach;
mod star;

pub(super) use emergency::{is_emergency, numbers as emergency_numbers};

use super::{
    finding::{finding, too_large},
    pattern::{PatternElement, Unreachable, steps, unreachable},
    plan::{MAX_PLAN_BYTES, PlanEntry, shown},
    read,
    rewrite::missing_groups,
};
use crate::diagnose::{Finding, Severity};

/// Maximum size in bytes of a file that is checked completely. Files between
/// [`MAX_PLAN_BYTES`] and this size are an error, but other findings are still reported.
pub const MAX_CHECKED_BYTES: usize = 8 * MAX_PLAN_BYTES;

/// Checks a `dialplan.xml`. Findings are in file order and have no path.
#[must_use]
pub fn check(bytes: &[u8]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if bytes.len() > MAX_PLAN_BYTES {
        findings.push(too_large(bytes.len()));
    }
    if bytes.len() <= MAX_CHECKED_BYTES {
        match read::read(bytes) {
            Ok(read) => {
                findings.extend(read.findings);
                findings.extend(check_entries(&read.entries));
            }
            Err(found) => findings.push(found),
        }
    }
    findings.sort_by_key(|found| (found.line, found.column));
    findings
}

/// Checks entries that a phone accepts.
pub(super) fn check_entries(entries: &[PlanEntry]) -> Vec<Finding> {
    let mut findings: Vec<_> = entries.iter().flat_map(single_entry).collect();
    let possible = |entry: &&PlanEntry| unreachable(&entry.pattern).is_none();
    let mut walks = reach::Walks::new(entries);
    for entry in entries.iter().filter(possible) {
        let found = if emergency::is_emergency(entry) {
            emergency::delayed_or_cut_off(entry, &mut walks)
        } else {
            hidden::hidden(entry, &mut walks)
        };
        findings.extend(found);
    }
    findings.extend(hidden::partly_hidden(entries, &findings));
    findings.extend(star::star_codes(entries));
    findings.extend(emergency::cut_off_common_numbers(entries));
    findings
}

/// Checks that need only the entry itself.
fn single_entry(entry: &PlanEntry) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(never_matches(entry));
    findings.extend(no_number(entry));
    findings.extend(dropped_digits(entry));
    findings.extend(no_group(entry));
    findings
}

fn never_matches(entry: &PlanEntry) -> Option<Finding> {
    let why = unreachable(&entry.pattern)?;
    let pattern = shown(&entry.pattern);
    let (code, message, cure) = match why {
        Unreachable::Class => (
            "character-class",
            format!("phones do not support [ ] classes: '{pattern}' cannot be dialled"),
            "Write one entry for each digit, or '.' for any digit".to_owned(),
        ),
        Unreachable::NoKey(key) => (
            "never-matches",
            format!("no key is '{key}': '{pattern}' cannot be dialled"),
            match key {
                'X' | 'x' | 'N' | 'n' | 'Z' | 'z' => "Write '.' for any digit".to_owned(),
                '!' => "Write '*' for one or more digits".to_owned(),
                '-' => "Remove it, or write '*' for the digits that follow".to_owned(),
                _ => format!("Remove '{key}'; '.' is one digit, '*' is one or more"),
            },
        ),
        Unreachable::AfterStar => (
            "never-matches",
            format!("the '*' in '{pattern}' consumes all digits, so the rest never matches"),
            "Write '\\*' for the star key, or move '*' to the end".to_owned(),
        ),
        Unreachable::EndsWithComma => (
            "never-matches",
            format!("'{pattern}' ends with ',' and therefore never matches"),
            "Add the digits dialled after the tone".to_owned(),
        ),
    };
    let position = entry.pattern_position;
    Some(finding(code, Severity::Warning, position, message, cure))
}

/// A hotline without a number.
fn no_number(entry: &PlanEntry) -> Option<Finding> {
    (entry.pattern.is_empty() && entry.rewrite.is_empty()).then(|| {
        finding(
            "empty-match",
            Severity::Warning,
            entry.position,
            "an entry with an empty MATCH is a hotline, but this one has no number to dial",
            "Add a MATCH, or a Rewrite with the number of the hotline",
        )
    })
}

/// Example: with `61.........` rewritten to `0........` the last digit is not sent. If the
/// rewrite has no `.` or uses `%` groups, dropping digits is assumed to be intended.
fn dropped_digits(entry: &PlanEntry) -> Option<Finding> {
    let wanted = steps(&entry.pattern);
    let given = wanted
        .iter()
        .filter(|step| **step == PatternElement::Any)
        .count();
    let kept = entry.rewrite.matches('.').count();
    let is_plain = !entry.rewrite.contains('%') && !wanted.contains(&PatternElement::Many);
    (is_plain && (1..given).contains(&kept)).then(|| {
        let pattern = shown(&entry.pattern);
        let lost = match given - kept {
            1 => "the last digit is".to_owned(),
            count => format!("the last {count} digits are"),
        };
        finding(
            "rewrite-drops-digits",
            Severity::Warning,
            entry.rewrite_position,
            format!(
                "'{pattern}' has {given} dots but '{}' has only {kept}: {lost} not sent",
                shown(&entry.rewrite)
            ),
            "Use as many dots in the rewrite, or '%1' for all digits of the group",
        )
    })
}

fn no_group(entry: &PlanEntry) -> Option<Finding> {
    // Adjacent dots form one group.
    let wanted = steps(&entry.pattern);
    let begins = |index: usize| match wanted[index] {
        PatternElement::Key(_) => false,
        PatternElement::Many => true,
        PatternElement::Any => index == 0 || wanted[index - 1] != PatternElement::Any,
    };
    let groups = (0..wanted.len()).filter(|index| begins(*index)).count();
    let missing = missing_groups(&entry.rewrite, groups);
    let named = missing.first()?;
    Some(finding(
        "rewrite-without-group",
        Severity::Warning,
        entry.rewrite_position,
        format!(
            "'{}' has {groups} groups of '.' or '*': %{named} sends the digit {named}",
            shown(&entry.pattern)
        ),
        "Use the number of an existing group, or %0 for all dialled digits",
    ))
}
