//! Checks whether an entry can ever be used, and names every entry that is used instead.
//!
//! A cure is printed only if the changed plan, checked again, has the fault no more.

use super::{
    emergency,
    reach::{WalkStep, Walks},
};
use crate::{
    diagnose::{Finding, Severity},
    dialplan::{
        finding::finding,
        pattern::{PatternElement, steps, unreachable},
        plan::{PlanEntry, shown},
    },
};

/// Maximum number of comparisons for the test of one cure.
const MAX_CURE_COMPARISONS: usize = 200_000;

/// Maximum number of comparisons for the checks of [`partly_hidden`].
const MAX_PAIR_COMPARISONS: usize = 1_000_000;

/// The `Timeout` with which cures are tested.
const LONGER_TIMEOUT: u32 = 3;

/// Maximum number of entries named in a message.
const MAX_NAMED: usize = 4;

/// Another entry that is used instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Taker {
    index: usize,
    /// The fewest digits after which it was used.
    digits: usize,
    /// Whether it always has the same effect as the hidden entry.
    is_same: bool,
}

/// Who uses the numbers of an entry.
enum Reach {
    /// The entry itself uses some of them, or too many were to be tried.
    Reached,
    /// Only these entries use them.
    Hidden(Vec<Taker>),
}

/// Reports an entry that other entries hide completely.
pub(super) fn hidden(entry: &PlanEntry, walks: &mut Walks<'_>) -> Option<Finding> {
    let Reach::Hidden(takers) = reach(entry, walks) else {
        return None;
    };
    let entries = walks.entries();
    let pattern = shown(&entry.pattern);
    let by = names(entries, &takers);
    if takers.iter().all(|taker| taker.is_same) {
        return Some(finding(
            "duplicate-entry",
            Severity::Note,
            entry.position,
            format!(
                "'{pattern}' is redundant: {by} {} the same and come{} first",
                if takers.len() == 1 { "does" } else { "do" },
                if takers.len() == 1 { "s" } else { "" },
            ),
            "Remove it",
        ));
    }
    let length = steps(&entry.pattern).len();
    let how = match takers.iter().map(|taker| taker.digits).min() {
        Some(digits) if digits < length => format!("{by} {}", sent_after(takers.len(), digits)),
        _ if takers.len() == 1 => format!("{by} matches at least as well"),
        _ => format!("{by} match at least as well"),
    };
    Some(finding(
        "hidden-entry",
        Severity::Warning,
        entry.position,
        format!("'{pattern}' is never reached: {how}"),
        cure(entries, entry, &takers),
    ))
}

/// Reports entries that are used for some numbers only because a third entry delays the one that
/// hides them: with `1..` and `1.........` alone, the longer one is never reached, but `10.` with a
/// `Timeout` makes it reachable for numbers that start with 10.
pub(super) fn partly_hidden(entries: &[PlanEntry], found: &[Finding]) -> Vec<Finding> {
    let mut left = MAX_PAIR_COMPARISONS;
    let mut findings = Vec::new();
    for entry in entries.iter().filter(|entry| is_possible(entry)) {
        let has_finding = |finding: &Finding| {
            (finding.line, finding.column)
                == (Some(entry.position.line), Some(entry.position.column))
        };
        if emergency::is_emergency(entry) || found.iter().any(has_finding) {
            continue;
        }
        let takers = partly_taken_by(entries, entry, &mut left);
        if takers.is_empty() {
            continue;
        }
        let digits = takers.iter().map(|taker| taker.digits).min().unwrap_or(0);
        findings.push(finding(
            "hidden-entry",
            Severity::Warning,
            entry.position,
            format!(
                "'{}' is reached by few numbers: for the others {} {}",
                shown(&entry.pattern),
                names(entries, &takers),
                sent_after(takers.len(), digits)
            ),
            cure(entries, entry, &takers),
        ));
    }
    findings
}

/// The entries that send numbers of `entry` early, and that would hide it if they were alone.
fn partly_taken_by(entries: &[PlanEntry], entry: &PlanEntry, left: &mut usize) -> Vec<Taker> {
    let wanted = steps(&entry.pattern);
    let covers = |other: &&PlanEntry| {
        other.timeout == 0
            && [0, entry.line].contains(&other.line)
            && !emergency::is_emergency(other)
            && is_possible(other)
            && covers_start(&steps(&other.pattern), &wanted)
    };
    let mut takers = Vec::new();
    for other in entries.iter().filter(covers) {
        let mut pair = [entry.clone(), other.clone()];
        pair.sort_by_key(|entry| entry.index);
        let alone = reach(entry, &mut Walks::within(&pair, *left));
        if !matches!(alone, Reach::Hidden(_)) {
            continue;
        }
        let mut walks = Walks::within(entries, *left);
        let mut digits = None;
        walks.numbers(entry, &mut |end| {
            let is_other = end.choice.winner.is_some_and(|it| it.index == other.index);
            if is_other && !end.is_whole {
                digits = Some(end.dialled.len());
                return WalkStep::Stop;
            }
            WalkStep::Continue
        });
        *left = walks.comparisons_left();
        takers.extend(digits.map(|digits| Taker {
            index: other.index,
            digits,
            is_same: false,
        }));
    }
    takers
}

/// Whether every number that matches `wanted` begins with a number that matches `shorter`.
fn covers_start(shorter: &[PatternElement], wanted: &[PatternElement]) -> bool {
    let covers = |(short, long): (&PatternElement, &PatternElement)| match (short, long) {
        (PatternElement::Any, PatternElement::Any) => true,
        (PatternElement::Any, PatternElement::Key(key)) => key.is_ascii_digit(),
        (PatternElement::Key(one), PatternElement::Key(other)) => one == other,
        _ => false,
    };
    !shorter.is_empty() && shorter.len() < wanted.len() && shorter.iter().zip(wanted).all(covers)
}

fn is_possible(entry: &PlanEntry) -> bool {
    unreachable(&entry.pattern).is_none()
}

fn reach(entry: &PlanEntry, walks: &mut Walks<'_>) -> Reach {
    let mut reached = false;
    let mut takers: Vec<Taker> = Vec::new();
    let complete = walks.numbers(entry, &mut |end| {
        match end.choice.winner {
            // The phone still waits for more digits.
            None => reached = true,
            Some(winner) if winner.index == entry.index => reached = true,
            Some(winner) => {
                let is_same = end.is_whole && winner.has_same_effect_as(entry);
                let digits = end.dialled.len();
                match takers.iter_mut().find(|taker| taker.index == winner.index) {
                    Some(taker) => {
                        taker.digits = taker.digits.min(digits);
                        taker.is_same &= is_same;
                    }
                    None => takers.push(Taker {
                        index: winner.index,
                        digits,
                        is_same,
                    }),
                }
            }
        }
        if reached {
            WalkStep::Stop
        } else {
            WalkStep::Continue
        }
    });
    takers.sort_by_key(|taker| taker.index);
    if reached || !complete || takers.is_empty() {
        Reach::Reached
    } else {
        Reach::Hidden(takers)
    }
}

fn sent_after(takers: usize, digits: usize) -> String {
    let are = if takers == 1 { "is" } else { "are" };
    match digits {
        0 => format!("{are} sent before the first digit"),
        1 => format!("{are} sent after 1 digit"),
        digits => format!("{are} sent after {digits} digits"),
    }
}

/// The entries with their lines: "'1..' (line 3) and '10.' (line 4)".
fn names(entries: &[PlanEntry], takers: &[Taker]) -> String {
    let of = |taker: &Taker| entries.iter().find(|entry| entry.index == taker.index);
    let named = takers.iter().filter_map(of).map(|entry| {
        let pattern = shown(&entry.pattern);
        format!("'{pattern}' (line {})", entry.position.line)
    });
    listed(&named.collect::<Vec<_>>())
}

/// "lines 3 and 4".
fn lines(entries: &[PlanEntry], takers: &[Taker]) -> String {
    let of = |taker: &Taker| entries.iter().find(|entry| entry.index == taker.index);
    let lines: Vec<_> = takers
        .iter()
        .filter_map(of)
        .map(|entry| entry.position.line.to_string())
        .collect();
    match lines.as_slice() {
        [line] => format!("the entry in line {line}"),
        lines => format!("the entries in lines {}", listed(lines)),
    }
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        names if names.len() > MAX_NAMED => {
            let more = names.len() - MAX_NAMED;
            format!("{} and {more} more", names[..MAX_NAMED].join(", "))
        }
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The first cure after which the entry is reached.
fn cure(entries: &[PlanEntry], entry: &PlanEntry, takers: &[Taker]) -> String {
    let is_taker = |other: &PlanEntry| takers.iter().any(|taker| taker.index == other.index);
    let taker_entries = || entries.iter().filter(|other| is_taker(other));
    // A delay of an emergency number is worse than a hidden entry.
    let may_wait = !taker_entries().any(emergency::is_emergency);
    let sends_early = taker_entries().all(|other| other.timeout == 0);
    if may_wait && sends_early {
        let mut slower = entries.to_vec();
        for other in slower.iter_mut().filter(|other| is_taker(other)) {
            other.timeout = LONGER_TIMEOUT;
        }
        if is_cured(&slower, entry) {
            return format!(
                "Give {} a Timeout of {LONGER_TIMEOUT} seconds or more",
                lines(entries, takers)
            );
        }
    }
    let mut fewer = entries.to_vec();
    fewer.retain(|other| !is_taker(other));
    if may_wait && is_cured(&fewer, entry) {
        return format!("Remove it, or {}", lines(entries, takers));
    }
    "Remove it: the phone never uses it".to_owned()
}

/// Whether the entry has no finding of this file in the changed plan.
fn is_cured(entries: &[PlanEntry], entry: &PlanEntry) -> bool {
    let mut walks = Walks::within(entries, MAX_CURE_COMPARISONS);
    let mut left = MAX_CURE_COMPARISONS;
    matches!(reach(entry, &mut walks), Reach::Reached)
        && partly_taken_by(entries, entry, &mut left).is_empty()
}
