//! Reads the settings in `SIPDefault.cnf` and `SIP<MAC>.cnf`, as a 7940 or 7960 does.

use crate::lint::text::LineColumn;

/// One setting.
pub(super) struct Setting<'t> {
    pub(super) place: LineColumn,
    pub(super) key: &'t str,
    pub(super) value: &'t str,
    /// What follows an unquoted value that ends at a space.
    pub(super) rest: &'t str,
    /// The `#` or `;` at which an unquoted value ends, if it looks like a part of the value.
    pub(super) cut: Option<char>,
    /// Whether the value has an opening quote and no closing one.
    pub(super) is_open: bool,
    /// Whether the line has a colon.
    pub(super) has_colon: bool,
}

/// Whether a text without a tag has the form of these files.
pub(in crate::lint) fn is_settings(text: &str) -> bool {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    !start.starts_with('<')
        && settings(text).any(|setting| {
            matches!(
                setting.key,
                "image_version" | "line1_name" | "proxy1_address" | "proxy_register"
            )
        })
}

/// The settings of a text, as the phone reads it.
pub(super) fn settings(text: &str) -> impl Iterator<Item = Setting<'_>> {
    (1..).zip(text.lines()).filter_map(|(row, line)| {
        let line = line.trim_start_matches('\u{feff}');
        let trimmed = line.trim_start();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            return None;
        }
        let column = line.chars().count() - trimmed.chars().count() + 1;
        let place = (row, u32::try_from(column).unwrap_or(u32::MAX));
        let Some((key, rest)) = trimmed.split_once(':') else {
            return Some(Setting {
                place,
                key: trimmed.trim_end(),
                value: "",
                rest: "",
                cut: None,
                is_open: false,
                has_colon: false,
            });
        };
        let rest = rest.trim();
        let is_open = ['"', '\''].iter().any(|quote| {
            let inside = rest.strip_prefix(*quote);
            inside.is_some_and(|inside| !inside.contains(*quote))
        });
        let cut = cut(rest);
        let (value, rest) = value(rest);
        Some(Setting {
            place,
            key: key.trim_end(),
            value,
            rest,
            cut,
            is_open,
            has_colon: true,
        })
    })
}

/// The value, and for an unquoted one what follows its first space, without a comment.
fn value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inside) = text.strip_prefix(quote) {
            return (inside.split(quote).next().unwrap_or_default(), "");
        }
    }
    let bare = text.split(['#', ';']).next().unwrap_or_default().trim_end();
    match bare.split_once([' ', '\t']) {
        Some((value, rest)) => (value, rest.trim()),
        None => (bare, ""),
    }
}

/// The first `#` or `;` of an unquoted value, if no blank is beside it: a comment usually has one.
fn cut(text: &str) -> Option<char> {
    if text.starts_with(['"', '\'']) {
        return None;
    }
    let at = text.find(['#', ';'])?;
    let (before, after) = text.split_at(at);
    let is_part = !before.contains([' ', '\t']) && !after[1..].starts_with([' ', '\t']);
    after.chars().next().filter(|_| is_part)
}

/// The dial plans that the settings name, as the phone requests them.
pub(in crate::lint) fn dial_plans(text: &str) -> impl Iterator<Item = (LineColumn, String)> {
    settings(text)
        .filter(|setting| setting.key == "dial_template" && !setting.value.is_empty())
        .filter(|setting| setting.value != "UNPROVISIONED")
        .map(|setting| (setting.place, format!("{}.xml", setting.value)))
}

/// The values of `lineN_name`; none if the text has no setting.
pub(in crate::lint) fn line_names(text: &str) -> Vec<String> {
    let of_line = |key: &str| key.starts_with("line") && key.ends_with("_name");
    let settings = settings(text).filter(|setting| of_line(setting.key));
    settings.map(|setting| setting.value.to_owned()).collect()
}

/// The load that the settings name.
pub(in crate::lint) fn image_version(text: &str) -> Option<(LineColumn, String)> {
    let mut settings = settings(text).filter(|setting| setting.key == "image_version");
    let setting = settings.find(|one| !one.value.is_empty() && one.value != "UNPROVISIONED")?;
    Some((setting.place, setting.value.to_owned()))
}
