//! What is sent for what was dialled.

use super::{
    pattern::{MAX_GROUPS, PatternMatch},
    plan::Entry,
};

/// By the entry's `Rewrite`, where it has one.
pub(super) fn rewritten(entry: &Entry, fit: &PatternMatch, dialled: &[u8]) -> String {
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
            // Where no digit is left it stands for none.
            b'.' => sent.extend(dots.next()),
            b'%' => match characters.next() {
                Some(b'0' | b's') => sent.extend_from_slice(dialled),
                Some(other) => match group(other).and_then(|index| fit.groups().get(index)) {
                    Some(group) => sent.extend_from_slice(digits(*group)),
                    // A group that is not there is the figure itself; so is any other.
                    None => sent.push(other),
                },
                None => {}
            },
            other => sent.push(other),
        }
    }
    text(&sent)
}

/// `%1` is the first group.
fn group(character: u8) -> Option<usize> {
    let first = character.checked_sub(b'1')?;
    Some(usize::from(first))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The `%1` to `%5` of a rewrite that stand for nothing in a pattern of `groups` groups.
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
