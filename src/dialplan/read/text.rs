//! Handles texts that phones and XML parsers read differently.

use roxmltree::{Document, Error, Node};

use super::position::{position, position_at};
use crate::{
    diagnose::{Finding, Severity},
    dialplan::{
        finding::finding,
        plan::{PlanPosition, narrow},
    },
};

/// Maximum number of renamed `Tone` attributes; a plan within the size limit has fewer.
const MAX_TONES_APART: usize = 1_000;

/// Decodes UTF-8. Other bytes are read as Latin-1 with a finding, because phones accept them.
pub(super) fn decode(bytes: &[u8]) -> (String, Option<Finding>) {
    match std::str::from_utf8(bytes) {
        // A byte order mark does not count as a column.
        Ok(text) => (text.trim_start_matches('\u{feff}').to_owned(), None),
        Err(error) => {
            let before = &bytes[..error.valid_up_to()];
            let text: String = bytes.iter().copied().map(char::from).collect();
            let before: String = before.iter().copied().map(char::from).collect();
            let found = finding(
                "not-utf8",
                Severity::Warning,
                end_of(&before),
                "a byte that is not valid UTF-8",
                "Save the file as UTF-8, or use ASCII only",
            );
            (text, Some(found))
        }
    }
}

/// The position just after `text`.
pub(super) fn end_of(text: &str) -> PlanPosition {
    let line = text.matches('\n').count() + 1;
    let column = text
        .rsplit('\n')
        .next()
        .map_or(0, |line| line.chars().count())
        + 1;
    PlanPosition {
        line: narrow(line),
        column: narrow(column),
    }
}

/// Replaces `--` within comments, which XML does not allow. Phones skip a comment to its first `>`.
pub(super) fn with_readable_comments(text: &str) -> (String, Option<Finding>) {
    const OPEN: &str = "<!--";
    const CLOSE: &str = "-->";
    let mut readable = String::with_capacity(text.len());
    let mut found = None;
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once(OPEN) {
        readable.push_str(before);
        readable.push_str(OPEN);
        let Some((inside, behind)) = comment.split_once(CLOSE) else {
            rest = comment;
            break;
        };
        if inside.contains("--") || inside.ends_with('-') {
            found.get_or_insert_with(|| {
                finding(
                    "not-well-formed",
                    Severity::Warning,
                    end_of(before_comment(&readable, OPEN)),
                    "a comment contains --: phones skip the comment, but XML tools reject the file",
                    "Remove -- from the comment",
                )
            });
        }
        let whole = inside.replace("--", "  ");
        match whole.strip_suffix('-') {
            Some(whole) => {
                readable.push_str(whole);
                readable.push(' ');
            }
            None => readable.push_str(&whole),
        }
        readable.push_str(CLOSE);
        rest = behind;
    }
    readable.push_str(rest);
    (readable, found)
}

fn before_comment<'t>(text: &'t str, open: &str) -> &'t str {
    text.strip_suffix(open).unwrap_or(text)
}

/// Changes the case of repeated `Tone` attributes. Phones accept up to three in one entry and
/// ignore the case of names; XML allows each name once.
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

/// Reports an entry after the first `>` of a comment, where a comment ends for phones.
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
            "for phones the comment in line {} ends at its first '>': they read this entry",
            position(comment).line
        ),
        "Remove the entry, or put it into a comment of its own",
    ))
}
