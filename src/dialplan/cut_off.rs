//! Numbers that a plan does not let a phone dial completely.

use std::fmt;

use super::{
    checks::is_emergency,
    dial::MatchedEntry,
    finding::finding,
    plan::{DialMode, DialPlan, PlanPosition, shown},
};
use crate::diagnose::{Finding, Severity};

/// Maximum number of numbers and ranges that a message names; the others are only counted.
const MAX_NAMED: usize = 5;

/// Numbers that cannot be dialled, because the phone calls before their last digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutOffNumbers {
    /// The entry that starts the call.
    pub entry: MatchedEntry,
    /// Where the entry starts in the file.
    pub position: PlanPosition,
    /// Whether the entry is for an emergency number.
    pub is_emergency: bool,
    /// The digits after which the call starts; empty for a hotline.
    pub dialled: String,
    /// What the phone sends.
    pub sent: String,
    /// The numbers, in the order given.
    pub numbers: Vec<String>,
}

impl DialPlan {
    /// The numbers of which the phone sends only the first digits, because an entry is complete
    /// and has no timeout; grouped by the entry and these digits.
    #[must_use]
    pub fn cut_off(&self, numbers: &[&str], mode: DialMode) -> Vec<CutOffNumbers> {
        let mut all: Vec<CutOffNumbers> = Vec::new();
        for number in numbers {
            let result = self.dial(number, mode);
            let dialled = &number[..number.len() - result.unsent.len()];
            // A `#` that sends is no digit of an entry.
            let is_by_key = result.sent.is_empty() || dialled.ends_with('#');
            let entry = result.rule.filter(|_| {
                let is_early = result.seconds == 0 && !result.unsent.is_empty();
                is_early && !is_by_key
            });
            let Some(entry) = entry else {
                continue;
            };
            let same = |group: &&mut CutOffNumbers| {
                group.entry == entry && group.dialled == dialled && group.sent == result.sent
            };
            if let Some(group) = all.iter_mut().find(same) {
                group.numbers.push((*number).to_owned());
                continue;
            }
            let of_plan = self.entries.iter().find(|one| one.index == entry.index);
            all.push(CutOffNumbers {
                position: of_plan.map(|one| one.position).unwrap_or_default(),
                is_emergency: of_plan.is_some_and(is_emergency),
                entry,
                dialled: dialled.to_owned(),
                sent: result.sent,
                numbers: vec![(*number).to_owned()],
            });
        }
        all
    }
}

impl CutOffNumbers {
    /// The finding about these numbers, at the entry that starts the call.
    #[must_use]
    pub fn finding(&self) -> Finding {
        finding(
            "number-cut-off",
            Severity::Warning,
            self.position,
            self.to_string(),
            self.cure(),
        )
    }

    /// What to do, as a sentence without a full stop.
    #[must_use]
    pub fn cure(&self) -> String {
        let numbers = if self.numbers.len() == 1 {
            "another number"
        } else {
            "other numbers"
        };
        if self.is_emergency {
            format!(
                "Use {numbers}, not beginning with {}; delete its rule only if it is not an \
                 emergency number in your country",
                shown(&self.dialled)
            )
        } else if self.dialled.is_empty() {
            "Give the hotline a timeout".to_owned()
        } else {
            format!(
                "Use {numbers}, or give the rule '{}' a timeout of a few seconds (`after 3`)",
                shown(&self.entry.pattern)
            )
        }
    }
}

impl fmt::Display for CutOffNumbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges = ranges(&self.numbers);
        let more = ranges.len().saturating_sub(MAX_NAMED);
        let named = ranges[..ranges.len() - more].join(", ");
        let more = match more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let when = match self.dialled.as_str() {
            "" => "before the first digit".to_owned(),
            dialled => format!("after {}", shown(dialled)),
        };
        let what = if self.is_emergency {
            "the emergency number".to_owned()
        } else {
            format!("{} at once", shown(&self.sent))
        };
        write!(
            f,
            "{named}{more} cannot be dialled: {when} the phone calls {what}"
        )
    }
}

/// `1120–1129, 2110`: numbers of the same length that follow each other as one range.
fn ranges(numbers: &[String]) -> Vec<String> {
    let mut ranges: Vec<(&str, &str)> = Vec::new();
    for number in numbers {
        if let Some((_, last)) = ranges.last_mut().filter(|(_, last)| follows(last, number)) {
            *last = number;
        } else {
            ranges.push((number, number));
        }
    }
    let mut shown = Vec::new();
    for (first, last) in ranges {
        if first == last {
            shown.push(first.to_owned());
        } else {
            shown.push(format!("{first}–{last}"));
        }
    }
    shown
}

fn follows(before: &str, number: &str) -> bool {
    let is_digits = |text: &str| text.bytes().all(|key| key.is_ascii_digit());
    let value = |text: &str| text.parse::<u64>().ok().filter(|_| is_digits(text));
    before.len() == number.len()
        && value(before).is_some_and(|before| value(number) == before.checked_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialplan::DialPlanSource;

    fn found(plan: &str, numbers: &[&str]) -> Vec<String> {
        let plan = DialPlanSource::preset(plan)
            .unwrap_or_else(|| DialPlanSource::parse(plan).unwrap())
            .template();
        let found = plan.cut_off(numbers, DialMode::Proxy);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn numbers_behind_an_emergency_number_are_named_as_a_range() {
        let numbers: Vec<String> = (1001..=1200).map(|number| number.to_string()).collect();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        assert_eq!(
            found("internal", &numbers),
            ["1120–1129 cannot be dialled: after 112 the phone calls the emergency number"]
        );
        assert_eq!(
            found("AU", &numbers),
            [
                "1060–1069 cannot be dialled: after 106 the phone calls the emergency number",
                "1120–1129 cannot be dialled: after 112 the phone calls the emergency number"
            ]
        );
        assert!(found("NANP", &numbers).is_empty());
    }

    #[test]
    fn any_rule_that_sends_earlier_cuts_a_number_off() {
        for (plan, numbers, expected) in [
            (
                "NANP",
                &["2110", "2112", "2113", "21150"][..],
                "2110, 2112–2113, 21150 cannot be dialled: after 211 the phone calls 211 at once",
            ),
            (
                "5.. now -> 95..\n",
                &["5123"],
                "5123 cannot be dialled: after 512 the phone calls 9512 at once",
            ),
            (
                "hotline now -> 300\n1... now\n",
                &["1001"],
                "1001 cannot be dialled: before the first digit the phone calls 300 at once",
            ),
            (
                "1. now\n",
                &["101", "103", "105", "107", "109", "1111"],
                "101, 103, 105, 107, 109 cannot be dialled: after 10 the phone calls 10 at once",
            ),
            (
                "1 now\n",
                &["101", "103", "105", "107", "109", "1111", "115"],
                "101, 103, 105, 107, 109 and 2 more cannot be dialled: after 1 the phone calls 1 \
                 at once",
            ),
        ] {
            assert_eq!(found(plan, numbers)[0], expected, "{plan}");
        }
        for (plan, number) in [
            ("1... now\n", "1001"),
            ("112 after 3\n1... now\n", "1120"),
            ("1.. after 3\n1... now\n", "1001"),
            ("* after 5\n", "12#3"),
            ("internal", "112"),
            ("internal", "12345"),
        ] {
            assert!(found(plan, &[number]).is_empty(), "{plan}");
        }
    }
}
