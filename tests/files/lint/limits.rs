//! Limits: large, hostile and random files are checked quickly and without a panic.

use std::path::Path;

use proptest::prelude::*;
use reflash::lint::{self, CODES, LintContext, MAX_FILE_BYTES, MAX_FINDINGS, PjsipConfig};

use super::{DEFAULT, DEVICE_XML, SEP, check, valid_file};

#[test]
fn files_and_findings_over_the_limits_are_reported() {
    let at_limit = |bytes: usize| {
        let pad = " ".repeat(bytes - DEVICE_XML.len());
        check(SEP, &format!("{DEVICE_XML}{pad}"))
    };
    assert_eq!(at_limit(MAX_FILE_BYTES), []);
    let findings = at_limit(MAX_FILE_BYTES + 1);
    assert_eq!((findings.len(), findings[0].code), (1, "too-large"));

    let many = "<enableVad>no</enableVad>\n".repeat(MAX_FINDINGS + 5);
    let text = DEVICE_XML.replace("<kpml>", &format!("{many}<kpml>"));
    let findings = check(SEP, &text);
    assert_eq!(findings.len(), MAX_FINDINGS + 1);
    let last = findings.last().unwrap();
    assert_eq!(last.code, "too-many-findings");
    assert!(last.message.starts_with("5 more"), "{}", last.message);

    let findings = lint::check(
        Path::new(SEP),
        b"<device>\n ab\xff",
        &LintContext::default(),
    );
    assert_eq!(
        (findings[0].code, findings[0].line, findings[0].column),
        ("encoding", Some(2), Some(4))
    );
}

/// Files that would take minutes or gigabytes to read are refused or read quickly.
#[test]
fn hostile_files_are_checked_as_quickly_as_others() {
    let fill = |piece: &str| piece.repeat((MAX_FILE_BYTES - 100) / piece.len());
    let attributes: Vec<_> = (0..60_000).map(|at| format!(" a{at}='1'")).collect();
    let attributes = attributes.concat();
    let hostile = [
        fill("<a>"),
        fill("<a xmlns:b='c'>"),
        fill("<a b:c='d'/>"),
        fill("["),
        fill("<"),
        fill("&"),
        fill("”"),
        format!("<device{}/>", &attributes[..MAX_FILE_BYTES - 100]),
        format!("<device>{}</device>", fill("<natEnabled>1</natEnabled>")),
        format!("<device>{}</device>", fill("<a></a>")),
        format!("<device><timeZone>{}</timeZone></device>", fill("x")),
    ];
    for text in hostile {
        let findings = check(SEP, &text);
        assert!(!findings.is_empty(), "{}", &text[..50]);
    }
}

proptest! {
    #[test]
    fn random_bytes_give_findings_and_never_a_panic(
        name in "(SEP|XMLDefault|dialplan|a)[0-9A-Fa-f]{0,12}(\\.cnf)?\\.xml",
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let findings = lint::check(Path::new(&name), &bytes, &LintContext::default());
        if !name.starts_with("dialplan") {
            prop_assert!(!findings.is_empty());
        }
    }

    /// Faults at random places of a valid file: a part of it is replaced.
    #[test]
    fn findings_of_a_damaged_file_are_at_places_in_it(
        default in any::<bool>(),
        at in 0_usize..3000,
        length in 0_usize..60,
        put in "[<>&\"'”=/: a-z0-9\\[\\]!-]{0,12}",
    ) {
        let name = if default { DEFAULT } else { SEP };
        let valid = valid_file(name);
        let start = at.min(valid.len());
        let end = (start + length).min(valid.len());
        let text = format!("{}{put}{}", &valid[..start], &valid[end..]);
        for found in check(name, &text) {
            prop_assert!(CODES.contains(&found.code));
            if let (Some(line), Some(column)) = (found.line, found.column) {
                let line = text.split('\n').nth(line as usize - 1);
                let length = line.expect("a line of the file").chars().count();
                prop_assert!(column as usize <= length + 1, "{found:?}");
            }
        }
    }

    #[test]
    fn a_random_pjsip_conf_is_read(text in "[\\[\\]()!+;=>#a-z\\\\\n -]{0,300}") {
        let _ = format!("{:?}", PjsipConfig::read(&text));
    }
}
