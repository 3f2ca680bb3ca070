//! Text on a screen: its width in columns, and making it fit.

use std::iter;

use console::measure_text_width;

/// Columns of a text that has no escape sequences.
pub(crate) fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.chars().map(columns).sum()
}

fn columns(character: char) -> usize {
    if character.is_ascii() {
        return 1;
    }
    measure_text_width(character.encode_utf8(&mut [0; 4]))
}

/// Whether a character has no width or changes that of its neighbours: joiners, variation
/// selectors, tags. Terminals disagree on these, so they are left out.
fn is_zero_width_or_modifier(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{e01ef}'
    )
}

/// The text, or its beginning and `…` if it is wider than `most` columns.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let visible = || {
        text.chars()
            .filter(|character| !is_zero_width_or_modifier(*character))
    };
    if visible().map(columns).sum::<usize>() <= most {
        return visible().collect();
    }
    let mut left = most.saturating_sub(1);
    let fits = |character: &char| {
        let fits = columns(*character) <= left;
        left = left.saturating_sub(columns(*character));
        fits
    };
    let mark = (most > 0).then_some('…');
    visible().take_while(fits).chain(mark).collect()
}

/// The text in exactly `to` columns: cut, or padded with spaces.
pub(crate) fn pad(text: &str, to: usize) -> String {
    let text = cut(text, to);
    let missing = to.saturating_sub(width(&text));
    text.chars().chain(iter::repeat_n(' ', missing)).collect()
}

/// Breaks text at spaces into lines of `most` columns at most; a longer word gets its own
/// line. The first line begins with `first`, the others with `rest`.
pub(crate) fn wrap(text: &str, most: usize, first: &str, rest: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    let mut taken = width(first);
    let mut is_empty = true;
    for word in text.split_whitespace() {
        let columns = width(word);
        if !is_empty && taken + 1 + columns > most {
            lines.push(std::mem::replace(&mut line, rest.to_owned()));
            taken = width(rest);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
            taken += 1;
        }
        line.push_str(word);
        taken += columns;
        is_empty = false;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_and_combining_characters_are_counted_as_they_are_shown() {
        assert_eq!(width("受付"), 4);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(cut("受付電話", 8), "受付電話");
        assert_eq!(cut("受付電話", 7), "受付電…");
        assert_eq!(cut("受付電話", 6), "受付…", "half a character is none");
        assert_eq!(cut("abc", 0), "");
        assert_eq!(pad("受付", 6), "受付  ");
        assert_eq!(pad("受付電話", 6), "受付… ");
    }

    #[test]
    fn characters_whose_width_is_disputed_are_left_out() {
        assert_eq!(cut("\u{2764}\u{fe0f}!", 9), "\u{2764}!");
        assert_eq!(cut("a\u{200d}b", 9), "ab");
    }

    #[test]
    fn long_texts_are_broken_at_blanks_and_lose_no_word() {
        let text = "word ".repeat(60);
        let lines = wrap(&text, 40, "  - ", "    ");
        assert!(lines.iter().all(|line| width(line) <= 40), "{lines:?}");
        let words: usize = lines.iter().map(|line| line.matches("word").count()).sum();
        assert_eq!(words, 60);
    }
}
