//! Checks of `SIPDefault.cnf`, `SIP<MAC>.cnf` and `OS79XX.TXT`, which only a 7940 or 7960 reads.

mod daylight;
mod keys;
mod names;
mod phone_side;
mod settings;

use std::path::Path;

pub use self::phone_side::CommonSettings;
pub(super) use self::settings::{dial_plans, image_version, is_settings, line_names};
use self::{
    keys::{Form, Key},
    names::{beyond, image, unknown_key},
    phone_side::Effective,
    settings::{Setting, settings},
};
use super::{
    address, context::LintContext, findings::FindingList, manager::RegisteringLine, pbx,
    phone_side::PhoneSide, placeholder::is_placeholder, text::Text, value::quoted,
};
use crate::{diagnose::Severity, phone::Family};

/// Maximum size in bytes of a configuration of a 7940 or 7960; larger ones count as missing.
pub(super) const MAX_LEGACY_BYTES: usize = 8192;

/// Checks `SIP<MAC>.cnf`, or with `common` `SIPDefault.cnf`.
pub(super) fn check(
    findings: &mut FindingList<'_>,
    text: &Text,
    common: bool,
    known: &LintContext,
) {
    let all: Vec<Setting<'_>> = settings(text.as_str()).collect();
    if all.is_empty() {
        findings.file(
            if common {
                Severity::Warning
            } else {
                Severity::Error
            },
            "no-line",
            "the file has no setting",
            "Write key: value lines, such as proxy1_address and line1_name",
        );
        return;
    }
    for (index, setting) in all.iter().enumerate() {
        let before = &all[..index];
        one(findings, setting);
        if before
            .iter()
            .any(|other| other.key == setting.key && other.value != setting.value)
        {
            findings.at(
                setting.place,
                Severity::Warning,
                "repeated",
                format!("{} is set twice with different values", setting.key),
                "Delete the wrong one",
            );
        }
    }
    daylight::check(findings, &all);
    if let Some(model) = known.model.filter(|model| model.family == Family::P3) {
        beyond(findings, &all, model);
    }
    if !common {
        lines(findings, &all, known.common.as_ref());
        let effective = Effective {
            own: &all,
            common: known.common.as_ref(),
        };
        pbx::check(findings, effective.phone_side(), known);
    }
}

/// The lines of `SIP<MAC>.cnf`, with what `SIPDefault.cnf` adds.
pub(super) fn phone_side(text: &str, common: Option<&CommonSettings>) -> PhoneSide {
    let own: Vec<Setting<'_>> = settings(text).collect();
    Effective { own: &own, common }.phone_side()
}

/// The lines that register, with what `SIPDefault.cnf` adds.
pub(super) fn registering_lines(
    text: &str,
    common: Option<&CommonSettings>,
) -> Vec<RegisteringLine> {
    let own: Vec<Setting<'_>> = settings(text).collect();
    Effective { own: &own, common }.registering_lines()
}

/// Checks the name of the image in `OS79XX.TXT`: nothing else may be in the file.
pub(super) fn check_image_name(findings: &mut FindingList<'_>, text: &Text) {
    let whole = text.as_str();
    let line = whole.strip_suffix('\n').unwrap_or(whole);
    let line = line.strip_suffix('\r').unwrap_or(line);
    let name = line.split_whitespace().next().unwrap_or_default();
    let is_image = name.starts_with("P0") && !name.contains('.');
    if line == name && is_image {
        return;
    }
    let message = if !is_image {
        "expected the name of an image, such as P003-8-12-00, without an ending"
    } else if line.trim_end() == name {
        "a space or an empty line after the name is part of it: the phone requests a file that \
         does not exist"
    } else {
        "there is more than the name of an image: the phone reads it as part of the name"
    };
    findings.file(
        Severity::Error,
        "load-name",
        message,
        "Write only the name into the file, without a space or a second line",
    );
}

/// Checks that there is a line, and that it can register.
fn lines(findings: &mut FindingList<'_>, all: &[Setting<'_>], common: Option<&CommonSettings>) {
    let is_common = |key: &str| common.is_some_and(|common| common.has(key));
    let value = |key: &str| {
        let set = all.iter().find(|setting| setting.key == key);
        set.map(|setting| setting.value)
            .filter(|value| !value.is_empty() && *value != "UNPROVISIONED")
    };
    let mut named = 0;
    for line in 1..=keys::LINES {
        let key = format!("line{line}_name");
        let Some(setting) = all.iter().find(|setting| setting.key == key) else {
            continue;
        };
        if value(&key).is_none() {
            continue;
        }
        named += 1;
        if value(&format!("line{line}_password")).is_none() {
            findings.at(
                setting.place,
                Severity::Warning,
                "no-secret",
                format!(
                    "line{line}_password is missing: a PBX that asks for a password rejects the \
                     phone"
                ),
                format!("Write line{line}_password with the password that the PBX has"),
            );
        }
    }
    if named == 0 {
        findings.file(
            Severity::Error,
            "no-line",
            "no lineN_name: the phone shows \"No Valid Line Names Provisioned\"",
            "Write line1_name, line1_authname and line1_password",
        );
    }
    // What the phone reads besides may not be known.
    let (severity, where_else) = match common {
        Some(_) => (Severity::Warning, "set neither here nor in SIPDefault.cnf"),
        None => (Severity::Note, "not set here"),
    };
    let unless = |what: &str| match common {
        Some(_) => String::new(),
        None => format!(", unless SIPDefault.cnf sets it{what}"),
    };
    let register = all.iter().find(|setting| setting.key == "proxy_register");
    if register.is_none() && !is_common("proxy_register") {
        findings.file(
            severity,
            "no-register",
            format!(
                "proxy_register is {where_else}: the phone does not register{}",
                unless(" to 1")
            ),
            "Write proxy_register: 1 here or in SIPDefault.cnf",
        );
    }
    let has_server = value("proxy1_address").is_some() || value("call_manager1_addr").is_some();
    let has_common_server = is_common("proxy1_address") || is_common("call_manager1_addr");
    if named > 0 && !has_server && !has_common_server {
        findings.file(
            severity,
            "no-register",
            format!(
                "proxy1_address is {where_else}: the phone does not register{}",
                unless("")
            ),
            "Write proxy1_address with the address of the PBX, here or in SIPDefault.cnf",
        );
    }
}

fn one(findings: &mut FindingList<'_>, setting: &Setting<'_>) {
    let Some(key) = Key::of(setting.key) else {
        unknown_key(findings, setting);
        return;
    };
    let place = setting.place;
    let name = setting.key;
    let value = setting.value;
    if let Some(cut) = setting
        .cut
        .filter(|_| !value.is_empty() || key.form == Form::Secret)
    {
        findings.at(
            place,
            Severity::Warning,
            "unquoted",
            format!("the value of {name} ends at its first '{cut}', which begins a comment"),
            "Write the value in double quotes",
        );
    }
    if value.is_empty() || value == "UNPROVISIONED" {
        return;
    }
    if is_placeholder(value, key.form == Form::Secret) {
        let shown = match key.form {
            Form::Secret => "a placeholder".to_owned(),
            _ => format!("the placeholder {}", quoted(value)),
        };
        findings.at(
            place,
            Severity::Error,
            "placeholder",
            format!("{name} still contains {shown}"),
            "Replace it with the value for this phone",
        );
        return;
    }
    if value.starts_with(['“', '”', '„']) || value.ends_with(['“', '”']) {
        findings.at(
            place,
            Severity::Warning,
            "curly-quotes",
            format!("the value of {name} is in curly quotes, which become part of it"),
            "Write straight quotes, or none",
        );
        return;
    }
    if setting.is_open {
        findings.at(
            place,
            Severity::Warning,
            "unquoted",
            format!("the value of {name} has an opening quote and no closing one"),
            "Write the same quote after the value",
        );
    }
    if !setting.rest.is_empty() {
        findings.at(
            place,
            Severity::Warning,
            "unquoted",
            format!("the value of {name} ends at its first space"),
            "Write the value in double quotes",
        );
    }
    if value.len() > key.max {
        too_long(findings, setting, &key);
        return;
    }
    form(findings, setting, &key);
}

fn too_long(findings: &mut FindingList<'_>, setting: &Setting<'_>, key: &Key) {
    let (severity, code) = match key.form {
        Form::Secret => (Severity::Error, "secret-too-long"),
        _ => (Severity::Warning, "value-too-long"),
    };
    findings.at(
        setting.place,
        severity,
        code,
        format!(
            "{} has {} bytes; a 7940 or 7960 keeps {}",
            setting.key,
            setting.value.len(),
            key.max
        ),
        match key.form {
            Form::Secret => "Use a shorter password, here and on the PBX",
            _ => "Shorten it",
        },
    );
}

fn form(findings: &mut FindingList<'_>, setting: &Setting<'_>, key: &Key) {
    let Setting {
        place,
        key: name,
        value,
        ..
    } = *setting;
    let number = || value.parse::<u32>().ok();
    let mut warn = |severity, code, message: String, cure: String| {
        findings.at(place, severity, code, message, cure);
    };
    match key.form {
        Form::Image => image(findings, place, value),
        Form::Host => {
            let is_managed = value == address::USE_CALL_MANAGER;
            if let Some((message, cure)) =
                address::describe(name, value, "the server").filter(|_| !is_managed)
            {
                let severity = if name.starts_with("proxy1_") {
                    Severity::Error
                } else {
                    Severity::Warning
                };
                findings.at(place, severity, "address", message, cure);
            }
        }
        Form::Port if number().is_none_or(|port| !(1..=65535).contains(&port)) => warn(
            Severity::Error,
            "ports",
            format!(
                "{name} is {}: expected a port from 1 to 65535",
                quoted(value)
            ),
            "Write 5060, or the port of the PBX".to_owned(),
        ),
        Form::Number(least, most)
            if number().is_none_or(|number| !(least..=most).contains(&number)) =>
        {
            warn(
                Severity::Warning,
                "number",
                format!("{name} is {}: expected {least} to {most}", quoted(value)),
                "Correct the number, or delete the line".to_owned(),
            );
        }
        Form::Time if !is_time(value) => warn(
            Severity::Warning,
            "number",
            format!("{name} is {}: expected hours and minutes", quoted(value)),
            "Write them as 02/00".to_owned(),
        ),
        Form::OneOf(words) if !words.contains(&value) => warn(
            Severity::Warning,
            key.code(),
            format!(
                "{name} is {}, which a 7940 or 7960 does not know",
                quoted(value)
            ),
            format!("Write one of {}", words.join(", ")),
        ),
        Form::DialPlan if value.to_ascii_lowercase().ends_with(".xml") => warn(
            Severity::Error,
            "dial-plan-name",
            format!(
                "{name} is {}: the phone appends .xml and requests {value}.xml",
                quoted(value)
            ),
            format!("Write {}", &value[..value.len() - ".xml".len()]),
        ),
        _ => {}
    }
    if name == "proxy_register" && value == "0" {
        findings.at(
            place,
            Severity::Warning,
            "no-register",
            "proxy_register is 0: the phone does not register",
            "Write 1",
        );
    }
}

/// Hours and minutes: `02/00`, `14:30`.
fn is_time(text: &str) -> bool {
    let parts = text.split_once(['/', ':']);
    let below = |text: &str, limit: u8| text.parse::<u8>().is_ok_and(|number| number < limit);
    parts.is_some_and(|(hours, minutes)| below(hours, 24) && below(minutes, 60))
}

/// Whether the name is that of the file for all phones.
pub(super) fn is_common(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.to_ascii_lowercase().starts_with("sipdefault"))
}
