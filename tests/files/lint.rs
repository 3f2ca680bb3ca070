//! `lint` and `--add`: one fault, one finding, at its place; nothing about sound files.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use assert_cmd::Command;
use proptest::prelude::*;
use reflash::{
    diagnose::{Finding, Severity},
    lint::{self, CODES, LintContext, MAX_FILE_BYTES, MAX_FINDINGS, PjsipConfig},
    phone::{LoadName, Model},
};
use serde_json::Value;

use crate::support::{
    process::Running,
    require_program,
    synthetic::{KEY, bundle},
};

use Severity::{Error, Note, Warning};

const SEP: &str = "SEP001D45AABB0C.cnf.xml";
const DEFAULT: &str = "XMLDefault.cnf.xml";

/// A file that a 7965 takes.
const DEVICE_XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<device>
  <deviceProtocol>SIP</deviceProtocol>
  <sshUserId>admin</sshUserId>
  <devicePool>
    <dateTimeSetting>
      <dateTemplate>D/M/Y</dateTemplate>
      <timeZone>W. Europe Standard/Daylight Time</timeZone>
      <ntps><ntp><name>pool.ntp.org</name><ntpMode>Unicast</ntpMode></ntp></ntps>
    </dateTimeSetting>
    <callManagerGroup><members><member priority="0"><callManager>
      <ports>
        <ethernetPhonePort>2000</ethernetPhonePort>
        <sipPort>5060</sipPort>
      </ports>
      <processNodeName>192.0.2.10</processNodeName>
    </callManager></member></members></callManagerGroup>
  </devicePool>
  <sipProfile>
    <sipProxies><registerWithProxy>true</registerWithProxy></sipProxies>
    <preferredCodec>g711alaw</preferredCodec>
    <kpml>3</kpml>
    <natEnabled>false</natEnabled>
    <phoneLabel>Reception</phoneLabel>
    <sipLines>
      <line button="1">
        <featureID>9</featureID>
        <proxy>USECALLMANAGER</proxy>
        <name>1001</name>
        <authName>1001</authName>
        <authPassword>unspoken-32-characters-long-word</authPassword>
        <sharedLine>false</sharedLine>
      </line>
      <line button="2"><featureID>21</featureID><speedDialNumber>1</speedDialNumber></line>
    </sipLines>
    <dialTemplate>dialplan.xml</dialTemplate>
  </sipProfile>
  <loadInformation>SIP45.9-3-1SR4-1S</loadInformation>
  <versionStamp>{Jan 01 2002 12:00:00}</versionStamp>
  <transportLayerProtocol>2</transportLayerProtocol>
  <capfList><capf><processNodeName></processNodeName></capf></capfList>
</device>
"#;

/// A file that every phone takes.
const DEFAULT_XML: &str = r#"<Default>
  <callManagerGroup><members><member priority="0"><callManager>
    <ports><ethernetPhonePort>2000</ethernetPhonePort><sipPort>5060</sipPort></ports>
    <processNodeName>192.0.2.10</processNodeName>
  </callManager></member></members></callManagerGroup>
  <loadInformation435 model="Cisco 7945">SIP45.9-3-1SR4-1S</loadInformation435>
  <loadInformation436 model="SIP: Cisco 7965">SIP45.9-3-1SR4-1S</loadInformation436>
  <loadInformation8 model="IP Phone 7940">P0S3-8-12-00</loadInformation8>
  <loadInformation30006 model="IP Phone 7970">term70.default</loadInformation30006>
  <loadInformation404 model="Cisco 7962G-GE">SIP42.9-4-2SR3-1S</loadInformation404>
  <loadInformation302 model="Cisco 7985">cmterm_7985.4-1-7-0</loadInformation302>
  <loadInformation10 model="Cisco VGC Phone"></loadInformation10>
  <authenticationURL></authenticationURL>
</Default>
"#;

const PJSIP: &str = "[tcp]\ntype=transport\nprotocol=tcp\n[udp]\ntype=transport\nprotocol=udp\n\
    [1001]\ntype=endpoint\ntransport=udp\nforce_rport=no\n[1001]\ntype=auth\npassword=x\n";

/// A fault: in which file, which texts become which others, and what is to be said where. The place is
/// that of the text `at` in the faulty file.
struct Case {
    name: &'static str,
    edits: &'static [(&'static str, &'static str)],
    code: &'static str,
    severity: Severity,
    at: &'static str,
    says: &'static str,
}

const fn case(
    name: &'static str,
    edits: &'static [(&'static str, &'static str)],
    (code, severity): (&'static str, Severity),
    at: &'static str,
    says: &'static str,
) -> Case {
    Case {
        name,
        edits,
        code,
        severity,
        at,
        says,
    }
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    // XMLDefault.cnf.xml
    case(DEFAULT, &[("Default>", "default>")], ("no-default-root", Error), "<default>", "<Default>"),
    case(DEFAULT, &[("loadInformation436", "loadInformation8")], ("device-type", Error), "<loadInformation8 model=\"SIP", "436"),
    case(DEFAULT, &[("loadInformation404", "loadInformation30018"), ("7962G-GE", "7962")], ("device-type", Error), "<loadInformation30018", "404"),
    case(DEFAULT, &[("loadInformation436", "loadInformation999"), ("SIP: Cisco 7965", "mine")], ("device-type", Warning), "<loadInformation999", "7945, 7965"),
    case(DEFAULT, &[("loadInformation436", "loadInformation")], ("no-device-type", Error), "<loadInformation model", "loadInformation436"),
    case(DEFAULT, &[("436 model=\"SIP: Cisco 7965\"", "436")], ("no-model", Note), "<loadInformation436", "7965"),
    case(DEFAULT, &[("1S</loadInformation436", "1S.loads</loadInformation436")], ("load-suffix", Error), "<loadInformation436", "without .loads"),
    case(DEFAULT, &[("SR4-1S</loadInformation436", "SR4</loadInformation436")], ("load-name", Error), "<loadInformation436", "SIP45.9-3-1SR4-1S"),
    case(DEFAULT, &[("SR4-1S</loadInformation436", "SR4-1</loadInformation436")], ("load-name", Error), "<loadInformation436", "SIP45.9-3-1SR4-1S"),
    case(DEFAULT, &[("9-3-1SR4-1S</loadInformation436", "9-9-9</loadInformation436")], ("load-name", Warning), "<loadInformation436", "SIP45.9-9-9S"),
    case(DEFAULT, &[("SIP45.9-3-1SR4-1S</loadInformation436", "SIP42.9-3-1SR4-1S</loadInformation436")], ("load-family", Error), "<loadInformation436", "7942, 7962"),
    case(DEFAULT, &[("term70", "term71")], ("load-family", Error), "", ""),
    case(DEFAULT, &[("term70", "term65")], ("load-family", Error), "<loadInformation30006", "7945, 7965"),
    case(DEFAULT, &[("processNodeName>", "description>")], ("no-call-manager", Error), "<Default>", "nowhere"),
    case(DEFAULT, &[("192.0.2.10", "")], ("no-call-manager", Warning), "<processNodeName>", "TFTP server"),
    case(DEFAULT, &[("192.0.2.10", "YOURSIPSERVERHERE")], ("placeholder", Error), "<processNodeName>", "YOURSIPSERVERHERE"),
    case(DEFAULT, &[("Port>2000", "Port>5060")], ("ports", Warning), "<ethernetPhonePort>", "sipPort"),
    case(DEFAULT, &[("sipPort>5060", "sipPort>2000")], ("ports", Error), "<sipPort>", "SCCP"),
    // Not well-formed
    case(DEFAULT, &[("model=\"Cisco 7945\"", "model=”Cisco 7945”")], ("curly-quotes", Error), "”Cisco", "straight"),
    case(DEFAULT, &[("model=\"Cisco 7945\"", "model=\"Cisco 7945”")], ("curly-quotes", Error), "”>SIP45", "straight"),
    case(DEFAULT, &[("\"Cisco 7945\"", "\"“Cisco 7945”\"")], ("curly-quotes", Warning), "<loadInformation435", "letters"),
    case(DEFAULT, &[("</loadInformation436", "</loadInformation435")], ("not-well-formed", Error), "</loadInformation435>\n  <loadInformation8", "</loadInformation436>"),
    case(DEFAULT, &[("<authenticationURL>", "<authenticationURL>http://a/?b=c&d=e")], ("not-well-formed", Error), "&d", "&amp;"),
    case(DEFAULT, &[("<authenticationURL>", "<authenticationURL>a && b")], ("not-well-formed", Error), "&& b", "&amp;"),
    case(DEFAULT, &[("</Default>\n", "")], ("not-well-formed", Error), "", "</Default>"),
    case(DEFAULT, &[("<Default>", "<!DOCTYPE a [<!ENTITY b 'c'>]>\n<Default>")], ("doctype", Error), "<!DOCTYPE", "document type"),
    case(DEFAULT, &[("<Default>", "\n<?xml version=\"1.0\"?><Default>")], ("not-well-formed", Error), "<?xml", "very first"),
    case(DEFAULT, &[("<Default>", "<Default><!-- a -- b -->")], ("not-well-formed", Error), "", "comment"),
    case(DEFAULT, &[("priority=\"0\"", "priority=\"0\" priority=\"0\"")], ("not-well-formed", Error), "priority=\"0\">", "twice"),
    case(DEFAULT, &[("priority=\"0\"", "a=\"Il’in\" a=\"0\"")], ("not-well-formed", Error), "a=\"0\">", "twice"),
    case(DEFAULT, &[("192.0.2.10", "192\u{1}")], ("not-well-formed", Error), "\u{1}", "not allowed"),
    case(SEP, &[("<authPassword>", "<authPassword")], ("not-well-formed", Error), "", "phone drops"),
    // SEP<MAC>.cnf.xml
    case("SEP001d45aabb0c.cnf.xml", &[("", "")], ("file-name", Warning), "", "SEP001D45AABB0C.cnf.xml"),
    case("SEPxxxxxxxxxxxx.cnf.xml", &[("", "")], ("file-name", Warning), "", "MAC"),
    case(SEP, &[("<device>", "<device xsi:type=\"axl:XIPPhone\">")], ("undeclared-prefix", Warning), "xsi:type", "xsi:"),
    case(SEP, &[("device>", "phone>")], ("no-device-root", Error), "<phone>", "<device>"),
    case(SEP, &[("button=\"1\"", "button=\"3\"")], ("no-line", Warning), "<line button=\"3\"", "button 1"),
    case(SEP, &[("ID>9<", "ID>21<")], ("no-line", Error), "<sipLines>", "deletes the file"),
    case(SEP, &[("<name>1001</name>", "")], ("no-line", Error), "<line button=\"1\"", "registers as"),
    case(SEP, &[("callManager>", "manager>")], ("no-call-manager", Error), "<device>", "nowhere"),
    case(SEP, &[("Protocol>SIP<", "Protocol>SCCP<")], ("protocol", Error), "<deviceProtocol>", "not SIP"),
    case(SEP, &[("<deviceProtocol>SIP</deviceProtocol>", "")], ("protocol", Warning), "<device>", "missing"),
    case(SEP, &[("unspoken-32-characters-long-word", "PASSWORD")], ("placeholder", Error), "<authPassword>", "a placeholder"),
    case(SEP, &[("<sshUserId>admin", "<sshUserId>SSHUSERHERE")], ("placeholder", Warning), "<sshUserId>", "SSHUSERHERE"),
    case(SEP, &[("<proxy>USECALLMANAGER", "<proxy>[== SIP SERVER IP ==]")], ("placeholder", Error), "<proxy>", "SIP SERVER IP"),
    case(SEP, &[("sipPort>5060", "sipPort>2000")], ("ports", Error), "<sipPort>", "SCCP"),
    case(SEP, &[("W. Europe", "W Europe")], ("time-zone", Warning), "<timeZone>", "W. Europe Standard/Daylight Time"),
    case(SEP, &[("W. Europe Standard/Daylight Time", "Europe/Berlin")], ("time-zone", Warning), "<timeZone>", "Europe/Berlin"),
    case(SEP, &[(">Reception<", ">Front desk<")], ("phone-label", Error), "<phoneLabel>", "blank"),
    case(SEP, &[(">Reception<", ">Receptionists<")], ("phone-label", Error), "<phoneLabel>", "13"),
    case(SEP, &[("authName>1001", "authName>1234567890123456789012345678901")], ("name-too-long", Error), "<authName>", "31"),
    case(SEP, &[("pool.ntp.org", "a-name-of-51-characters.that.no.server.has.and.no.phone.takes")], ("name-too-long", Warning), "<name>a-name", "NTP"),
    case(SEP, &[("g711alaw", "g711a")], ("codec", Warning), "<preferredCodec>", "g711alaw"),
    case(SEP, &[("Protocol>2<", "Protocol>5<")], ("transport", Error), "<transportLayerProtocol>", "2 (UDP)"),
    case(SEP, &[("Enabled>false", "Enabled>true")], ("nat", Warning), "<natEnabled>", "LAN"),
    case(SEP, &[("Proxy>true", "Proxy>True")], ("boolean", Warning), "<registerWithProxy>", "counts as false"),
    case(SEP, &[("Proxy>true", "Proxy>false")], ("no-register", Warning), "<registerWithProxy>", "register"),
    case(SEP, &[("dialplan.xml", "")], ("no-dial-plan", Note), "<sipProfile>", "10 seconds"),
    case(SEP, &[(">SIP45.9-3-1SR4-1S", ">SCCP45.9-3-1SR4-1S")], ("load-protocol", Error), "<loadInformation>", "SCCP"),
    case(SEP, &[("R4-1S<", "R4-1S.loads<")], ("load-suffix", Error), "<loadInformation>", ".loads"),
    case(SEP, &[(">SIP45.9-3-1SR4-1S", ">SIP41.9-3-1SR4-1S")], ("secret-too-long", Warning), "<authPassword>", "7941"),
    case(SEP, &[(">SIP45.9-3-1SR4-1S", ">")], ("secret-too-long", Note), "<authPassword>", "7941"),
    case("phone.xml", &[("device>", "CiscoIPPhoneText>")], ("unknown-kind", Error), "<CiscoIPPhoneText>", "<device>"),
];

fn sound(name: &str) -> &'static str {
    if name == DEFAULT {
        DEFAULT_XML
    } else {
        DEVICE_XML
    }
}

fn check(name: &str, text: &str) -> Vec<Finding> {
    lint::check(Path::new(name), text.as_bytes(), &LintContext::default())
}

/// The line and the column of a text's first place in another.
fn place(text: &str, what: &str) -> (u32, u32) {
    let at = text.find(what).expect(what);
    let line = text[..at].matches('\n').count() + 1;
    let column = text[..at].chars().rev().take_while(|c| *c != '\n').count() + 1;
    (u32::try_from(line).unwrap(), u32::try_from(column).unwrap())
}

#[test]
fn one_fault_is_one_finding_at_its_place() {
    for case in CASES {
        let sound = sound(case.name);
        let mut text = sound.to_owned();
        for (from, to) in case.edits {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        let findings = check(case.name, &text);
        if case.code == "load-family" && case.says.is_empty() {
            // 7970 and 7971 are one family: either's manifest is good for both.
            assert_eq!(findings, [], "{:?}", case.edits);
            continue;
        }
        let codes: Vec<_> = findings.iter().map(|found| found.code).collect();
        assert_eq!(codes, [case.code], "{:?}: {findings:#?}", case.edits);
        let found = &findings[0];
        assert_eq!(found.severity, case.severity, "{found:?}");
        assert_eq!(found.path.as_deref(), Some(Path::new(case.name)));
        if !case.at.is_empty() {
            let at = place(&text, case.at);
            assert_eq!(
                (found.line, found.column),
                (Some(at.0), Some(at.1)),
                "{found:?}"
            );
        }
        let told = format!("{} {}", found.message, found.cure);
        assert!(told.contains(case.says), "{told}");
        assert!(
            !found.cure.is_empty() && !told.contains("unspoken"),
            "{told}"
        );
    }
}

#[test]
fn every_code_has_a_test_and_a_row_in_the_documents() {
    let document = fs::read_to_string("docs/lint.md").unwrap();
    let elsewhere = [
        "encoding",
        "endpoint-nat",
        "load-case",
        "load-not-staged",
        "too-large",
        "too-many-findings",
        "unknown-endpoint",
    ];
    for code in CODES {
        assert!(document.contains(&format!("| `{code}` |")), "{code}");
        let tested = CASES.iter().any(|case| case.code == *code) || elsewhere.contains(code);
        assert!(tested, "{code}");
    }
}

#[test]
fn nothing_is_said_of_files_that_phones_take() {
    for (name, text) in [(SEP, DEVICE_XML), (DEFAULT, DEFAULT_XML)] {
        let variants = [
            text.to_owned(),
            format!("\u{feff}{text}"),
            text.replace('\n', "\r\n"),
            text.replace(
                "<members>",
                "<members><!-- don't & won't <here> “quoted” -->",
            ),
            text.replace("SR4-1S", "SR4-1S<!-- newest -->"),
            text.replace("1001<", "1001<!-- Il’in -->\n<"),
        ];
        for variant in variants {
            assert_eq!(check(name, &variant), [], "{variant}");
        }
        // By the root element, where the name says nothing.
        assert_eq!(check("template.xml", text), []);
    }
    let il_in = DEVICE_XML.replace(
        "<featureID>9",
        "<featureLabel>Il’in</featureLabel><featureID>9",
    );
    assert_eq!(check(SEP, &il_in), []);
    let latin: Vec<u8> = DEVICE_XML
        .replace("UTF-8", "ISO-8859-1")
        .replace("Reception", "Accueil\u{e9}")
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    assert_eq!(
        lint::check(Path::new(SEP), &latin, &LintContext::default()),
        []
    );
}

#[test]
fn a_dial_plan_is_judged_by_its_own_rules_under_its_own_name() {
    let plan = "<DIALTEMPLATE>\n<TEMPLATE MATCH=\"5..\" Timeout=\"0\"/>\n\
                <TEMPLATE MATCH=\"5.......\" Timeout=\"0\"/>\n</DIALTEMPLATE>\n";
    for name in ["dialplan.xml", "dialplan-office.xml", "whatever.xml"] {
        let found = check(name, plan);
        let told: Vec<_> = found.iter().map(|f| (f.code, f.line)).collect();
        assert_eq!(told, [("hidden-entry", Some(3))], "{name}");
        assert_eq!(found[0].path.as_deref(), Some(Path::new(name)));
    }
    assert_eq!(
        check("dialplan.xml", &plan.replace("5.......", "6.......")),
        []
    );
}

#[test]
fn the_labels_and_secrets_of_other_phones_are_their_own() {
    let text = DEVICE_XML
        .replace("Reception", "Front desk, left")
        .replace("SIP45.9-3-1SR4-1S", "");
    let codes = |model: Option<&str>| -> Vec<_> {
        let known = LintContext {
            model: model.map(|number| Model::by_number(number).unwrap()),
            ..LintContext::default()
        };
        let findings = lint::check(Path::new(SEP), text.as_bytes(), &known);
        findings
            .iter()
            .map(|found| (found.code, found.severity))
            .collect()
    };
    assert_eq!(
        codes(None),
        [("phone-label", Warning), ("secret-too-long", Note)]
    );
    assert_eq!(codes(Some("8841")), []);
    assert_eq!(codes(Some("7965")), [("phone-label", Error)]);
    let f41 = [("phone-label", Error), ("secret-too-long", Warning)];
    assert_eq!(codes(Some("7961-GE")), f41);
    let known = LintContext {
        model: Model::by_number("7911"),
        ..LintContext::default()
    };
    let findings = lint::check(Path::new(SEP), DEVICE_XML.as_bytes(), &known);
    assert_eq!((findings.len(), findings[0].code), (1, "load-family"));
}

/// The facts of a well-known guide: a line without a root, another model's id, the bundle's
/// name for the load's; a SEP file with what its readers were to replace.
#[test]
fn the_guide_that_everybody_copies_gives_exactly_its_faults() {
    let line = "<loadInformation8 model=\"Cisco 7965\">SIP45.9-3-1SR4</loadInformation8>\n";
    let findings = check(DEFAULT, line);
    let codes: Vec<_> = findings.iter().map(|found| found.code).collect();
    assert_eq!(
        codes,
        ["no-default-root", "device-type", "load-name"],
        "{findings:#?}"
    );
    assert!(
        findings
            .iter()
            .all(|found| found.severity == Error && found.line == Some(1))
    );
    assert!(
        findings[1].message.contains("8 is the 7940"),
        "{}",
        findings[1].message
    );
    assert!(findings[1].cure.contains("loadInformation436"));
    assert!(findings[2].message.contains("SIP45.9-3-1SR4-1S"));

    let text = DEVICE_XML
        .replace(
            "<device>",
            "<device xsi:type=\"axl:XIPPhone\" ctiid=\"1234567890\">",
        )
        .replace("<sshUserId>admin", "<sshUserId>SSHUSERHERE")
        .replace(
            "</sshUserId>",
            "</sshUserId><sshPassword>SSHPASSWORDHERE</sshPassword>",
        )
        .replace("192.0.2.10", "YOURSIPSERVERHERE")
        .replace("Reception", "MyVOIP-Phone")
        .replace("unspoken-32-characters-long-word", "PASSWORD");
    let findings = check(SEP, &text);
    let told: Vec<_> = findings
        .iter()
        .map(|found| (found.code, found.severity))
        .collect();
    let expected = [
        ("undeclared-prefix", Warning),
        ("placeholder", Warning),
        ("placeholder", Warning),
        ("placeholder", Error),
        ("placeholder", Error),
    ];
    assert_eq!(told, expected, "{findings:#?}");
}

#[test]
fn places_hold_behind_undeclared_prefixes() {
    let text =
        "<device xsi:type=\"a\" axl:b=\"c\"><deviceProtocol>SCCP</deviceProtocol>\n</device>";
    let findings = check(SEP, text);
    let told: Vec<_> = findings
        .iter()
        .map(|found| (found.code, found.line, found.column))
        .collect();
    let at = |what: &str| {
        let (line, column) = place(text, what);
        (Some(line), Some(column))
    };
    for (code, what) in [
        ("undeclared-prefix", "xsi:"),
        ("undeclared-prefix", "axl:"),
        ("no-call-manager", "<device"),
        ("protocol", "<deviceProtocol"),
    ] {
        let (line, column) = at(what);
        assert!(
            told.contains(&(code, line, column)),
            "{code} {what}: {told:?}"
        );
    }
    // Not well-formed behind one, on the same line.
    let text = "<device xsi:type=\"a\"><a></b></device>";
    let findings = check(SEP, text);
    let broken = findings
        .iter()
        .find(|found| found.code == "not-well-formed");
    assert_eq!(
        broken.and_then(|found| found.column),
        Some(place(text, "</b>").1)
    );
}

#[test]
fn loads_are_held_against_the_bundles() {
    let known = LintContext {
        loads: vec![LoadName::new("SIP45.9-4-2SR4-3S")],
        ..LintContext::default()
    };
    let told = |written: &str| -> Vec<_> {
        let text = DEVICE_XML.replace("SIP45.9-3-1SR4-1S", written);
        let findings = lint::check(Path::new(SEP), text.as_bytes(), &known);
        findings
            .into_iter()
            .map(|found| (found.code, found.severity))
            .collect()
    };
    assert_eq!(told("SIP45.9-4-2SR4-3S"), []);
    assert_eq!(told("term65.default"), []);
    assert_eq!(told("sip45.9-4-2sr4-3s"), [("load-case", Warning)]);
    assert_eq!(told("SIP45.9-4-2SR4"), [("load-name", Error)]);
    assert_eq!(told("SIP45.9-3-1SR4-1S"), [("load-not-staged", Error)]);
    assert_eq!(told("SIP75.9-3-1SR4-1S"), [("load-not-staged", Warning)]);
}

#[test]
fn the_phone_s_side_and_the_pbx_s_agree_or_it_is_told() {
    let told = |pjsip: &str, transport: &str| -> Vec<_> {
        let known = LintContext {
            pjsip: Some(PjsipConfig::read(pjsip)),
            ..LintContext::default()
        };
        let text = DEVICE_XML.replace("Protocol>2<", &format!("Protocol>{transport}<"));
        let findings = lint::check(Path::new(SEP), text.as_bytes(), &known);
        findings
            .into_iter()
            .map(|found| (found.code, found.severity))
            .collect()
    };
    assert_eq!(told(PJSIP, "2"), []);
    assert_eq!(told(PJSIP, "4"), []);
    assert_eq!(told(PJSIP, "3"), [("transport", Error)]);
    assert_eq!(told(PJSIP, "1"), [("transport", Warning)]);
    assert_eq!(
        told(&PJSIP.replace("force_rport=no", ""), "2"),
        [("endpoint-nat", Warning)]
    );
    let other = PJSIP.replace("1001", "phone");
    assert_eq!(told(&other, "2"), [("unknown-endpoint", Warning)]);
    // What is missing may be in a file that was not read.
    assert_eq!(told(&format!("#include more.conf\n{other}"), "3"), []);
    assert_eq!(told("", "3"), []);
}

#[test]
fn limits_hold_and_are_told() {
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

/// What would take a reader minutes or gigabytes is refused, or read at once.
#[test]
fn hostile_files_are_judged_as_quickly_as_others() {
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
    fn any_bytes_give_findings_and_never_a_panic(
        name in "(SEP|XMLDefault|dialplan|a)[0-9A-Fa-f]{0,12}(\\.cnf)?\\.xml",
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let findings = lint::check(Path::new(&name), &bytes, &LintContext::default());
        if !name.starts_with("dialplan") {
            prop_assert!(!findings.is_empty());
        }
    }

    /// Faults where real files have them: a piece of a sound file becomes another text.
    #[test]
    fn a_damaged_file_is_judged_at_places_that_it_has(
        default in any::<bool>(),
        at in 0_usize..3000,
        length in 0_usize..60,
        put in "[<>&\"'”=/: a-z0-9\\[\\]!-]{0,12}",
    ) {
        let name = if default { DEFAULT } else { SEP };
        let sound = sound(name);
        let start = at.min(sound.len());
        let end = (start + length).min(sound.len());
        let text = format!("{}{put}{}", &sound[..start], &sound[end..]);
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
    fn any_pjsip_conf_is_read(text in "[\\[\\]()!+;=>#a-z\\\\\n -]{0,300}") {
        let _ = format!("{:?}", PjsipConfig::read(&text));
    }
}

// The binary.

fn reflash(args: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("reflash").unwrap().args(args).assert()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn written(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_verb_says_where_and_what_and_ends_accordingly() {
    let base = tempfile::tempdir().unwrap();
    let sound = written(base.path(), SEP, DEVICE_XML);
    let warned = DEVICE_XML.replace("Enabled>false", "Enabled>true");
    let warned = written(base.path(), "SEP001D45AABB0D.cnf.xml", &warned);
    let faulty = DEFAULT_XML.replace("loadInformation436", "loadInformation8");
    let faulty = written(base.path(), DEFAULT, &faulty);
    let absent = base.path().join("absent.xml");
    let folder = base.path().to_str().unwrap();

    let run = reflash(&["lint", &sound]).success();
    assert_eq!(text(&run.get_output().stdout), "");
    assert!(text(&run.get_output().stderr).contains("checked: no findings"));
    let run = reflash(&["lint", "-q", &sound]).success();
    assert_eq!(text(&run.get_output().stderr), "");

    let run = reflash(&["lint", &warned]).success();
    let out = text(&run.get_output().stdout);
    assert!(
        out.contains("warning: natEnabled") && out.contains("[nat]"),
        "{out}"
    );

    let run = reflash(&["lint", absent.to_str().unwrap(), folder, &faulty]).code(1);
    let out = text(&run.get_output().stdout);
    assert!(
        out.contains("absent.xml: error") && out.contains("a folder"),
        "{out}"
    );
    assert!(
        out.contains("8 is the 7940"),
        "the others are judged: {out}"
    );
    // A word that is longer than a line, such as a path, stands on its own.
    for line in out
        .lines()
        .filter(|line| line.contains(' ') && !line.contains(folder))
    {
        assert!(line.chars().count() <= 80, "{line}");
    }

    let run = reflash(&["lint", "--json", &sound, &warned, &faulty]).code(1);
    let document: Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2);
    assert_eq!(findings[0]["code"], "nat");
    assert_eq!(findings[0]["severity"], "warning");
    assert_eq!(findings[0]["path"], warned);
    assert_eq!(findings[1]["line"], 7);
    assert_eq!(findings[1]["column"], 3);
    for key in ["message", "cure"] {
        assert!(!findings[1][key].as_str().unwrap().is_empty());
    }
    let run = reflash(&["lint", "--json", &sound]).success();
    assert_eq!(
        text(&run.get_output().stdout),
        "{\"version\":1,\"findings\":[]}\n"
    );

    reflash(&["lint"]).code(2);
    let run = reflash(&["lint", &sound, "--model", "1234"]).code(2);
    assert!(text(&run.get_output().stderr).contains("reflash models"));
}

#[test]
fn the_verb_reads_bundles_and_asterisk_s_side() {
    let base = tempfile::tempdir().unwrap();
    let bundle = bundle(base.path());
    let bundle = bundle.to_str().unwrap();
    let sound = written(base.path(), SEP, DEVICE_XML);
    let pjsip = written(base.path(), "pjsip.conf", PJSIP);
    reflash(&[
        "lint", &sound, "--bundle", bundle, "--pjsip", &pjsip, "--model", "7965",
    ])
    .success();
    let other = DEVICE_XML.replace("9-3-1SR4-1S", "9-4-2SR4-3S");
    let other = other.replace("Protocol>2<", "Protocol>3<");
    let other = written(base.path(), SEP, &other);
    let run = reflash(&["lint", &other, "--bundle", bundle, "--pjsip", &pjsip]).code(1);
    let out = text(&run.get_output().stdout);
    assert!(
        out.contains("[load-not-staged]") && out.contains("[transport]"),
        "{out}"
    );
    let run = reflash(&["lint", &other, "--pjsip", "absent.conf"]).code(1);
    assert!(text(&run.get_output().stderr).contains("cannot read absent.conf"));
    let run = reflash(&["lint", &other, "--bundle", &pjsip]).code(1);
    assert!(text(&run.get_output().stderr).contains("contains no load"));
}

fn stage(bundle: &Path, to: &Path, add: &[&str]) -> assert_cmd::assert::Assert {
    let mut args = vec!["stage", bundle.to_str().unwrap(), "--trust-key", KEY];
    args.extend(["--to", to.to_str().unwrap(), "--call-manager", "192.0.2.10"]);
    for file in add {
        args.extend(["--add", file]);
    }
    reflash(&args)
}

#[test]
fn own_files_are_laid_out_beside_the_firmware() {
    let base = tempfile::tempdir().unwrap();
    let bundle = bundle(base.path());
    let warned = DEVICE_XML.replace("Enabled>false", "Enabled>true");
    let sep = written(base.path(), SEP, &warned);
    let rings = written(base.path(), "ringlist.xml", "<CiscoIPPhoneRinglist/>");
    let to = base.path().join("root");
    let run = stage(&bundle, &to, &[&sep, &rings]).success();
    let (out, err) = (
        text(&run.get_output().stdout),
        text(&run.get_output().stderr),
    );
    assert!(out.contains(SEP) && out.contains("passwords"), "{out}");
    assert!(err.contains("[nat]"), "warnings are shown: {err}");
    let mode = |name: &str| to.join(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(SEP), mode("ringlist.xml"), mode(DEFAULT)),
        (0o600, 0o644, 0o644)
    );
    assert_eq!(fs::read_to_string(to.join(SEP)).unwrap(), warned);
    assert!(to.join("term65.default.loads").exists());
}

#[test]
fn own_files_that_would_do_harm_are_refused_before_anything_is_written() {
    let base = tempfile::tempdir().unwrap();
    let bundle = bundle(base.path());
    let to = base.path().join("root");
    let refused = |name: &str, content: &str, code: i32, says: &str| {
        let path = written(base.path(), name, content);
        let run = stage(&bundle, &to, &[&path]).code(code);
        let err = text(&run.get_output().stderr);
        assert!(err.contains(says) && err.contains("→"), "{name}: {err}");
        assert!(!to.exists(), "{name}");
    };
    refused(DEFAULT, DEFAULT_XML, 2, "is generated");
    refused("term65.default.loads", "", 2, "verified bundles");
    refused("jar45sip.sbn", "", 2, "verified bundles");
    refused(
        SEP,
        &DEVICE_XML.replace("</device>", ""),
        1,
        "[not-well-formed]",
    );
    refused(
        SEP,
        &DEVICE_XML.replace("SR4-1S", "SR4-2S"),
        1,
        "[load-not-staged]",
    );
    let long = "x".repeat(8 * 1024 * 1024 + 1);
    refused("ringlist.xml", &long, 1, "8388608 bytes");
    let absent = base.path().join("absent.xml");
    let run = stage(&bundle, &to, &[absent.to_str().unwrap()]).code(1);
    assert!(text(&run.get_output().stderr).contains("absent.xml"));
    let sound = written(base.path(), SEP, DEVICE_XML);
    let run = stage(&bundle, &to, &[&sound, &sound]).code(1);
    assert!(text(&run.get_output().stderr).contains("already has that name"));
    assert!(!to.exists());
}

/// Serves until `started`, with standard error in a file.
fn serving(args: &[&str], errors: &Path) -> (Running, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_reflash"));
    command
        .args(args)
        .args(["--listen", "127.0.0.1", "--tftp-port", "0"]);
    command.args(["--http-port", "0", "--json"]);
    command.stderr(fs::File::create(errors).unwrap());
    let mut server = Running::start(&mut command);
    let address = server.kind("started")["tftp"].as_str().unwrap().to_owned();
    (server, address)
}

fn fetched(address: &str, name: &str) -> Vec<u8> {
    let output = std::process::Command::new("curl")
        .args([
            "-s",
            "--max-time",
            "20",
            &format!("tftp://{address}/{name}"),
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{name}: {output:?}");
    output.stdout
}

#[test]
#[ignore = "needs curl"]
fn phones_get_own_files_over_the_wire_and_never_faulty_ones() {
    require_program("curl");
    let base = tempfile::tempdir().unwrap();
    let bundle = bundle(base.path());
    let bundle = bundle.to_str().unwrap();
    let sep = written(base.path(), SEP, DEVICE_XML);
    let rings = written(base.path(), "ringlist.xml", "<CiscoIPPhoneRinglist/>");
    let errors = base.path().join("errors");
    let args = [
        "convert",
        bundle,
        "--trust-key",
        KEY,
        "--add",
        &sep,
        "--add",
        &rings,
    ];
    let (server, address) = serving(&args, &errors);
    assert_eq!(fetched(&address, SEP), DEVICE_XML.as_bytes());
    assert_eq!(
        fetched(&address, "ringlist.xml"),
        b"<CiscoIPPhoneRinglist/>"
    );
    let generated = String::from_utf8(fetched(&address, DEFAULT)).unwrap();
    assert!(generated.contains("SIP45.9-3-1SR4-1S"), "{generated}");
    server.signal("INT");
    assert_eq!(server.end(), Some(130));

    let faulty = written(
        base.path(),
        SEP,
        &DEVICE_XML.replace("<name>1001</name>", ""),
    );
    let args = ["convert", bundle, "--trust-key", KEY, "--add", &faulty];
    let port = ["--listen", "127.0.0.1", "--tftp-port", "0", "--json"];
    let run = reflash(&[&args[..], &port].concat()).code(1);
    assert_eq!(text(&run.get_output().stdout), "", "nothing was started");
    let err = text(&run.get_output().stderr);
    assert!(
        err.contains("[no-line]") && err.contains("nothing was served"),
        "{err}"
    );
}

#[test]
#[ignore = "needs curl"]
fn a_served_folder_is_judged_and_served_all_the_same() {
    require_program("curl");
    let base = tempfile::tempdir().unwrap();
    let root = base.path().join("root");
    fs::create_dir_all(root.join("sub")).unwrap();
    let faulty = DEVICE_XML.replace("sipPort>5060", "sipPort>2000");
    written(&root, SEP, &faulty);
    written(
        &root,
        DEFAULT,
        &DEFAULT_XML.replace("Port>2000", "Port>5060"),
    );
    written(&root, "other.xml", "<no-phone-reads-this>");
    written(&root.join("sub"), DEFAULT, "<broken");
    let errors = base.path().join("errors");
    let (server, address) = serving(&["serve", root.to_str().unwrap()], &errors);
    assert_eq!(fetched(&address, SEP), faulty.as_bytes());
    server.signal("INT");
    assert_eq!(server.end(), Some(130));
    let told = fs::read_to_string(&errors).unwrap();
    assert_eq!(told.matches("[ports]").count(), 2, "{told}");
    assert!(
        !told.contains("other.xml") && !told.contains("sub/"),
        "{told}"
    );
}
