//! CSV: a header line with column names, then one line for each phone.

use super::{
    builder::InventoryBuilder,
    fault::{InventoryFault, TextPosition},
    field::{PhoneField, SiteField},
    parsed::ParsedInventory,
};
use crate::phone::MacAddress;

/// The field of a column. A name that exists for both phone and site means the phone's field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Phone(PhoneField),
    Site(SiteField),
}

/// Column names that a message names, and characters of each.
const MAX_NAMES: usize = 8;
const MAX_NAME_CHARACTERS: usize = 20;

/// Parses CSV text.
pub(super) fn read(text: &str) -> ParsedInventory {
    let (given, text) = match separator_line(text) {
        Some((separator, rest)) => (Some(separator), rest),
        None => (None, text),
    };
    let first_line = 1 + u64::from(given.is_some());
    let header = text.lines().next().unwrap_or_default();
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(given.unwrap_or_else(|| delimiter(header)))
        .has_headers(false)
        // Rows with a wrong number of fields are reported below.
        .flexible(true)
        .from_reader(text.as_bytes())
        .into_records();
    let mut builder = InventoryBuilder::default();
    let mut lines = LineCounter::new(text, first_line);
    let Some(row) = rows.next() else {
        return builder.finish();
    };
    let columns = row
        .map_err(|error| fault(&error))
        .and_then(|row| columns(&row, first_line, &mut builder));
    let columns = match columns {
        Ok(columns) => columns,
        Err(fault) => return ParsedInventory::broken(vec![fault]),
    };
    for row in rows {
        let row = row.map_err(|error| fault(&error));
        let Some(row) = builder.value(row) else {
            continue;
        };
        // Spreadsheets often write empty rows below a table.
        if row.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        let line = lines.at(row.position());
        if row.len() != columns.len() {
            let column = row.len().min(columns.len()) as u64 + u64::from(row.len() > columns.len());
            builder.fault(TextPosition { line, column }.fault(format!(
                "{} fields, but the header line has {}; a value that contains the separator \
                 needs quotes",
                row.len(),
                columns.len()
            )));
            continue;
        }
        let mut values = Vec::new();
        for (column, (what, value)) in (1..).zip(columns.iter().zip(&row)) {
            let position = TextPosition { line, column };
            match what {
                Some(Column::Phone(field)) => values.push((*field, position, value.to_owned())),
                Some(Column::Site(field)) => builder.set_site(*field, position, value),
                None => {}
            }
        }
        builder.add_phone(TextPosition { line, column: 1 }, values);
    }
    builder.finish()
}

/// Counts the lines of rows. The line numbers of the CSV reader are one too low if lines end with
/// CR LF, as it reads the LF together with the next row.
struct LineCounter<'a> {
    text: &'a str,
    byte: usize,
    line: u64,
}

impl<'a> LineCounter<'a> {
    fn new(text: &'a str, line: u64) -> Self {
        Self {
            text,
            byte: 0,
            line,
        }
    }

    /// The line where a row starts. Line ends at the row's position are skipped.
    fn at(&mut self, position: Option<&csv::Position>) -> u64 {
        let begins = position.and_then(|position| usize::try_from(position.byte()).ok());
        let text = self.text.as_bytes();
        let mut begins = begins.unwrap_or(self.byte).min(text.len());
        while let Some(b'\r' | b'\n') = text.get(begins) {
            begins += 1;
        }
        let passed = self.text.get(self.byte..begins).unwrap_or_default();
        self.line += passed.matches('\n').count() as u64;
        self.byte = self.byte.max(begins);
        self.line
    }
}

/// The separator of a header line. Spreadsheets use `;` in many countries, and tabs when a table is
/// copied from them.
fn delimiter(header: &str) -> u8 {
    let count = |separator: u8| header.bytes().filter(|byte| *byte == separator).count();
    // `max_by_key` gives the last of equal ones.
    let most = b"\t;,".iter().max_by_key(|separator| count(**separator));
    most.copied().unwrap_or(b',')
}

/// The separator of a first line such as `sep=;`, which Excel writes and reads, and the text after
/// that line.
fn separator_line(text: &str) -> Option<(u8, &str)> {
    let (line, rest) = text.split_once('\n')?;
    let line = line.trim().trim_matches('"').to_ascii_lowercase();
    match line.strip_prefix("sep=")?.as_bytes() {
        [separator @ (b',' | b';' | b'|')] => Some((*separator, rest)),
        // The tab was trimmed.
        [] => Some((b'\t', rest)),
        _ => None,
    }
}

/// The field of each column; `None` for an unknown column.
fn columns(
    header: &csv::StringRecord,
    line: u64,
    builder: &mut InventoryBuilder,
) -> Result<Vec<Option<Column>>, InventoryFault> {
    let mut columns: Vec<Option<Column>> = Vec::new();
    for (column, name) in (1..).zip(header) {
        let position = TextPosition { line, column };
        let what = PhoneField::from_name(name)
            .map(Column::Phone)
            .or_else(|| SiteField::from_name(name).map(Column::Site));
        if what.is_none() {
            let known = format!(
                "{}; {}",
                PhoneField::known_names(),
                SiteField::known_names()
            );
            builder.warn_unknown("the column", name, position, &known);
        } else if columns.contains(&what) {
            return Err(position.fault(format!("a second column named '{}'", name.trim())));
        }
        columns.push(what);
    }
    if columns.contains(&Some(Column::Phone(PhoneField::Mac))) {
        return Ok(columns);
    }
    let position = TextPosition { line, column: 1 };
    if header.iter().any(|name| name.parse::<MacAddress>().is_ok()) {
        return Err(position.fault(
            "this line is a phone: expected a header line with column names before it, such as \
             mac,model,extension,name",
        ));
    }
    let names = header.iter().map(str::trim).filter(|name| !name.is_empty());
    let found: Vec<String> = names.take(MAX_NAMES).map(shortened).collect();
    Err(position.fault(format!(
        "no column is named 'mac': expected a header line with column names; found: {}; known: {}",
        found.join(", "),
        PhoneField::known_names()
    )))
}

fn shortened(name: &str) -> String {
    name.chars().take(MAX_NAME_CHARACTERS).collect()
}

/// An error of the CSV reader. The text is UTF-8 here, so few errors are left.
fn fault(error: &csv::Error) -> InventoryFault {
    let line = error.position().map_or(1, csv::Position::line);
    TextPosition { line, column: 1 }.fault("this line is not valid CSV")
}
