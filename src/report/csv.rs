//! One row for each phone, for spreadsheets (RFC 4180).

use super::next_step::next_step;
use crate::{
    run_view::{PhoneView, RunView, format},
    track::PhoneReport,
};

/// The columns.
pub const HEADER: [&str; 24] = [
    "mac",
    "name",
    "address",
    "model",
    "state",
    "reason",
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
    "listed_model",
    "rests_on",
    "restart",
    "restart_wave",
    "restart_orders",
    "restart_withheld",
    "switch",
    "switch_port",
];

/// The report of a finished view as CSV, with CRLF as the RFC demands. Phones that were expected
/// and never seen have the state `missing`. Times are RFC 3339, UTC.
#[must_use]
pub fn render(view: &RunView) -> String {
    let mut text = String::new();
    line(&mut text, &HEADER.map(str::to_owned));
    for (phone, report) in view.reported() {
        let on_inventory = report.on_inventory.map(|is| is.to_string());
        let from = report.from.as_ref().map(ToString::to_string);
        let row = row(
            phone,
            from.unwrap_or_default(),
            [
                on_inventory.unwrap_or_default(),
                report.listed_model.clone().unwrap_or_default(),
                rests_on(report).unwrap_or_default(),
            ],
        );
        line(&mut text, &row);
    }
    for phone in view.report().map_or(&[][..], |report| &report.missing) {
        let mut fields: [String; HEADER.len()] = Default::default();
        fields[0] = phone.mac.to_string();
        fields[1] = phone.name.clone().unwrap_or_default();
        "missing".clone_into(&mut fields[4]);
        fields[16] = phone.model.clone().unwrap_or_default();
        line(&mut text, &fields);
    }
    text
}

/// The source that the state rests on, as in JSON.
fn rests_on(report: &PhoneReport) -> Option<String> {
    let source = serde_json::to_value(report.rests_on?).ok()?;
    source.as_str().map(ToOwned::to_owned)
}

fn row(
    phone: &PhoneView,
    from: String,
    [on_inventory, listed_model, rests_on]: [String; 3],
) -> [String; HEADER.len()] {
    let named = &phone.phone;
    let seconds = phone.last_seen.duration_since(phone.first_seen).as_secs();
    let codes: Vec<String> = phone
        .diagnoses
        .iter()
        .map(|it| it.code.to_string())
        .collect();
    let restarts = &phone.restarts;
    let or_empty = |text: Option<String>| text.unwrap_or_default();
    let evidence: Vec<String> = phone.other_evidence().map(format::evidence).collect();
    [
        named.mac.map(|mac| mac.to_string()).unwrap_or_default(),
        named.name.clone().unwrap_or_default(),
        format::known_address(named.address).unwrap_or_default(),
        named.model.clone().unwrap_or_default(),
        format::state_name(phone.state).to_owned(),
        phone
            .reason
            .as_ref()
            .map(format::evidence)
            .unwrap_or_default(),
        from,
        phone
            .load
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        phone.pass.to_string(),
        phone.first_seen.to_string(),
        phone.last_seen.to_string(),
        seconds.to_string(),
        codes.join("; "),
        evidence.join("; "),
        next_step(phone),
        on_inventory,
        listed_model,
        rests_on,
        or_empty(restarts.restart.map(|state| state.name().to_owned())),
        or_empty(restarts.wave.map(|wave| wave.to_string())),
        restarts.orders.to_string(),
        or_empty(restarts.withheld.map(|why| why.code().to_owned())),
        or_empty(phone.uplink.switch.clone()),
        or_empty(phone.uplink.port.clone()),
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

/// A field that a spreadsheet would take for a formula gets a leading apostrophe: names come
/// from the network and from inventories.
fn harmless(field: &str) -> String {
    let is_formula = field.trim_start().starts_with([
        '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ]) || field.starts_with(['\t', '\r', '\n']);
    // A cell has no control characters.
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
