//! What holds for any bytes, plans, digits and sources.

use proptest::prelude::*;
use reflash::{
    diagnose::Finding,
    dialplan::{DialMode, DialPlan, DialPlanSource, check},
};

use super::xml;

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
            .map(|(pattern, time, to, more)| format!("{pattern}{time}{to}{more}"))
            .collect::<Vec<_>>()
            .join("\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn random_bytes_are_checked_and_read(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let findings = check(&bytes);
        if let Err(error) = DialPlan::read(&bytes) {
            prop_assert!(findings.contains(&error));
        }
        let _ = DialPlanSource::parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn random_xml_pieces_are_checked_and_read(text in scraps(), digits in "[0-9*#+é]{0,12}") {
        let findings = check(text.as_bytes());
        match DialPlan::read(text.as_bytes()) {
            Err(error) => prop_assert!(findings.contains(&error)),
            Ok(plan) => {
                if let Some(stopped) = &plan.stopped {
                    prop_assert!(findings.contains(stopped));
                }
                prop_assert!(digits.ends_with(&plan.dial(&digits, DialMode::Proxy).unsent));
            }
        }
    }

    #[test]
    fn no_digit_is_lost_or_added(text in entries(), digits in "[0-3*#+]{0,10}") {
        let plan = DialPlan::read(text.as_bytes()).unwrap();
        for mode in [DialMode::Proxy, DialMode::CallManager] {
            let dialled = plan.dial(&digits, mode);
            prop_assert!(digits.ends_with(&dialled.unsent));
            let is_plain = dialled.rule.as_ref().is_none_or(|rule| {
                plan.entries[rule.index - 1].rewrite.is_empty()
            });
            let taken = &digits[..digits.len() - dialled.unsent.len()];
            if is_plain {
                let hash = mode == DialMode::Proxy && taken.strip_suffix('#') == Some(&dialled.sent);
                prop_assert!(hash || dialled.sent == taken, "{dialled:?}");
            }
        }
    }

    /// What is called hidden never decides, whatever is dialled.
    #[test]
    fn a_hidden_entry_is_never_matched(text in entries(), digits in "[0-3]{1,10}") {
        let findings = check(text.as_bytes());
        let plan = DialPlan::read(text.as_bytes()).unwrap();
        let dialled = plan.dial(&digits, DialMode::Proxy);
        let Some(rule) = dialled.rule else { return Ok(()) };
        // An entry that was passed over may still have rewritten.
        if dialled.waits_for.is_none() {
            let hidden = ["hidden-entry", "duplicate-entry", "never-matches"];
            let is_said = |found: &Finding| hidden.contains(&found.code) && found.line == Some(rule.line);
            prop_assert!(!findings.iter().any(is_said), "{rule:?} {findings:?}");
        }
    }

    #[test]
    fn a_source_is_read_back_from_its_xml(text in source()) {
        let Ok(source) = DialPlanSource::parse(&text) else { return Ok(()) };
        let xml = source.to_xml();
        let plan = DialPlan::read(xml.as_bytes()).unwrap();
        prop_assert_eq!(&plan.stopped, &None);
        let known = |plan: &DialPlan| {
            let entries = plan.entries.iter();
            entries.map(|e| (e.pattern.clone(), e.timeout, e.rewrite.clone(), e.line)).collect::<Vec<_>>()
        };
        prop_assert_eq!(known(&plan), known(&source.template()));
        let codes = |findings: Vec<Finding>| {
            let mut codes: Vec<_> = findings.iter().map(|found| found.code).collect();
            codes.sort_unstable();
            codes
        };
        prop_assert_eq!(codes(check(xml.as_bytes())), codes(source.check()));
    }
}
