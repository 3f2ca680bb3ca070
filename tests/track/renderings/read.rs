//! Reads each rendering back: what it shows of every phone.

use jiff::Timestamp;
use reflash::{
    run_view::{PhoneView, RunView},
    track::{Evidence, EvidenceSource, State},
};
use serde_json::Value;

/// What a rendering shows of one phone; `None`: it does not show that.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Shown {
    pub(super) address: String,
    pub(super) state: String,
    pub(super) reason: Option<String>,
    pub(super) diagnoses: Vec<String>,
    pub(super) first_seen: Option<String>,
    pub(super) last_seen: Option<String>,
}

/// What every rendering must show, from the view.
pub(super) fn expected(view: &RunView) -> Vec<Shown> {
    view.phones()
        .map(|phone| Shown {
            address: phone.phone.address.to_string(),
            state: name(phone.state),
            reason: phone.reason.as_ref().map(line),
            diagnoses: codes(phone),
            first_seen: Some(phone.first_seen.to_string()),
            last_seen: Some(phone.last_seen.to_string()),
        })
        .collect()
}

pub(super) fn name(state: State) -> String {
    let name = serde_json::to_value(state).unwrap();
    name.as_str().unwrap().to_owned()
}

/// Evidence as text, as all renderings except JSON show it.
pub(super) fn line(evidence: &Evidence) -> String {
    match evidence.source {
        EvidenceSource::Requests => evidence.detail.clone(),
        EvidenceSource::Cdp => format!("CDP reports {}", evidence.detail),
        EvidenceSource::Lldp => format!("LLDP reports {}", evidence.detail),
        _ => panic!("{evidence:?}"),
    }
}

pub(super) fn codes(phone: &PhoneView) -> Vec<String> {
    phone
        .diagnoses
        .iter()
        .map(|it| it.code.to_string())
        .collect()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

pub(super) fn of_json(report: &Value) -> Vec<Shown> {
    let phones = report["phones"].as_array().unwrap().iter();
    phones
        .map(|phone| {
            let reason = Some(&phone["reason"]).filter(|it| !it.is_null());
            Shown {
                address: text(&phone["address"]).unwrap(),
                state: text(&phone["state"]).unwrap(),
                reason: reason.map(|it| line(&serde_json::from_value(it.clone()).unwrap())),
                diagnoses: phone["diagnoses"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter_map(|it| text(&it["code"]))
                    .collect(),
                first_seen: text(&phone["first_seen"]),
                last_seen: text(&phone["last_seen"]),
            }
        })
        .collect()
}

/// The rows of the page, by its newest message.
pub(super) fn of_page(message: &Value) -> Vec<Shown> {
    let time = |value: &Value| {
        let at = Timestamp::from_millisecond(value.as_i64().unwrap()).unwrap();
        Some(at.to_string())
    };
    let mut rows: Vec<&Value> = message["phones"].as_array().unwrap().iter().collect();
    // The script of the page sorts them so.
    rows.sort_by_key(|row| (row["rank"].as_u64(), row["id"].as_u64()));
    rows.into_iter()
        .map(|row| Shown {
            address: text(&row["address"]).unwrap(),
            state: text(&row["state"]).unwrap(),
            reason: text(&row["reason"]),
            diagnoses: row["diagnoses"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|it| text(&it["code"]))
                .collect(),
            first_seen: time(&row["first_seen"]),
            last_seen: time(&row["last_seen"]),
        })
        .collect()
}

pub(super) fn of_csv(text: &str) -> Vec<Shown> {
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let at = |name: &str| headers.iter().position(|it| it == name).unwrap();
    reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            let field = |name: &str| Some(row[at(name)].to_owned()).filter(|it| !it.is_empty());
            Shown {
                address: field("address").unwrap(),
                state: field("state").unwrap(),
                reason: field("reason"),
                diagnoses: field("diagnoses")
                    .iter()
                    .flat_map(|codes| codes.split("; "))
                    .map(ToOwned::to_owned)
                    .collect(),
                first_seen: field("first_seen"),
                last_seen: field("last_seen"),
            }
        })
        .collect()
}

/// The cards of the HTML report, without times: it shows these as local text.
pub(super) fn of_html(page: &str) -> Vec<Shown> {
    page.split("<article ")
        .skip(1)
        .map(|card| {
            let card = card
                .split("</article>")
                .next()
                .unwrap()
                .replace("&#39;", "'");
            let between = |from: &str, to: &str| {
                let (_, rest) = card.split_once(from)?;
                Some(rest.split_once(to)?.0.to_owned())
            };
            Shown {
                address: between("<span class=\"soft\">", "</span>").unwrap(),
                state: between("data-state=\"", "\"").unwrap(),
                reason: between("<li>because: ", "</li>"),
                diagnoses: card
                    .split("<li><b>")
                    .skip(1)
                    .map(|rest| rest.split("</b>").next().unwrap().to_owned())
                    .collect(),
                first_seen: None,
                last_seen: None,
            }
        })
        .collect()
}

/// The rows of the table that ends a run, without times: it shows these as local text.
pub(super) fn of_table(table: &str, known: &[String]) -> Vec<Shown> {
    let mut phones: Vec<Shown> = Vec::new();
    // Wrapped lines are joined again.
    let unwrapped = table.replace("\n      ", " ");
    for line in unwrapped.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let body = line.strip_prefix("    ");
        match (phones.last_mut(), body) {
            (Some(phone), Some(body)) => {
                if let Some(reason) = body.strip_prefix("because: ") {
                    phone.reason = Some(reason.to_owned());
                }
                let code = body.split(':').next().unwrap();
                if known.iter().any(|it| it == code) {
                    phone.diagnoses.push(code.to_owned());
                }
            }
            _ if fields.get(1).is_some_and(|it| it.starts_with("192.168.5.")) => {
                phones.push(Shown {
                    address: fields[1].to_owned(),
                    state: fields[3].to_owned(),
                    ..Shown::default()
                });
            }
            _ => {}
        }
    }
    phones
}

pub(super) fn without_times(phones: &[Shown]) -> Vec<Shown> {
    let mut phones = phones.to_vec();
    for phone in &mut phones {
        phone.first_seen = None;
        phone.last_seen = None;
    }
    phones
}
