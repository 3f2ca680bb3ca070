//! The settings of a 7940 or 7960 against Asterisk, against its SEP file, and against other phones.

use std::path::Path;

use reflash::{
    diagnose::Finding,
    lint::{self, LintContext, PjsipConfig, SipConfig},
};

use super::{
    DEVICE_XML, Error, Note, SEP, Warning, codes,
    first_phone_files::{COMMON, OWN_NAME, of_folder},
    pbx::{PJSIP, SIP},
    reflash, text, written,
};

const OWN: &str = "line1_name: 1001\nline1_authname: 1001\n\
    line1_password: unspoken-30-characters-of-word\n";
const COMMON_NAME: &str = "SIPDefault.cnf";

fn found(own: &str, common: &str, known: LintContext) -> Vec<Finding> {
    let path = Path::new(COMMON_NAME);
    let known = LintContext {
        common: lint::common_settings(path, path, common.as_bytes()),
        ..known
    };
    let found = lint::check(Path::new(OWN_NAME), own.as_bytes(), &known);
    for finding in &found {
        let shown = format!("{} {}", finding.message, finding.cure);
        assert!(
            !shown.contains("silent") && !shown.contains("unspoken"),
            "{shown}"
        );
    }
    found
}

fn with_pjsip(own: &str, common: &str, text: &str) -> Vec<Finding> {
    let known = LintContext {
        pjsip: Some(PjsipConfig::read(text)),
        ..LintContext::default()
    };
    found(own, common, known)
}

#[test]
fn one_difference_of_a_7940_from_pjsip_conf_is_one_finding() {
    assert_eq!(with_pjsip(OWN, COMMON, PJSIP), []);
    for (from, to, code, severity) in [
        (":5060", ":5160", "ports", Error),
        ("protocol=udp", "protocol=tcp", "transport", Error),
        (
            "password=unspoken",
            "password=silent",
            "password-differs",
            Error,
        ),
        ("username=1001", "username=phone", "auth-name", Error),
        ("aors=1001", "aors=1001-aor", "aor", Warning),
        ("force_rport=no\n", "", "endpoint-nat", Warning),
    ] {
        let text = PJSIP.replace(from, to);
        assert_ne!(text, PJSIP);
        let found = codes(&with_pjsip(OWN, COMMON, &text));
        assert_eq!(found, [(code, severity)], "{to}");
    }
    let other = with_pjsip(&OWN.replace("name: 1001", "name: 1002"), COMMON, PJSIP);
    assert_eq!(codes(&other), [("unknown-endpoint", Warning)]);
    assert_eq!((other[0].line, other[0].column), (Some(1), Some(1)));
    assert!(other[0].cure.contains("line1_name"), "{other:?}");
}

#[test]
fn one_difference_of_a_7940_from_sip_conf_is_one_finding() {
    let with = |text: &str| {
        let known = LintContext {
            sip: Some(SipConfig::read(text).unwrap()),
            ..LintContext::default()
        };
        codes(&found(OWN, COMMON, known))
    };
    assert_eq!(with(SIP), []);
    for (from, to, code, severity) in [
        ("bindport=5060", "bindport=5070", "ports", Error),
        (
            "secret=unspoken",
            "secret=silent",
            "password-differs",
            Error,
        ),
        ("[1001]", "[1002]", "unknown-endpoint", Warning),
        ("nat=no", "nat=yes", "endpoint-nat", Warning),
        ("host=dynamic\n", "", "not-dynamic", Warning),
        ("nat=no", "nat=no\ntransport=tcp", "transport", Warning),
    ] {
        let text = SIP.replace(from, to);
        assert_ne!(text, SIP);
        assert_eq!(with(&text), [(code, severity)], "{to}");
    }
}

#[test]
fn a_wrong_value_is_reported_where_it_is_and_what_the_phone_overrides_is_not() {
    let port = with_pjsip(OWN, &format!("{COMMON}proxy1_port: 5070\n"), PJSIP);
    assert_eq!(codes(&port), [("ports", Error)]);
    assert_eq!(port[0].path.as_deref(), Some(Path::new(COMMON_NAME)));
    assert_eq!((port[0].line, port[0].column), (Some(4), Some(1)));
    let own = format!("{OWN}proxy1_port: 5060\n");
    let overridden = with_pjsip(&own, &format!("{COMMON}proxy1_port: 5070\n"), PJSIP);
    assert_eq!(overridden, []);
    // Each line has its proxy, or that of the first; an outbound proxy takes all.
    let second = "line2_name: 1001\nline2_password: unspoken-30-characters-of-word\n";
    for (further, expected) in [
        (second.to_owned(), None),
        (format!("{second}proxy2_port: 5070\n"), None),
        (
            format!("{second}proxy2_address: 192.0.2.10\nproxy2_port: 5070\n"),
            Some(7),
        ),
        (
            format!("{second}outbound_proxy: 192.0.2.11\noutbound_proxy_port: 5080\n"),
            Some(7),
        ),
    ] {
        let found = with_pjsip(&format!("{OWN}{further}"), COMMON, PJSIP);
        let lines: Vec<_> = found.iter().map(|one| one.line).collect();
        assert_eq!(
            lines,
            expected.map(Some).into_iter().collect::<Vec<_>>(),
            "{further}"
        );
    }
}

#[test]
fn a_7940_without_proxy_register_is_a_warning_once_both_files_are_known() {
    let without = COMMON.replace("proxy_register: 1\n", "");
    let found = with_pjsip(OWN, &without, PJSIP);
    assert_eq!(codes(&found), [("no-register", Warning)]);
    let path = Path::new(OWN_NAME);
    let alone = lint::check(path, OWN.as_bytes(), &LintContext::default());
    assert_eq!(codes(&alone), [("no-register", Note); 2]);
}

#[test]
fn what_is_wrong_in_sipdefault_is_one_finding_for_all_phones_of_its_folder() {
    let root = tempfile::tempdir().unwrap();
    let pjsip = written(root.path(), "pjsip.conf", PJSIP);
    let folder = root.path().join("tftp");
    std::fs::create_dir(&folder).unwrap();
    written(
        &folder,
        COMMON_NAME,
        &format!("{COMMON}proxy1_port: 5070\n"),
    );
    written(&folder, OWN_NAME, OWN);
    written(&folder, "SIP001D45AABB0D.cnf", OWN);
    let run = reflash(&["lint", folder.to_str().unwrap(), "--pjsip", &pjsip]).code(1);
    let shown = text(&run.get_output().stdout);
    assert_eq!(shown.matches("[ports]").count(), 1, "{shown}");
    assert!(shown.contains("SIPDefault.cnf:4:1"), "{shown}");
    // The aor takes one phone.
    assert_eq!(shown.matches("[shared-user]").count(), 1, "{shown}");
    assert!(shown.contains("SIP001D45AABB0D.cnf:1:1"), "{shown}");
    assert!(shown.contains("max_contacts=2"), "{shown}");
}

#[test]
fn a_user_that_more_phones_have_than_the_pbx_accepts_is_a_warning() {
    let files = [
        (Path::new(SEP), DEVICE_XML.as_bytes()),
        (Path::new("SIP001D45AABB0D.cnf"), OWN.as_bytes()),
    ];
    let of = |known: &LintContext| {
        let common = Path::new(COMMON_NAME);
        let common = lint::common_settings(common, common, COMMON.as_bytes());
        codes(&lint::compare_phones(&files, common.as_ref(), known))
    };
    let pjsip = |text: &str| LintContext {
        pjsip: Some(PjsipConfig::read(text)),
        ..LintContext::default()
    };
    assert_eq!(of(&LintContext::default()), []);
    assert_eq!(of(&pjsip(PJSIP)), [("shared-user", Warning)]);
    let two = PJSIP.replace("max_contacts=1", "max_contacts=2");
    assert_eq!(of(&pjsip(&two)), []);
    let sip = LintContext {
        sip: SipConfig::read(SIP),
        ..LintContext::default()
    };
    assert_eq!(of(&sip), [("shared-user", Warning)]);
}

#[test]
fn a_sep_file_that_differs_from_the_settings_of_the_same_phone_is_a_warning() {
    let own = |text: &str| format!("{COMMON}{text}");
    let with = |settings: &str, sep: &str| {
        let found = of_folder(&[(OWN_NAME, settings), (SEP, sep)]);
        let is_difference = |code: &&String| code.ends_with("lines-differ");
        found.iter().filter(is_difference).count()
    };
    let of_7940 = DEVICE_XML.replace("SIP45.9-3-1SR4-1S", "P0S3-8-12-00");
    for sep in [DEVICE_XML, &of_7940] {
        assert_eq!(with(&own(OWN), sep), 0);
        for (from, to) in [
            ("name: 1001", "name: 1002"),
            ("authname: 1001", "authname: phone"),
            ("unspoken", "silent"),
        ] {
            let settings = own(&OWN.replace(from, to));
            assert_eq!(with(&settings, sep), 1, "{to}");
        }
        let elsewhere = own(OWN).replace("192.0.2.10", "192.0.2.11");
        assert_eq!(with(&elsewhere, sep), 1);
    }
    let load = "<device><loadInformation8>P0S3-8-12-00</loadInformation8></device>";
    assert_eq!(with(&own(OWN), load), 0);
    let severity = of_folder(&[
        (OWN_NAME, &own(&OWN.replace("1001", "1002"))),
        (SEP, DEVICE_XML),
    ]);
    assert!(severity.contains(&format!("{SEP} warning lines-differ")));
}
