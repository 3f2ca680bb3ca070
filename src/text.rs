//! Text for people: escaping what came from outside, wrapping, widths, sizes and durations.

pub(crate) mod measure;

/// Columns of a line of plain output.
const WIDTH: usize = 80;

/// Text from the wire or from an archive, made safe for a terminal: control characters
/// are shown, not sent.
#[must_use]
pub fn escape(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let hidden = character.is_control()
                // Marks that turn the writing direction around can disguise a name.
                || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            let shown = hidden.then(|| character.escape_default().collect::<String>());
            shown.unwrap_or_else(|| character.to_string()).chars().collect::<Vec<_>>()
        })
        .collect()
}

/// Breaks at blanks so that lines keep to [`WIDTH`]; a longer word stands alone.
pub(crate) fn wrap(text: &str, first: &str, rest: &str) -> Vec<String> {
    measure::wrap(text, WIDTH, first, rest)
}

/// Seconds for people: `1:02:03`.
pub(crate) fn clock(seconds: i64) -> String {
    let seconds = seconds.max(0);
    format!(
        "{}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// Bytes for people: `4.6 MB`.
pub(crate) fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let value = bytes as f64;
    if bytes < 1_000 {
        format!("{bytes} B")
    } else if bytes < 1_000_000 {
        format!("{:.0} kB", value / 1e3)
    } else {
        format!("{:.1} MB", value / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_sequence_from_the_wire_stays_text() {
        assert_eq!(escape("a\x1b[2Jb\n\u{202e}ü"), "a\\u{1b}[2Jb\\n\\u{202e}ü");
    }

    #[test]
    fn sizes_have_three_digits_at_most_before_the_unit() {
        assert_eq!(size(667), "667 B");
        assert_eq!(size(581_548), "582 kB");
        assert_eq!(size(4_642_392), "4.6 MB");
    }
}
