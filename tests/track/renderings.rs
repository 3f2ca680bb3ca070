//! Every rendering of one run shows the same state, reason, diagnoses, times and order of every
//! phone: terminal, plain lines, JSON, web page, HTML report and CSV.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use reflash::{
    display::{JsonReporter, PlainReporter, Style, TerminalReporter, table},
    report::{csv, html},
    reporter::{Reporter, Tick},
    run_view::{PhoneView, RunView},
    track::{
        Event, Evidence, EvidenceSource, ObservationKind, PhoneId, PhoneReport, Report, State,
        Step, StepDetails, TransferEnd,
    },
    web::SharedView,
};
use serde_json::Value;

use crate::support::conversation::*;

fn began() -> Timestamp {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

/// A run of eight phones, each with another outcome.
fn run() -> Run {
    let mut run = Run::new(plan());
    // Converted; CDP and LLDP both report the load: the first one is the reason.
    run.boots(0.0, 1, 1).load(1.0, 1, "SCCP45.8-5-2S");
    run.passes(20.0, 1, LOADS).boots(120.0, 1, 1);
    run.load(130.0, 1, LOAD);
    run.see(131.0, 1, lldp());
    // It ran the load before.
    run.boots(140.0, 2, 2).load(141.0, 2, LOAD);
    // It refuses the manifest.
    for at in [150.0, 151.0, 240.0, 241.0, 350.0, 351.0, 480.0, 481.0] {
        run.gets(at, 3, TERM);
    }
    // It stalls between two images.
    run.gets(500.0, 4, TERM);
    let transfer = run.loses(502.0, 4, IMAGES[0].0, 4_000);
    run.ends(
        505.0,
        4,
        transfer,
        TransferEnd::Vanished { all_sent: false },
        4_000,
    );
    // A power cut in the middle, then a whole pass: a diagnosis is raised and withdrawn.
    run.gets(700.0, 5, TERM);
    run.gets(702.0, 5, IMAGES[0].0);
    run.loses(707.0, 5, IMAGES[1].0, 9_000);
    run.gets(740.0, 5, TERM);
    run.passes(745.0, 5, TERM).boots(900.0, 5, 5);
    // Writing when the run ends.
    run.passes(960.0, 6, TERM);
    // Seen, and no more.
    run.boots(990.0, 7, 7);
    // Between images when the run ends.
    run.gets(995.0, 8, TERM);
    run.gets(997.0, 8, IMAGES[0].0);
    run.until(1_000.0);
    run
}

fn lldp() -> ObservationKind {
    ObservationKind::Load {
        load: reflash::phone::LoadName::new(LOAD),
        source: EvidenceSource::Lldp,
        detail: format!("{LOAD} (192.168.5.1, port 7)"),
    }
}

/// A stream that can be read back.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// What a rendering shows of one phone; `None`: it does not show that.
#[derive(Debug, Clone, Default, PartialEq)]
struct Shown {
    address: String,
    state: String,
    reason: Option<String>,
    diagnoses: Vec<String>,
    first_seen: Option<String>,
    last_seen: Option<String>,
}

/// The texts that every rendering is compared with, from the view.
fn expected(view: &RunView) -> Vec<Shown> {
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

fn name(state: State) -> String {
    let name = serde_json::to_value(state).unwrap();
    name.as_str().unwrap().to_owned()
}

/// Evidence as renderings for people show it.
fn line(evidence: &Evidence) -> String {
    match evidence.source {
        EvidenceSource::Requests => evidence.detail.clone(),
        EvidenceSource::Cdp => format!("CDP reports {}", evidence.detail),
        EvidenceSource::Lldp => format!("LLDP reports {}", evidence.detail),
        _ => panic!("{evidence:?}"),
    }
}

fn codes(phone: &PhoneView) -> Vec<String> {
    phone
        .diagnoses
        .iter()
        .map(|it| it.code.to_string())
        .collect()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

fn of_json(report: &Value) -> Vec<Shown> {
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
fn of_page(message: &Value) -> Vec<Shown> {
    let time = |value: &Value| {
        let at = Timestamp::from_millisecond(value.as_i64().unwrap()).unwrap();
        Some(at.to_string())
    };
    let mut rows: Vec<&Value> = message["phones"].as_array().unwrap().iter().collect();
    // As its script sorts them.
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

fn of_csv(text: &str) -> Vec<Shown> {
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
fn of_html(page: &str) -> Vec<Shown> {
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
fn of_table(table: &str, known: &[String]) -> Vec<Shown> {
    let mut phones: Vec<Shown> = Vec::new();
    // Wrapped lines are joined again.
    let unwrapped = table.replace("\n      ", " ");
    for line in unwrapped.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
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
            _ if words.get(1).is_some_and(|it| it.starts_with("192.168.5.")) => {
                phones.push(Shown {
                    address: words[1].to_owned(),
                    state: words[3].to_owned(),
                    ..Shown::default()
                });
            }
            _ => {}
        }
    }
    phones
}

fn without_times(phones: &[Shown]) -> Vec<Shown> {
    let mut phones = phones.to_vec();
    for phone in &mut phones {
        phone.first_seen = None;
        phone.last_seen = None;
    }
    phones
}

/// One run, reported to every display.
struct Displays {
    terminal: TerminalReporter,
    plain: PlainReporter<Shared>,
    json: JsonReporter<Shared>,
    page: Arc<SharedView>,
    plain_text: Shared,
    json_text: Shared,
}

impl Displays {
    fn new(report: Report) -> Self {
        let (plain_text, json_text) = (Shared::default(), Shared::default());
        Self {
            terminal: TerminalReporter::new(Style::plain()),
            plain: PlainReporter::new(plain_text.clone(), Style::plain(), false),
            json: JsonReporter::new(json_text.clone()),
            page: Arc::new(SharedView::new(began, move || report.clone())),
            plain_text,
            json_text,
        }
    }

    fn each(&mut self, mut call: impl FnMut(&mut dyn Reporter)) {
        call(&mut self.terminal);
        call(&mut self.plain);
        call(&mut self.json);
        call(&mut self.page);
    }
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one run, compared in every rendering"
)]
fn every_rendering_of_a_run_shows_the_same() {
    let run = run();
    let report = run.fleet.report(began());
    let wall = |at| began().checked_add(at).unwrap();
    let mut view = RunView::default();
    let mut displays = Displays::new(report.clone());
    for (at, event) in run.times.iter().zip(&run.events) {
        view.apply(wall(*at), event);
        displays.each(|reporter| reporter.event(wall(*at), event));
    }

    // While the run goes on: the page and the terminal.
    let live = expected(&view);
    assert_eq!(live.len(), 8, "{live:#?}");
    let message: Value = serde_json::from_str(&displays.page.snapshot()).unwrap();
    assert_eq!(of_page(&message), live);
    let tick = Tick {
        at: wall(run.now),
        awaited: None,
    };
    let rows = displays.terminal.rows(160, 80, tick);
    let shown: Vec<(&PhoneView, &String)> = view
        .phones()
        .map(|phone| {
            let name = match phone.phone.mac {
                Some(mac) => format!("SEP{}", mac.upper_hex()),
                None => phone.phone.address.to_string(),
            };
            let row = rows.iter().find(|row| row.starts_with(&name));
            (phone, row.unwrap_or_else(|| panic!("{name}: {rows:#?}")))
        })
        .collect();
    let positions = shown
        .iter()
        .map(|(_, row)| rows.iter().position(|it| it == *row).unwrap());
    let positions: Vec<usize> = positions.collect();
    assert!(positions.is_sorted(), "one order: {rows:#?}");
    for ((phone, row), at) in shown.iter().zip(&positions) {
        let state = name(phone.state);
        assert!(
            row.contains(&state) || row.contains("image "),
            "{state}: {row}"
        );
        if [State::Confirmed, State::Already].contains(&phone.state) {
            let reason = line(phone.reason.as_ref().unwrap());
            assert!(row.contains(&reason), "{reason}: {row}");
        }
        for code in codes(phone) {
            let below = rows[at + 1..]
                .iter()
                .take_while(|row| row.starts_with("    "));
            let prefix = format!("    {code}: ");
            assert!(
                below.clone().any(|row| row.starts_with(&prefix)),
                "{code}: {rows:#?}"
            );
        }
    }

    // At its end: everything.
    displays.each(|reporter| reporter.finished(wall(run.now), &report, &[]));
    view.finish(&report);
    let end = expected(&view);
    for (live, end) in live.iter().zip(&end) {
        let same = |phone: &Shown| {
            let first_seen = phone.first_seen.clone();
            (
                phone.address.clone(),
                phone.state.clone(),
                phone.reason.clone(),
                first_seen,
            )
        };
        assert_eq!(same(live), same(end), "the report agrees with the events");
        assert_eq!(live.diagnoses, end.diagnoses);
    }
    let json_text = displays.json_text.text();
    let finished: Value = serde_json::from_str(json_text.lines().last().unwrap()).unwrap();
    assert_eq!(of_json(&finished["report"]), end);
    let message: Value = serde_json::from_str(&displays.page.snapshot()).unwrap();
    assert_eq!(of_page(&message), end);
    assert_eq!(of_json(&message["finished"]["report"]), end);
    assert_eq!(of_csv(&csv::render(&view)), end);
    let page = html::render(&view, &html::Heading::default());
    assert_eq!(of_html(&page), without_times(&end));
    let known: Vec<String> = end.iter().flat_map(|it| it.diagnoses.clone()).collect();
    let plain = displays.plain_text.text();
    let closing = plain.rsplit_once("\nMAC ").unwrap().1;
    assert_eq!(of_table(closing, &known), without_times(&end));
    let table = table(&view, Style::plain());
    assert_eq!(of_table(&table, &known), without_times(&end));

    // The run has what it takes to be worth comparing.
    let states: Vec<&str> = end.iter().map(|it| it.state.as_str()).collect();
    for state in [
        "confirmed",
        "already",
        "failed",
        "stalled",
        "writing",
        "images",
        "flashed",
    ] {
        assert!(states.contains(&state), "{state}: {states:?}");
    }
    let is_withdrawn = |event: &Event| matches!(event, Event::Withdrawn { .. });
    assert!(run.events.iter().any(is_withdrawn));
    assert!(end.iter().any(|it| !it.diagnoses.is_empty()));
    let confirmed = end.iter().find(|it| it.state == "confirmed").unwrap();
    let reason = confirmed.reason.as_ref().unwrap();
    assert!(
        reason.starts_with("CDP reports"),
        "{reason}: LLDP came second"
    );
    let confirmed: &PhoneReport = view
        .report()
        .unwrap()
        .phones
        .iter()
        .find(|phone| phone.state == State::Confirmed)
        .unwrap();
    let by_lldp = |it: &Evidence| it.source == EvidenceSource::Lldp;
    assert!(
        confirmed.evidence.iter().any(by_lldp),
        "it is in the details"
    );
}

/// A step of phone 1.
fn step(state: State, evidence: Option<&str>) -> Event {
    Event::Step(Step {
        phone: reflash::track::PhoneRef {
            id: PhoneId(1),
            mac: None,
            address: address(1),
            model: None,
            name: None,
        },
        state,
        pass: 1,
        details: StepDetails {
            evidence: evidence.map(|detail| Evidence {
                source: EvidenceSource::Requests,
                detail: detail.to_owned(),
            }),
            ..StepDetails::default()
        },
    })
}

#[test]
fn the_reason_of_a_state_is_the_evidence_that_brought_it() {
    let mut view = RunView::default();
    let mut reason_after = |state, evidence| {
        view.apply(began(), &step(state, evidence));
        let phone = view.phone(PhoneId(1)).unwrap();
        phone.reason.as_ref().map(|reason| reason.detail.clone())
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(reason_after(State::Writing, None), None);
    assert_eq!(reason_after(State::Flashed, Some("first")), some("first"));
    assert_eq!(reason_after(State::Flashed, Some("later")), some("first"));
    assert_eq!(
        reason_after(State::Stalled, None),
        None,
        "a diagnosis explains it"
    );
    assert_eq!(reason_after(State::Failed, Some("while failed")), None);
    assert_eq!(
        reason_after(State::Flashed, None),
        some("first"),
        "as before"
    );
    assert_eq!(reason_after(State::Confirmed, Some("load")), some("load"));
    assert_eq!(
        reason_after(State::Manifest, None),
        None,
        "a request brought it"
    );
    assert_eq!(reason_after(State::Manifest, Some("late")), None);
    let phone = view.phone(PhoneId(1)).unwrap();
    let evidence: Vec<&str> = phone.evidence.iter().map(|it| it.detail.as_str()).collect();
    assert_eq!(evidence, ["first", "later", "while failed", "load", "late"]);
}
