//! Paragraphs of 80 columns.

/// Columns that text is wrapped to.
const COLUMNS: usize = 80;

/// Appends one paragraph, wrapped and indented; runs of blanks are kept.
pub(super) fn line(text: &mut String, indent: usize, paragraph: &str) {
    let mut column = indent;
    text.push_str(&" ".repeat(indent));
    let room = COLUMNS - indent - 2;
    let words = paragraph
        .split_inclusive(' ')
        .flat_map(|word| pieces(word, room));
    for word in words {
        let length = word.trim_end().chars().count();
        if column > indent && column + length > COLUMNS {
            text.truncate(text.trim_end().len());
            text.push('\n');
            column = indent + 2;
            text.push_str(&" ".repeat(column));
        }
        text.push_str(word);
        column += word.chars().count();
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
}

/// A word in pieces of at most `room` characters.
fn pieces(word: &str, room: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = word;
    while rest.trim_end().chars().count() > room {
        let end = rest
            .char_indices()
            .nth(room)
            .map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_stay_within_the_columns() {
        let mut text = String::new();
        line(&mut text, 4, &"word ".repeat(40));
        assert!(text.lines().count() > 1);
        assert!(
            text.lines()
                .all(|line| line.len() <= COLUMNS && !line.ends_with(' ')),
            "{text}"
        );
        assert_eq!(text.split_whitespace().count(), 40);
        line(&mut text, 2, &format!("of {} end", "x".repeat(200)));
        assert!(
            text.lines().all(|line| line.chars().count() <= COLUMNS),
            "{text}"
        );
    }
}
