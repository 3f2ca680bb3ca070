//! TOML: a `[[phone]]` table for each phone and a `[site]` table for all phones.

use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::{
    builder::InventoryBuilder,
    fault::{InventoryFault, TextPosition},
    field::{ButtonField, PhoneField, SiteField},
    list::Inventory,
};

/// Parses TOML text.
pub(super) fn read(text: &str) -> Result<Inventory, InventoryFault> {
    let document = DeTable::parse(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        // Without the quoted line, which could contain a secret.
        position(text, start).fault(error.message())
    })?;
    let mut builder = InventoryBuilder::default();
    for (key, value) in in_order(document.get_ref()) {
        let start = position(text, key.span().start);
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("phone", DeValue::Array(phones)) => {
                for phone in phones {
                    let start = position(text, phone.span().start);
                    let DeValue::Table(table) = phone.get_ref() else {
                        return Err(start.fault("expected a table: [[phone]]"));
                    };
                    let values = values(text, table, &mut builder)?;
                    builder.add_phone(start, values)?;
                }
            }
            ("phone", _) => return Err(start.fault("expected [[phone]], once for each phone")),
            ("site", DeValue::Table(table)) => site(text, table, &mut builder)?,
            ("site", _) => return Err(start.fault("expected a table: [site]")),
            (other, _) => builder.warn_unknown("the table", other, start, "[site] and [[phone]]"),
        }
    }
    builder.finish()
}

type Values = Vec<(PhoneField, TextPosition, String)>;

fn values(
    text: &str,
    table: &DeTable<'_>,
    builder: &mut InventoryBuilder,
) -> Result<Values, InventoryFault> {
    let mut values = Values::new();
    for (key, value) in in_order(table) {
        let name = key.get_ref();
        if name.eq_ignore_ascii_case("line") {
            lines(text, value, &mut values, builder)?;
            continue;
        }
        let Some(field) = PhoneField::from_name(name) else {
            let start = position(text, key.span().start);
            builder.warn_unknown("the key", name, start, &PhoneField::known_names());
            continue;
        };
        add(text, &mut values, field, name, value)?;
    }
    Ok(values)
}

/// Reads `[[phone.line]]` tables: the buttons from 2 in order, or numbered by `button`.
fn lines(
    text: &str,
    value: &Spanned<DeValue<'_>>,
    values: &mut Values,
    builder: &mut InventoryBuilder,
) -> Result<(), InventoryFault> {
    let start = position(text, value.span().start);
    let DeValue::Array(lines) = value.get_ref() else {
        return Err(start.fault("expected [[phone.line]], once for each button from 2"));
    };
    let mut next = 2_u8;
    for line in lines {
        let start = position(text, line.span().start);
        let DeValue::Table(table) = line.get_ref() else {
            return Err(start.fault("expected a table: [[phone.line]]"));
        };
        let entries = in_order(table);
        let named = |wanted: &str| {
            let is = |key: &Spanned<DeString<'_>>| key.get_ref().eq_ignore_ascii_case(wanted);
            entries.iter().find(|(key, _)| is(key))
        };
        let button = match named("button") {
            None => next,
            Some((_, value)) => {
                let number = plain(value).and_then(|text| text.parse().ok());
                number.ok_or_else(|| {
                    position(text, value.span().start).fault("expected a button number, from 2")
                })?
            }
        };
        for (key, value) in &entries {
            let name = key.get_ref();
            if name.eq_ignore_ascii_case("button") {
                continue;
            }
            let Some(part) = ButtonField::from_name(name) else {
                let start = position(text, key.span().start);
                builder.warn_unknown("the key", name, start, &ButtonField::known_names());
                continue;
            };
            let field = PhoneField::of_button(button, part).filter(|_| button != 1);
            let field = field.ok_or_else(|| {
                start.fault("expected a button from 2 on: button 1 is the phone's own `extension`")
            })?;
            add(text, values, field, name, value)?;
        }
        next = button.saturating_add(1);
    }
    Ok(())
}

fn add(
    text: &str,
    values: &mut Values,
    field: PhoneField,
    name: &str,
    value: &Spanned<DeValue<'_>>,
) -> Result<(), InventoryFault> {
    let position = position(text, value.span().start);
    if values.iter().any(|(known, ..)| *known == field) {
        return Err(position.fault(format!("a second '{name}' for one phone")));
    }
    let value = plain(value).ok_or_else(|| position.fault("expected a string: \"…\""))?;
    values.push((field, position, value));
    Ok(())
}

fn site(
    text: &str,
    table: &DeTable<'_>,
    builder: &mut InventoryBuilder,
) -> Result<(), InventoryFault> {
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
        let expected = || position.fault("expected a string: \"…\"");
        builder.set_site(field, position, &joined.ok_or_else(expected)?)?;
    }
    Ok(())
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
