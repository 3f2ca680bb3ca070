//! Which listed phones were restarted, or would be, and why the others not: text for the end of a run.

use crate::{
    phone::MacAddress,
    restart::waves::WaveSizes,
    text::escape,
    track::{NotOrdered, PhoneReport, Report},
};

/// Phones that are named under one reason.
const MAX_NAMED: usize = 20;

/// What can be done about a phone that never registered.
const NOT_REGISTERED: &str = "did not register with this program by SCCP, so it cannot be reached: restart \
    it at its call manager, at the phone, or by its power";

/// The text; `None`: no phone is listed. `would_order`: those that a dry run found, in order.
pub(super) fn text(
    report: &Report,
    would_order: Option<&[MacAddress]>,
    sizes: WaveSizes,
) -> Option<String> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    let mut add =
        |group: String, phone: String| match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, phones)) => phones.push(phone),
            None => groups.push((group, vec![phone])),
        };
    for (number, mac) in would_order.unwrap_or_default().iter().enumerate() {
        let wave = wave_of(number, sizes);
        let phone = report.phones.iter().find(|phone| phone.mac == Some(*mac));
        let name = phone.map_or_else(|| label(*mac, None), name);
        add(format!("would be restarted in wave {wave}"), name);
    }
    let found = |mac: &MacAddress| would_order.is_some_and(|found| found.contains(mac));
    let phones = report.phones.iter();
    for phone in phones.filter(|phone| phone.mac.is_some_and(|mac| !found(&mac))) {
        let restarts = &phone.restarts;
        let why = match (restarts.restart, restarts.withheld) {
            _ if phone.done => continue,
            (_, Some(NotOrdered::NotListed)) => continue,
            (Some(state), _) => format!("restart: {}", state.name()),
            (None, Some(reason)) => format!("not restarted: {}", reason.text()),
            (None, None) if phone.on_inventory == Some(false) => continue,
            (None, None) => NOT_REGISTERED.to_owned(),
        };
        add(why, name(phone));
    }
    for missing in &report.missing {
        add(
            NOT_REGISTERED.to_owned(),
            label(missing.mac, missing.name.as_deref()),
        );
    }
    if groups.is_empty() {
        return None;
    }
    let mut lines = vec!["Restarts:".to_owned()];
    for (why, phones) in groups {
        let named = phones
            .iter()
            .take(MAX_NAMED)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        let more = match phones.len().saturating_sub(MAX_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        lines.push(format!("  {named}{more}: {why}"));
    }
    Some(lines.join("\n"))
}

fn name(phone: &PhoneReport) -> String {
    let Some(mac) = phone.mac else {
        return phone.address.to_string();
    };
    let mut name = label(mac, phone.name.as_deref());
    if let Some(port) = phone.uplink.words() {
        name.extend([" [", &escape(&port), "]"]);
    }
    name
}

fn label(mac: MacAddress, name: Option<&str>) -> String {
    let name = name.map(|name| format!(" ({})", escape(name)));
    format!("SEP{}{}", mac.upper_hex(), name.unwrap_or_default())
}

/// The wave of the phone with this place in the order, from 1.
fn wave_of(mut place: usize, sizes: WaveSizes) -> u32 {
    let mut wave = 1;
    while place >= sizes.of(wave) {
        place -= sizes.of(wave);
        wave += 1;
    }
    wave
}
