//! Every rendering of one run shows the same state, reason, diagnoses, times and order of every
//! phone: terminal, plain lines, JSON, web page, HTML report and CSV.

mod read;

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
        Event, Evidence, EvidenceSource, ObservationKind, PhoneId, PhoneReport, PhoneStep, Report,
        State, StepDetails, TransferEnd,
    },
    web::SharedView,
};
use serde_json::Value;

use read::{
    Shown, codes, expected, line, name, of_csv, of_html, of_json, of_page, of_table, without_times,
};

use crate::support::conversation::*;

fn began() -> Timestamp {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

/// A run of eight phones, each with another outcome.
fn run() -> Run {
    let mut run = Run::new(plan());
    // Converted; CDP and LLDP both report the load: the first one is the reason.
    run.boot(0.0, 1, 1).report_load(1.0, 1, "SCCP45.8-5-2S");
    run.full_pass(20.0, 1, LOADS).boot(120.0, 1, 1);
    run.report_load(130.0, 1, LOAD);
    run.observe(131.0, 1, lldp());
    // It ran the target before.
    run.boot(140.0, 2, 2).report_load(141.0, 2, LOAD);
    // It refuses the manifest.
    for at in [150.0, 151.0, 240.0, 241.0, 350.0, 351.0, 480.0, 481.0] {
        run.fetch(at, 3, TERM);
    }
    // It stalls between two images.
    run.fetch(500.0, 4, TERM);
    let transfer = run.fetch_partly(502.0, 4, IMAGES[0].0, 4_000);
    run.end(
        505.0,
        4,
        transfer,
        TransferEnd::Vanished { all_sent: false },
        4_000,
    );
    // A power cut in the middle, then a whole pass: a diagnosis is raised and withdrawn.
    run.fetch(700.0, 5, TERM);
    run.fetch(702.0, 5, IMAGES[0].0);
    run.fetch_partly(707.0, 5, IMAGES[1].0, 9_000);
    run.fetch(740.0, 5, TERM);
    run.full_pass(745.0, 5, TERM).boot(900.0, 5, 5);
    // Writing when the run ends.
    run.full_pass(960.0, 6, TERM);
    // Only observed.
    run.boot(990.0, 7, 7);
    // Between images when the run ends.
    run.fetch(995.0, 8, TERM);
    run.fetch(997.0, 8, IMAGES[0].0);
    run.advance_to(1_000.0);
    run
}

fn lldp() -> ObservationKind {
    ObservationKind::Load {
        load: reflash::phone::LoadName::new(LOAD),
        source: EvidenceSource::Lldp,
        detail: format!("{LOAD} (192.168.5.1, port 7)"),
    }
}

/// An output whose text can be read.
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
        unexpected: reflash::reporter::UnexpectedPhones::default(),
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

    // The run has all states and a withdrawn diagnosis.
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
        "the other evidence is in the details"
    );
}

/// A step of phone 1.
fn step(state: State, evidence: Option<&str>) -> Event {
    Event::Step(PhoneStep {
        phone: reflash::track::PhoneRef {
            id: PhoneId(1),
            mac: None,
            address: address(1),
            model: None,
            family: None,
            name: None,
        },
        done: matches!(state, State::Confirmed | State::Already),
        up: false,
        state,
        pass: 1,
        details: StepDetails {
            evidence: evidence.map(|detail| Evidence {
                source: EvidenceSource::Requests,
                detail: detail.to_owned(),
                disputed: false,
            }),
            ..StepDetails::default()
        },
    })
}

#[test]
fn the_reason_of_a_state_is_the_evidence_that_caused_it() {
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
        "a request caused it"
    );
    assert_eq!(reason_after(State::Manifest, Some("late")), None);
    let phone = view.phone(PhoneId(1)).unwrap();
    let evidence: Vec<&str> = phone.evidence.iter().map(|it| it.detail.as_str()).collect();
    assert_eq!(evidence, ["first", "later", "while failed", "load", "late"]);
}
