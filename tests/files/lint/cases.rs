//! Each fault of a configuration file is one finding with its code, severity, place and cure.

use std::{fs, path::Path};

use reflash::{diagnose::Severity, lint::CODES};

use super::{DEFAULT, SEP, check, place, valid_file};

use Severity::{Error, Note, Warning};

/// A fault: the replacements in a valid file, and the code, the severity and a part of the message
/// that they cause. The place is that of the text `at` in the faulty file.
struct Case {
    name: &'static str,
    edits: &'static [(&'static str, &'static str)],
    code: &'static str,
    severity: Severity,
    at: &'static str,
    part: &'static str,
}

const fn case(
    name: &'static str,
    edits: &'static [(&'static str, &'static str)],
    (code, severity): (&'static str, Severity),
    at: &'static str,
    part: &'static str,
) -> Case {
    Case {
        name,
        edits,
        code,
        severity,
        at,
        part,
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
    case(SEP, &[("ID>9<", "ID>21<")], ("no-line", Error), "<featureID>21", "Write 9"),
    case(SEP, &[("<name>1001</name>", "")], ("no-line", Error), "<line button=\"1\"", "registers as"),
    case(SEP, &[("callManager>", "manager>")], ("no-call-manager", Error), "<device>", "nowhere"),
    case(SEP, &[("Protocol>SIP<", "Protocol>SCCP<")], ("protocol", Error), "<deviceProtocol>", "not SIP"),
    case(SEP, &[("<deviceProtocol>SIP</deviceProtocol>", "")], ("protocol", Warning), "<device>", "missing"),
    case(SEP, &[("unspoken-30-characters-of-word", "PASSWORD")], ("placeholder", Error), "<authPassword>", "a placeholder"),
    case(SEP, &[("<sshUserId>admin", "<sshUserId>SSHUSERHERE")], ("placeholder", Warning), "<sshUserId>", "SSHUSERHERE"),
    case(SEP, &[("<proxy>USECALLMANAGER", "<proxy>[== SIP SERVER IP ==]")], ("placeholder", Error), "<proxy>", "SIP SERVER IP"),
    case(SEP, &[("sipPort>5060", "sipPort>2000")], ("ports", Error), "<sipPort>", "SCCP"),
    case(SEP, &[("W. Europe", "W Europe")], ("time-zone", Warning), "<timeZone>", "W. Europe Standard/Daylight Time"),
    case(SEP, &[("W. Europe Standard/Daylight Time", "Europe/Berlin")], ("time-zone", Warning), "<timeZone>", "Europe/Berlin"),
    case(SEP, &[(">Reception<", ">Front desk<")], ("phone-label", Error), "<phoneLabel>", "space"),
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
    case(SEP, &[("transportLayerProtocol>", "transportlayerprotocol>")], ("element-case", Warning), "<transportlayer", "<transportLayerProtocol>"),
    case(SEP, &[("<transportLayerProtocol>2</transportLayerProtocol>\n", ""), ("<kpml>", "<transportLayerProtocol>2</transportLayerProtocol><kpml>")], ("element-place", Warning), "<transportLayer", "into <device>"),
    case(SEP, &[("<versionStamp>", "<deviceSecurityMode>3</deviceSecurityMode><versionStamp>")], ("security-mode", Warning), "<deviceSecurityMode>", "TLS"),
    case(SEP, &[("<line button=\"1\">", "<!-- <line button=\"1\">"), ("<line button=\"2\"><featureID>21</featureID><speedDialNumber>1</speedDialNumber></line>", "-->")], ("no-line", Error), "<!--", "in a comment"),
    case(SEP, &[("<kpml>", "<!-- kpml\n<kpml>")], ("not-well-formed", Error), "<!--", "not closed"),
    case(SEP, &[("</kpml>", "")], ("not-well-formed", Error), "</sipProfile>", "<kpml> of line 22"),
    case(SEP, &[(">Reception<", ">Front&nbsp;desk<")], ("not-well-formed", Error), "&nbsp;", "the character itself"),
    case("dialplan.xml", &[("", "")], ("unknown-kind", Error), "", "Rename it to SEP<MAC>.cnf.xml"),
    case("SIP001D45AABB0C.cnf", &[("", "")], ("unknown-kind", Error), "", "Rename it to SEP<MAC>.cnf.xml"),
    case("SEP001D45AABB0C.CNF.XML", &[("", "")], ("file-name", Warning), "", "case-sensitive"),
    case("SEP001D45AABB0C.cnf.xml.sgn", &[("", "")], ("file-name", Warning), "", "is not signed"),
    // Values by their form
    case(SEP, &[("192.0.2.10", "192.0.2")], ("address", Error), "<processNodeName>192", "this has 3"),
    case(SEP, &[("192.0.2.10", "192.0.2.310")], ("address", Error), "<processNodeName>192", "310 is more than 255"),
    case(SEP, &[("192.0.2.10", "192.0.2.010")], ("address", Error), "<processNodeName>192", "Write 192.0.2.10"),
    case(SEP, &[("192.0.2.10", "192.O.2.10")], ("address", Error), "<processNodeName>192", "Write 192.0.2.10"),
    case(SEP, &[("192.0.2.10", "http://192.0.2.10/pbx")], ("address", Error), "<processNodeName>http", "Write 192.0.2.10"),
    case(SEP, &[("192.0.2.10", "192.0.2.10:5070")], ("address", Error), "<processNodeName>192", "5070 into the element"),
    case(SEP, &[("192.0.2.10", "LA DIRECCION DEL PBX")], ("address", Error), "<processNodeName>LA", "a space"),
    case(SEP, &[("192.0.2.10", "127.0.0.1")], ("address", Error), "<processNodeName>127", "the phone itself"),
    case(SEP, &[("192.0.2.10", "pbx_1.example.org")], ("address", Error), "<processNodeName>pbx", "'_'"),
    case(SEP, &[("192.0.2.10", "%%PBX%%")], ("placeholder", Error), "<processNodeName>", "%%PBX%%"),
    case(SEP, &[("192.0.2.10", "_THE_PBX_")], ("placeholder", Error), "<processNodeName>", "_THE_PBX_"),
    case(SEP, &[("192.0.2.10", "192.0.2.xxx")], ("placeholder", Error), "<processNodeName>", "192.0.2.xxx"),
    case(DEFAULT, &[("192.0.2.10", "192.0.2.10/24")], ("address", Error), "<processNodeName>", "Write 192.0.2.10"),
    case(SEP, &[("USECALLMANAGER", "USECALMANAGER")], ("address", Error), "<proxy>", "USECALLMANAGER"),
    case(SEP, &[("USECALLMANAGER", "UseCallManager")], ("address", Warning), "<proxy>", "USECALLMANAGER"),
    case(SEP, &[("USECALLMANAGER", "192.0.2,10")], ("address", Error), "<proxy>", "Write 192.0.2.10"),
    case(SEP, &[("pool.ntp.org", "&lt;pool.ntp.org")], ("address", Warning), "<name>&lt;", "Write pool.ntp.org"),
    case(SEP, &[("Unicast", "yes")], ("number", Warning), "<ntpMode>", "Unicast"),
    case(SEP, &[("sipPort>5060", "sipPort>70000")], ("ports", Error), "<sipPort>", "65535"),
    case(SEP, &[("sipPort>5060", "sipPort>udp")], ("ports", Error), "<sipPort>", "65535"),
    case(SEP, &[("sipPort>5060", "sipPort>#PORT#")], ("placeholder", Error), "<sipPort>", "#PORT#"),
    case(SEP, &[("</proxy>", "</proxy><port>5060 </port>")], ("invisible", Warning), "<port>", "space"),
    case(SEP, &[("</proxy>", "</proxy><port>five</port>")], ("ports", Error), "<port>", "65535"),
    case(SEP, &[("</proxy>", "</proxy><port>2000</port>")], ("ports", Warning), "<port>", "SCCP"),
    case(SEP, &[("USECALLMANAGER</proxy>", "192.0.2.10</proxy><port>2000</port>")], ("ports", Error), "<port>", "SCCP"),
    case(SEP, &[("<kpml>", "<voipControlPort>0</voipControlPort><kpml>")], ("ports", Error), "<voip", "65535"),
    case(SEP, &[("<kpml>", "<startMediaPort>20000</startMediaPort><stopMediaPort>19998</stopMediaPort><kpml>")], ("ports", Warning), "<startMediaPort>", "not below"),
    case(SEP, &[("<kpml>", "<startMediaPort>rtp</startMediaPort><kpml>")], ("ports", Warning), "<startMediaPort>", "16384"),
    case(SEP, &[("kpml>3<", "kpml>off<")], ("number", Warning), "<kpml>", "a number"),
    case(SEP, &[("D/M/Y", "dd/mm/yyyy")], ("date-format", Warning), "<dateTemplate>", "D/M/Y"),
    case(SEP, &[("<name>1001", "<name>1001@192.0.2.10")], ("user-name", Warning), "<name>1001", "'@'"),
    case(SEP, &[("<authName>1001", "<authName>front desk")], ("user-name", Warning), "<authName>", "a space"),
    case(SEP, &[("<name>1001", "<name>\u{a0}1001")], ("invisible", Error), "<name>\u{a0}", "U+00A0"),
    case(SEP, &[("<name>1001", "<name>1001 ")], ("invisible", Warning), "<name>1001", "space"),
    case(SEP, &[("192.0.2.10", "192.0.\u{200b}2.10")], ("invisible", Error), "<processNodeName>192", "U+200B"),
    case(SEP, &[("unspoken", "unspoken\u{ad}")], ("invisible", Error), "<authPassword>", "U+00AD"),
    case(SEP, &[(">Reception<", ">\u{feff}Reception<")], ("invisible", Warning), "<phoneLabel>", "U+FEFF"),
    case(SEP, &[("unspoken-30-characters-of-word", "")], ("no-secret", Warning), "<authPassword>", "empty"),
    case(SEP, &[("<authPassword>unspoken-30-characters-of-word</authPassword>", "")], ("no-secret", Warning), "<line button=\"1\"", "empty"),
    case(SEP, &[("of-word<", "of-words<")], ("secret-too-long", Warning), "<authPassword>", "31"),
    case(SEP, &[("of-word<", "of-wordss<")], ("secret-too-long", Warning), "<authPassword>", "tab General, field Secret"),
    case(SEP, &[("<line button=\"2\"><featureID>21</featureID>", "<line button=\"2\"><proxy>USECALLMANAGER</proxy><name>1002</name><authPassword>unspoken</authPassword>")], ("one-register", Warning), "<proxy>USECALLMANAGER</proxy><name>1002", "address of the PBX"),
    case(SEP, &[("button=\"2\"", "button=\"1\"")], ("repeated", Warning), "<line button=\"1\"><featureID>21", "twice"),
    case(SEP, &[("<kpml>", "<kpml>0</kpml><kpml>")], ("repeated", Warning), "<kpml>3", "twice"),
    case(DEFAULT, &[("<loadInformation436", "<loadInformation435 model=\"Cisco 7945\">SIP45.9-4-2SR3-1S</loadInformation435><loadInformation436")], ("repeated", Warning), "<loadInformation435 model=\"Cisco 7945\">SIP45.9-4", "twice"),
    case(DEFAULT, &[("loadInformation436", "loadInformation0436")], ("device-type", Error), "<loadInformation0436", "<loadInformation436"),
    // Load names
    case(SEP, &[("SIP45.9-3-1SR4-1S", "cmterm-7945_7965-sip.9-3-1SR4-1.zip"), ("-30-characters-of-word", "")], ("load-name", Error), "<loadInformation>", "SIP45.9-3-1SR4-1S"),
    case(SEP, &[("SIP45.9-3-1SR4-1S", "cvm45sip.9-3-1ES26.sbn"), ("-30-characters-of-word", "")], ("load-name", Error), "<loadInformation>", "an image"),
    case(SEP, &[("SIP45.9-3-1SR4-1S", "SIP45.9-3-1SR4-IS")], ("load-name", Error), "<loadInformation>", "SIP45.9-3-1SR4-1S"),
    case(SEP, &[("SIP45.9-3-1SR4-1S", "SIP45.9.3.1SR4.1S")], ("load-name", Error), "<loadInformation>", "SIP45.9-3-1SR4-1S"),
    case(SEP, &[("SIP45.9-3-1SR4-1S", "tftp/SIP45.9-3-1SR4-1S"), ("-30-characters-of-word", "")], ("load-name", Error), "<loadInformation>", "a folder"),
    case(SEP, &[("SIP45.9-3-1SR4-1S", "sip45.9-3-1Sr4-1s")], ("load-case", Warning), "<loadInformation>", "SIP45.9-3-1SR4-1S"),
    // Names that no phone requests
    case("SEP001D45AABB0C.cnf.xml.txt", &[("", "")], ("file-name", Warning), "", "SEP001D45AABB0C.cnf.xml;"),
    case("001D45AABB0C.cnf.xml", &[("", "")], ("file-name", Warning), "", "to SEP001D45AABB0C.cnf.xml"),
    case("SEP001D45AABB0C (1).xml", &[("", "")], ("file-name", Warning), "", "to SEP001D45AABB0C.cnf.xml"),
    // Text after the end
    case(SEP, &[("</device>\n", "</device>\n<device/>")], ("not-well-formed", Error), "<device/>", "after </device>"),
    case(SEP, &[("</device>\n", "</device>\n\nend")], ("not-well-formed", Error), "end", "after </device>"),
    case(SEP, &[("button=\"2\"", "button=\"2\",")], ("not-well-formed", Error), ",><featureID>21", "after the value"),
    case("phone.xml", &[("device>", "CiscoIPPhoneText>")], ("unknown-kind", Error), "<CiscoIPPhoneText>", "<device>"),
];

#[test]
fn one_fault_is_one_finding_at_its_place() {
    for case in CASES {
        let valid = valid_file(case.name);
        let mut text = valid.to_owned();
        for (from, to) in case.edits {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        let findings = check(case.name, &text);
        if case.code == "load-family" && case.part.is_empty() {
            // 7970 and 7971 are one family: either manifest is valid for both.
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
        let shown = format!("{} {}", found.message, found.cure);
        assert!(shown.contains(case.part), "{shown}");
        assert!(
            !found.cure.is_empty() && !shown.contains("unspoken"),
            "{shown}"
        );
    }
}

#[test]
fn every_code_has_a_test_and_a_row_in_docs_lint() {
    let document = fs::read_to_string("docs/lint.md").unwrap();
    let in_other_tests = [
        "aor",
        "auth-name",
        "comment-ends-early",
        "button",
        "daylight-saving",
        "dial-plan-missing",
        "image-version",
        "speed-dial",
        "dial-plan-name",
        "kpml",
        "multiplatform",
        "no-load",
        "not-dynamic",
        "one-password",
        "password-differs",
        "peer-firmware",
        "range",
        "sync-info",
        "unknown-key",
        "unquoted",
        "unread",
        "value-too-long",
        "encoding",
        "endpoint-nat",
        "lines-differ",
        "load-case",
        "load-not-staged",
        "load-too-old",
        "shared-user",
        "too-large",
        "too-many-findings",
        "unknown-endpoint",
    ];
    for code in CODES {
        assert!(document.contains(&format!("| `{code}` |")), "{code}");
        let tested = CASES.iter().any(|case| case.code == *code) || in_other_tests.contains(code);
        assert!(tested, "{code}");
    }
}
