//! Checks of the names in the settings of a 7940 or 7960: keys, lines and the load.

use super::{
    keys::{self, Key},
    settings::Setting,
};
use crate::{
    diagnose::Severity,
    lint::{
        findings::FindingList,
        load_name::{self, NameFault},
        text::LineColumn,
        value::quoted,
    },
    phone::{LoadName, Model},
    text::edit_distance,
};

/// Lines that the model does not have.
pub(super) fn beyond(findings: &mut FindingList<'_>, all: &[Setting<'_>], model: &Model) {
    let most = model.line_buttons();
    for setting in all {
        let number = keys::line_of(setting.key).filter(|line| *line > most);
        if let Some(line) = number.filter(|_| Key::of(setting.key).is_some()) {
            findings.at(
                setting.place,
                Severity::Warning,
                "button",
                format!(
                    "{} is for line {line}: a {} has {most} lines",
                    setting.key, model.number
                ),
                "Delete the line, or use a lower number",
            );
        }
    }
}

/// `P0S3` and the numbers of a release.
fn is_sip_load(value: &str) -> bool {
    let release = value.strip_prefix("P0S3").unwrap_or_default();
    let is_number = |byte: u8| byte.is_ascii_digit() || byte == b'-';
    !release.is_empty() && release.bytes().all(is_number)
}

/// The load of `image_version`: `P0S3-8-12-00`.
pub(super) fn image(findings: &mut FindingList<'_>, place: LineColumn, value: &str) {
    let load = LoadName::new(value);
    let (code, message, cure) = if load.as_str().len() != value.len() {
        (
            "load-suffix",
            "a load is named without .loads".to_owned(),
            format!("Write {load}"),
        )
    } else if let Some(NameFault::Case(right) | NameFault::Spelling(right)) =
        load_name::fault(value)
    {
        (
            "load-name",
            format!("image_version is {}: expected {right}", quoted(value)),
            format!("Write {right}"),
        )
    } else if !is_sip_load(value) {
        (
            "load-name",
            format!(
                "image_version is {}, which is not a SIP load of a 7940 or 7960",
                quoted(value)
            ),
            "Write the name of the .loads file that begins with P0S3, such as P0S3-8-12-00"
                .to_owned(),
        )
    } else {
        return;
    };
    findings.at(place, Severity::Error, code, message, cure);
}

pub(super) fn unknown_key(findings: &mut FindingList<'_>, setting: &Setting<'_>) {
    let name = setting.key;
    if !setting.has_colon {
        let key = name.split('=').next().unwrap_or_default().trim();
        let is_assigned = key != name && Key::of(key).is_some();
        findings.at(
            setting.place,
            Severity::Warning,
            "unknown-key",
            "a line without a colon: the phone counts it as an error and skips it",
            if is_assigned {
                format!("Write a colon instead of the equals sign: {key}: and the value")
            } else {
                "Write key: value, or # before a comment".to_owned()
            },
        );
        return;
    }
    if let Some(right) = keys::of_too_many_lines(name) {
        findings.at(
            setting.place,
            Severity::Warning,
            "unknown-key",
            format!("{name}: a 7960 has {} lines, a 7940 two", keys::LINES),
            format!("Delete the line, or write {right}"),
        );
        return;
    }
    if keys::is_set_by_phone(name) {
        findings.at(
            setting.place,
            Severity::Warning,
            "unknown-key",
            format!("{name}: only the phone itself sets this key"),
            "Delete the line",
        );
        return;
    }
    let similar = Key::names()
        .map(|known| (edit_distance(name, &known), known))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= 2);
    findings.at(
        setting.place,
        Severity::Warning,
        "unknown-key",
        format!("a 7940 or 7960 does not know the key {}", quoted(name)),
        match similar {
            Some((_, known)) => format!("Write {known}"),
            None => "Delete the line; the phone counts it as an error and skips it".to_owned(),
        },
    );
}
