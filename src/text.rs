//! Text for people: escaping of outside text, wrapping, widths, sizes, times and durations.

use std::io;

mod command;
mod distance;
pub(crate) mod measure;
mod time;

pub(crate) use command::{command_lines, quoted};
pub(crate) use distance::edit_distance;
pub(crate) use time::{clock, date_time, time_of_day};

/// Columns of printed text.
const WIDTH: usize = 80;

/// Text from the wire or from an archive, made safe for a terminal: control characters
/// are replaced by their escapes.
#[must_use]
pub fn escape(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let hidden = character.is_control()
                // Marks that reverse the writing direction can disguise a name.
                || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            let shown = hidden.then(|| character.escape_default().collect::<String>());
            shown.unwrap_or_else(|| character.to_string()).chars().collect::<Vec<_>>()
        })
        .collect()
}

/// Why a file or folder cannot be read.
#[must_use]
pub(crate) fn read_failure(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        _ => error.to_string(),
    }
}

/// Breaks text at spaces into lines of 80 columns at most; a longer word gets its own line.
pub(crate) fn wrap(text: &str, first: &str, rest: &str) -> Vec<String> {
    measure::wrap(text, WIDTH, first, rest)
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
    fn sizes_have_at_most_three_digits_before_the_unit() {
        assert_eq!(size(667), "667 B");
        assert_eq!(size(581_548), "582 kB");
        assert_eq!(size(4_642_392), "4.6 MB");
    }
}
