//! CSV: a header line that names the columns, then a line a phone.

use super::{
    builder::InventoryBuilder,
    fault::{InventoryFault, TextPosition},
    field::{PhoneField, SiteField},
    list::Inventory,
};

/// What a column is. A name that a phone and a site can have is the phone's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Phone(PhoneField),
    Site(SiteField),
}

/// Reads it whole.
pub(super) fn read(text: &str) -> Result<Inventory, InventoryFault> {
    let header = text.lines().next().unwrap_or_default();
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(delimiter(header))
        .has_headers(false)
        // LineCounter of another length get words of our own.
        .flexible(true)
        .from_reader(text.as_bytes())
        .into_records();
    let mut builder = InventoryBuilder::default();
    let mut lines = LineCounter::new(text);
    let columns = match rows.next() {
        Some(row) => columns(&row.map_err(|error| fault(&error))?, &mut builder)?,
        None => return builder.finish(),
    };
    for row in rows {
        let row = row.map_err(|error| fault(&error))?;
        // Spreadsheets leave such lines below a table.
        if row.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        let line = lines.at(row.position());
        if row.len() != columns.len() {
            let column = row.len().min(columns.len()) as u64 + u64::from(row.len() > columns.len());
            return Err(TextPosition { line, column }.fault(format!(
                "{} fields, where the header line names {}; a value with the separator in it \
                 needs quotation marks",
                row.len(),
                columns.len()
            )));
        }
        let mut values = Vec::new();
        for (column, (what, value)) in (1..).zip(columns.iter().zip(&row)) {
            let position = TextPosition { line, column };
            match what {
                Some(Column::Phone(field)) => values.push((*field, position, value.to_owned())),
                Some(Column::Site(field)) => builder.set_site(*field, position, value)?,
                None => {}
            }
        }
        builder.add_phone(TextPosition { line, column: 1 }, values)?;
    }
    builder.finish()
}

/// Line numbers of rows, in their order. The CSV builder's own are one too low where lines end
/// with CR and LF, as it sees the LF only with the next row.
struct LineCounter<'a> {
    text: &'a str,
    byte: usize,
    line: u64,
}

impl<'a> LineCounter<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            byte: 0,
            line: 1,
        }
    }

    /// The line where a row begins: after the ends of lines that stand at its position.
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

/// What separates the fields of a header line: spreadsheets of many countries write `;`.
fn delimiter(header: &str) -> u8 {
    let count = |separator| header.matches(separator).count();
    if count(';') > count(',') { b';' } else { b',' }
}

/// What each column is; `None`: nothing that is known.
fn columns(
    header: &csv::StringRecord,
    builder: &mut InventoryBuilder,
) -> Result<Vec<Option<Column>>, InventoryFault> {
    let mut columns: Vec<Option<Column>> = Vec::new();
    for (column, name) in (1..).zip(header) {
        let position = TextPosition { line: 1, column };
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
        Ok(columns)
    } else {
        Err(TextPosition { line: 1, column: 1 }.fault(format!(
            "no column is named 'mac': expected a header line with some of {}",
            PhoneField::known_names()
        )))
    }
}

/// What the builder itself cannot read; the text is UTF-8 by now, so little is left.
fn fault(error: &csv::Error) -> InventoryFault {
    let line = error.position().map_or(1, csv::Position::line);
    TextPosition { line, column: 1 }.fault("this line is no CSV")
}
