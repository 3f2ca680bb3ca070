//! The page in a browser, while simulated phones are converted.

use std::{collections::BTreeMap, path::Path, process::Command};

use reflash::{
    phone::Family,
    simulator::{Sizes, SyntheticBundle},
    track::State,
};
use serde_json::{Value, json};

use super::{
    browser::Browser,
    site::{Site, quick},
};
use crate::support::process::Running;

/// Records every state that the page shows for each phone.
const WATCH: &str = "
window.unbroken = true;
window.seen = {};
const note = () => {
  for (const row of document.querySelectorAll('tbody[data-mac]')) {
    const states = seen[row.dataset.mac] ??= [];
    if (states[states.length - 1] !== row.dataset.state) states.push(row.dataset.state);
  }
};
note();
new MutationObserver(note).observe(document.querySelector('table'),
  { subtree: true, childList: true, attributes: true, attributeFilter: ['data-state'] });
";

/// The row of every phone in the table.
const TABLE: &str = "[...document.querySelectorAll('tbody')].map((row) => ({
  mac: row.dataset.mac, address: row.dataset.address, state: row.dataset.state,
  load: row.dataset.load, text: row.innerText }))";

/// With short images, so that the time is that of the phones.
fn rehearse(folder: &Path, args: &[&str]) -> Running {
    let made = SyntheticBundle::new(Family::F45, 7)
        .unwrap()
        .sizes(Sizes::Small);
    let bundle = folder.join(made.file_name());
    made.write_zip(&bundle).unwrap();
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/test-key.pem");
    Running::start(
        Command::new(assert_cmd::cargo::cargo_bin("reflash"))
            .arg("rehearse")
            .arg(bundle)
            .args(["--trust-key", key, "--json", "--web", "0"])
            .args(args),
    )
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[test]
#[ignore = "needs chromium"]
fn fifty_phones_change_without_a_reload_and_end_as_in_the_report() {
    let mut browser = Browser::start();
    browser.resize(1280, 900);
    let faults = [
        "--fault",
        "power-cut=apps:40@2",
        "--fault",
        "wrong-hardware@1",
    ];
    let folder = tempfile::tempdir().unwrap();
    let mut run = rehearse(folder.path(), &[&["--phones", "50"], &faults[..]].concat());
    let started = run.kind("started");
    browser.open(&format!("http://{}/", started["web"].as_str().unwrap()));
    browser.until("document.body.dataset.phase === 'live' && document.body.dataset.received > 0");
    browser.value(WATCH);
    browser.until("document.querySelectorAll('tbody[data-state=writing]').length > 0");
    let shown = browser.picture("live-1280.png");
    assert!(shown.starts_with("iVBORw0KGgo") && shown.len() > 20_000);
    browser.resize(390, 844);
    browser.picture("live-390.png");
    browser.resize(1280, 900);
    let report = run.kind("finished")["report"].clone();
    browser.until("document.body.dataset.finished === 'true'");
    browser.picture("end-1280.png");
    let code = run.end();
    assert_eq!(code, Some(1), "one phone is not for this bundle");

    // The document that was loaded at the start has shown every change.
    assert_eq!(browser.value("window.unbroken"), json!(true));
    let seen = browser.value("window.seen");
    let seen = seen.as_object().unwrap();
    assert_eq!(seen.len(), 50);
    let moved = seen.values().filter(|it| it.as_array().unwrap().len() > 1);
    assert!(moved.count() > 25, "{seen:?}");

    let table = browser.value(TABLE);
    let table = table.as_array().unwrap();
    let rows: BTreeMap<_, _> = table
        .iter()
        .map(|row| {
            let fields = ["address", "state", "load"].map(|field| text(&row[field]));
            (text(&row["mac"]), fields)
        })
        .collect();
    let phones = report["phones"].as_array().unwrap();
    let expected: BTreeMap<_, _> = phones
        .iter()
        .map(|phone| {
            let fields = ["address", "state", "to"].map(|field| text(&phone[field]));
            (text(&phone["mac"]), fields)
        })
        .collect();
    assert_eq!(rows, expected);
    assert_eq!((table.len(), phones.len()), (50, 50));
    for (row, mac) in table
        .iter()
        .map(|row| (text(&row["text"]), text(&row["mac"])))
    {
        assert!(row.contains(&mac), "{row}");
    }
    // Phones that need attention come first, with what to do.
    let failed: Vec<_> = phones.iter().filter(|it| it["state"] == "failed").collect();
    assert!(!failed.is_empty());
    for (row, _) in table.iter().zip(&failed) {
        assert_eq!(row["state"], "failed");
    }
    for phone in failed {
        let row = table.iter().find(|row| row["address"] == phone["address"]);
        let row = row.unwrap();
        let diagnosis = &phone["diagnoses"][0];
        let row = text(&row["text"]);
        assert!(row.contains(diagnosis["code"].as_str().unwrap()), "{row}");
        assert!(row.contains(diagnosis["cure"].as_str().unwrap()), "{row}");
    }

    // The server is gone; the page and both downloads are still there.
    let saved = browser.save("json", "reflash-report.json");
    let saved: Value = serde_json::from_str(&saved).unwrap();
    assert_eq!(saved["report"], report);
    let paper = browser.save("paper", "reflash-report.html");
    assert_eq!(paper.matches("<article ").count(), 50);
    browser.resize(390, 844);
    browser.picture("end-390.png");
    let wide = "document.documentElement.scrollWidth <= window.innerWidth";
    assert_eq!(
        browser.value(wide),
        json!(true),
        "nothing is cut off on a phone"
    );
    assert_eq!(browser.complaints, [] as [Value; 0]);
}

#[test]
#[ignore = "needs chromium"]
fn markup_from_the_wire_stays_text_and_a_lost_connection_is_made_again() {
    let mut browser = Browser::start();
    let hostile = "<img src=x onerror=\"window.hit = 1\"></script><script>window.hit = 1</script>";
    let mut site = Site::start(quick());
    let (at, port) = (site.at, site.at.port());
    site.step(1, hostile, State::Images);
    browser.open(&format!("http://{at}/"));
    browser.until("document.querySelectorAll('tbody').length === 1");
    let name = browser.value("document.querySelector('.who b').textContent");
    assert_eq!(name, hostile);
    let made = "document.querySelectorAll('table img, table script').length";
    assert_eq!(browser.value(made), 0);
    // The run is killed: the page reports the lost connection and keeps its content.
    site.end();
    browser.until("document.body.dataset.phase === 'lost'");
    assert_eq!(
        browser.value("document.querySelectorAll('tbody').length"),
        1
    );
    // Another run with other phones: the page shows only these.
    let mut site = Site::start_at(port, quick());
    for phone in 0..3 {
        site.step(phone, "Lobby", State::Writing);
    }
    browser.until("document.body.dataset.phase === 'live'");
    browser.until("document.querySelectorAll('tbody[data-state=writing]').length === 3");
    assert_eq!(
        browser.value("document.querySelectorAll('tbody').length"),
        3
    );
    let text = text(&browser.value("document.querySelector('tbody').innerText"));
    assert!(
        text.contains("Lobby") && text.contains("DO NOT UNPLUG"),
        "{text}"
    );
    assert_eq!(browser.value("typeof window.hit"), "undefined");
    site.finish();
    browser.until("document.body.dataset.finished === 'true'");
    let end = text_of(&mut browser, "end");
    assert!(
        end.contains("Put option 150 back.") && end.contains("The server has stopped"),
        "{end}"
    );
    site.end();
}

fn text_of(browser: &mut Browser, id: &str) -> String {
    text(&browser.value(&format!("document.getElementById('{id}').innerText")))
}
