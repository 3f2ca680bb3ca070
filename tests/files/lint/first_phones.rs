//! Files of a 7940 or 7960, judged by their own rules.

use std::path::Path;

use reflash::{
    diagnose::Severity,
    lint::{self, LintContext},
};

use super::{Error, Note, Warning, check};

const SETTINGS: &str = "# office\nimage_version: P0S3-8-12-00\nproxy1_address: \"198.51.100.7\"\n\
    proxy_register: 1\nline1_name: 201\nline1_authname: \"201\" ; the extension\n\
    line1_password: unspoken\nphone_label: \"Front desk\"\ndial_template: dialplan\n";

fn codes(name: &str, text: &str) -> Vec<(&'static str, Severity)> {
    super::codes(&check(name, text))
}

#[test]
fn settings_of_a_7960_are_recognized_by_name_and_content() {
    for name in ["SIP001D45AABB0D.cnf", "settings.txt", "-"] {
        assert_eq!(codes(name, SETTINGS), [], "{name}");
        let windows = SETTINGS.replace('\n', "\r\n");
        assert_eq!(codes(name, &windows), [], "{name}");
    }
    let common = SETTINGS.split("line1_name").next().unwrap();
    assert_eq!(codes("SIPDefault.cnf", common), []);
    for name in [
        "SIP001d45aabb0d.cnf",
        "SIP001D45AABB0D.cnf.txt",
        "sipdefault.cnf",
    ] {
        assert_eq!(codes(name, SETTINGS), [("file-name", Warning)], "{name}");
    }
}

#[test]
fn one_fault_in_the_settings_is_one_finding() {
    for (from, to, code, severity) in [
        ("phone_label", "phone_lable", "unknown-key", Warning),
        ("# office", "office", "unknown-key", Warning),
        ("unspoken", "a#b", "unquoted", Warning),
        ("unspoken", "ab;cd#ef", "unquoted", Warning),
        ("P0S3-8-12-00", "P0S3-08-12-00", "load-name", Error),
        ("\"Front desk\"", "Front desk", "unquoted", Warning),
        (
            "unspoken",
            "unspoken-with-32-characters-abcdef",
            "secret-too-long",
            Error,
        ),
        ("unspoken", "", "no-secret", Warning),
        ("unspoken", "PASSWORD", "placeholder", Error),
        (
            "\"Front desk\"",
            "\"A label with more than 31 characters\"",
            "value-too-long",
            Warning,
        ),
        ("198.51.100.7", "198.51.100", "address", Error),
        (
            "proxy_register: 1",
            "proxy_register: 0",
            "no-register",
            Warning,
        ),
        ("proxy_register: 1\n", "", "no-register", Note),
        ("proxy_register: 1", "proxy_register: on", "number", Warning),
        ("# office", "proxy1_port: 70000", "ports", Error),
        ("# office", "line1_name: 202", "repeated", Warning),
        ("# office", "preferred_codec: g711a", "codec", Warning),
        ("# office", "time_zone: Europe/Rome", "time-zone", Warning),
        ("dialplan\n", "dialplan.xml\n", "dial-plan-name", Error),
        ("P0S3-8-12-00", "P0S3-8-12-00.loads", "load-suffix", Error),
        ("P0S3-8-12-00", "P003-8-12-00", "load-name", Error),
        ("P0S3-8-12-00", "POS3-8-12-00", "load-name", Error),
        ("line1_name: 201\n", "", "no-line", Error),
    ] {
        let text = SETTINGS.replace(from, to);
        assert_ne!(text, SETTINGS, "{from}");
        assert_eq!(
            codes("SIP001D45AABB0D.cnf", &text),
            [(code, severity)],
            "{to}"
        );
    }
    let long = format!("{SETTINGS}{}", "# more\n".repeat(1_200));
    assert_eq!(codes("SIP001D45AABB0D.cnf", &long), [("too-large", Error)]);
}

#[test]
fn a_sep_file_of_a_7960_needs_only_a_load() {
    let sep = |inside: &str| {
        let text = format!("<device>\n{inside}\n</device>\n");
        codes("SEP001D45AABB0D.cnf.xml", &text)
    };
    let load = "<loadInformation model=\"IP Phone 7960\">P0S3-8-12-00</loadInformation>";
    assert_eq!(sep(load), []);
    assert_eq!(sep("<loadInformation7>P0S3-8-12-00</loadInformation7>"), []);
    // The names of the elements show the phone.
    assert_eq!(
        sep("<loadInformation7></loadInformation7>"),
        [("no-load", Error)]
    );
    assert_eq!(
        sep("<loadInformation8>SIP45.9-3-1SR4-1S</loadInformation8>"),
        [("load-family", Error)]
    );
    for bad in ["P0S3-08-12-00", "P0S3-04-4-00"] {
        let found = sep(&load.replace("P0S3-8-12-00", bad));
        let codes: Vec<_> = found.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, ["load-name"], "{bad}");
    }
    assert_eq!(sep(&load.replace("P0S3", "P003")), [("load-name", Warning)]);
    assert_eq!(
        sep(&format!("{load}<deviceProtocol>SIP</deviceProtocol>")),
        [("unread", Note)]
    );
    assert_eq!(
        sep(&format!(
            "{load}<!-- <b> <loadInformation8>P0S3-8-11-00</loadInformation8> -->"
        )),
        [("comment-ends-early", Warning)]
    );
    assert_eq!(
        sep(&format!("{load}<!-- {} -->", "x".repeat(8_192))),
        [("too-large", Error)]
    );
    let known = LintContext {
        model: reflash::phone::Model::by_number("7940"),
        ..LintContext::default()
    };
    let path = Path::new("SEP001D45AABB0D.cnf.xml");
    let found = lint::check(path, b"<device></device>", &known);
    assert_eq!(found[0].code, "no-load", "{found:?}");
}

#[test]
fn the_root_of_the_default_file_is_no_fault_in_the_sep_file_of_a_7960() {
    let sep = |inside: &str| {
        let text = format!("<Default>\n{inside}\n</Default>\n");
        codes("SEP001D45AABB0D.cnf.xml", &text)
    };
    let own = "<loadInformation7>P0S3-8-12-00</loadInformation7>";
    assert_eq!(sep(own), []);
    let other = "<loadInformation436>SIP45.9-3-1SR4-1S</loadInformation436>";
    assert_eq!(sep(&format!("{own}{other}")), [("unknown-kind", Error)]);
    assert_eq!(sep(other), [("unknown-kind", Error)]);
}

#[test]
fn a_default_file_that_names_the_loader_is_a_warning() {
    let named = |load: &str| {
        let text = super::DEFAULT_XML.replace("P0S3-8-12-00", load);
        codes("XMLDefault.cnf.xml", &text)
    };
    let before = named("P0S3-8-12-00");
    let after = named("P003-8-12-00");
    let new = after.iter().filter(|found| !before.contains(found));
    assert!(new.count() > 0, "{before:?} {after:?}");
}

#[test]
fn the_file_with_the_name_of_an_image_has_nothing_else() {
    for text in ["P003-8-12-00", "P003-8-12-00\r\n", "P0S3-8-12-00\n"] {
        assert_eq!(codes("OS79XX.TXT", text), [], "{text:?}");
    }
    for text in [
        "P003-8-12-00 ",
        "P003-8-12-00 \r\n",
        "P003-8-12-00\n\n",
        "P003-8-12-00.bin",
        "P003-8-12-00\nP0S3-8-12-00\n",
        "# image\nP003-8-12-00",
        "",
    ] {
        assert_eq!(
            codes("OS79XX.TXT", text),
            [("load-name", Error)],
            "{text:?}"
        );
    }
    assert_eq!(
        codes("os79xx.txt", "P003-8-12-00"),
        [("file-name", Warning)]
    );
}
