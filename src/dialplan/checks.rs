//! What is wrong with a dial plan.

mod emergency;
mod reach;

use super::{
    finding::{finding, too_large},
    pattern::{Step, Unreachable, steps, unreachable},
    plan::{Entry, MAX_PLAN_BYTES, shown},
    read,
    rewrite::missing_groups,
};
use crate::diagnose::{Finding, Severity};

/// Bytes of a file that is judged. Above [`MAX_PLAN_BYTES`] it is wrong anyway; up to here it
/// is distinct what else is.
pub const MAX_CHECKED_BYTES: usize = 8 * MAX_PLAN_BYTES;

/// Judges a `dialplan.xml`; the findings stand in the order of the file and have no path.
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

/// What is wrong with entries that a phone accepts.
pub(super) fn check_entries(entries: &[Entry]) -> Vec<Finding> {
    let mut findings: Vec<_> = entries.iter().flat_map(single_entry).collect();
    let possible = |entry: &&Entry| unreachable(&entry.pattern).is_none();
    let mut walks = reach::Walks::new(entries);
    for entry in entries.iter().filter(possible) {
        let found = if emergency::is_emergency(entry) {
            emergency::delayed_or_cut_off(entry, &mut walks)
        } else {
            reach::hidden(entry, &mut walks)
        };
        findings.extend(found);
    }
    findings.extend(emergency::cut_off_common_numbers(entries));
    findings
}

/// What an entry shows by itself.
fn single_entry(entry: &Entry) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(never_matches(entry));
    findings.extend(no_number(entry));
    findings.extend(dropped_digits(entry));
    findings.extend(no_group(entry));
    findings
}

fn never_matches(entry: &Entry) -> Option<Finding> {
    let why = unreachable(&entry.pattern)?;
    let pattern = shown(&entry.pattern);
    let (code, message, cure) = match why {
        Unreachable::Class => (
            "character-class",
            format!("phones know no [ ] classes: nobody can dial '{pattern}'"),
            "Write an entry for each digit, or '.' for any".to_owned(),
        ),
        Unreachable::NoKey(key) => (
            "never-matches",
            format!("no key is '{key}': nobody can dial '{pattern}'"),
            match key {
                'X' | 'x' | 'N' | 'n' | 'Z' | 'z' => "Write '.' for any digit".to_owned(),
                '!' => "Write '*' for one digit or more".to_owned(),
                '-' => "Take it out, or write '*' for the digits that follow".to_owned(),
                _ => format!("Take '{key}' out; a digit is '.', any number of them '*'"),
            },
        ),
        Unreachable::AfterStar => (
            "never-matches",
            format!("the '*' of '{pattern}' takes every digit, and none is left for what follows"),
            "Write '\\*' for the star key, or let '*' stand at the end".to_owned(),
        ),
        Unreachable::EndsWithComma => (
            "never-matches",
            format!("'{pattern}' ends with a ',' and so is never complete"),
            "Write behind the ',' what is dialled after the tone".to_owned(),
        ),
    };
    let position = entry.pattern_position;
    Some(finding(code, Severity::Warning, position, message, cure))
}

/// A hotline to nowhere.
fn no_number(entry: &Entry) -> Option<Finding> {
    (entry.pattern.is_empty() && entry.rewrite.is_empty()).then(|| {
        finding(
            "empty-match",
            Severity::Warning,
            entry.position,
            "an entry without digits in MATCH is a hotline, and this one has no number to dial",
            "Give it a MATCH, or for a hotline a Rewrite",
        )
    })
}

/// `61.........` to `0........`: the last digit that was dialled is not sent. Where a rewrite
/// has no `.` at all, or names its groups, leaving digits out is what was meant.
fn dropped_digits(entry: &Entry) -> Option<Finding> {
    let wanted = steps(&entry.pattern);
    let given = wanted.iter().filter(|step| **step == Step::Any).count();
    let kept = entry.rewrite.matches('.').count();
    let is_plain = !entry.rewrite.contains('%') && !wanted.contains(&Step::Many);
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
                "'{pattern}' has {given} dots and '{}' only {kept}: {lost} not sent",
                shown(&entry.rewrite)
            ),
            "Give the rewrite as many dots, or write '%1' for all that they stand for",
        )
    })
}

fn no_group(entry: &Entry) -> Option<Finding> {
    // Dots side by side are one group.
    let wanted = steps(&entry.pattern);
    let begins = |index: usize| match wanted[index] {
        Step::Key(_) => false,
        Step::Many => true,
        Step::Any => index == 0 || wanted[index - 1] != Step::Any,
    };
    let groups = (0..wanted.len()).filter(|index| begins(*index)).count();
    let missing = missing_groups(&entry.rewrite, groups);
    let named = missing.first()?;
    Some(finding(
        "rewrite-without-group",
        Severity::Warning,
        entry.rewrite_position,
        format!(
            "'{}' has {groups} groups of '.' or '*': %{named} sends the figure {named}",
            shown(&entry.pattern)
        ),
        "Name a group that is there, or %0 for all that was dialled",
    ))
}
