//! Files of the phones other than the 79xx with five images, judged by the form of their family.

use std::path::Path;

use reflash::{
    diagnose::Severity,
    lint::{self, LintContext},
    phone::Model,
};

use super::{DEFAULT, DEVICE_XML, Error, Note, SEP, Warning, check};

/// A file of a phone with this load, which has no findings.
pub(super) fn device(load: &str) -> String {
    let transport = if load.starts_with("sip88xx") {
        "1"
    } else {
        "2"
    };
    let sharing = "<peerFirmwareSharing>0</peerFirmwareSharing>";
    DEVICE_XML
        .replace("SIP45.9-3-1SR4-1S", load)
        .replace("<kpml>3</kpml>", "<kpml>0</kpml>")
        .replace("    <natEnabled>false</natEnabled>\n", "")
        .replace("Protocol>2<", &format!("Protocol>{transport}<"))
        .replace(
            "<versionStamp>",
            &format!("<vendorConfig>{sharing}</vendorConfig>\n<versionStamp>"),
        )
}

fn codes(text: &str) -> Vec<(&'static str, Severity)> {
    super::codes(&check(SEP, text))
}

const LOADS: [&str; 7] = [
    "SIP6901.9-3-1-SR3-1",
    "SIP69xx.9-4-1-3SR3",
    "SIP6945.9-4-1-3SR3",
    "SIP894x.9-4-2SR3-1",
    "sip9971.9-4-2SR4-1",
    "sip78xx.12-8-1-0001-455",
    "sip88xx.14-4-1-0301-6",
];

#[test]
fn files_that_each_family_accepts_have_no_findings() {
    for load in LOADS {
        assert_eq!(codes(&device(load)), [], "{load}");
        // Spaces in the label are for the display of these phones.
        let label = device(load).replace("Reception", "The reception");
        assert_eq!(codes(&label), [], "{load}");
    }
}

#[test]
fn a_load_that_some_hardware_rejects_is_a_warning() {
    assert_eq!(
        codes(&device("SIP894x.9-2-2-0")),
        [("load-too-old", Warning)]
    );
}

#[test]
fn a_text_that_a_69xx_or_894x_does_not_keep_is_a_warning() {
    let with = |load: &str, length: usize| {
        let stamp = format!("<versionStamp>{}</versionStamp>", "a".repeat(length));
        let url = format!("<servicesURL>{}</servicesURL>", "u".repeat(length + 191));
        let text = device(load);
        let start = text.find("<versionStamp>").unwrap();
        let end = text.find("</versionStamp>").unwrap() + "</versionStamp>".len();
        codes(&format!("{}{stamp}{url}{}", &text[..start], &text[end..]))
    };
    for load in LOADS {
        assert_eq!(with(load, 64), [], "{load}");
        let has_schema = load.starts_with("SIP");
        let expected = vec![("value-too-long", Warning); if has_schema { 2 } else { 0 }];
        assert_eq!(with(load, 65), expected, "{load}");
    }
}

/// An index into `LOADS`, what is replaced by what, and the finding.
const FAULTS: &[(usize, &str, &str, &str, Severity)] = &[
    (1, "D/M/Y<", "D/M/YY<", "date-format", Warning),
    (3, "D/M/Y<", "D/M/Ya<", "date-format", Warning),
    (
        1,
        PROFILE,
        "<natEnabled>true</natEnabled><preferredCodec>",
        "nat",
        Note,
    ),
    (
        3,
        PROFILE,
        "<natAddress>192.0.2.1</natAddress><preferredCodec>",
        "nat",
        Note,
    ),
    (
        4,
        PROFILE,
        "<natEnabled>true</natEnabled><preferredCodec>",
        "nat",
        Warning,
    ),
    (1, "<kpml>0", "<kpml>3", "kpml", Note),
    (6, "<kpml>0", "<kpml>3", "kpml", Warning),
    (6, "Protocol>1<", "Protocol>2<", "transport", Warning),
    (
        1,
        "<peerFirmwareSharing>0</peerFirmwareSharing>",
        "",
        "peer-firmware",
        Note,
    ),
    (
        5,
        "<peerFirmwareSharing>0</peerFirmwareSharing>",
        "",
        "peer-firmware",
        Note,
    ),
    (1, "g711alaw", "opus", "codec", Warning),
    (
        1,
        VENDOR,
        "<webAccess>2</webAccess><peerFirmwareSharing>",
        "range",
        Error,
    ),
    (
        1,
        VENDOR,
        "<garp>2</garp><peerFirmwareSharing>",
        "range",
        Error,
    ),
    (
        3,
        VENDOR,
        "<incomingCallToastTimer>2</incomingCallToastTimer><peerFirmwareSharing>",
        "range",
        Error,
    ),
    (3, "sipPort>5060", "sipPort>1023", "range", Error),
    (2, "sipPort>5060", "sipPort>49152", "range", Error),
    (
        2,
        "<sharedLine>",
        "<maxNumCalls>25</maxNumCalls><sharedLine>",
        "range",
        Warning,
    ),
    (
        1,
        "<sharedLine>",
        "<maxNumCalls>73</maxNumCalls><sharedLine>",
        "range",
        Warning,
    ),
    (
        3,
        "<sharedLine>",
        "<maxNumCalls>25</maxNumCalls><sharedLine>",
        "range",
        Warning,
    ),
    (
        6,
        "<sharedLine>",
        "<maxNumCalls>201</maxNumCalls><sharedLine>",
        "range",
        Warning,
    ),
    (
        6,
        "sip88xx.14-4-1-0301-6",
        "sip88xx.12-0-7MPP0201-66",
        "multiplatform",
        Error,
    ),
    (
        5,
        "sip78xx.12-8-1-0001-455",
        "sip78xx.14-1-1MN-366",
        "multiplatform",
        Error,
    ),
];

const PROFILE: &str = "<preferredCodec>";
const VENDOR: &str = "<peerFirmwareSharing>";

#[test]
fn one_fault_for_a_family_is_one_finding() {
    for (load, from, to, code, severity) in FAULTS {
        let load = LOADS[*load];
        let text = device(load).replacen(from, to, 1);
        assert_ne!(text, device(load), "{from}");
        assert_eq!(codes(&text), [(*code, *severity)], "{load}: {to}");
    }
}

#[test]
fn another_password_in_a_second_line_is_a_warning_where_the_first_one_counts() {
    let line = "<line button=\"3\"><featureID>9</featureID><proxy>192.0.2.10</proxy>\
        <name>1002</name><authName>1002</authName><authPassword>unspoken-2</authPassword></line>\
        </sipLines>";
    for (load, expected) in [
        (LOADS[6], &[("one-password", Warning)][..]),
        (LOADS[5], &[("one-password", Warning)]),
        (LOADS[4], &[("one-password", Warning)]),
        (LOADS[1], &[]),
        ("SIP45.9-3-1SR4-1S", &[]),
    ] {
        let text = device(load)
            .replace("USECALLMANAGER", "192.0.2.10")
            .replace("</sipLines>", line);
        assert_eq!(codes(&text), expected, "{load}");
    }
}

#[test]
fn the_choice_of_a_call_manager_needs_a_line_without_a_proxy() {
    for load in LOADS {
        let managed = device(load)
            .replace("Protocol>2<", "Protocol>4<")
            .replace("Protocol>1<", "Protocol>4<");
        assert_eq!(codes(&managed), [], "{load}");
        let own = managed.replace("USECALLMANAGER", "192.0.2.10");
        assert_eq!(codes(&own), [("transport", Warning)], "{load}");
    }
}

#[test]
fn a_load_of_another_model_of_the_family_is_an_error() {
    let of = |number: &str, load: &str| {
        let known = LintContext {
            model: Model::by_number(number),
            ..LintContext::default()
        };
        super::codes(&lint::check(
            Path::new(SEP),
            device(load).as_bytes(),
            &known,
        ))
    };
    for (number, load) in [
        ("6921", "SIP69xx.9-4-1-3SR3"),
        ("6951", "SIP69xx.9-4-1-3SR3"),
        ("6945", "SIP6945.9-4-1-3SR3"),
        ("8865", "sip8845_65.12-0-1-11"),
    ] {
        let found = of(number, load);
        let other = found.iter().filter(|(code, _)| *code == "load-family");
        assert_eq!(other.count(), 0, "{number} {load}: {found:?}");
    }
    for (number, load) in [
        ("6945", "SIP69xx.9-4-1-3SR3"),
        ("9951", "sip9971.9-4-2SR4-1"),
        ("8851", "sip8845_65.12-0-1-11"),
        ("7965", "SIP69xx.9-4-1-3SR3"),
    ] {
        assert!(
            of(number, load).contains(&("load-family", Error)),
            "{number} {load}"
        );
    }
    let default = super::DEFAULT_XML.replace(
        "<authenticationURL>",
        "<loadInformation495 model=\"Cisco 6921\">SIP6945.9-4-1-3SR3</loadInformation495>\n\
         <loadInformation576 model=\"Cisco 6951\">SIP69xx.9-4-1-3SR3</loadInformation576>\n\
         <loadInformation684 model=\"Cisco 8851\">sip88xx.12-0-7MPP0201-66</loadInformation684>\n\
         <authenticationURL>",
    );
    assert_eq!(
        super::codes(&check(DEFAULT, &default)),
        [("load-family", Error), ("multiplatform", Error)]
    );
}
