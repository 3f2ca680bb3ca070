//! The checks of configuration files: valid files have no finding, and what bundles, models and
//! `pjsip.conf` add.

mod cases;
mod command;
mod families;
mod first_phone_files;
mod first_phones;
mod first_phones_pbx;
mod folders;
mod includes;
mod limits;
mod own_files;
mod pbx;
mod variants;

use std::{fs, path::Path};

use assert_cmd::Command;
use reflash::{
    diagnose::{Finding, Severity},
    lint::{self, LintContext, PjsipConfig},
    phone::{LoadName, Model},
};

use Severity::{Error, Note, Warning};

const SEP: &str = "SEP001D45AABB0C.cnf.xml";
const DEFAULT: &str = "XMLDefault.cnf.xml";

/// A valid file of a 7965.
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
        <authPassword>unspoken-30-characters-of-word</authPassword>
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

/// A valid default file.
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
    [1001]\ntype=endpoint\ntransport=udp\nforce_rport=no\naors=1001\n\
    [1001]\ntype=auth\npassword=x\n[1001]\ntype=aor\nmax_contacts=1\n";

/// The valid file of this kind.
fn valid_file(name: &str) -> &'static str {
    if name == DEFAULT {
        DEFAULT_XML
    } else {
        DEVICE_XML
    }
}

fn check(name: &str, text: &str) -> Vec<Finding> {
    lint::check(Path::new(name), text.as_bytes(), &LintContext::default())
}

/// Codes and severities. No finding shows a password: those of the tests have this word.
fn codes(found: &[Finding]) -> Vec<(&'static str, Severity)> {
    for finding in found {
        let shown = format!("{} {}", finding.message, finding.cure);
        assert!(!shown.contains("unspoken"), "{shown}");
    }
    let code = |found: &Finding| (found.code, found.severity);
    found.iter().map(code).collect()
}

/// The line and the column where a text first occurs in another.
fn place(text: &str, what: &str) -> (u32, u32) {
    let at = text.find(what).expect(what);
    let line = text[..at].matches('\n').count() + 1;
    let column = text[..at].chars().rev().take_while(|c| *c != '\n').count() + 1;
    (u32::try_from(line).unwrap(), u32::try_from(column).unwrap())
}

#[test]
fn files_that_phones_accept_have_no_findings() {
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
        // By the root element, where the name does not show the kind.
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
fn a_dial_plan_is_checked_by_its_own_rules() {
    let plan = "<DIALTEMPLATE>\n<TEMPLATE MATCH=\"5..\" Timeout=\"0\"/>\n\
                <TEMPLATE MATCH=\"5.......\" Timeout=\"0\"/>\n</DIALTEMPLATE>\n";
    for name in ["dialplan.xml", "dialplan-office.xml", "whatever.xml", "-"] {
        let found = check(name, plan);
        let places: Vec<_> = found.iter().map(|f| (f.code, f.line)).collect();
        assert_eq!(places, [("hidden-entry", Some(3))], "{name}");
        assert_eq!(found[0].path.as_deref(), Some(Path::new(name)));
    }
    assert_eq!(
        check("dialplan.xml", &plan.replace("5.......", "6.......")),
        []
    );
    // Whatever the name of the file, also where XML has other rules than phones.
    let tones = "<DIALTEMPLATE>\n<TEMPLATE MATCH=\"0,1,...\" Timeout=\"0\" \
                 Tone=\"Cisco-Zip\" Tone=\"Bellcore-Stutter\"/>\n</DIALTEMPLATE>\n";
    let broken = "<!-- office -->\n<dialTemplate>\n<TEMPLATE MATCH=\"1..\"/>\n";
    for name in ["dialplan.xml", "office.xml", "template"] {
        assert_eq!(check(name, tones), [], "{name}");
        let found = check(name, broken);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("</dialTemplate>"), "{found:?}");
        assert!(
            !found[0].message.contains("drops the whole file"),
            "{found:?}"
        );
    }
}

#[test]
fn limits_of_labels_and_secrets_depend_on_the_model() {
    let text = DEVICE_XML
        .replace("Reception", "Front desk, left")
        .replace("SIP45.9-3-1SR4-1S", "");
    let of_model = |model: Option<&str>| {
        let known = LintContext {
            model: model.map(|number| Model::by_number(number).unwrap()),
            ..LintContext::default()
        };
        codes(&lint::check(Path::new(SEP), text.as_bytes(), &known))
    };
    assert_eq!(
        of_model(None),
        [("phone-label", Warning), ("secret-too-long", Note)]
    );
    let of_88xx = [
        ("peer-firmware", Note),
        ("kpml", Warning),
        ("transport", Warning),
    ];
    assert_eq!(of_model(Some("8841")), of_88xx, "nothing about the label");
    assert_eq!(of_model(Some("7965")), [("phone-label", Error)]);
    let f41 = [("phone-label", Error), ("secret-too-long", Warning)];
    assert_eq!(of_model(Some("7961-GE")), f41);
    let known = LintContext {
        model: Model::by_number("7911"),
        ..LintContext::default()
    };
    let findings = lint::check(Path::new(SEP), DEVICE_XML.as_bytes(), &known);
    // A 7911 has one button, and no expansion module.
    let codes: Vec<_> = findings.iter().map(|found| found.code).collect();
    assert_eq!(codes, ["button", "load-family"]);
}

/// The faults of a well-known guide: a line without a root, the id of another model, the name of
/// the bundle instead of the load; a SEP file with its placeholders.
#[test]
fn the_files_of_a_widespread_guide_have_exactly_their_faults() {
    let line = "<loadInformation8 model=\"Cisco 7965\">SIP45.9-3-1SR4</loadInformation8>\n";
    let findings = check(DEFAULT, line);
    let expected = ["no-default-root", "device-type", "load-name"];
    let expected = expected.map(|code| (code, Error));
    assert_eq!(codes(&findings), expected, "{findings:#?}");
    assert!(findings.iter().all(|found| found.line == Some(1)));
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
        .replace("unspoken-30-characters-of-word", "PASSWORD");
    let findings = check(SEP, &text);
    let expected = [
        ("undeclared-prefix", Warning),
        ("placeholder", Warning),
        ("placeholder", Warning),
        ("placeholder", Error),
        ("placeholder", Error),
    ];
    assert_eq!(codes(&findings), expected, "{findings:#?}");
}

#[test]
fn places_are_right_after_undeclared_prefixes() {
    let text =
        "<device xsi:type=\"a\" axl:b=\"c\"><deviceProtocol>SCCP</deviceProtocol>\n</device>";
    let findings = check(SEP, text);
    let places: Vec<_> = findings
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
            places.contains(&(code, line, column)),
            "{code} {what}: {places:?}"
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
fn loads_are_compared_with_the_bundles() {
    let known = LintContext {
        loads: vec![LoadName::new("SIP45.9-4-2SR4-3S")],
        ..LintContext::default()
    };
    let codes_for = |written: &str| -> Vec<_> {
        let text = DEVICE_XML.replace("SIP45.9-3-1SR4-1S", written);
        codes(&lint::check(Path::new(SEP), text.as_bytes(), &known))
    };
    assert_eq!(codes_for("SIP45.9-4-2SR4-3S"), []);
    assert_eq!(codes_for("term65.default"), []);
    assert_eq!(codes_for("sip45.9-4-2sr4-3s"), [("load-case", Warning)]);
    assert_eq!(codes_for("SIP45.9-4-2SR4"), [("load-name", Error)]);
    assert_eq!(codes_for("SIP45.9-3-1SR4-1S"), [("load-not-staged", Error)]);
    assert_eq!(
        codes_for("SIP75.9-3-1SR4-1S"),
        [("load-not-staged", Warning)]
    );
}

#[test]
fn a_difference_between_the_phone_and_pjsip_conf_is_a_finding() {
    let codes_for = |pjsip: &str, transport: &str| -> Vec<_> {
        let known = LintContext {
            pjsip: Some(PjsipConfig::read(pjsip)),
            ..LintContext::default()
        };
        let text = DEVICE_XML.replace("Protocol>2<", &format!("Protocol>{transport}<"));
        codes(&lint::check(Path::new(SEP), text.as_bytes(), &known))
    };
    assert_eq!(codes_for(PJSIP, "2"), []);
    assert_eq!(codes_for(PJSIP, "4"), []);
    assert_eq!(codes_for(PJSIP, "3"), [("transport", Error)]);
    assert_eq!(codes_for(PJSIP, "1"), [("transport", Warning)]);
    assert_eq!(
        codes_for(&PJSIP.replace("force_rport=no", ""), "2"),
        [("endpoint-nat", Warning)]
    );
    let other = PJSIP.replace("1001", "phone");
    assert_eq!(codes_for(&other, "2"), [("unknown-endpoint", Warning)]);
    // What is missing may be in a file that was not read.
    assert_eq!(codes_for(&format!("#include more.conf\n{other}"), "3"), []);
    assert_eq!(codes_for("", "3"), []);
}

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
