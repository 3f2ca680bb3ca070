//! The configuration of a phone against both of Asterisk's drivers.

use std::path::Path;

use reflash::{
    diagnose::Severity,
    lint::{self, LintContext, PjsipConfig, SipConfig},
};

use super::{DEVICE_XML, Error, SEP, Warning};

const PJSIP: &str = "[udp]\ntype=transport\nprotocol=udp\nbind=0.0.0.0:5060\n\
    [1001]\ntype=endpoint\nforce_rport=no\nauth=1001-auth\naors=1001\n\
    [1001-auth]\ntype=auth\nusername=1001\npassword=unspoken-30-characters-of-word\n\
    [1001]\ntype=aor\n";

const SIP: &str = "[general]\nbindport=5060\n[1001]\ntype=friend\nnat=no\n\
    secret=unspoken-30-characters-of-word\n";

fn codes(known: &LintContext) -> Vec<(&'static str, Severity)> {
    let found = lint::check(Path::new(SEP), DEVICE_XML.as_bytes(), known);
    for finding in &found {
        let shown = format!("{} {}", finding.message, finding.cure);
        assert!(
            !shown.contains("unspoken") && !shown.contains("other"),
            "{shown}"
        );
    }
    found
        .into_iter()
        .map(|found| (found.code, found.severity))
        .collect()
}

#[test]
fn one_difference_from_pjsip_conf_is_one_finding() {
    let with = |text: &str| {
        codes(&LintContext {
            pjsip: Some(PjsipConfig::read(text)),
            ..LintContext::default()
        })
    };
    assert_eq!(with(PJSIP), []);
    for (from, to, code, severity) in [
        (":5060", ":5160", "ports", Error),
        (
            "password=unspoken",
            "password=other",
            "password-differs",
            Error,
        ),
        ("username=1001", "username=phone", "auth-name", Error),
        (
            "auth=1001-auth",
            "auth=1001-missing",
            "unknown-endpoint",
            Warning,
        ),
        ("aors=1001", "aors=1001-aor", "aor", Warning),
        (
            "force_rport=no",
            "force_rport=no\ntransport=lan",
            "transport",
            Warning,
        ),
    ] {
        let text = PJSIP.replace(from, to);
        assert_ne!(text, PJSIP);
        assert_eq!(with(&text), [(code, severity)], "{to}");
    }
    // What is missing may be in a file that was not read.
    let partial = format!("#include more.conf\n{}", PJSIP.replace(":5060", ":5160"));
    assert_eq!(with(&partial), []);
}

#[test]
fn one_difference_from_sip_conf_is_one_finding() {
    let with = |text: &str| {
        codes(&LintContext {
            sip: Some(SipConfig::read(text).unwrap()),
            ..LintContext::default()
        })
    };
    assert_eq!(with(SIP), []);
    for (from, to, code, severity) in [
        ("bindport=5060", "bindport=5070", "ports", Error),
        ("secret=unspoken", "secret=other", "password-differs", Error),
        ("[1001]", "[1002]", "unknown-endpoint", Warning),
        ("nat=no", "nat=force_rport,comedia", "endpoint-nat", Warning),
        ("nat=no", "nat=yes", "endpoint-nat", Warning),
    ] {
        let text = SIP.replace(from, to);
        assert_ne!(text, SIP);
        assert_eq!(with(&text), [(code, severity)], "{to}");
    }
}
