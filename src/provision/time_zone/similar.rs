//! Names that a wrong time zone can mean.

use crate::text::edit_distance;

/// The names of phones that a text can be a part or a variant of, or else the most similar IANA
/// names.
pub(super) fn nearest_names<'a>(
    text: &str,
    names: impl Iterator<Item = &'a str>,
    most: usize,
) -> Vec<String> {
    let wanted = words(text);
    let start = text.trim().to_lowercase();
    let is_part = |name: &str| {
        let has_words = || {
            words(name)
                .windows(wanted.len())
                .any(|words| words == wanted)
        };
        !wanted.is_empty() && (name.to_lowercase().starts_with(&start) || has_words())
    };
    let whole: Vec<_> = names
        .filter(|name| is_part(name))
        .take(most)
        .map(str::to_owned)
        .collect();
    if whole.is_empty() {
        similar(text, most)
    } else {
        whole
    }
}

/// The words of a name of phones that tell it from the others: without "Standard", "Daylight" and
/// "Time", which Windows and people write in other ways.
fn words(name: &str) -> Vec<String> {
    let common = ["standard", "daylight", "time", "summer"];
    name.to_lowercase()
        .split(|c: char| c == '/' || c.is_whitespace())
        .filter(|word| !word.is_empty() && !common.contains(word))
        .map(|word| word.trim_end_matches('.').to_owned())
        .collect()
}

/// The most similar IANA names.
fn similar(text: &str, most: usize) -> Vec<String> {
    let wanted: String = text.to_lowercase().chars().take(64).collect();
    let city = |name: &str| name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let mut names: Vec<(usize, String)> = jiff::tz::db()
        .available()
        .map(|name| name.as_str().to_owned())
        .map(|name| {
            let whole = edit_distance(&wanted, &name.to_lowercase());
            (whole.min(edit_distance(&wanted, &city(&name))), name)
        })
        .collect();
    names.sort();
    names.truncate(most);
    names.into_iter().map(|(_, name)| name).collect()
}
