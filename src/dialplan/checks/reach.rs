//! Dials representative numbers of a pattern, digit by digit, to show which entries are used.

use crate::dialplan::{
    dial::{SelectedEntries, choose},
    pattern::{self, PatternElement, steps},
    plan::{DialMode, PlanEntry},
};

/// Maximum number of digits dialled for one entry; beyond it, nothing is reported.
const MAX_TRIES: usize = 2_000;

/// Maximum number of pattern comparisons for a whole plan, about 0.1 s of work.
const MAX_COMPARISONS: usize = 2_000_000;

/// Maximum number of digits tried for `*`.
const MAX_WILD: usize = 2;

/// Enumerates the numbers that entries match.
pub(super) struct Walks<'a> {
    entries: &'a [PlanEntry],
    /// A line that no entry is restricted to.
    common_line: u8,
    /// Number of digits that may still be tried.
    left: usize,
}

/// The state at which dialling of a number ended.
#[derive(Debug)]
pub(super) struct NumberEnd<'a, 'w> {
    pub(super) dialled: &'w str,
    /// Whether all digits were dialled; `false` if the phone sent earlier.
    pub(super) is_whole: bool,
    pub(super) choice: SelectedEntries<'a>,
}

/// Whether to continue after a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WalkStep {
    /// Try the next number.
    Continue,
    /// Stop the walk.
    Stop,
}

impl<'a> Walks<'a> {
    pub(super) fn new(entries: &'a [PlanEntry]) -> Self {
        Self::within(entries, MAX_COMPARISONS)
    }

    /// Walks with a limit of their own.
    pub(super) fn within(entries: &'a [PlanEntry], comparisons: usize) -> Self {
        let is_free = |line: &u8| entries.iter().all(|entry| entry.line != *line);
        Self {
            entries,
            common_line: (1..=u8::MAX).find(is_free).unwrap_or(1),
            left: comparisons / entries.len().max(1),
        }
    }

    /// The entries of the plan.
    pub(super) fn entries(&self) -> &'a [PlanEntry] {
        self.entries
    }

    /// The comparisons that may still be made.
    pub(super) fn comparisons_left(&self) -> usize {
        self.left * self.entries.len().max(1)
    }

    /// The plan treats groups of numbers alike: dials one number of each group that `entry` matches
    /// and passes the results to `visit`. Returns `false` if not all numbers were tried.
    pub(super) fn numbers(
        &mut self,
        entry: &PlanEntry,
        visit: &mut dyn FnMut(&NumberEnd<'a, '_>) -> WalkStep,
    ) -> bool {
        let line = match entry.line {
            0 => self.common_line,
            line => line,
        };
        let hotline = choose(self.entries, line, b"", DialMode::Proxy);
        if hotline.is_over() && !entry.pattern.is_empty() {
            let (dialled, choice) = ("", hotline);
            visit(&NumberEnd {
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
            visit,
            left: tries,
            complete: true,
        };
        walk.from(&mut String::new(), &steps(&entry.pattern), 0);
        self.left -= tries - walk.left;
        walk.complete
    }
}

struct Walk<'a, 's> {
    entries: &'a [PlanEntry],
    line: u8,
    visit: &'s mut dyn FnMut(&NumberEnd<'a, '_>) -> WalkStep,
    left: usize,
    complete: bool,
}

impl Walk<'_, '_> {
    /// Continues from `dialled`, which matches the steps before `wanted`. Its last `wild`
    /// digits belong to a `*`.
    fn from(&mut self, dialled: &mut String, wanted: &[PatternElement], wild: usize) -> WalkStep {
        let Some((step, rest)) = wanted.split_first() else {
            return WalkStep::Continue;
        };
        let keys = match step {
            PatternElement::Key(key) => vec![char::from(*key)],
            PatternElement::Any | PatternElement::Many => self.digits(dialled),
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
        step: PatternElement,
        rest: &[PatternElement],
        wanted: &[PatternElement],
        wild: usize,
    ) -> WalkStep {
        let choice = choose(self.entries, self.line, dialled.as_bytes(), DialMode::Proxy);
        let is_whole = rest.is_empty();
        let is_over = choice.is_over();
        if is_whole || is_over {
            let seen = (self.visit)(&NumberEnd {
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
            PatternElement::Many if wild + 1 < MAX_WILD => self.from(dialled, wanted, wild + 1),
            PatternElement::Many => {
                // Longer numbers exist that are not tried.
                self.complete = false;
                WalkStep::Continue
            }
            _ => WalkStep::Continue,
        }
    }

    /// One digit of each set that no pattern distinguishes at this position.
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
            let fixed = wanted.iter().position(|step| *step == PatternElement::Many);
            // After a `*` any key may follow at any position.
            let from = fixed.unwrap_or(wanted.len()).min(dialled.len());
            let until = match fixed {
                Some(_) => wanted.len(),
                None => wanted.len().min(dialled.len() + 1),
            };
            for step in &wanted[from..until] {
                if let PatternElement::Key(key @ b'0'..=b'9') = step {
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
