//! The page and the table of a report, by what a browser makes of them.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use reflash::{
    replay::ReplayFormat,
    report::{csv, html},
    run_view::RunView,
    track::{Report, State},
};

use super::replayed;
use crate::support::require_program;

/// As many phones as a building has, in four kinds of state.
const PHONES: usize = 300;

const IMAGES: [&str; 5] = [
    "jar61.sbn",
    "cnu61.sbn",
    "apps61.sbn",
    "dsp61.sbn",
    "cvm61.sbn",
];

/// A run with many phones: converted, stalled between images, refusing the manifest, idle.
fn many() -> (Report, RunView) {
    let mut lines: Vec<(u64, String)> = Vec::new();
    for phone in 0..PHONES {
        let address = format!("10.9.{}.{}", phone / 250, phone % 250 + 1);
        let start = phone as u64 * 7;
        let mut fetch = |at: u64, name: &str| {
            lines.push((start + at, format!("RRQ from {address} filename {name}")));
            if name != IMAGES[2] || phone % 4 != 1 {
                lines.push((start + at, format!("Client {address} finished {name}")));
            }
        };
        let config = format!("SEP001D45{phone:06X}.cnf.xml");
        match phone % 4 {
            0 => {
                fetch(0, "term61.default.loads");
                for (at, name) in (2..).step_by(8).zip(IMAGES) {
                    fetch(at, name);
                }
                fetch(120, &format!("CTLSEP001D45{phone:06X}.tlv"));
                fetch(121, &config);
            }
            1 => {
                fetch(0, "term61.default.loads");
                for (at, name) in (2..).step_by(8).zip(&IMAGES[..3]) {
                    fetch(at, name);
                }
            }
            2 => {
                for boot in 0..4 {
                    fetch(boot * 100, "term61.default.loads");
                }
            }
            _ => fetch(0, &config),
        }
    }
    // Markup in a name from the wire.
    lines.push((
        1,
        "RRQ from 10.9.9.9 filename SEP001D45AAAAAA.cnf.xml".to_owned(),
    ));
    lines.push((
        1,
        "RRQ from 10.9.9.9 filename <script>alert(1)</script>-sip.jar".to_owned(),
    ));
    lines.sort_by_key(|(at, _)| *at);
    let mut text = String::new();
    for (at, message) in lines {
        let (hour, minute, second) = (at / 3600, at / 60 % 60, at % 60);
        let time = format!("Mar 1 {hour:02}:{minute:02}:{second:02}");
        writeln!(text, "{time} h in.tftpd: {message}").unwrap();
    }
    replayed(text.as_bytes(), ReplayFormat::Log, Vec::new())
}

fn page() -> (Report, String) {
    let (report, view) = many();
    let heading = html::Heading {
        title: "Phones & more".to_owned(),
        sentences: vec!["a <b>record</b>".to_owned()],
    };
    let page = html::render(&view, &heading);
    (report, page)
}

#[test]
fn the_page_is_self_contained_and_lists_phones_that_need_attention_first() {
    let (report, page) = page();
    assert_eq!(report.phones.len(), PHONES + 1);
    assert_eq!(page.matches("<article ").count(), PHONES + 1);
    assert_eq!(page.matches("<svg ").count(), PHONES + 1);
    for foreign in [
        "<script", "http://", "https://", "<link", "<img", "@import", "url(",
    ] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(page.contains("<title>Phones &amp; more</title>") && page.contains("a &lt;b&gt;"));
    let at = |state: &str| page.find(&format!("data-state=\"{state}\"")).unwrap();
    assert!(at("failed") < at("stalled") && at("stalled") < at("flashed"));
    assert!(
        page.contains("<title>manifest-refused after "),
        "diagnoses are marked"
    );
    let opened = |tag: &str| page.matches(&format!("<{tag}>")).count();
    for tag in ["ul", "h3", "header", "details", "table"] {
        let all = opened(tag) + page.matches(&format!("<{tag} ")).count();
        assert_eq!(all, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

#[test]
fn the_csv_has_a_row_for_each_phone() {
    let (report, view) = many();
    let text = csv::render(&view);
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap(), csv::HEADER.as_slice());
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), PHONES + 1);
    let flashed = rows.iter().filter(|row| &row[4] == "flashed").count();
    let expected = report
        .phones
        .iter()
        .filter(|phone| phone.state == State::Flashed)
        .count();
    assert_eq!((flashed, expected), (PHONES / 4, PHONES / 4));
    assert!(text.ends_with("\r\n"));
}

/// Runs the browser on a page, for two minutes at most; what it printed.
fn browse(browser: &Path, page: &Path, what: &[&str]) -> String {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new("timeout")
        .arg("120")
        .arg(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args([
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--no-pdf-header-footer",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(what)
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}: {errors}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
#[ignore = "needs chromium"]
fn a_browser_shows_all_phones_and_prints_on_a4() {
    let browser = require_program("chromium");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    fs::write(&file, page().1).unwrap();
    let dom = browse(&browser, &file, &["--dump-dom"]);
    assert_eq!(dom.matches("<article ").count(), PHONES + 1);
    let picture = folder.path().join("page.png");
    let to = format!("--screenshot={}", picture.display());
    browse(&browser, &file, &["--window-size=400,900", &to]);
    let bytes = fs::read(&picture).unwrap();
    assert!(bytes.starts_with(b"\x89PNG") && bytes.len() > 10_000);
    let paper = folder.path().join("page.pdf");
    browse(
        &browser,
        &file,
        &[&format!("--print-to-pdf={}", paper.display())],
    );
    let bytes = fs::read(&paper).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let boxes: Vec<_> = text
        .split("/MediaBox")
        .skip(1)
        .filter_map(|rest| rest.split(['[', ']']).nth(1))
        .map(|numbers| {
            let numbers = numbers
                .split_whitespace()
                .filter_map(|it| it.parse::<f64>().ok());
            numbers.map(f64::round).collect::<Vec<_>>()
        })
        .collect();
    assert!(boxes.len() > 10, "{} pages", boxes.len());
    assert!(
        boxes.iter().all(|it| it[..] == [0.0, 0.0, 595.0, 842.0]),
        "{:?}",
        boxes[0]
    );
}
