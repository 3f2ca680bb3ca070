//! Checks of source values against the limits of phones.

use super::error::SourceError;
use crate::dialplan::{
    pattern::{Unreachable, unreachable},
    plan::{MAX_PLAN_BYTES, MAX_VALUE_BYTES, PlanEntry, PlanPosition},
};

/// Checks that a pattern can be dialled.
pub(super) fn pattern(text: &str, position: PlanPosition) -> Result<(), SourceError> {
    value("pattern", text, position)?;
    let Some(why) = unreachable(text) else {
        return Ok(());
    };
    Err(SourceError::new(
        position,
        match why {
            Unreachable::Class => {
                "phones do not support [ ] classes: write a rule for each digit, or '.' for any".to_owned()
            }
            Unreachable::NoKey(key) => format!(
                "no key is '{key}': expected digits, '#', '+', '\\*', '.' for any digit, '*' for \
                 one or more, ',' for a tone"
            ),
            Unreachable::AfterStar => {
                "the '*' consumes all digits, so the rest never matches: write '\\*' for the star key".to_owned()
            }
            Unreachable::EndsWithComma => {
                "a pattern cannot end with ',': expected the digits dialled after the tone".to_owned()
            }
        },
    ))
}

/// Checks the characters and the length of a rewrite.
pub(super) fn rewrite(text: &str, position: PlanPosition) -> Result<(), SourceError> {
    value("rewrite", text, position)?;
    // Phones do not decode entities such as `&amp;`.
    let strange = |c: char| !c.is_ascii_graphic() || "\"'&<>".contains(c);
    match text.chars().find(|c| strange(*c)) {
        None => Ok(()),
        Some(strange) => Err(SourceError::new(
            position,
            format!(
                "'{}' is not allowed in a rewrite: expected digits, '.', %0 to %5, letters or signs",
                strange.escape_debug()
            ),
        )),
    }
}

fn value(what: &str, text: &str, position: PlanPosition) -> Result<(), SourceError> {
    if text.len() <= MAX_VALUE_BYTES {
        return Ok(());
    }
    Err(SourceError::new(
        position,
        format!(
            "the {what} has {} bytes: phones truncate it to {MAX_VALUE_BYTES}",
            text.len()
        ),
    ))
}

/// Checks the size of the generated plan.
pub(super) fn size(bytes: usize, last: Option<&PlanEntry>) -> Result<(), Vec<SourceError>> {
    if bytes <= MAX_PLAN_BYTES {
        return Ok(());
    }
    let last = last.map_or_else(PlanPosition::default, |entry| entry.position);
    Err(vec![SourceError::new(
        last,
        format!(
            "the plan has {bytes} bytes: phones reject more than {MAX_PLAN_BYTES}; merge \
             rules with '.'"
        ),
    )])
}
