//! The source language and the presets.

use reflash::dialplan::{DialMode, DialPlan, DialPlanSource, PRESETS};

use super::found;

#[test]
fn presets_have_no_findings_and_dial_emergency_numbers_at_once() {
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
        let source = DialPlanSource::preset(name).expect("it is there");
        assert_eq!(source.check(), [], "{name}");
        let xml = source.to_xml();
        assert_eq!(found(&xml), [], "{name}");
        assert!(!xml.contains("<!--") && !xml.contains("xmlns"), "{xml}");
        let plan = DialPlan::read(xml.as_bytes()).unwrap();
        for number in *numbers {
            for mode in [DialMode::Proxy, DialMode::CallManager] {
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
    assert_eq!(DialPlanSource::preset("au"), DialPlanSource::preset("AU"));
    assert_eq!(DialPlanSource::preset("XX"), None);
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
        let dialled = DialPlanSource::preset(name)
            .unwrap()
            .template()
            .dial(digits, DialMode::Proxy);
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
fn a_source_is_written_as_the_expected_xml() {
    let source = DialPlanSource::parse(
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
    assert_eq!(source.check(), []);
    assert_eq!(source.template().dial("5123", DialMode::Proxy).unsent, "");
}

#[test]
fn every_wrong_line_of_a_source_is_reported_with_its_place() {
    for (text, line, column, part) in [
        ("", 1, 1, "no rule"),
        ("\n 5.. soon", 2, 6, "now, after"),
        ("5.. after", 1, 5, "seconds"),
        ("5.. after x", 1, 11, "seconds"),
        ("5.. after 61", 1, 11, "60"),
        ("5.. after +6", 1, 11, "60"),
        ("5.. now after 3", 1, 9, "given twice"),
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
        let faults = DialPlanSource::parse(text).unwrap_err();
        let [fault] = faults.as_slice() else {
            panic!("{text}: {faults:?}")
        };
        assert_eq!(
            (fault.line, fault.column),
            (line, column),
            "{text}: {fault}"
        );
        assert!(fault.message.contains(part), "{text}: {fault}");
    }
    let long = format!("{} now", "1".repeat(64));
    assert!(
        DialPlanSource::parse(&long).unwrap_err()[0]
            .message
            .contains("63")
    );
    let two = DialPlanSource::parse("x now\n12 now\ny now").unwrap_err();
    assert_eq!(
        two.iter().map(|fault| fault.line).collect::<Vec<_>>(),
        [1, 3]
    );
    let many: Vec<_> = (1_000..1_400)
        .map(|number| format!("{number} now"))
        .collect();
    let fault = &DialPlanSource::parse(&many.join("\n")).unwrap_err()[0];
    assert_eq!(fault.line, 400);
    assert!(fault.message.contains("8191"), "{fault}");
    assert!(
        DialPlanSource::parse(&" ".repeat(40_000)).unwrap_err()[0]
            .message
            .contains("bytes")
    );
}
