//! One row a phone, for spreadsheets (RFC 4180).

use crate::{
    display::format,
    track::{PhoneReport, Report},
};

/// The columns.
pub const HEADER: [&str; 15] = [
    "mac",
    "name",
    "address",
    "model",
    "state",
    "from",
    "to",
    "pass",
    "first_seen",
    "last_seen",
    "seconds",
    "diagnoses",
    "evidence",
    "next",
    "on_inventory",
];

/// The report as CSV, with CRLF as the standard has it. Phones that were expected and never
/// heard are in it as `missing`.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    line(&mut text, &HEADER.map(str::to_owned));
    for phone in &report.phones {
        line(&mut text, &row(phone));
    }
    for phone in &report.missing {
        let mut fields: [String; HEADER.len()] = Default::default();
        fields[0] = phone.mac.to_string();
        fields[1] = phone.name.clone().unwrap_or_default();
        "missing".clone_into(&mut fields[4]);
        line(&mut text, &fields);
    }
    text
}

fn row(phone: &PhoneReport) -> [String; HEADER.len()] {
    let join = |texts: Vec<String>| texts.join("; ");
    let load = |load: &Option<crate::phone::LoadName>| {
        load.as_ref().map(ToString::to_string).unwrap_or_default()
    };
    [
        phone.mac.map(|mac| mac.to_string()).unwrap_or_default(),
        phone.name.clone().unwrap_or_default(),
        phone.address.to_string(),
        phone.model.clone().unwrap_or_default(),
        format::state(phone.state).0.to_owned(),
        load(&phone.from),
        load(&phone.to),
        phone.pass.to_string(),
        phone.first_seen.to_string(),
        phone.last_seen.to_string(),
        phone
            .last_seen
            .duration_since(phone.first_seen)
            .as_secs()
            .to_string(),
        join(
            phone
                .diagnoses
                .iter()
                .map(|it| it.code.to_string())
                .collect(),
        ),
        join(phone.evidence.iter().map(format::evidence_of).collect()),
        super::next_step(phone),
        phone
            .on_inventory
            .map(|is| is.to_string())
            .unwrap_or_default(),
    ]
}

fn line(text: &mut String, fields: &[String]) {
    let fields: Vec<String> = fields
        .iter()
        .map(|field| quoted(&harmless(field)))
        .collect();
    text.push_str(&fields.join(","));
    text.push_str("\r\n");
}

/// A field that a spreadsheet would take for a formula gets an apostrophe before it: names
/// come from the wire and from inventories.
fn harmless(field: &str) -> String {
    let is_formula = field.trim_start().starts_with([
        '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ]) || field.starts_with(['\t', '\r', '\n']);
    // Control characters have no place in a cell.
    let clean: String = field
        .chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect();
    if is_formula {
        format!("'{clean}")
    } else {
        clean
    }
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\r', '\n', ';']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_is_a_formula() {
        for (field, written) in [
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("  +1", "'  +1"),
            ("@SUM", "'@SUM"),
            ("-2", "'-2"),
            ("\t=1", "' =1"),
            ("Lobby, left", "\"Lobby, left\""),
            ("001d45aabbcc", "001d45aabbcc"),
        ] {
            assert_eq!(quoted(&harmless(field)), written);
        }
    }
}
