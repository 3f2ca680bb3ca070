//! Dial plans from outside: what is dialled, what is found, what a source becomes.

use std::fs;

use assert_cmd::Command;
use proptest::prelude::*;
use reflash::{
    diagnose::{Finding, Severity},
    dialplan::{MAX_PLAN_BYTES, Mode, PRESETS, Route, Source, Template, User, judge},
};

/// A plan with these entries, each on a line of its own from the second.
fn xml(entries: &[&str]) -> String {
    let entries: Vec<_> = entries
        .iter()
        .map(|entry| format!("<TEMPLATE {entry}/>\n"))
        .collect();
    format!("<DIALTEMPLATE>\n{}</DIALTEMPLATE>\n", entries.concat())
}

fn plan(entries: &[&str]) -> Template {
    Template::read(xml(entries).as_bytes()).expect("it is a plan")
}

/// What is sent, after how many seconds, by which entry, and what came too late.
fn dialled(plan: &Template, digits: &str, mode: Mode) -> (String, u32, Option<usize>, String) {
    let dialled = plan.dial(digits, mode);
    let rule = dialled.rule.map(|rule| rule.index);
    (dialled.sent, dialled.seconds, rule, dialled.unsent)
}

#[test]
fn what_is_sent_follows_the_rules_of_phones() {
    /// Entries, digits; what is sent, seconds, the entry, what came too late.
    type Case = (
        &'static [&'static str],
        &'static str,
        &'static str,
        u32,
        Option<usize>,
        &'static str,
    );
    const COMMON: &[&str] = &[
        r#"MATCH="5.." Timeout="0""#,
        r#"MATCH="9011*" Timeout="3""#,
        r#"MATCH="9.11" Timeout="0""#,
        r#"MATCH="97." Timeout="1""#,
        r#"MATCH="9.." Timeout="2""#,
        r#"MATCH="971" Timeout="4""#,
        r#"MATCH="\*6." Timeout="0""#,
        r#"MATCH="*" Timeout="15""#,
    ];
    const REWRITES: &[&str] = &[
        r#"MATCH="31." Timeout="0" Rewrite="1111%s""#,
        r#"MATCH="32.." Timeout="0" Rewrite="1222..""#,
        r#"MATCH="34..1.." Timeout="0" Rewrite="4%15%2""#,
        r#"MATCH="35..2.." Timeout="0" Rewrite="%0-%2""#,
        r#"MATCH="36..3.." Timeout="0" Rewrite="..77..""#,
        r#"MATCH="37.." Timeout="0" Rewrite="%%%%x%2""#,
        r#"MATCH="38*" Timeout="2" Rewrite="0%1""#,
        r##"MATCH="39*#" Timeout="0" Rewrite=".....""##,
    ];
    let cases: &[Case] = &[
        // At once: what comes later is cut off.
        (COMMON, "5123456", "512", 0, Some(1), "3456"),
        (COMMON, "51", "51", 10, None, ""),
        // Most figures that fit as such; one that is not whole keeps others back.
        (COMMON, "9011", "9011", 10, None, ""),
        (COMMON, "90114420", "90114420", 3, Some(2), ""),
        (COMMON, "9211", "9211", 0, Some(3), ""),
        (COMMON, "975", "975", 1, Some(4), ""),
        (COMMON, "955", "955", 2, Some(5), ""),
        // Digit by digit before dots.
        (COMMON, "971", "971", 4, Some(6), ""),
        // The star key and the star that takes all.
        (COMMON, "*61", "*61", 0, Some(7), ""),
        (COMMON, "*71", "*71", 15, Some(8), ""),
        (COMMON, "1", "1", 15, Some(8), ""),
        (COMMON, "1234567890", "1234567890", 15, Some(8), ""),
        // Dial now.
        (COMMON, "12#", "12", 0, Some(8), ""),
        (COMMON, "12#34", "12", 0, Some(8), "34"),
        (COMMON, "51#", "51", 0, None, ""),
        (COMMON, "97#", "97", 0, None, ""),
        (COMMON, "#", "", 0, None, ""),
        (COMMON, "", "", 10, None, ""),
        // Nothing fits.
        (&[r#"MATCH="5.." Timeout="0""#], "77", "77", 10, None, ""),
        (&[r#"MATCH="5.." Timeout="0""#], "77#", "77", 0, None, ""),
        // Of equals the first.
        (
            &[r#"MATCH="1.2" Timeout="3""#, r#"MATCH="1.2" Timeout="4""#],
            "112",
            "112",
            3,
            Some(1),
            "",
        ),
        (
            &[r#"MATCH="1.2" Timeout="3""#, r#"MATCH="11." Timeout="4""#],
            "112",
            "112",
            3,
            Some(1),
            "",
        ),
        // Dots before a star.
        (
            &[r#"MATCH="1*" Timeout="3""#, r#"MATCH="1." Timeout="4""#],
            "12",
            "12",
            4,
            Some(2),
            "",
        ),
        // A star takes one or more.
        (&[r#"MATCH="00*" Timeout="3""#], "00", "00", 10, None, ""),
        (
            &[r#"MATCH="00*" Timeout="3""#],
            "001",
            "001",
            3,
            Some(1),
            "",
        ),
        // It stops where the next thing comes, and does not go back.
        (
            &[r#"MATCH="1*2." Timeout="3""#],
            "13425",
            "13425",
            3,
            Some(1),
            "",
        ),
        (
            &[r#"MATCH="1*2." Timeout="3""#],
            "132425",
            "132425",
            10,
            None,
            "",
        ),
        (
            &[r#"MATCH="1*\*5" Timeout="3""#],
            "134*5",
            "134*5",
            3,
            Some(1),
            "",
        ),
        // No Timeout is ten seconds.
        (&[r#"MATCH="12""#], "12", "12", 10, Some(1), ""),
        // '#' where the pattern has it.
        (
            &[r##"MATCH="#21#" Timeout="0""##],
            "#21#",
            "#21#",
            0,
            Some(1),
            "",
        ),
        (
            &[r##"MATCH="12#" Timeout="2""##, r#"MATCH="12" Timeout="5""#],
            "12#",
            "12#",
            2,
            Some(1),
            "",
        ),
        // A hotline, a warm line, and a hotline that nobody can dial past.
        (
            &[r#"match="" timeout="0" rewrite="300""#],
            "",
            "300",
            0,
            Some(1),
            "",
        ),
        (
            &[r#"match="" timeout="0" rewrite="300""#],
            "12",
            "300",
            0,
            Some(1),
            "12",
        ),
        (
            &[r#"MATCH="" Timeout="4" Rewrite="300""#],
            "",
            "300",
            4,
            Some(1),
            "",
        ),
        (
            &[
                r#"MATCH="" Timeout="4" Rewrite="300""#,
                r#"MATCH="12" Timeout="1""#,
            ],
            "12",
            "12",
            1,
            Some(2),
            "",
        ),
        (&[], "12", "12", 10, None, ""),
    ];
    for (entries, digits, sent, seconds, rule, unsent) in cases {
        let expected = ((*sent).to_owned(), *seconds, *rule, (*unsent).to_owned());
        assert_eq!(
            dialled(&plan(entries), digits, Mode::Proxy),
            expected,
            "{digits} by {entries:?}"
        );
    }
    let rewriting = plan(REWRITES);
    for (digits, sent) in [
        ("310", "1111310"),
        ("3255", "122255"),
        ("3412134", "412534"),
        ("3512234", "3512234-34"),
        ("3612334", "127734"),
        ("3712", "%%x2"),
        ("3812345", "012345"),
        ("3912#", "12"),
    ] {
        assert_eq!(rewriting.dial(digits, Mode::Proxy).sent, sent, "{digits}");
    }
}

#[test]
fn a_call_manager_s_phone_takes_the_hash_for_a_digit() {
    let plan = plan(&[
        r#"MATCH="5.." Timeout="0""#,
        r##"MATCH="12#" Timeout="2""##,
        r#"MATCH="*" Timeout="15""#,
    ]);
    for (digits, sent, seconds, rule) in [
        ("5#1", "5#1", 0, Some(1)),
        ("12#", "12#", 2, Some(2)),
        ("34#5", "34#5", 15, Some(3)),
        ("#", "#", 15, Some(3)),
    ] {
        let expected = (sent.to_owned(), seconds, rule, String::new());
        assert_eq!(
            dialled(&plan, digits, Mode::CallManager),
            expected,
            "{digits}"
        );
    }
}

#[test]
fn tones_users_routes_and_lines_are_those_of_the_entry() {
    let plan = plan(&[
        r#"MATCH="9,,8,...." Timeout="0" Tone="Bellcore-Stutter" TONE="cisco-zip" User="Phone""#,
        r#"MATCH="7,.." Timeout="1" User="ip" Route="FQDN""#,
        r#"MATCH="999" Timeout="0" route="emergency""#,
        r#"MATCH="44" Timeout="1" Line="2" Rewrite="55""#,
    ]);
    let first = plan.dial("981234", Mode::Proxy);
    let tones: Vec<_> = first
        .tones
        .iter()
        .map(|tone| (tone.after, tone.tone))
        .collect();
    assert_eq!(tones, [(1, "Bellcore-Stutter"), (2, "Cisco-Zip")]);
    assert_eq!(
        (first.sent.as_str(), first.user),
        ("981234", Some(User::Phone))
    );
    assert_eq!(first.route, Route::Default);

    let second = plan.dial("712", Mode::Proxy);
    assert_eq!(second.tones[0].tone, "Bellcore-Outside");
    assert_eq!((second.user, second.route), (Some(User::Ip), Route::Fqdn));

    assert_eq!(plan.dial("999", Mode::Proxy).route, Route::Emergency);
    let rule = plan.dial("999", Mode::Proxy).rule.unwrap();
    assert_eq!(
        (rule.index, rule.line, rule.pattern.as_str()),
        (3, 4, "999")
    );

    assert_eq!(plan.dial("44", Mode::Proxy).sent, "44");
    assert_eq!(plan.dial_on(2, "44", Mode::Proxy).sent, "55");
}

#[test]
fn the_entry_that_keeps_a_call_waiting_is_named() {
    let plan = plan(&[
        r#"MATCH="*" Timeout="3""#,
        r#"MATCH="91........" Timeout="0""#,
    ]);
    let waiting = plan.dial("911", Mode::Proxy);
    assert_eq!(
        (waiting.sent.as_str(), waiting.seconds, waiting.rule),
        ("911", 10, None)
    );
    assert_eq!(waiting.waits_for.unwrap().pattern, "91........");
    assert_eq!(plan.dial("9112345678", Mode::Proxy).waits_for, None);
}

#[test]
fn a_plan_is_read_as_phones_read_it() {
    let text = "\u{feff}<?xml version=\"1.0\"?>\r\n<dialTemplate>\r\n\
                <versionStamp>{1234-ab}</versionStamp>\r\n\
                <!-- one --> <TEMPLATE match=\"1.\" TIMEOUT=\"2\"></TEMPLATE>\r\n\
                <TEMPLATE MATCH=\"2,.\" Tone=\"Bellcore-Hold\" Tone=\"\" Tone=\"Cisco-Zip\"\r\n\
                 Line=\"258\" Timeout=\"7s\"/>\r\n</dialTemplate>";
    let plan = Template::read(text.as_bytes()).unwrap();
    assert_eq!(plan.version.as_deref(), Some("1234-ab"));
    assert_eq!(plan.stopped, None);
    let [first, second] = plan.entries.as_slice() else {
        panic!("{:?}", plan.entries)
    };
    assert_eq!((first.place.line, first.place.column), (4, 14));
    assert_eq!(
        (first.pattern.as_str(), first.timeout, first.line),
        ("1.", 2, 0)
    );
    assert_eq!(
        second.tones,
        ["Bellcore-Hold", "Bellcore-Outside", "Cisco-Zip"]
    );
    assert_eq!((second.timeout, second.line), (7, 2));

    // A refused entry ends it; those before stay.
    for refused in [
        r#"MATCH="2" Colour="red""#,
        r#"MATCH="2" User="Person""#,
        r#"MATCH="2" Route="Nowhere""#,
        r#"MATCH="2" Tone="Beep""#,
        r#"MATCH="2" Timeout="-1""#,
        r#"MATCH="2" Tone="" TONE="" tone="" tOne="""#,
        r#"MATCH='2'"#,
    ] {
        let read = self::plan(&[r#"MATCH="1""#, refused, r#"MATCH="3""#]);
        let patterns: Vec<_> = read
            .entries
            .iter()
            .map(|entry| entry.pattern.as_str())
            .collect();
        assert_eq!(patterns, ["1"], "{refused}");
        assert_eq!(read.stopped.unwrap().line, Some(3), "{refused}");
    }
    let long = "1".repeat(70);
    let read = self::plan(&[&format!("MATCH=\"{long}\"")]);
    assert_eq!(read.entries[0].pattern, "1".repeat(63));
    let large = format!(
        "<DIALTEMPLATE>{}</DIALTEMPLATE>",
        " ".repeat(MAX_PLAN_BYTES)
    );
    assert_eq!(
        Template::read(large.as_bytes()).unwrap_err().code,
        "plan-too-large"
    );
}

#[test]
fn entities_and_depth_do_no_harm() {
    let bomb = "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;\">\
                <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;\">]><DIALTEMPLATE>&c;&c;</DIALTEMPLATE>";
    assert_eq!(
        found(bomb),
        [("doctype", Severity::Error, Some(1), Some(1))]
    );
    let file = "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><DIALTEMPLATE/>";
    assert_eq!(found(file)[0].0, "doctype");
    let deep = format!("{}{}", "<a>".repeat(9_000), "</a>".repeat(9_000));
    let codes: Vec<_> = found(&deep).iter().map(|found| found.0).collect();
    assert_eq!(codes, ["plan-too-large", "no-dial-template"]);
}

/// Code, severity and place of everything that is found.
fn found(text: &str) -> Vec<(&'static str, Severity, Option<u32>, Option<u32>)> {
    let short = |found: Finding| (found.code, found.severity, found.line, found.column);
    judge(text.as_bytes()).into_iter().map(short).collect()
}

#[test]
fn each_fault_is_found_once_and_where_it_is() {
    use Severity::{Error, Note, Warning};
    let good = r#"MATCH="112" Timeout="0""#;
    assert_eq!(found(&xml(&[good])), []);
    let cases: &[(&[&str], &str, Severity, u32, u32)] = &[
        (
            &[good, r#"MATCH="2" Colour="red""#],
            "unknown-attribute",
            Error,
            3,
            21,
        ),
        (
            &[good, r#"MATCH="2" User="Person""#],
            "bad-value",
            Error,
            3,
            21,
        ),
        (&[good, r#"MATCH="2" Route="x""#], "bad-value", Error, 3, 21),
        (
            &[good, r#"MATCH="2" Tone="Beep""#],
            "bad-value",
            Error,
            3,
            21,
        ),
        (
            &[good, r#"MATCH="2" Timeout="-1""#],
            "bad-value",
            Error,
            3,
            21,
        ),
        (
            &[good, r#"MATCH="2" Timeout="soon""#],
            "bad-value",
            Warning,
            3,
            21,
        ),
        (&[good, r#"MATCH='2'"#], "single-quotes", Error, 3, 11),
        (
            &[good, r#"MATCH="2" tone="" Tone="" tOne="" TONE="""#],
            "too-many-tones",
            Error,
            3,
            45,
        ),
        (
            &[good, r#"MATCH="1831-" Timeout="2""#],
            "never-matches",
            Warning,
            3,
            11,
        ),
        (
            &[good, r#"MATCH="2XX" Timeout="2""#],
            "never-matches",
            Warning,
            3,
            11,
        ),
        (
            &[good, r#"MATCH="*.." Timeout="2""#],
            "never-matches",
            Warning,
            3,
            11,
        ),
        (
            &[good, r#"MATCH="9," Timeout="2""#],
            "never-matches",
            Warning,
            3,
            11,
        ),
        (
            &[good, r#"MATCH="2&amp;" Timeout="2""#],
            "never-matches",
            Warning,
            3,
            11,
        ),
        (
            &[good, r#"MATCH="[2-9].." Timeout="2""#],
            "character-class",
            Warning,
            3,
            11,
        ),
        (&[good, r#"Timeout="2""#], "empty-match", Warning, 3, 1),
        (
            &[
                good,
                r#"MATCH="5......." Timeout="0""#,
                r#"MATCH="5.." Timeout="0""#,
            ],
            "hidden-entry",
            Warning,
            3,
            1,
        ),
        (
            &[
                good,
                r#"MATCH="2.." Timeout="0""#,
                r#"MATCH="2*" Timeout="5""#,
            ],
            "hidden-entry",
            Warning,
            4,
            1,
        ),
        (
            &[good, r#"MATCH="." Timeout="0""#, r#"MATCH="*" Timeout="5""#],
            "hidden-entry",
            Warning,
            4,
            1,
        ),
        (
            &[
                good,
                r#"MATCH="2.." Timeout="4""#,
                r#"MATCH="2.." Timeout="5""#,
            ],
            "hidden-entry",
            Warning,
            4,
            1,
        ),
        (
            &[
                good,
                r#"MATCH="2.." Timeout="4""#,
                r#"MATCH="2.." Timeout="4""#,
            ],
            "duplicate-entry",
            Note,
            4,
            1,
        ),
        (
            &[good, r#"MATCH="61..." Timeout="0" Rewrite="0..""#],
            "rewrite-drops-digits",
            Warning,
            3,
            37,
        ),
        (
            &[good, r#"MATCH="61..." Timeout="0" Rewrite="0%2""#],
            "rewrite-without-group",
            Warning,
            3,
            37,
        ),
        (
            &[good, r#"MATCH="11" Timeout="0""#],
            "emergency-cut-off",
            Error,
            2,
            1,
        ),
        (
            &[r#"MATCH="11" Timeout="0""#],
            "emergency-cut-off",
            Warning,
            2,
            1,
        ),
        (
            &[
                r#"MATCH="11." Timeout="0" Route="Emergency""#,
                r#"MATCH="112.." Timeout="0""#,
            ],
            "emergency-delayed",
            Warning,
            2,
            1,
        ),
    ];
    for (entries, code, severity, line, column) in cases {
        // An entry that takes all first digits cuts the emergency number off as well.
        let findings: Vec<_> = found(&xml(entries))
            .into_iter()
            .filter(|found| *code == "emergency-cut-off" || found.0 != "emergency-cut-off")
            .collect();
        assert_eq!(
            findings,
            [(*code, *severity, Some(*line), Some(*column))],
            "{entries:?}"
        );
    }
    let whole: &[(&str, &str, Severity, u32, u32)] = &[
        (
            "<DIALTEMPLATE>\n<TEMPLATE MATCH=\"1\">\n</DIALTEMPLATE>",
            "not-well-formed",
            Error,
            3,
            1,
        ),
        (
            "<DIALTEMPLATE>\n <TEMPLATE MATCH=\u{201d}1\u{201d}/>",
            "not-well-formed",
            Error,
            2,
            18,
        ),
        ("<DIALTEMPLATE>", "not-well-formed", Error, 1, 15),
        ("", "not-well-formed", Error, 1, 1),
        ("<device/>", "no-dial-template", Error, 1, 1),
        ("<DIALTEMPLATE/>", "empty-plan", Warning, 1, 1),
        (
            "<DIALTEMPLATE>\n <template MATCH=\"1\"/></DIALTEMPLATE>",
            "template-not-upper-case",
            Error,
            2,
            2,
        ),
        (
            "<DIALTEMPLATE><TEMPLATE MATCH=\"1\">x</TEMPLATE></DIALTEMPLATE>",
            "entry-with-content",
            Error,
            1,
            35,
        ),
        (
            "<DIALTEMPLATE><TEMPLATE MATCH=\"1\"/>\n<versionStamp>1</versionStamp></DIALTEMPLATE>",
            "bad-version-stamp",
            Warning,
            2,
            1,
        ),
        (
            "<DIALTEMPLATE><TEMPLATE MATCH=\"1\"/>\n<!-- <TEMPLATE MATCH=\"2\"/>\n  <TEMPLATE MATCH=\"3\"/> --></DIALTEMPLATE>",
            "comment-ends-early",
            Warning,
            3,
            3,
        ),
    ];
    for (text, code, severity, line, column) in whole {
        assert_eq!(
            found(text),
            [(*code, *severity, Some(*line), Some(*column))],
            "{text}"
        );
    }
    let long = format!("MATCH=\"{}\" Timeout=\"0\"", "1".repeat(70));
    assert_eq!(
        found(&xml(&[good, &long])),
        [("value-too-long", Error, Some(3), Some(11))]
    );
    let large = format!("{}{}", xml(&[good]), " ".repeat(MAX_PLAN_BYTES));
    assert_eq!(found(&large), [("plan-too-large", Error, None, None)]);
    let latin =
        b"<DIALTEMPLATE>\n<!-- f\xfcr --><TEMPLATE MATCH=\"112\" Timeout=\"0\"/></DIALTEMPLATE>";
    let codes: Vec<_> = judge(latin)
        .iter()
        .map(|found| (found.code, found.line, found.column))
        .collect();
    assert_eq!(codes, [("not-utf8", Some(2), Some(7))]);
}

#[test]
fn a_plan_as_people_publish_them_has_these_faults_and_no_others() {
    let text = xml(&[
        r#"MATCH="7.." Timeout="0""#,
        r#"MATCH="000" Timeout="0""#,
        r#"MATCH="1141-" Timeout="2""#,
        r#"MATCH="15........" Timeout="0""#,
        r#"MATCH="15...." Timeout="0""#,
        r#"MATCH="49........." Timeout="0" Rewrite="0........""#,
        r#"MATCH="02........" Timeout="0""#,
        r#"MATCH="111" Timeout="0""#,
        r#"MATCH="4......." Timeout="0""#,
        r#"MATCH="7......." Timeout="0""#,
        r#"MATCH="*" Timeout="15""#,
    ]);
    let codes: Vec<_> = found(&text)
        .into_iter()
        .map(|found| (found.0, found.2))
        .collect();
    assert_eq!(
        codes,
        [
            ("never-matches", Some(4)),
            ("hidden-entry", Some(5)),
            ("rewrite-drops-digits", Some(7)),
            ("hidden-entry", Some(11)),
        ]
    );
}

#[test]
fn what_phones_accept_and_people_mean_is_not_complained_of() {
    for entries in [
        // Seconds leave room for longer numbers.
        &[
            r#"MATCH="....""#,
            r#"MATCH="9......." Timeout="2""#,
            r#"MATCH="." Timeout="15""#,
        ][..],
        // A prefix with more figures waits for its own.
        &[
            r#"MATCH="91.........." Timeout="0""#,
            r#"MATCH="911" Timeout="0""#,
            r#"MATCH="*" Timeout="3""#,
        ],
        &[
            r#"MATCH="6......." Timeout="0""#,
            r#"MATCH="61........." Timeout="0""#,
        ],
        &[
            r#"MATCH="00*" Timeout="5""#,
            r#"MATCH="000" Timeout="0""#,
            r#"MATCH="0.........." Timeout="0""#,
        ],
        // Digits that are left out on purpose.
        &[
            r#"MATCH="9,......" Timeout="0" Rewrite="%1""#,
            r#"MATCH="300" Rewrite="300@pbx""#,
        ],
        &[r#"MATCH="" Timeout="0" Rewrite="300""#],
        // Some of its numbers are another's, not all.
        &[
            r#"MATCH="12" Timeout="0""#,
            r#"MATCH="1......." Timeout="0""#,
        ],
    ] {
        assert_eq!(found(&xml(entries)), [], "{entries:?}");
    }
}

#[test]
fn presets_are_clean_and_dial_emergency_numbers_at_once() {
    let numbers: &[(&str, &[&str])] = &[
        ("AU", &["000", "112", "106"]),
        ("NANP", &["911", "988"]),
        ("internal", &["000", "112", "911", "999"]),
    ];
    assert_eq!(
        PRESETS.to_vec(),
        numbers.iter().map(|(name, _)| *name).collect::<Vec<_>>()
    );
    for (name, numbers) in numbers {
        let source = Source::preset(name).expect("it is there");
        assert_eq!(source.judge(), [], "{name}");
        let xml = source.to_xml();
        assert_eq!(found(&xml), [], "{name}");
        assert!(!xml.contains("<!--") && !xml.contains("xmlns"), "{xml}");
        let plan = Template::read(xml.as_bytes()).unwrap();
        for number in *numbers {
            for mode in [Mode::Proxy, Mode::CallManager] {
                let dialled = plan.dial(number, mode);
                assert_eq!(
                    (dialled.sent.as_str(), dialled.seconds),
                    (*number, 0),
                    "{name}"
                );
                assert_eq!(dialled.unsent, "");
            }
        }
    }
    assert_eq!(Source::preset("au"), Source::preset("AU"));
    assert_eq!(Source::preset("XX"), None);
    let table = [
        ("AU", "1300123456", 0),
        ("AU", "132011", 0),
        ("AU", "1800123456", 0),
        ("AU", "1802123", 0),
        ("AU", "0011441234567", 4),
        ("AU", "0412345678", 0),
        ("AU", "61234567", 0),
        ("AU", "18310298765432", 4),
        ("AU", "*97", 3),
        ("NANP", "2125551234", 0),
        ("NANP", "5551234", 4),
        ("NANP", "12125551234", 0),
        ("NANP", "011442012345678", 4),
        ("NANP", "411", 0),
        ("NANP", "0", 4),
        ("internal", "12", 3),
        ("internal", "12345", 0),
    ];
    for (name, digits, seconds) in table {
        let dialled = Source::preset(name)
            .unwrap()
            .template()
            .dial(digits, Mode::Proxy);
        assert_eq!(
            (dialled.sent.as_str(), dialled.seconds),
            (digits, seconds),
            "{name} {digits}"
        );
        assert_eq!(dialled.unsent, "", "{name} {digits}");
        assert!(dialled.rule.is_some(), "{name} {digits}");
    }
}

#[test]
fn a_source_is_written_as_it_is_meant() {
    let source = Source::parse(
        "; a comment\n\n  5..   after 3 ; another\n\
         9,8,*  now -> 0%1 user phone tone Bellcore-Hold tone Cisco-Zip\n\
         999 now route emergency line 2\nhotline after 5 -> 300\n12",
    )
    .unwrap();
    assert_eq!(
        source.to_xml(),
        r#"<DIALTEMPLATE>
  <TEMPLATE MATCH="5.." Timeout="3"/>
  <TEMPLATE MATCH="9,8,*" Timeout="0" Rewrite="0%1" User="Phone" Tone="Bellcore-Hold" TONE="Cisco-Zip"/>
  <TEMPLATE MATCH="999" Line="2" Timeout="0" Route="Emergency"/>
  <TEMPLATE MATCH="" Timeout="5" Rewrite="300"/>
  <TEMPLATE MATCH="12" Timeout="10"/>
</DIALTEMPLATE>
"#
    );
    assert_eq!(source.judge(), []);
    assert_eq!(source.template().dial("5123", Mode::Proxy).unsent, "");
}

#[test]
fn every_wrong_line_of_a_source_is_named_with_its_place() {
    for (text, line, column, says) in [
        ("", 1, 1, "no rule"),
        ("\n 5.. soon", 2, 6, "now, after"),
        ("5.. after", 1, 5, "seconds"),
        ("5.. after x", 1, 11, "seconds"),
        ("5.. after 61", 1, 11, "60"),
        ("5.. after +6", 1, 11, "60"),
        ("5.. now after 3", 1, 9, "second time"),
        ("5.. line 0", 1, 10, "1 to 255"),
        ("5.. user me", 1, 10, "phone or ip"),
        ("5.. route away", 1, 11, "emergency"),
        ("5.. tone Beep", 1, 10, "Bellcore-Outside"),
        (
            "5.. tone Cisco-Zip tone Cisco-Zip tone Cisco-Zip tone Cisco-Zip",
            1,
            50,
            "more than 3",
        ),
        ("5.. -> <a>", 1, 8, "'<'"),
        ("[2-9].. now", 1, 1, "classes"),
        ("5xx now", 1, 1, "no key is 'x'"),
        ("*.. now", 1, 1, "star key"),
        ("hotline now", 1, 1, "number"),
    ] {
        let faults = Source::parse(text).unwrap_err();
        let [fault] = faults.as_slice() else {
            panic!("{text}: {faults:?}")
        };
        assert_eq!(
            (fault.line, fault.column),
            (line, column),
            "{text}: {fault}"
        );
        assert!(fault.message.contains(says), "{text}: {fault}");
    }
    let long = format!("{} now", "1".repeat(64));
    assert!(Source::parse(&long).unwrap_err()[0].message.contains("63"));
    let two = Source::parse("x now\n12 now\ny now").unwrap_err();
    assert_eq!(
        two.iter().map(|fault| fault.line).collect::<Vec<_>>(),
        [1, 3]
    );
    let many: String = (1_000..1_400)
        .map(|number| format!("{number} now\n"))
        .collect();
    let fault = &Source::parse(&many).unwrap_err()[0];
    assert_eq!(fault.line, 400);
    assert!(fault.message.contains("8192"), "{fault}");
    assert!(
        Source::parse(&" ".repeat(40_000)).unwrap_err()[0]
            .message
            .contains("bytes")
    );
}

fn reflash(args: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("reflash").expect("it is built");
    command.arg("dial").args(args).assert()
}

fn out(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn err(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

#[test]
fn dial_tells_people_and_programs_what_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (plan, source) = (at("dialplan.xml"), at("plan.dial"));
    let entries = [
        r#"MATCH="5.." Timeout="0" Rewrite="1...." User="Phone""#,
        r#"MATCH="*" Timeout="4""#,
    ];
    fs::write(&plan, xml(&entries)).unwrap();
    fs::write(&source, "5.. after 3\n9,.. now\n").unwrap();

    let told = out(&reflash(&[&plan, "5123456"]).code(0));
    assert_eq!(
        told,
        "sent   112;user=phone\nwhen   at once\nrule   5.. (entry 1, line 2)\n\
         late   3456 was pressed too late and is not sent\n"
    );
    let json: serde_json::Value =
        serde_json::from_str(&out(&reflash(&[&plan, "5123456", "--json"]).code(0))).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "sent": "112", "seconds": 0, "rule": {"index": 1, "line": 2, "pattern": "5.."},
            "waits_for": null, "tones": [], "user": "phone", "route": "default", "unsent": "3456",
        })
    );
    let json: serde_json::Value =
        serde_json::from_str(&out(&reflash(&[&source, "912", "--json"]).code(0))).unwrap();
    assert_eq!(
        json["tones"],
        serde_json::json!([{"after": 1, "tone": "Bellcore-Outside"}])
    );
    let hash = |flags: &[&str]| {
        let args = [&[plan.as_str(), "7#8", "--json"], flags].concat();
        let json: serde_json::Value = serde_json::from_str(&out(&reflash(&args).code(0))).unwrap();
        json["sent"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        (hash(&[]).as_str(), hash(&["--call-manager-mode"]).as_str()),
        ("7", "7#8")
    );
    assert!(out(&reflash(&["au", "000"]).code(0)).contains("at once"));
    let written = out(&reflash(&["NANP", "--xml"]).code(0));
    assert_eq!(written, Source::preset("NANP").unwrap().to_xml());
}

#[test]
fn a_table_of_numbers_is_held_against_the_plan() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (good, bad, broken) = (at("good"), at("bad"), at("broken"));
    fs::write(
        &good,
        "# numbers\n000 000 0\n1300123456 1300123456 ; at once\n*97 *97 3 # PBX\n",
    )
    .unwrap();
    fs::write(&bad, "000 000 0\n132011 132011 5\n13201155 13201155\n").unwrap();
    fs::write(&broken, "000 000\n12a 12\n").unwrap();
    let told = out(&reflash(&["AU", "--table", &good]).code(0));
    assert_eq!(told, "3 numbers, all sent as expected\n");
    let told = out(&reflash(&["AU", "--table", &bad]).code(1));
    assert!(
        told.contains("line 2: 132011 sends 132011 at once by 13...."),
        "{told}"
    );
    assert!(
        told.contains("line 3: 13201155 sends 132011 at once"),
        "{told}"
    );
    assert!(told.contains("2 of 3 numbers"), "{told}");
    assert!(
        told.lines().all(|line| line.chars().count() <= 80),
        "{told}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&out(&reflash(&["AU", "--table", &bad, "--json"]).code(1))).unwrap();
    let oks: Vec<_> = json["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| &case["ok"])
        .collect();
    assert_eq!(oks, [true, false, false]);
    assert_eq!(json["cases"][2]["unsent"], "55");
    assert!(err(&reflash(&["AU", "--table", &broken]).code(1)).contains("line 2: 'a' is no key"));
}

#[test]
fn what_cannot_be_dialled_is_told_with_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (refused, broken, source) = (at("refused.xml"), at("broken.xml"), at("plan.dial"));
    fs::write(
        &refused,
        xml(&[r#"MATCH="1" Timeout="0""#, r#"MATCH="2" Colour="red""#]),
    )
    .unwrap();
    fs::write(&broken, "<DIALTEMPLATE>\n<TEMPLATE MATCH=1/>").unwrap();
    fs::write(&source, "5xx now\n6.. soon\n").unwrap();
    let assert = reflash(&[&refused, "1"]).code(0);
    assert!(
        err(&assert).contains("refused.xml:3:21: error: "),
        "{}",
        err(&assert)
    );
    let assert = reflash(&[&broken, "1"]).code(1);
    assert!(
        err(&assert).contains("line 2, column 17"),
        "{}",
        err(&assert)
    );
    let assert = reflash(&[&source, "1"]).code(1);
    assert!(
        err(&assert).contains("line 1, column 1: no key is 'x'"),
        "{}",
        err(&assert)
    );
    assert!(
        err(&assert).contains("line 2, column 5: 'soon'"),
        "{}",
        err(&assert)
    );
    let assert = reflash(&[&at("absent"), "1"]).code(1);
    assert!(
        err(&assert).contains("AU, NANP, internal"),
        "{}",
        err(&assert)
    );
    assert!(err(&reflash(&["AU"]).code(2)).contains("DIGITS"));
    assert!(err(&reflash(&["AU", "12x"]).code(2)).contains("'x' is no key"));
    assert!(err(&reflash(&["AU", &"1".repeat(256)]).code(2)).contains("255"));
    reflash(&["AU", "1", "--line", "0"]).code(2);
    assert!(err(&reflash(&[&refused, "--xml"]).code(1)).contains("XML already"));
}

/// Text of what plans are made of, so that some of it is a plan.
fn scraps() -> impl Strategy<Value = String> {
    let scrap = prop_oneof![
        Just("<DIALTEMPLATE>"),
        Just("</DIALTEMPLATE>"),
        Just("<TEMPLATE "),
        Just("/>"),
        Just(">"),
        Just("</TEMPLATE>"),
        Just("MATCH=\"5..\" "),
        Just("Match=\"*1\\"),
        Just("\" "),
        Just("Timeout=\"0\" "),
        Just("Rewrite=\"%1.%6%\" "),
        Just("Tone=\"\" "),
        Just("<!-- > <TEMPLATE -->"),
        Just("<versionStamp>{é}</versionStamp>"),
        Just("&amp;"),
        Just("\n"),
    ];
    proptest::collection::vec(scrap, 0..24).prop_map(|scraps| scraps.concat())
}

/// A plan of entries with any patterns.
fn entries() -> impl Strategy<Value = String> {
    let entry = ("[0-3.*,#\\\\+]{0,8}", 0_u32..3, "[0-3.%s]{0,6}");
    proptest::collection::vec(entry, 1..8).prop_map(|entries| {
        let entries: Vec<_> = entries
            .iter()
            .map(|(pattern, timeout, rewrite)| {
                format!("MATCH=\"{pattern}\" Timeout=\"{timeout}\" Rewrite=\"{rewrite}\"")
            })
            .collect();
        xml(&entries.iter().map(String::as_str).collect::<Vec<_>>())
    })
}

/// A source of which most lines are rules.
fn source() -> impl Strategy<Value = String> {
    let line = (
        "[0-3.*,#+]{1,7}",
        prop_oneof![
            Just(String::new()),
            Just(" now".to_owned()),
            (0..60_u32).prop_map(|s| format!(" after {s}"))
        ],
        prop_oneof![
            Just(String::new()),
            "[0-9.%a-z@]{1,8}".prop_map(|to| format!(" -> {to}"))
        ],
        prop_oneof![
            Just(""),
            Just(" user phone"),
            Just(" route emergency"),
            Just(" line 2"),
            Just(" tone Cisco-Zip")
        ],
    );
    proptest::collection::vec(line, 1..8).prop_map(|lines| {
        lines
            .iter()
            .map(|(pattern, time, to, more)| format!("{pattern}{time}{to}{more}\n"))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn any_bytes_are_judged_and_read(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let findings = judge(&bytes);
        if let Err(error) = Template::read(&bytes) {
            prop_assert!(findings.contains(&error));
        }
        let _ = Source::parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_scraps_are_judged_and_read(text in scraps(), digits in "[0-9*#+é]{0,12}") {
        let findings = judge(text.as_bytes());
        match Template::read(text.as_bytes()) {
            Err(error) => prop_assert!(findings.contains(&error)),
            Ok(plan) => {
                if let Some(stopped) = &plan.stopped {
                    prop_assert!(findings.contains(stopped));
                }
                plan.dial(&digits, Mode::Proxy);
            }
        }
    }

    #[test]
    fn no_digit_is_lost_or_made_up(text in entries(), digits in "[0-3*#+]{0,10}") {
        judge(text.as_bytes());
        let plan = Template::read(text.as_bytes()).unwrap();
        for mode in [Mode::Proxy, Mode::CallManager] {
            let dialled = plan.dial(&digits, mode);
            prop_assert!(digits.ends_with(&dialled.unsent));
            let is_plain = dialled.rule.as_ref().is_none_or(|rule| {
                plan.entries[rule.index - 1].rewrite.is_empty()
            });
            let taken = &digits[..digits.len() - dialled.unsent.len()];
            if is_plain {
                let hash = mode == Mode::Proxy && taken.strip_suffix('#') == Some(&dialled.sent);
                prop_assert!(hash || dialled.sent == taken, "{dialled:?}");
            }
        }
    }

    /// What is called hidden never decides, whatever is dialled.
    #[test]
    fn a_hidden_entry_never_decides(text in entries(), digits in "[0-3]{1,10}") {
        let findings = judge(text.as_bytes());
        let plan = Template::read(text.as_bytes()).unwrap();
        let dialled = plan.dial(&digits, Mode::Proxy);
        let Some(rule) = dialled.rule else { return Ok(()) };
        // An entry that was passed over may still have rewritten.
        if dialled.waits_for.is_none() {
            let hidden = ["hidden-entry", "duplicate-entry", "never-matches"];
            let is_said = |found: &Finding| hidden.contains(&found.code) && found.line == Some(rule.line);
            prop_assert!(!findings.iter().any(is_said), "{rule:?} {findings:?}");
        }
    }

    #[test]
    fn a_source_comes_back_from_its_xml(text in source()) {
        let Ok(source) = Source::parse(&text) else { return Ok(()) };
        let xml = source.to_xml();
        let plan = Template::read(xml.as_bytes()).unwrap();
        prop_assert_eq!(&plan.stopped, &None);
        let known = |plan: &Template| {
            let entries = plan.entries.iter();
            entries.map(|e| (e.pattern.clone(), e.timeout, e.rewrite.clone(), e.line)).collect::<Vec<_>>()
        };
        prop_assert_eq!(known(&plan), known(&source.template()));
        let codes = |findings: Vec<Finding>| {
            let mut codes: Vec<_> = findings.iter().map(|found| found.code).collect();
            codes.sort_unstable();
            codes
        };
        prop_assert_eq!(codes(judge(xml.as_bytes())), codes(source.judge()));
    }
}
