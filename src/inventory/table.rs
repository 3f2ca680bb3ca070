//! CSV: a header line that names the columns, then a line a phone.

use super::{
    Fault, Inventory,
    entry::{Field, Place, Reader},
};

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
        let line = row.position().map_or(0, csv::Position::line);
        if row.len() != columns.len() {
            let column = row.len().min(columns.len()) as u64 + u64::from(row.len() > columns.len());
            return Err(Place { line, column }.fault(format!(
                "{} fields, where the header line names {}; a value with the separator in it \
                 needs quotation marks",
                row.len(),
                columns.len()
            )));
        }
        let values = (1..)
            .zip(columns.iter().zip(&row))
            .filter_map(|(column, (field, value))| {
                Some(((*field)?, Place { line, column }, value.to_owned()))
            })
            .collect();
        reader.phone(Place { line, column: 1 }, values)?;
    }
    reader.finish()
}

/// What separates the fields of a header line: spreadsheets of many countries write `;`.
fn delimiter(header: &str) -> u8 {
    let count = |separator| header.matches(separator).count();
    if count(';') > count(',') { b';' } else { b',' }
}

/// What each column is; `None`: nothing that is known.
fn columns(header: &csv::StringRecord, reader: &mut Reader) -> Result<Vec<Option<Field>>, Fault> {
    let mut columns: Vec<Option<Field>> = Vec::new();
    for (column, name) in (1..).zip(header) {
        let place = Place { line: 1, column };
        let field = Field::named(name);
        if field.is_none() {
            reader.unknown("the column", name, place);
        } else if columns.contains(&field) {
            return Err(place.fault(format!("a second column named '{}'", name.trim())));
        }
        columns.push(field);
    }
    if columns.contains(&Some(Field::Mac)) {
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
