//! What of a source cannot be written for a phone.

use super::error::SourceError;
use crate::dialplan::{
    pattern::{Unreachable, unreachable},
    plan::{Entry, MAX_PLAN_BYTES, MAX_VALUE_BYTES, Position},
};

/// A pattern that a phone can fit.
pub(super) fn pattern(text: &str, position: Position) -> Result<(), SourceError> {
    value("pattern", text, position)?;
    let Some(why) = unreachable(text) else {
        return Ok(());
    };
    Err(SourceError::new(
        position,
        match why {
            Unreachable::Class => {
                "phones know no [ ] classes: write a rule for each digit, or '.' for any".to_owned()
            }
            Unreachable::NoKey(key) => format!(
                "no key is '{key}': expected digits, '#', '+', '\\*', '.' for any digit, '*' for \
                 one or more, ',' for a tone"
            ),
            Unreachable::AfterStar => {
                "the '*' leaves no digit for what follows: write '\\*' for the star key".to_owned()
            }
            Unreachable::EndsWithComma => {
                "a pattern cannot end with ',': expected what is dialled after the tone".to_owned()
            }
        },
    ))
}

/// What is sent instead.
pub(super) fn rewrite(text: &str, position: Position) -> Result<(), SourceError> {
    value("rewrite", text, position)?;
    // A phone reads an attribute as it stands, so what XML writes as `&amp;` cannot be distinct it.
    let strange = |c: char| !c.is_ascii_graphic() || "\"'&<>".contains(c);
    match text.chars().find(|c| strange(*c)) {
        None => Ok(()),
        Some(strange) => Err(SourceError::new(
            position,
            format!(
                "'{}' cannot stand in a rewrite: expected digits, '.', %0 to %5, letters or signs",
                strange.escape_debug()
            ),
        )),
    }
}

fn value(what: &str, text: &str, position: Position) -> Result<(), SourceError> {
    if text.len() <= MAX_VALUE_BYTES {
        return Ok(());
    }
    Err(SourceError::new(
        position,
        format!(
            "a {what} of {} characters: phones keep {MAX_VALUE_BYTES}",
            text.len()
        ),
    ))
}

/// Whether the plan is as small as a phone wants it.
pub(super) fn size(bytes: usize, last: Option<&Entry>) -> Result<(), Vec<SourceError>> {
    if bytes <= MAX_PLAN_BYTES {
        return Ok(());
    }
    let last = last.map_or_else(Position::default, |entry| entry.position);
    Err(vec![SourceError::new(
        last,
        format!(
            "the plan has {bytes} bytes up to here, and phones take {MAX_PLAN_BYTES}: write \
             several numbers as one with '.'"
        ),
    )])
}
