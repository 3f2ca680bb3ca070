//! TOML: a `[[phone]]` table for each phone and a `[site]` table for all phones.

use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::{
    builder::InventoryBuilder,
    fault::{InventoryFault, TextPosition},
    field::{ButtonField, MAX_BUTTON, PhoneField, SiteField},
    parsed::ParsedInventory,
};

/// Parses TOML text.
pub(super) fn read(text: &str) -> ParsedInventory {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let fault = |error: &toml::de::Error| {
            let start = error.span().map_or(0, |span| span.start);
            // Without the quoted line, which could contain a secret.
            position(text, start).fault(syntax_error(error.message()))
        };
        return ParsedInventory::broken(errors.iter().map(fault).collect());
    }
    let mut builder = InventoryBuilder::default();
    builder.rejects_blank = true;
    for (key, value) in in_order(document.get_ref()) {
        let start = position(text, key.span().start);
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("phone", DeValue::Array(phones)) => {
                for phone in phones {
                    let start = position(text, phone.span().start);
                    let DeValue::Table(table) = phone.get_ref() else {
                        builder.fault(start.fault("expected a table: [[phone]]"));
                        continue;
                    };
                    let values = values(text, table, &mut builder);
                    builder.add_phone(start, values);
                }
            }
            ("phone", _) => builder.fault(start.fault("expected [[phone]], once for each phone")),
            ("site", DeValue::Table(table)) => site(text, table, &mut builder),
            ("site", _) => builder.fault(start.fault("expected a table: [site]")),
            (other, _) => builder.warn_unknown("the table", other, start, "[site] and [[phone]]"),
        }
    }
    builder.finish()
}

type Values = Vec<(PhoneField, TextPosition, String)>;

fn values(text: &str, table: &DeTable<'_>, builder: &mut InventoryBuilder) -> Values {
    let mut values = Values::new();
    for (key, value) in in_order(table) {
        let name = key.get_ref();
        if name.eq_ignore_ascii_case("line") {
            lines(text, value, &mut values, builder);
            continue;
        }
        let Some(field) = PhoneField::from_name(name) else {
            let start = position(text, key.span().start);
            builder.warn_unknown("the key", name, start, &PhoneField::known_names());
            continue;
        };
        add(text, &mut values, field, name, value, builder);
    }
    values
}

/// Reads `[[phone.line]]` tables: the buttons from 2 in order, or numbered by `button`.
fn lines(
    text: &str,
    value: &Spanned<DeValue<'_>>,
    values: &mut Values,
    builder: &mut InventoryBuilder,
) {
    let start = position(text, value.span().start);
    let DeValue::Array(lines) = value.get_ref() else {
        return builder.fault(start.fault("expected [[phone.line]], once for each button from 2"));
    };
    let mut next = 2_u8;
    for line in lines {
        let start = position(text, line.span().start);
        let DeValue::Table(table) = line.get_ref() else {
            builder.fault(start.fault("expected a table: [[phone.line]]"));
            continue;
        };
        let number = button_number(text, table, start, next);
        let Some(number) = builder.value(number) else {
            continue;
        };
        next = number.saturating_add(1);
        let before = values.len();
        let mut has_value = false;
        for (key, value) in in_order(table) {
            let name = key.get_ref();
            if name.eq_ignore_ascii_case("button") {
                continue;
            }
            let part = ButtonField::from_name(name);
            if let Some(field) = part.and_then(|part| PhoneField::of_button(number, part)) {
                has_value = true;
                add(text, values, field, name, value, builder);
            } else {
                let start = position(text, key.span().start);
                builder.warn_unknown("the key", name, start, &ButtonField::known_names());
            }
        }
        let is_empty = |(_, _, value): &(_, _, String)| value.trim().is_empty();
        let blank = values[before..].iter().all(is_empty);
        let reported = values[before..]
            .iter()
            .any(|(field, ..)| field.decides_function());
        if !has_value || (blank && !reported && values.len() > before) {
            builder.fault(start.fault(format!(
                "button {number} has no function: expected an extension (a line) or a number (a \
                 speed dial)"
            )));
        }
    }
}

/// The number of a `[[phone.line]]` table: its `button`, or `next`.
fn button_number(
    text: &str,
    table: &DeTable<'_>,
    start: TextPosition,
    next: u8,
) -> Result<u8, InventoryFault> {
    let named = table
        .iter()
        .find(|(key, _)| key.get_ref().eq_ignore_ascii_case("button"));
    let number = match named {
        None => next,
        Some((_, value)) => {
            let number = plain(value).and_then(|text| text.parse().ok());
            number.ok_or_else(|| {
                position(text, value.span().start).fault("expected a button number, from 2")
            })?
        }
    };
    if (2..=MAX_BUTTON).contains(&number) {
        Ok(number)
    } else {
        Err(start.fault(format!(
            "expected a button from 2 on, {MAX_BUTTON} at most: button 1 is the phone's own \
             `extension`"
        )))
    }
}

fn add(
    text: &str,
    values: &mut Values,
    field: PhoneField,
    name: &str,
    value: &Spanned<DeValue<'_>>,
    builder: &mut InventoryBuilder,
) {
    let position = position(text, value.span().start);
    if values.iter().any(|(known, ..)| *known == field) {
        return builder.fault(position.fault(format!("a second '{name}' for one phone")));
    }
    match plain(value) {
        Some(value) => values.push((field, position, value)),
        None => builder.fault(position.fault("expected a string: \"…\"")),
    }
}

fn site(text: &str, table: &DeTable<'_>, builder: &mut InventoryBuilder) {
    for (key, value) in in_order(table) {
        let name = key.get_ref();
        let Some(field) = SiteField::from_name(name) else {
            let start = position(text, key.span().start);
            builder.warn_unknown("the key", name, start, &SiteField::known_names());
            continue;
        };
        let position = position(text, value.span().start);
        let joined = match value.get_ref() {
            DeValue::Array(values) if field.is_list() => {
                let values: Option<Vec<_>> = values.iter().map(plain).collect();
                values.map(|values| values.join(" "))
            }
            _ => plain(value),
        };
        match joined {
            Some(value) => builder.set_site(field, position, &value),
            None => builder.fault(position.fault("expected a string: \"…\"")),
        }
    }
}

/// The entries of a table in file order.
fn in_order<'a, 'i>(
    table: &'a DeTable<'i>,
) -> Vec<(&'a Spanned<DeString<'i>>, &'a Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// A string, a decimal integer as written (common for extensions), or a boolean.
fn plain(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Boolean(yes) => Some(yes.to_string()),
        _ => None,
    }
}

/// The line and column of a byte offset.
fn position(text: &str, byte: usize) -> TextPosition {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    TextPosition {
        line: before.matches('\n').count() as u64 + 1,
        column: line.chars().count() as u64 + 1,
    }
}

/// The error of the TOML parser, with what to do where its own words do not help.
fn syntax_error(message: &str) -> String {
    if message.contains("leading zero") {
        return "a number that begins with 0: write it between quotes, such as \"0100\"".to_owned();
    }
    message.to_owned()
}
