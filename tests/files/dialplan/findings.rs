//! What is found in plans, and what is not.

use reflash::{
    diagnose::Severity::{self, Error, Note, Warning},
    dialplan::{MAX_PLAN_BYTES, check},
};

use super::{found, xml};

/// An entry with which nothing is wrong.
const GOOD: &str = r#"MATCH="112" Timeout="0""#;

/// Holds a plan against the one thing that is wrong with it.
fn only(text: &str, code: &str, severity: Severity, line: u32, column: u32) {
    let expected = [(code, severity, Some(line), Some(column))];
    assert_eq!(found(text), expected, "{text}");
}

#[test]
fn an_entry_that_phones_refuse_is_an_error_at_its_attribute() {
    assert_eq!(found(&xml(&[GOOD])), []);
    for (more, code) in [
        (r#"Colour="red""#, "unknown-attribute"),
        (r#"User="Person""#, "bad-value"),
        (r#"Route="x""#, "bad-value"),
        (r#"Tone="Beep""#, "bad-value"),
        (r#"Timeout="-1""#, "bad-value"),
        (r"Timeout='1'", "single-quotes"),
    ] {
        let entry = format!("MATCH=\"2\" {more}");
        only(&xml(&[GOOD, &entry]), code, Error, 3, 21);
    }
    let tones = r#"MATCH="2" tone="" Tone="" tOne="" TONE="""#;
    only(&xml(&[GOOD, tones]), "too-many-tones", Error, 3, 45);
    let long = format!("MATCH=\"{}\" Timeout=\"0\"", "1".repeat(70));
    only(&xml(&[GOOD, &long]), "value-too-long", Error, 3, 11);
    let entry = r#"MATCH="2" Timeout="soon""#;
    only(&xml(&[GOOD, entry]), "bad-value", Warning, 3, 21);
}

#[test]
fn an_entry_that_cannot_be_dialled_is_found() {
    for pattern in ["1831-", "2XX", "*..", "9,", "2&amp;", "00[1]!x-]", "5\\"] {
        let code = if pattern.contains('[') {
            "character-class"
        } else {
            "never-matches"
        };
        let entry = format!("MATCH=\"{pattern}\" Timeout=\"2\"");
        only(&xml(&[GOOD, &entry]), code, Warning, 3, 11);
    }
    only(
        &xml(&[GOOD, r#"Timeout="2""#]),
        "empty-match",
        Warning,
        3,
        1,
    );
}

#[test]
fn an_entry_hidden_by_others_is_found_in_any_order() {
    for (hiding, hidden) in [
        (
            r#"MATCH="5.." Timeout="0""#,
            r#"MATCH="5......." Timeout="0""#,
        ),
        (r#"MATCH="2.." Timeout="0""#, r#"MATCH="2...*" Timeout="5""#),
        (r#"MATCH="23" Timeout="0""#, r#"MATCH="2,3,4" Timeout="0""#),
        (r#"MATCH="2*" Timeout="0""#, r#"MATCH="2.*" Timeout="5""#),
    ] {
        only(&xml(&[GOOD, hiding, hidden]), "hidden-entry", Warning, 4, 1);
        only(&xml(&[GOOD, hidden, hiding]), "hidden-entry", Warning, 3, 1);
    }
    let first = r#"MATCH="2.." Timeout="4""#;
    let other = r#"MATCH="2.." Timeout="5""#;
    only(&xml(&[GOOD, first, other]), "hidden-entry", Warning, 4, 1);
    only(&xml(&[GOOD, first, first]), "duplicate-entry", Note, 4, 1);
    // Several take it between them.
    let parts: Vec<_> = (0..10)
        .map(|digit| format!("MATCH=\"3{digit}\" Timeout=\"0\""))
        .collect();
    let mut entries: Vec<_> = parts.iter().map(String::as_str).collect();
    entries.push(r#"MATCH="3.." Timeout="0""#);
    only(&xml(&entries), "hidden-entry", Warning, 12, 1);
    entries.remove(4);
    assert_eq!(found(&xml(&entries)), []);
}

#[test]
fn every_entry_that_hides_another_is_named_and_the_cure_is_effective() {
    let long = r#"MATCH="4........." Timeout="0""#;
    let short = r#"MATCH="4.." Timeout="0""#;
    let special = r#"MATCH="47." Timeout="0""#;
    let rest = r#"MATCH="*" Timeout="4""#;
    let plan = xml(&[GOOD, long, short, special, rest]);
    only(&plan, "hidden-entry", Warning, 3, 1);
    let finding = &check(plan.as_bytes())[0];
    for part in ["'4..' (line 4)", "'47.' (line 5)"] {
        assert!(finding.message.contains(part), "{finding:?}");
    }
    assert!(finding.cure.contains("lines 4 and 5"), "{finding:?}");
    // The cure of only one of the two would leave the entry to the numbers that start with 47.
    let half = plan.replace("47.\" Timeout=\"0", "47.\" Timeout=\"3");
    only(&half, "hidden-entry", Warning, 3, 1);
    let finding = &check(half.as_bytes())[0];
    assert!(finding.message.contains("few numbers"), "{finding:?}");
    assert!(finding.cure.contains("line 4 a Timeout"), "{finding:?}");
    let cured = half.replace("4..\" Timeout=\"0", "4..\" Timeout=\"3");
    assert_eq!(found(&cured), []);
    // No cure delays an emergency number, or changes entries that wait already.
    let emergency = r#"MATCH="11." Timeout="0" Route="Emergency""#;
    let hidden = r#"MATCH="11......" Timeout="0""#;
    for plan in [
        xml(&[emergency, hidden]),
        xml(&[
            GOOD,
            r#"MATCH="5.." Timeout="4""#,
            r#"MATCH="5.." Timeout="7""#,
        ]),
    ] {
        let findings = check(plan.as_bytes());
        let cure = &findings[0].cure;
        assert!(cure.starts_with("Remove it"), "{findings:?}");
    }
}

#[test]
fn a_feature_code_without_a_backslash_is_found() {
    for (entry, example) in [
        (r#"MATCH="*97" Timeout="0""#, "9975555555 is sent as 997"),
        (r#"MATCH="*8" Timeout="0""#, "985555555 is sent as 98"),
        (r#"MATCH="*21." Timeout="0""#, "is sent as 9215"),
        (r#"MATCH="*60" Timeout="5""#, "such as 560"),
    ] {
        let plan = xml(&[GOOD, entry]);
        only(&plan, "star-code", Warning, 3, 11);
        let finding = &check(plan.as_bytes())[0];
        assert!(finding.message.contains(example), "{finding:?}");
        // The cure is a pattern without a finding.
        let code = entry.split('"').nth(1).unwrap();
        let escaped = format!("\\{code}");
        assert!(finding.cure.contains(&escaped), "{finding:?}");
        assert_eq!(found(&plan.replace(code, &escaped)), []);
    }
    for entry in [
        r#"MATCH="*" Timeout="5""#,
        r#"MATCH="**" Timeout="5""#,
        r#"MATCH="0*" Timeout="5""#,
    ] {
        assert_eq!(found(&xml(&[GOOD, entry])), [], "{entry}");
    }
}

#[test]
fn a_rewrite_that_loses_digits_is_found() {
    let entry = |rewrite: &str| format!("MATCH=\"61...\" Timeout=\"0\" Rewrite=\"{rewrite}\"");
    for (rewrite, code) in [
        ("0..", "rewrite-drops-digits"),
        ("0%2", "rewrite-without-group"),
    ] {
        only(&xml(&[GOOD, &entry(rewrite)]), code, Warning, 3, 37);
    }
    for rewrite in ["0...", "0%1", "0%0", "300", "0....", "%%3"] {
        assert_eq!(found(&xml(&[GOOD, &entry(rewrite)])), [], "{rewrite}");
    }
}

#[test]
fn an_emergency_number_that_does_not_get_through_is_found() {
    let early = r#"MATCH="11" Timeout="0""#;
    only(&xml(&[GOOD, early]), "emergency-cut-off", Error, 2, 1);
    only(&xml(&[early, GOOD]), "emergency-cut-off", Error, 3, 1);
    // A plan that names none may still be in a country where it is one.
    only(&xml(&[early]), "emergency-cut-off", Warning, 2, 1);
    let own = r#"MATCH="11." Timeout="0" Route="Emergency""#;
    let longer = r#"MATCH="112.." Timeout="0""#;
    only(&xml(&[own, longer]), "emergency-delayed", Warning, 2, 1);
    // Another country's numbers are numbers as any other.
    let triple = r#"MATCH="000" Timeout="0""#;
    assert_eq!(
        found(&xml(&[triple, early, r#"MATCH="99" Timeout="0""#])),
        []
    );
}

#[test]
fn a_file_that_is_no_plan_is_reported_with_the_place() {
    let good = "<TEMPLATE MATCH=\"1\"/>";
    let plan = |inner: &str| format!("<DIALTEMPLATE>{good}\n{inner}</DIALTEMPLATE>");
    for (text, code, severity, line, column) in [
        (
            plan("<TEMPLATE MATCH=\"2\">\n"),
            "not-well-formed",
            Error,
            3,
            1,
        ),
        (
            plan(" <TEMPLATE MATCH=\u{201d}1\u{201d}/>"),
            "curly-quotes",
            Error,
            2,
            18,
        ),
        ("<DIALTEMPLATE>".to_owned(), "not-well-formed", Error, 1, 15),
        (String::new(), "not-well-formed", Error, 1, 1),
        ("<device/>".to_owned(), "no-dial-template", Error, 1, 1),
        ("<DIALTEMPLATE/>".to_owned(), "empty-plan", Warning, 1, 1),
        (
            plan(" <template MATCH=\"2\"/>"),
            "template-not-upper-case",
            Error,
            2,
            2,
        ),
        (
            plan("<TEMPLATE MATCH=\"2\">x</TEMPLATE>"),
            "entry-with-content",
            Error,
            2,
            21,
        ),
        (
            plan("<versionStamp>1</versionStamp>"),
            "bad-version-stamp",
            Warning,
            2,
            1,
        ),
        (
            plan(&format!("<!-- {good}\n  {good} -->")),
            "comment-ends-early",
            Warning,
            3,
            3,
        ),
        (plan(&format!("<!-- {good} -->")), "", Note, 0, 0),
        // Phones skip a comment that XML does not allow.
        (
            plan("<!-- two -- or three -->"),
            "not-well-formed",
            Warning,
            2,
            1,
        ),
        (plan("<!-- two --->"), "not-well-formed", Warning, 2, 1),
        (
            plan("<TEMPLATE MATCH=\"2\";/>"),
            "not-well-formed",
            Error,
            2,
            20,
        ),
        (
            plan("</DIALTEMPLATE><DIALTEMPLATE>"),
            "not-well-formed",
            Error,
            2,
            16,
        ),
    ] {
        if code.is_empty() {
            assert_eq!(found(&text), [], "{text}");
        } else {
            only(&text, code, severity, line, column);
        }
    }
    let large = format!("{}{}", xml(&[GOOD]), " ".repeat(MAX_PLAN_BYTES));
    assert_eq!(found(&large), [("plan-too-large", Error, None, None)]);
    let latin = b"<DIALTEMPLATE>\n<!-- f\xfcr --><TEMPLATE MATCH=\"112\" Timeout=\"0\"/>\
                  </DIALTEMPLATE>";
    let findings = check(latin);
    assert_eq!((findings[0].code, findings.len()), ("not-utf8", 1));
    assert_eq!((findings[0].line, findings[0].column), (Some(2), Some(7)));
    let wide: Vec<u8> = xml(&[GOOD])
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for text in [wide.clone(), [vec![0xff, 0xfe], wide].concat()] {
        let findings = check(&text);
        assert_eq!(
            (findings[0].code, findings[0].severity),
            ("not-utf8", Error)
        );
        assert!(findings[0].message.contains("UTF-16"), "{findings:?}");
    }
}

#[test]
fn entities_and_deep_nesting_are_refused() {
    let bomb = "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;\">\
                <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;\">]><DIALTEMPLATE>&c;&c;</DIALTEMPLATE>";
    only(bomb, "doctype", Error, 1, 1);
    let file = "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><DIALTEMPLATE/>";
    only(file, "doctype", Error, 1, 1);
    let deep = format!("{}{}", "<a>".repeat(9_000), "</a>".repeat(9_000));
    let codes: Vec<_> = found(&deep).iter().map(|found| found.0).collect();
    assert_eq!(codes, ["plan-too-large", "no-dial-template"]);
}

#[test]
fn a_published_plan_has_exactly_these_faults() {
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
    let expected = [
        ("never-matches", Some(4)),
        ("hidden-entry", Some(5)),
        ("rewrite-drops-digits", Some(7)),
        ("hidden-entry", Some(11)),
    ];
    assert_eq!(codes, expected);
}

#[test]
fn valid_and_intended_entries_have_no_findings() {
    let plans: [&[&str]; 6] = [
        // Seconds leave room for longer numbers.
        &[
            r#"MATCH="....""#,
            r#"MATCH="9......." Timeout="2""#,
            r#"MATCH="." Timeout="15""#,
        ],
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
        // Digits that are left out on purpose, and a hotline.
        &[
            r#"MATCH="9,......" Rewrite="%1""#,
            r#"MATCH="300" Rewrite="300@pbx""#,
        ],
        &[r#"MATCH="" Timeout="0" Rewrite="300""#],
    ];
    for entries in plans {
        assert_eq!(found(&xml(entries)), [], "{entries:?}");
    }
}
