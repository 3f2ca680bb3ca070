//! CSV: a header line that names the columns, then a line a phone.

use super::{
    Fault, Field, Inventory, SiteField,
    entry::{Place, Reader},
};

/// What a column is. A name that a phone and a site can have is the phone's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Phone(Field),
    Site(SiteField),
}

/// Reads it whole.
pub(super) fn read(text: &str) -> Result<Inventory, Fault> {
    let header = text.lines().next().unwrap_or_default();
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(delimiter(header))
        .has_headers(false)
        // Lines of another length get words of our own.
        .flexible(true)
        .from_reader(text.as_bytes())
        .into_records();
    let mut reader = Reader::default();
    let mut lines = Lines::new(text);
    let columns = match rows.next() {
        Some(row) => columns(&row.map_err(|error| fault(&error))?, &mut reader)?,
        None => return reader.finish(),
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
            return Err(Place { line, column }.fault(format!(
                "{} fields, where the header line names {}; a value with the separator in it \
                 needs quotation marks",
                row.len(),
                columns.len()
            )));
        }
        let mut values = Vec::new();
        for (column, (what, value)) in (1..).zip(columns.iter().zip(&row)) {
            let place = Place { line, column };
            match what {
                Some(Column::Phone(field)) => values.push((*field, place, value.to_owned())),
                Some(Column::Site(field)) => reader.site(*field, place, value)?,
                None => {}
            }
        }
        reader.phone(Place { line, column: 1 }, values)?;
    }
    reader.finish()
}

/// Line numbers of rows, in their order. The CSV reader's own are one too low where lines end
/// with CR and LF, as it sees the LF only with the next row.
struct Lines<'a> {
    text: &'a str,
    byte: usize,
    line: u64,
}

impl<'a> Lines<'a> {
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
fn columns(header: &csv::StringRecord, reader: &mut Reader) -> Result<Vec<Option<Column>>, Fault> {
    let mut columns: Vec<Option<Column>> = Vec::new();
    for (column, name) in (1..).zip(header) {
        let place = Place { line: 1, column };
        let what = Field::named(name)
            .map(Column::Phone)
            .or_else(|| SiteField::named(name).map(Column::Site));
        if what.is_none() {
            let known = format!("{}; {}", Field::known(), SiteField::known());
            reader.unknown("the column", name, place, &known);
        } else if columns.contains(&what) {
            return Err(place.fault(format!("a second column named '{}'", name.trim())));
        }
        columns.push(what);
    }
    if columns.contains(&Some(Column::Phone(Field::Mac))) {
        Ok(columns)
    } else {
        Err(Place { line: 1, column: 1 }.fault(format!(
            "no column is named 'mac': expected a header line with some of {}",
            Field::known()
        )))
    }
}

/// What the reader itself cannot read; the text is UTF-8 by now, so little is left.
fn fault(error: &csv::Error) -> Fault {
    let line = error.position().map_or(1, csv::Position::line);
    Place { line, column: 1 }.fault("this line is no CSV")
}
