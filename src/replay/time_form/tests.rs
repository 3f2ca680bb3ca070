use jiff::{SignedDuration, civil, tz};

use super::{LogTime, of_access, split_last_time, split_time};

#[test]
fn every_usual_form_is_taken() {
    let day = |text: &str| LogTime::At(text.parse().unwrap());
    let zoned =
        |text: &str, hours| LogTime::Zoned(text.parse().unwrap(), tz::Offset::constant(hours));
    let local = |text: &str| LogTime::Local(text.parse().unwrap());
    let yearless = |text: &str| LogTime::Yearless {
        month: 3,
        day: 8,
        time: text.parse().unwrap(),
    };
    let cases = [
        ("Mar  8 01:02:03 h x: y", yearless("01:02:03")),
        ("Mar 8 01:02:03.25 h x: y", yearless("01:02:03.25")),
        ("*Mar  8 01:02:03.113: h x: y", yearless("01:02:03.113")),
        ("Mar  8 01:02:03 CET: h x: y", yearless("01:02:03")),
        ("Mar  8 2026 01:02:03: h x: y", local("2026-03-08T01:02:03")),
        (
            "Sun Mar  8 01:02:03 2026 h x: y",
            local("2026-03-08T01:02:03"),
        ),
        (
            "Sun Mar  8 01:02:03 2026 [1772931723.500] h x: y",
            day("2026-03-08T01:02:03.5Z"),
        ),
        (
            "2026-03-08T01:02:03.5Z h x: y",
            day("2026-03-08T01:02:03.5Z"),
        ),
        (
            "2026-03-08T01:02:03+01:00 h x: y",
            zoned("2026-03-08T00:02:03Z", 1),
        ),
        (
            "2026-03-08T01:02:03-0500 h x: y",
            zoned("2026-03-08T06:02:03Z", -5),
        ),
        ("2026-03-08 01:02:03 h x: y", local("2026-03-08T01:02:03")),
        ("2026/03/08 01:02:03 h x: y", local("2026-03-08T01:02:03")),
        (
            "2026-03-08 01:02:03,113 h x: y",
            local("2026-03-08T01:02:03.113"),
        ),
        ("[2026-03-08 01:02:03] h x: y", local("2026-03-08T01:02:03")),
        (
            "Sun 2026-03-08 01:02:03 CEST h x: y",
            zoned("2026-03-07T23:02:03Z", 2),
        ),
        (
            "Sun 2026-03-08 01:02:03 UTC h x: y",
            day("2026-03-08T01:02:03Z"),
        ),
        ("1772931723 h x: y", day("2026-03-08T01:02:03Z")),
        ("1772931723.250 h x: y", day("2026-03-08T01:02:03.25Z")),
        (
            "[   12.5] h x: y",
            LogTime::Uptime(SignedDuration::from_millis(12_500)),
        ),
        (
            "01:02:03.5 h x: y",
            LogTime::OfDay("01:02:03.5".parse().unwrap()),
        ),
    ];
    for (line, time) in cases {
        assert_eq!(split_time(line), (time, "h x: y"), "{line}");
    }
}

#[test]
fn other_lines_have_no_time() {
    for line in [
        "RRQ from 1.2.3.4",
        "Mar 41 01:02:03 x",
        "Mar 1 25:00:00 x",
        "2026-13-01 00:00:00 x",
        "12345 x",
        "",
        "5 x",
        "[5] x",
        "é",
    ] {
        assert_eq!(split_time(line), (LogTime::None, line));
    }
}

#[test]
fn times_inside_and_at_the_end_are_found() {
    let line = "<a>: sent 2 blks [02/03 09:00:03.113]";
    let (time, rest) = split_last_time(line).unwrap();
    assert_eq!(rest, "<a>: sent 2 blks");
    let expected = LogTime::Yearless {
        month: 3,
        day: 2,
        time: civil::time(9, 0, 3, 113_000_000),
    };
    assert_eq!(time, expected);
    assert_eq!(split_last_time("[03/22 09:00:03]").map(|it| it.1), Some(""));
    assert_eq!(split_last_time("x [40/50 09:00:03]"), None);
    let line = r#"192.0.2.1 - - [02/Mar/2026:09:00:00 +0100] "GET / HTTP/1.1" 200 -"#;
    let expected = LogTime::Zoned(
        "2026-03-02T08:00:00Z".parse().unwrap(),
        tz::Offset::constant(1),
    );
    assert_eq!(of_access(line), Some(expected));
    let python = r#"192.0.2.1 - - [02/Mar/2026 09:00:00] "GET / HTTP/1.1" 200 -"#;
    assert!(matches!(of_access(python), Some(LogTime::Local(_))));
    assert_eq!(of_access("[x] [1/Jan/2026"), None);
}
