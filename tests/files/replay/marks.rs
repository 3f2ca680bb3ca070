//! The mark of a phone whose state rests on one source that another host can forge.

use reflash::{
    display::{Style, table},
    replay::ReplayFormat,
    report::{csv, html},
    track::{EvidenceSource, State},
};

use super::{
    capture_file::{Capture, PLAIN, stages},
    replayed,
};

const TEXT: &str = "rests on LLDP alone, which another host can forge";

#[test]
fn every_report_marks_a_phone_that_rests_on_one_source() {
    for is_announced in [true, false] {
        let mut capture = Capture::new(PLAIN);
        capture.recovery();
        if is_announced {
            capture.lldp(b"SIP45.9-3-1SR4-1S");
        }
        let (report, view) = replayed(&capture.bytes, ReplayFormat::Capture, stages());
        let [phone] = &report.phones[..] else {
            panic!("{report:#?}");
        };
        let (state, source) = if is_announced {
            (State::Confirmed, Some(EvidenceSource::Lldp))
        } else {
            (State::Flashed, None)
        };
        assert_eq!((phone.state, phone.rests_on), (state, source));
        let json = serde_json::to_value(phone).unwrap();
        let expected = is_announced.then_some("lldp");
        assert_eq!(json.get("rests_on").and_then(|it| it.as_str()), expected);
        let heading = html::Heading {
            title: String::new(),
            sentences: Vec::new(),
        };
        assert_eq!(html::render(&view, &heading).contains(TEXT), is_announced);
        let text = table(&view, Style::plain());
        assert_eq!(text.contains(TEXT), is_announced, "{text}");
        let rows = csv::render(&view);
        let mut reader = ::csv::Reader::from_reader(rows.as_bytes());
        let column = csv::HEADER.iter().position(|name| *name == "rests_on");
        let row = reader.records().next().unwrap().unwrap();
        assert_eq!(&row[column.unwrap()], expected.unwrap_or_default());
    }
}
