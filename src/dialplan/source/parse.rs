//! Parses the lines of a source.

use super::{check, error::SourceError};
use crate::dialplan::plan::{
    DEFAULT_SECONDS, MAX_PLAN_BYTES, MAX_TONES, PlanEntry, PlanPosition, ProxyRoute, UserParameter,
    narrow, shown, tone,
};

/// Starts a comment. `#` is not used because it is a key.
const COMMENT: char = ';';

/// Maximum timeout of a rule in seconds.
const MAX_SECONDS: u32 = 60;

/// Maximum size of a source in bytes.
const MAX_SOURCE_BYTES: usize = 4 * MAX_PLAN_BYTES;

/// A word of a line and its position.
#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    text: &'a str,
    position: PlanPosition,
}

impl Token<'_> {
    fn error(self, message: impl Into<String>) -> SourceError {
        SourceError::new(self.position, message)
    }
}

/// Parses all rules; returns one error for each invalid line.
pub(super) fn parse(text: &str) -> Result<Vec<PlanEntry>, Vec<SourceError>> {
    let start = PlanPosition { line: 1, column: 1 };
    if text.len() > MAX_SOURCE_BYTES {
        let message =
            format!("more than {MAX_SOURCE_BYTES} bytes: the plan would be too large for phones");
        return Err(vec![SourceError::new(start, message)]);
    }
    let text = text.trim_start_matches('\u{feff}');
    let (mut entries, mut errors) = (Vec::new(), Vec::new());
    for (line, text) in (1..).zip(text.lines()) {
        let words = split_words(text, line);
        let Some((first, rest)) = words.split_first() else {
            continue;
        };
        match rule(*first, rest, entries.len() + 1) {
            Ok(entry) => entries.push(entry),
            Err(fault) => errors.push(fault),
        }
    }
    if entries.is_empty() && errors.is_empty() {
        errors.push(SourceError::new(
            start,
            "no rule: expected lines such as '5.. now'",
        ));
    }
    if errors.is_empty() {
        Ok(entries)
    } else {
        Err(errors)
    }
}

fn split_words(text: &str, line: usize) -> Vec<Token<'_>> {
    let text = text.split(COMMENT).next().unwrap_or_default();
    let mut words = Vec::new();
    let mut column = 1;
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end_matches(char::is_whitespace);
        if !word.is_empty() {
            let position = PlanPosition {
                line: narrow(line),
                column,
            };
            words.push(Token {
                text: word,
                position,
            });
        }
        column += narrow(piece.chars().count());
    }
    words
}

fn rule(first: Token<'_>, rest: &[Token<'_>], index: usize) -> Result<PlanEntry, SourceError> {
    let mut entry = PlanEntry {
        index,
        position: first.position,
        pattern: String::new(),
        timeout: DEFAULT_SECONDS,
        rewrite: String::new(),
        user: None,
        route: ProxyRoute::Default,
        line: 0,
        tones: Vec::new(),
        pattern_position: first.position,
        rewrite_position: first.position,
    };
    let is_hotline = first.text == "hotline";
    if !is_hotline {
        check::pattern(first.text, first.position)?;
        first.text.clone_into(&mut entry.pattern);
    }
    let mut seen: Vec<&str> = Vec::new();
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        // `now` and `after` exclude each other.
        let subject = if word.text == "now" {
            "after"
        } else {
            word.text
        };
        if seen.contains(&subject) && subject != "tone" {
            return Err(word.error(format!("'{}' is given twice in one rule", shown(word.text))));
        }
        seen.push(subject);
        let mut value = |expected: &str| {
            let missing = || word.error(format!("'{}' needs {expected} after it", word.text));
            words.next().ok_or_else(missing)
        };
        match word.text {
            "now" => entry.timeout = 0,
            "after" => {
                let expected = format!("a number of seconds up to {MAX_SECONDS}");
                let value = value(&expected)?;
                entry.timeout = number(*value, 0, MAX_SECONDS, &expected)?;
            }
            "->" => {
                let value = value("the number to send")?;
                check::rewrite(value.text, value.position)?;
                value.text.clone_into(&mut entry.rewrite);
                entry.rewrite_position = value.position;
            }
            "user" => {
                let value = value("phone or ip")?;
                let user = UserParameter::from_name(value.text);
                entry.user = Some(user.ok_or_else(|| unknown(*value, "phone or ip"))?);
            }
            "route" => {
                let expected = "emergency, fqdn or default";
                let value = value(expected)?;
                entry.route =
                    ProxyRoute::from_name(value.text).ok_or_else(|| unknown(*value, expected))?;
            }
            "line" => {
                let expected = "the number of a line, 1 to 255";
                let value = value(expected)?;
                let number = number(*value, 1, u32::from(u8::MAX), expected)?;
                entry.line = u8::try_from(number).map_err(|_| unknown(*value, expected))?;
            }
            "tone" => {
                let expected = "the name of a tone, such as Bellcore-Outside";
                let value = value(expected)?;
                if entry.tones.len() >= MAX_TONES {
                    return Err(word.error(format!("more than {MAX_TONES} tones in one rule")));
                }
                entry
                    .tones
                    .push(tone(value.text).ok_or_else(|| unknown(*value, expected))?);
            }
            _ => {
                return Err(unknown(
                    *word,
                    "now, after SECONDS, -> REWRITE, user, route, line or tone",
                ));
            }
        }
    }
    if is_hotline && entry.rewrite.is_empty() {
        return Err(first.error("a hotline needs a number to dial: expected '-> NUMBER'"));
    }
    Ok(entry)
}

fn number(word: Token<'_>, least: u32, most: u32, expected: &str) -> Result<u32, SourceError> {
    let is_plain = word.text.bytes().all(|byte| byte.is_ascii_digit());
    let number: Option<u32> = word.text.parse().ok().filter(|_| is_plain);
    let within = number.filter(|number| (least..=most).contains(number));
    within.ok_or_else(|| unknown(word, expected))
}

fn unknown(word: Token<'_>, expected: &str) -> SourceError {
    word.error(format!(
        "'{}' is not valid here: expected {expected}",
        shown(word.text)
    ))
}
