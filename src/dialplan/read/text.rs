//! The text of a plan, where phones and XML differ on it.

use roxmltree::{Document, Error, Node};

use super::position::{position, position_at};
use crate::{
    diagnose::{Finding, Severity},
    dialplan::{
        finding::finding,
        plan::{Position, narrow},
    },
};

/// Times that a second `Tone` is set apart at most: more than entries fit into a plan.
const MAX_TONES_APART: usize = 1_000;

/// As UTF-8. Phones do not mind other bytes where nothing depends on them.
pub(super) fn decode(bytes: &[u8]) -> (String, Option<Finding>) {
    match std::str::from_utf8(bytes) {
        // The mark that Windows puts before a text is no character of its first line.
        Ok(text) => (text.trim_start_matches('\u{feff}').to_owned(), None),
        Err(error) => {
            let before = &bytes[..error.valid_up_to()];
            let text: String = bytes.iter().copied().map(char::from).collect();
            let before: String = before.iter().copied().map(char::from).collect();
            let found = finding(
                "not-utf8",
                Severity::Warning,
                end_of(&before),
                "a character that is not UTF-8",
                "save the file as UTF-8, or keep to plain letters",
            );
            (text, Some(found))
        }
    }
}

/// Where the character after `text` stands.
fn end_of(text: &str) -> Position {
    let line = text.matches('\n').count() + 1;
    let column = text
        .rsplit('\n')
        .next()
        .map_or(0, |line| line.chars().count())
        + 1;
    Position {
        line: narrow(line),
        column: narrow(column),
    }
}

/// A phone takes `Tone` up to three times in one entry, and the names of attributes in any
/// case; XML takes each name once. So a second `Tone` is written in another case.
pub(super) fn with_distinct_tones(mut text: String) -> String {
    for attempt in 1..=MAX_TONES_APART {
        let Err(Error::DuplicatedAttribute(name, position)) = Document::parse(&text) else {
            break;
        };
        let line = text.split_inclusive('\n').nth(position.row as usize - 1);
        let (true, Some(line)) = (name.eq_ignore_ascii_case("Tone"), line) else {
            break;
        };
        let Some((within, _)) = line.char_indices().nth(position.col as usize - 1) else {
            break;
        };
        let start = line.as_ptr() as usize - text.as_ptr() as usize + within;
        let other: String = (0..)
            .zip("tone".chars())
            .map(|(bit, letter)| match attempt >> bit & 1 {
                1 => letter.to_ascii_uppercase(),
                _ => letter,
            })
            .collect();
        text.replace_range(start..start + name.len(), &other);
    }
    text
}

/// A comment ends for a phone at its first `>`: what stands behind is read.
pub(super) fn entry_after_comment_end(comment: Node<'_, '_>) -> Option<Finding> {
    let text = &comment.document().input_text()[comment.range()];
    let behind = text.find('>')? + 1;
    let entry = behind + text[behind..].find("<TEMPLATE")?;
    let there = position_at(comment, comment.range().start + entry);
    Some(finding(
        "comment-ends-early",
        Severity::Warning,
        there,
        format!(
            "a phone ends the comment of line {} at its first '>', and reads this entry",
            position(comment).line
        ),
        "Take the entry out, or give it a comment of its own",
    ))
}
