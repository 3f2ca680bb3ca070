//! Matches a pattern against the digits dialled so far.

use super::plan::DialMode;

/// Number of groups that a rewrite can use: `%1` to `%5`.
pub(super) const MAX_GROUPS: usize = 5;

/// How specific a match is; greater is better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MatchKind {
    /// No match yet.
    #[default]
    None,
    /// Some digits matched `*`.
    Wild,
    /// Some digits matched `.`.
    Dots,
    /// All digits matched literally.
    Digits,
}

/// How a pattern matches the digits dialled so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PatternMatch {
    /// Number of characters matched literally, not by `.` or `*`.
    pub(super) literals: usize,
    pub(super) kind: MatchKind,
    /// Whether the whole pattern is matched.
    pub(super) complete: bool,
    /// Whether the last character was a `#` that the pattern does not contain there.
    pub(super) dial_now: bool,
    /// Whether a `,` comes next in the pattern.
    pub(super) wants_tone: bool,
    /// Number of `,` passed; several in a row count once.
    pub(super) commas: usize,
    /// Start and length of the digits matched by each group of `.` or `*`.
    groups: [(usize, usize); MAX_GROUPS],
    group_count: usize,
}

impl PatternMatch {
    pub(super) fn groups(&self) -> &[(usize, usize)] {
        &self.groups[..self.group_count]
    }

    /// Starts a group at `start`. As on phones, adjacent digits of the sixth and later groups
    /// extend the fifth.
    fn open(&mut self, start: usize) {
        if let Some(group) = self.groups.get_mut(self.group_count) {
            *group = (start, 1);
            self.group_count += 1;
        }
    }

    fn lengthen(&mut self) {
        if let Some((_, length)) = self.groups[..self.group_count].last_mut() {
            *length += 1;
        }
    }
}

/// Whether `.` matches this key.
fn is_digit(character: u8, mode: DialMode) -> bool {
    match character {
        b'0'..=b'9' | b'*' | b'+' => true,
        b'#' => mode == DialMode::CallManager,
        _ => false,
    }
}

/// Returns `None` if the dialled digits do not match the beginning of the pattern.
pub(super) fn fit(pattern: &[u8], dialled: &[u8], mode: DialMode) -> Option<PatternMatch> {
    let mut fit = PatternMatch {
        kind: MatchKind::Digits,
        ..PatternMatch::default()
    };
    let key = |index: usize| dialled.get(index).copied();
    let ends = |index: usize| key(index) == Some(b'#') && mode == DialMode::Proxy;
    let (mut at, mut next) = (0, 0);
    while let Some(pressed) = key(next) {
        // Several in a row count as one.
        if pattern.get(at) == Some(&b',') {
            fit.commas += 1;
            at += pattern[at..].iter().take_while(|c| **c == b',').count();
        }
        match pattern.get(at).copied() {
            Some(b'.') if is_digit(pressed, mode) => {
                fit.kind = MatchKind::Dots;
                fit.open(next);
                while key(next + 1).is_some_and(|key| key.is_ascii_digit())
                    && pattern.get(at + 1) == Some(&b'.')
                {
                    at += 1;
                    next += 1;
                    fit.lengthen();
                }
            }
            Some(b'*') if !ends(next) => {
                fit.kind = MatchKind::Wild;
                fit.open(next);
                // Greedy up to the next pattern character, without backtracking.
                let escaped = pattern.get(at + 1) == Some(&b'\\');
                let stop = pattern.get(at + 1 + usize::from(escaped)).copied();
                while key(next + 1).is_some() && key(next + 1) != stop && !ends(next + 1) {
                    next += 1;
                    fit.lengthen();
                }
            }
            wanted => {
                let escapes = wanted == Some(b'\\') && at + 1 < pattern.len();
                at += usize::from(escapes);
                if pattern.get(at) == Some(&pressed) {
                    fit.literals += 1;
                } else if ends(next) && next + 1 == dialled.len() {
                    fit.dial_now = true;
                    break;
                } else {
                    return None;
                }
            }
        }
        at += 1;
        next += 1;
    }
    fit.complete = at >= pattern.len();
    fit.wants_tone = pattern.get(at) == Some(&b',');
    Some(fit)
}

/// One element of a pattern. A `,` needs no key and is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PatternElement {
    /// This key.
    Key(u8),
    /// Any digit.
    Any,
    /// One or more digits.
    Many,
}

/// The elements of a pattern in order.
pub(super) fn steps(pattern: &str) -> Vec<PatternElement> {
    let mut steps = Vec::new();
    let mut bytes = pattern.bytes().peekable();
    while let Some(byte) = bytes.next() {
        steps.push(match byte {
            b',' => continue,
            b'.' => PatternElement::Any,
            b'*' => PatternElement::Many,
            // A trailing backslash is a literal.
            b'\\' => PatternElement::Key(bytes.next().unwrap_or(byte)),
            other => PatternElement::Key(other),
        });
    }
    steps
}

/// Why no number can match a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreachable {
    /// A class such as `[2-9]`: phones read the brackets as keys.
    Class,
    /// A character that no key has.
    NoKey(char),
    /// A `*` before a `.`: the `*` consumes all digits.
    AfterStar,
    /// A trailing `,`, which waits for another digit.
    EndsWithComma,
}

/// Checks whether any number can match the pattern.
pub(super) fn unreachable(pattern: &str) -> Option<Unreachable> {
    let class = pattern
        .find('[')
        .is_some_and(|start| pattern[start..].contains(']'));
    if class {
        return Some(Unreachable::Class);
    }
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        let is_key = match character {
            '0'..='9' | '#' | '+' | '.' | ',' => true,
            '*' => {
                let mut rest = characters.clone().skip_while(|next| *next == ',');
                if rest.next() == Some('.') || characters.peek() == Some(&',') {
                    return Some(Unreachable::AfterStar);
                }
                true
            }
            '\\' => match characters.next() {
                Some(escaped) if !"0123456789#+*".contains(escaped) => {
                    return Some(Unreachable::NoKey(escaped));
                }
                escaped => escaped.is_some(),
            },
            _ => false,
        };
        if !is_key {
            return Some(Unreachable::NoKey(character));
        }
    }
    pattern.ends_with(',').then_some(Unreachable::EndsWithComma)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, dialled: &str) -> Option<PatternMatch> {
        fit(pattern.as_bytes(), dialled.as_bytes(), DialMode::Proxy)
    }

    #[test]
    fn star_matches_up_to_the_next_pattern_character() {
        let groups =
            |pattern: &str, dialled: &str| fits(pattern, dialled).unwrap().groups().to_vec();
        assert_eq!(groups("9*", "9123"), [(1, 3)]);
        assert_eq!(groups("*5.", "1257"), [(0, 2), (3, 1)]);
        assert_eq!(groups("1*\\*2*", "134*25"), [(1, 2), (5, 1)]);
        // The first digit always matches.
        assert_eq!(groups("*55", "555"), [(0, 1)]);
        assert_eq!(fits("*5", "1256"), None);
        assert!(!fits("*.", "123").unwrap().complete);
    }

    #[test]
    fn sixth_group_extends_the_fifth() {
        let fit = fits("1.2.3.4.5.6..", "1a".replace('a', "0").as_str()).unwrap();
        assert_eq!(fit.groups(), [(1, 1)]);
        let fit = fits(".1.1.1.1.1..", "010101010177").unwrap();
        assert_eq!(fit.groups().len(), MAX_GROUPS);
        assert_eq!(fit.groups()[4], (8, 2));
    }

    #[test]
    fn unreachable_patterns_are_detected() {
        for (pattern, expected) in [
            ("1831-", Some(Unreachable::NoKey('-'))),
            ("[2-9]..", Some(Unreachable::Class)),
            ("1XX", Some(Unreachable::NoKey('X'))),
            ("*..", Some(Unreachable::AfterStar)),
            ("9,", Some(Unreachable::EndsWithComma)),
            ("5\\", Some(Unreachable::NoKey('\\'))),
            ("", None),
            ("9,0*", None),
            ("\\*..", None),
            ("**", None),
            ("*#", None),
            ("+49*", None),
        ] {
            assert_eq!(unreachable(pattern), expected, "{pattern}");
        }
    }
}
