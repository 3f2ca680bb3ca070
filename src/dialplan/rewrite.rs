//! Applies `Rewrite` to the dialled digits.

use super::{
    pattern::{MAX_GROUPS, PatternMatch},
    plan::PlanEntry,
};

/// The number to send: the dialled digits, or the result of the entry's `Rewrite`.
pub(super) fn rewritten(entry: &PlanEntry, fit: &PatternMatch, dialled: &[u8]) -> String {
    if entry.rewrite.is_empty() {
        return text(dialled);
    }
    let digits = |(start, length): (usize, usize)| {
        let end = (start + length).min(dialled.len());
        &dialled[start.min(end)..end]
    };
    let mut dots = fit.groups().iter().flat_map(|group| digits(*group));
    let mut sent = Vec::new();
    let mut characters = entry.rewrite.bytes();
    while let Some(character) = characters.next() {
        match character {
            // Without a digit left, it adds nothing.
            b'.' => sent.extend(dots.next()),
            b'%' => match characters.next() {
                Some(b'0' | b's') => sent.extend_from_slice(dialled),
                Some(other) => match group(other).and_then(|index| fit.groups().get(index)) {
                    Some(group) => sent.extend_from_slice(digits(*group)),
                    // For a missing group or another character, the character itself.
                    None => sent.push(other),
                },
                None => {}
            },
            other => sent.push(other),
        }
    }
    text(&sent)
}

/// The index of a group; `%1` is the first.
fn group(character: u8) -> Option<usize> {
    let first = character.checked_sub(b'1')?;
    Some(usize::from(first))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The group numbers in a rewrite that do not exist in a pattern with `groups` groups.
pub(super) fn missing_groups(rewrite: &str, groups: usize) -> Vec<char> {
    let mut missing = Vec::new();
    let mut characters = rewrite.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            continue;
        }
        let Some(named) = characters.next() else {
            break;
        };
        let number = named.to_digit(10).map_or(0, |number| number as usize);
        if (1..=MAX_GROUPS).contains(&number) && number > groups {
            missing.push(named);
        }
    }
    missing
}
