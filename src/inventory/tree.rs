//! TOML: a `[[phone]]` table each, and a `[site]` for what holds for all of them.

use std::fmt;

use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::{
    Fault, Inventory,
    entry::{Field, Place, Reader},
};

/// Settings of the whole site, as they are written. Nothing reads them yet.
#[derive(Clone, Default, PartialEq)]
pub struct Site(Vec<(String, String)>);

impl Site {
    /// A setting that is a text or a number.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let named = self.0.iter().find(|(known, _)| known == name);
        named.map(|(_, value)| &**value)
    }
}

impl fmt::Debug for Site {
    /// The names alone: a value may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

/// Reads it whole.
pub(super) fn read(text: &str) -> Result<Inventory, Fault> {
    let document = DeTable::parse(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        // The error's own words only: it could show the line, and a secret with it.
        place(text, start).fault(error.message())
    })?;
    let mut reader = Reader::default();
    for (key, value) in in_order(document.get_ref()) {
        let start = place(text, key.span().start);
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("phone", DeValue::Array(phones)) => {
                for phone in phones {
                    let start = place(text, phone.span().start);
                    let DeValue::Table(table) = phone.get_ref() else {
                        return Err(start.fault("expected a table: [[phone]]"));
                    };
                    let values = values(text, table, &mut reader)?;
                    reader.phone(start, values)?;
                }
            }
            ("phone", _) => return Err(start.fault("expected [[phone]], once for each phone")),
            ("site", DeValue::Table(table)) => reader.inventory.site = site(table),
            ("site", _) => return Err(start.fault("expected a table: [site]")),
            (other, _) => reader.unknown("the table", other, start),
        }
    }
    reader.finish()
}

fn values(
    text: &str,
    table: &DeTable<'_>,
    reader: &mut Reader,
) -> Result<Vec<(Field, Place, String)>, Fault> {
    let mut values: Vec<(Field, Place, String)> = Vec::new();
    for (key, value) in in_order(table) {
        let Some(field) = Field::named(key.get_ref()) else {
            reader.unknown("the key", key.get_ref(), place(text, key.span().start));
            continue;
        };
        let place = place(text, value.span().start);
        if values.iter().any(|(known, ..)| *known == field) {
            return Err(place.fault(format!("a second '{}' of one phone", key.get_ref())));
        }
        let value = plain(value).ok_or_else(|| place.fault("expected a text: \"…\""))?;
        values.push((field, place, value));
    }
    Ok(values)
}

/// A table's entries in the order of the text.
fn in_order<'a, 'i>(
    table: &'a DeTable<'i>,
) -> Vec<(&'a Spanned<DeString<'i>>, &'a Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn site(table: &DeTable<'_>) -> Site {
    let settings = table
        .iter()
        .filter_map(|(key, value)| Some((key.get_ref().to_string(), plain(value)?)));
    Site(settings.collect())
}

/// A text, or a decimal number as it is written: extensions often are.
fn plain(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        _ => None,
    }
}

/// The line and the character in it at a byte of the text.
fn place(text: &str, byte: usize) -> Place {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    Place {
        line: before.matches('\n').count() as u64 + 1,
        column: line.chars().count() as u64 + 1,
    }
}
