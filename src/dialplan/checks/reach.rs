//! Whether the digits that an entry is for ever reach it: all that matters of them is
//! dialled, digit after digit, until one number does or none can.

use crate::{
    diagnose::{Finding, Severity},
    dialplan::{
        dial::{Choice, choose},
        finding::finding,
        pattern::{self, Step, steps},
        plan::{DialMode, Entry, shown},
    },
};

/// Digits that are tried for one entry. Where that does not do, nothing is seen of it.
const MAX_TRIES: usize = 2_000;

/// Patterns that digits are held against for a whole plan: a tenth of a second's work.
const MAX_COMPARISONS: usize = 2_000_000;

/// Digits that `*` is tried with.
const MAX_WILD: usize = 2;

/// Walks through the numbers that entries are for.
pub(super) struct Walks<'a> {
    entries: &'a [Entry],
    /// A line that no entry is for by name.
    common_line: u8,
    /// Digits that may still be tried.
    left: usize,
}

/// Where a number ended.
#[derive(Debug)]
pub(super) struct NumberEnd<'a, 'w> {
    pub(super) dialled: &'w str,
    /// Whether it was the whole number, or sent before.
    pub(super) is_whole: bool,
    pub(super) choice: Choice<'a>,
}

/// What is made of an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WalkStep {
    /// The next number.
    Continue,
    /// No further one is of interest.
    Stop,
}

impl<'a> Walks<'a> {
    pub(super) fn new(entries: &'a [Entry]) -> Self {
        let is_free = |line: &u8| entries.iter().all(|entry| entry.line != *line);
        Self {
            entries,
            common_line: (1..=u8::MAX).find(is_free).unwrap_or(1),
            left: MAX_COMPARISONS / entries.len().max(1),
        }
    }

    /// Dials every number that `entry` is for, as far as they differ to the plan; `see` gets
    /// the end of each. False: not all of them were tried.
    pub(super) fn numbers(
        &mut self,
        entry: &Entry,
        see: &mut dyn FnMut(&NumberEnd<'a, '_>) -> WalkStep,
    ) -> bool {
        let line = match entry.line {
            0 => self.common_line,
            line => line,
        };
        let hotline = choose(self.entries, line, b"", DialMode::Proxy);
        if hotline.is_over() && !entry.pattern.is_empty() {
            let (dialled, choice) = ("", hotline);
            see(&NumberEnd {
                dialled,
                is_whole: false,
                choice,
            });
            return true;
        }
        let tries = MAX_TRIES.min(self.left);
        let mut walk = Walk {
            entries: self.entries,
            line,
            see,
            left: tries,
            complete: true,
        };
        walk.from(&mut String::new(), &steps(&entry.pattern), 0);
        self.left -= tries - walk.left;
        walk.complete
    }
}

struct Walk<'a, 's> {
    entries: &'a [Entry],
    line: u8,
    see: &'s mut dyn FnMut(&NumberEnd<'a, '_>) -> WalkStep,
    left: usize,
    complete: bool,
}

impl Walk<'_, '_> {
    /// Goes on from `dialled`, which fits what was before `wanted`. `wild` digits of a `*`
    /// are among it.
    fn from(&mut self, dialled: &mut String, wanted: &[Step], wild: usize) -> WalkStep {
        let Some((step, rest)) = wanted.split_first() else {
            return WalkStep::Continue;
        };
        let keys = match step {
            Step::Key(key) => vec![char::from(*key)],
            Step::Any | Step::Many => self.digits(dialled),
        };
        for key in keys {
            if self.left == 0 {
                self.complete = false;
                return WalkStep::Stop;
            }
            self.left -= 1;
            dialled.push(key);
            let next = self.pressed(dialled, *step, rest, wanted, wild);
            dialled.pop();
            if next == WalkStep::Stop {
                return next;
            }
        }
        WalkStep::Continue
    }

    fn pressed(
        &mut self,
        dialled: &mut String,
        step: Step,
        rest: &[Step],
        wanted: &[Step],
        wild: usize,
    ) -> WalkStep {
        let choice = choose(self.entries, self.line, dialled.as_bytes(), DialMode::Proxy);
        let is_whole = rest.is_empty();
        let is_over = choice.is_over();
        if is_whole || is_over {
            let seen = (self.see)(&NumberEnd {
                dialled,
                is_whole,
                choice,
            });
            if seen == WalkStep::Stop || is_over {
                return seen;
            }
        }
        if self.from(dialled, rest, 0) == WalkStep::Stop {
            return WalkStep::Stop;
        }
        match step {
            Step::Many if wild + 1 < MAX_WILD => self.from(dialled, wanted, wild + 1),
            Step::Many => {
                // There are longer numbers, and nobody tried them.
                self.complete = false;
                WalkStep::Continue
            }
            _ => WalkStep::Continue,
        }
    }

    /// One of each digits that no pattern tells apart at this position.
    fn digits(&self, dialled: &str) -> Vec<char> {
        let mut distinct = [false; 10];
        for entry in self.entries {
            if pattern::fit(
                entry.pattern.as_bytes(),
                dialled.as_bytes(),
                DialMode::Proxy,
            )
            .is_none()
            {
                continue;
            }
            let wanted = steps(&entry.pattern);
            let fixed = wanted.iter().position(|step| *step == Step::Many);
            // Behind a `*` any key may come at any position.
            let from = fixed.unwrap_or(wanted.len()).min(dialled.len());
            let until = match fixed {
                Some(_) => wanted.len(),
                None => wanted.len().min(dialled.len() + 1),
            };
            for step in &wanted[from..until] {
                if let Step::Key(key @ b'0'..=b'9') = step {
                    distinct[usize::from(key - b'0')] = true;
                }
            }
        }
        let other = distinct.iter().position(|is_distinct| !is_distinct);
        if let Some(other) = other {
            distinct[other] = true;
        }
        (('0'..='9')
            .zip(distinct)
            .filter(|(_, is_distinct)| *is_distinct))
        .map(|(digit, _)| digit)
        .collect()
    }
}

/// Says that `entry` never gets its digits, if that is so.
pub(super) fn hidden(entry: &Entry, walks: &mut Walks<'_>) -> Option<Finding> {
    let mut reached = false;
    // The entry that took the digits first, after how many, and whether all were the same.
    let mut takers: Vec<(usize, usize, bool)> = Vec::new();
    let entries = walks.entries;
    let complete = walks.numbers(entry, &mut |end| {
        match end.choice.winner {
            // Waiting for more digits is not losing them.
            None => reached = true,
            Some(winner) if winner.index == entry.index => reached = true,
            Some(winner) => {
                let is_same = end.is_whole && winner.has_same_effect_as(entry);
                takers.push((winner.index, end.dialled.len(), is_same));
            }
        }
        if reached {
            WalkStep::Stop
        } else {
            WalkStep::Continue
        }
    });
    if reached || !complete {
        return None;
    }
    let (index, digits, _) = *takers.first()?;
    let taker = entries.iter().find(|other| other.index == index)?;
    let pattern = shown(&entry.pattern);
    let by = format!("'{}' (line {})", shown(&taker.pattern), taker.position.line);
    if takers.iter().all(|(_, _, is_same)| *is_same) {
        return Some(finding(
            "duplicate-entry",
            Severity::Note,
            entry.position,
            format!("'{pattern}' is of no use: {by} does the same and comes first"),
            "Take it out",
        ));
    }
    let is_cut = digits < steps(&entry.pattern).len();
    let (how, cure) = if is_cut {
        let after = match digits {
            0 => "before the first digit".to_owned(),
            1 => "after 1 digit".to_owned(),
            digits => format!("after {digits} digits"),
        };
        let cure = format!(
            "Give the entry of line {} a Timeout of some seconds, or let the patterns differ \
             earlier",
            taker.position.line
        );
        (format!("{by} is sent {after}"), cure)
    } else {
        (
            format!("{by} fits at least as well"),
            "Take one of the two out".to_owned(),
        )
    };
    Some(finding(
        "hidden-entry",
        Severity::Warning,
        entry.position,
        format!("'{pattern}' is never reached: {how}"),
        cure,
    ))
}
