//! One pattern and the digits dialled so far.

use super::plan::DialMode;

/// Groups of digits that a rewrite can name: `%1` to `%5`.
pub(super) const MAX_GROUPS: usize = 5;

/// How exactly a pattern fits. A better one is greater.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MatchKind {
    /// Not at all, or not yet.
    #[default]
    None,
    /// Some of it by `*`.
    Wild,
    /// Some of it by `.`.
    Dots,
    /// Digit by digit.
    Digits,
}

/// How a pattern fits what was dialled so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PatternMatch {
    /// Characters that fit a character of the pattern, not a `.` or `*`.
    pub(super) literals: usize,
    pub(super) kind: MatchKind,
    /// Nothing of the pattern is left.
    pub(super) complete: bool,
    /// The last character was a `#` that the pattern does not have there.
    pub(super) dial_now: bool,
    /// The next thing in the pattern is a `,`.
    pub(super) wants_tone: bool,
    /// How many times there was a `,` before.
    pub(super) commas: usize,
    /// Where the digits that `.` and `*` stood for begin, and how many they are.
    groups: [(usize, usize); MAX_GROUPS],
    group_count: usize,
}

impl PatternMatch {
    pub(super) fn groups(&self) -> &[(usize, usize)] {
        &self.groups[..self.group_count]
    }

    /// Begins a group at `start`. The sixth and later ones lengthen the fifth where they run
    /// on: so do phones.
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

/// Whether a key of the phone stands for a digit that `.` takes.
fn is_digit(character: u8, mode: DialMode) -> bool {
    match character {
        b'0'..=b'9' | b'*' | b'+' => true,
        b'#' => mode == DialMode::CallManager,
        _ => false,
    }
}

/// `None`: what was dialled is not this pattern, nor how it begins.
pub(super) fn fit(pattern: &[u8], dialled: &[u8], mode: DialMode) -> Option<PatternMatch> {
    let mut fit = PatternMatch {
        kind: MatchKind::Digits,
        ..PatternMatch::default()
    };
    let key = |index: usize| dialled.get(index).copied();
    let ends = |index: usize| key(index) == Some(b'#') && mode == DialMode::Proxy;
    let (mut at, mut next) = (0, 0);
    while let Some(pressed) = key(next) {
        // Several in a row are one.
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
                // It takes all up to what stands after it, and never gives back.
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

/// One thing that a pattern wants. A `,` wants no key and is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// This key.
    Key(u8),
    /// Any digit.
    Any,
    /// One digit or more.
    Many,
}

/// What a pattern wants, key after key.
pub(super) fn steps(pattern: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut bytes = pattern.bytes().peekable();
    while let Some(byte) = bytes.next() {
        steps.push(match byte {
            b',' => continue,
            b'.' => Step::Any,
            b'*' => Step::Many,
            // At the end it stands for itself.
            b'\\' => Step::Key(bytes.next().unwrap_or(byte)),
            other => Step::Key(other),
        });
    }
    steps
}

/// Why no number ever fits a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreachable {
    /// `[2-9]`: phones take the brackets for keys.
    Class,
    /// A character that is on no key.
    NoKey(char),
    /// A `*` before a `.`: the `*` has taken all digits already.
    AfterStar,
    /// Nothing but a `,` is left at the end, and it waits for a digit.
    EndsWithComma,
}

/// Whether a pattern can be fitted at all.
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
    fn a_star_takes_all_up_to_what_stands_after_it() {
        let groups =
            |pattern: &str, dialled: &str| fits(pattern, dialled).unwrap().groups().to_vec();
        assert_eq!(groups("9*", "9123"), [(1, 3)]);
        assert_eq!(groups("*5.", "1257"), [(0, 2), (3, 1)]);
        assert_eq!(groups("1*\\*2*", "134*25"), [(1, 2), (5, 1)]);
        // The first one is taken whatever it is.
        assert_eq!(groups("*55", "555"), [(0, 1)]);
        assert_eq!(fits("*5", "1256"), None);
        assert!(!fits("*.", "123").unwrap().complete);
    }

    #[test]
    fn the_sixth_group_is_none_of_its_own() {
        let fit = fits("1.2.3.4.5.6..", "1a".replace('a', "0").as_str()).unwrap();
        assert_eq!(fit.groups(), [(1, 1)]);
        let fit = fits(".1.1.1.1.1..", "010101010177").unwrap();
        assert_eq!(fit.groups().len(), MAX_GROUPS);
        assert_eq!(fit.groups()[4], (8, 2));
    }

    #[test]
    fn patterns_that_nothing_fits_are_told_from_others() {
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
