//! The files of the phones: the expected bytes, strict XML, and a check by sep-rs.

use std::collections::BTreeSet;

use expect_test::expect_file;
use reflash::phone::{CISCO_TIME_ZONES, LoadName, MODELS, Model};
use roxmltree::Document;

use super::{SITE, build, build_with, inventory, seps, text};

fn of_79xx() -> impl Iterator<Item = &'static Model> {
    MODELS
        .iter()
        .filter(|model| model.family.has_recovery_manifest())
}

/// An inventory with every value, for one model with all its buttons in use.
pub(super) fn full(model: &Model, at: usize) -> String {
    let mut toml = format!(
        "{SITE}time_zone = \"Europe/Vienna\"\nntp = [\"192.0.2.1\"]\n\
         codecs = [\"alaw\", \"ulaw\", \"g722\"]\nlocale = \"German_Germany\"\nlanguage = \"de_DE\"\n\
         network_locale = \"Austria\"\nvoicemail = \"*97\"\n\
         [[phone]]\nmac = \"001D45AABB{at:02X}\"\nmodel = \"{}\"\nextension = 1001\n\
         name = \"Anna & Bert\"\nsecret = \"hunter2hunt\"\nlabel = \"Reception\"\n\
         ssh_user = \"admin\"\nssh_password = \"letmein\"\n",
        model.number
    );
    for button in 2..=model.line_buttons() {
        toml += "[[phone.line]]\n";
        toml += &if button % 2 == 0 {
            format!(
                "extension = {}\nsecret = \"secret-{button}\"\n",
                1000 + u32::from(button)
            )
        } else {
            format!("number = \"0{button}\"\nlabel = \"Taxi {button}\"\n")
        };
    }
    toml
}

#[test]
fn the_file_of_each_model_is_the_expected_one() {
    for (at, model) in of_79xx().enumerate() {
        let code = format!("{:?}", model.family).replace('F', "SIP");
        let loads = [(model, LoadName::new(&format!("{code}.9-4-2SR3-1S")))];
        let built = build_with(
            &inventory(&full(model, at)),
            &loads,
            Some(b"<DIALTEMPLATE/>"),
        );
        let built = built.unwrap();
        let (name, written) = seps(&built).next().unwrap();
        assert_eq!(name, format!("001D45AABB{at:02X}.cnf.xml"));
        expect_file![format!("expected/{}.xml", model.number)].assert_eq(written);
    }
}

#[test]
fn each_model_has_its_line_buttons() {
    let counts: Vec<_> = of_79xx().map(|m| (m.number, m.line_buttons())).collect();
    assert_eq!(
        counts,
        [
            ("7906", 1),
            ("7911", 1),
            ("7931", 24),
            ("7941", 2),
            ("7941-GE", 2),
            ("7961", 6),
            ("7961-GE", 6),
            ("7942", 2),
            ("7962", 6),
            ("7945", 2),
            ("7965", 6),
            ("7970", 8),
            ("7971", 8),
            ("7975", 8),
        ]
    );
    for (at, model) in of_79xx().enumerate() {
        let built = build(&full(model, at));
        let (_, written) = seps(&built).next().unwrap();
        let document = Document::parse(written).unwrap();
        let buttons: Vec<u8> = document
            .descendants()
            .filter(|node| node.has_tag_name("line"))
            .map(|node| node.attribute("button").unwrap().parse().unwrap())
            .collect();
        assert_eq!(buttons, (1..=model.line_buttons()).collect::<Vec<_>>());
    }
}

/// The names of the elements of a file with which a 7965 has run at an Asterisk since 2015
/// (zencoffee.org, "Cisco 7965 VOIP Phones Standalone"): each is here too.
const KNOWN_TO_WORK: &str = "device deviceProtocol sshUserId sshPassword devicePool \
    dateTimeSetting dateTemplate timeZone ntps ntp name ntpMode callManagerGroup members member \
    callManager ports ethernetPhonePort sipPort securedSipPort processNodeName sipProfile \
    sipProxies registerWithProxy sipCallFeatures cnfJoinEnabled callForwardURI callPickupURI \
    callPickupListURI callPickupGroupURI meetMeServiceURI abbreviatedDialURI rfc2543Hold \
    callHoldRingback localCfwdEnable semiAttendedTransfer anonymousCallBlock callerIdBlocking \
    dndControl remoteCcEnable sipStack sipInviteRetx sipRetx timerInviteExpires \
    timerRegisterExpires timerRegisterDelta timerKeepAliveExpires timerSubscribeExpires \
    timerSubscribeDelta timerT1 timerT2 maxRedirects remotePartyID userInfo autoAnswerTimer \
    autoAnswerAltBehavior autoAnswerOverride transferOnhookEnabled enableVad preferredCodec \
    dtmfAvtPayload dtmfDbLevel dtmfOutofBand alwaysUsePrimeLine alwaysUsePrimeLineVoiceMail kpml \
    natEnabled natAddress phoneLabel stutterMsgWaiting callStats \
    silentPeriodBetweenCallWaitingBursts disableLocalSpeedDialConfig startMediaPort stopMediaPort \
    sipLines line featureID featureLabel proxy port displayName autoAnswer autoAnswerEnabled \
    callWaiting authName authPassword sharedLine messageWaitingLampPolicy messagesNumber \
    ringSettingIdle ringSettingActive contact forwardCallInfoDisplay callerName callerNumber \
    redirectedNumber dialedNumber speedDialNumber voipControlPort dscpForAudio \
    ringSettingBusyStationPolicy dialTemplate commonProfile phonePassword backgroundImageAccess \
    callLogBlfEnabled loadInformation vendorConfig disableSpeaker disableSpeakerAndHeadset pcPort \
    settingsAccess garp voiceVlanAccess videoCapability autoSelectLineEnable webAccess sshAccess \
    sshPort daysDisplayNotActive displayOnTime displayOnDuration displayIdleTimeout spanToPCPort \
    loggingDisplay loadServer g722CodecSupport versionStamp userLocale uid langCode version \
    winCharSet networkLocale networkLocaleInfo deviceSecurityMode authenticationURL directoryURL \
    idleURL informationURL messagesURL proxyServerURL servicesURL dscpForSCCPPhoneConfig \
    dscpForSCCPPhoneServices dscpForCm2Dvce transportLayerProtocol capfAuthMode capfList capf \
    phonePort certHash encrConfig advertiseG722Codec";

#[test]
fn no_element_of_a_proven_file_is_missing() {
    let model = Model::by_number("7965").unwrap();
    let loads = [(model, LoadName::new("SIP45.9-3-1SR4-1S"))];
    let plan = b"<DIALTEMPLATE/>";
    let built = build_with(&inventory(&full(model, 1)), &loads, Some(plan)).unwrap();
    let (_, written) = seps(&built).next().unwrap();
    let document = Document::parse(written).unwrap();
    let here: BTreeSet<_> = document
        .descendants()
        .map(|node| node.tag_name().name())
        .collect();
    let missing: Vec<_> = KNOWN_TO_WORK
        .split_whitespace()
        .filter(|name| !here.contains(name))
        .collect();
    assert_eq!(missing, [""; 0]);
    let comments = document
        .descendants()
        .filter(roxmltree::Node::is_comment)
        .count();
    assert_eq!(comments, 0);
    assert!(!written.contains("xsi:"), "no undeclared prefix");
}

#[test]
fn chosen_values_are_those_of_docs_configuration() {
    let built = build(&format!(
        "{SITE}[[phone]]\nmac = \"001D45AABB01\"\nextension = 1001\n"
    ));
    let (_, written) = seps(&built).next().unwrap();
    let document = Document::parse(written).unwrap();
    let of = |name: &str| {
        let node = document.descendants().find(|node| node.has_tag_name(name));
        node.map(|node| node.text().unwrap_or_default())
    };
    for (name, value) in [
        ("kpml", Some("0")),
        ("peerFirmwareSharing", Some("0")),
        ("natEnabled", Some("false")),
        ("proxy", Some("192.0.2.10")),
        ("processNodeName", Some("192.0.2.10")),
        ("transportLayerProtocol", Some("2")),
        ("preferredCodec", Some("g711ulaw")),
        ("advertiseG722Codec", Some("0")),
        ("startMediaPort", Some("16384")),
        ("stopMediaPort", Some("32766")),
        ("timeZone", Some("Greenwich Standard Time")),
        ("phoneLabel", Some("1001")),
        ("featureLabel", Some("1001")),
        ("webAccess", Some("0")),
        ("sshAccess", Some("1")),
        ("loadInformation", None),
        ("dialTemplate", None),
        ("userLocale", None),
        ("ntps", None),
        ("messagesNumber", None),
        ("sshUserId", None),
    ] {
        assert_eq!(of(name), value, "{name}");
    }
    assert!(CISCO_TIME_ZONES.contains(&of("timeZone").unwrap()));
    let tcp = build(
        "[site]\npbx = \"pbx.example\"\ntransport = \"tcp\"\nport = 5070\n\
         [[phone]]\nmac = \"001D45AABB01\"\nextension = 1001\n",
    );
    let (_, written) = seps(&tcp).next().unwrap();
    for part in [
        "<proxy>USECALLMANAGER</proxy>",
        "<transportLayerProtocol>1</transportLayerProtocol>",
        "<sipPort>5070</sipPort>",
        "<processNodeName>pbx.example</processNodeName>",
    ] {
        assert!(written.contains(part), "{part}: {written}");
    }
    assert!(text(&tcp, "tftp/XMLDefault.cnf.xml").contains("<processNodeName>pbx.example<"));
}

#[test]
fn the_version_stamp_changes_with_the_file_and_only_then() {
    let stamp = |name: &str| {
        let built = build(&format!(
            "{SITE}[[phone]]\nmac = \"001D45AABB01\"\nextension = 1001\n\
             name = \"{name}\"\n"
        ));
        let (_, written) = seps(&built).next().unwrap();
        let at = written.find("<versionStamp>").unwrap();
        written[at..at + 50].to_owned()
    };
    assert_eq!(stamp("a"), stamp("a"));
    assert_ne!(stamp("a"), stamp("b"));
}

/// The result of sep-rs.
fn validate(
    name: &str,
    written: &str,
    model: Option<sep_rs::PhoneModelId>,
) -> sep_rs::ValidationResult {
    sep_rs::validate_artifact_input(&sep_rs::ArtifactValidationRequest {
        filename: name.to_owned(),
        contents: written.to_owned(),
        model,
    })
}

fn errors(result: &sep_rs::ValidationResult) -> Vec<String> {
    let errors = result.diagnostics.iter().filter(|found| found.is_error());
    errors.map(ToString::to_string).collect()
}

#[test]
fn sep_rs_finds_no_unexpected_error() {
    for (at, model) in of_79xx().enumerate() {
        let built = build(&full(model, at));
        for (name, written) in seps(&built) {
            let name = format!("SEP{name}");
            assert_eq!(
                errors(&validate(&name, written, None)),
                [""; 0],
                "{}",
                model.number
            );
            if WITHOUT_TABLE.contains(&model.number) {
                continue;
            }
            let number = model.number.replace("-GE", "G-GE");
            let unexpected: BTreeSet<_> = errors(&validate(&name, written, number.parse().ok()))
                .into_iter()
                .filter(|error| !KNOWN_REFUSALS.iter().any(|known| error.contains(known)))
                .collect();
            assert_eq!(unexpected, BTreeSet::new(), "{}", model.number);
        }
        let name = "XMLDefault.cnf.xml";
        let default = validate(name, text(&built, "tftp/XMLDefault.cnf.xml"), None);
        assert_eq!(errors(&default), [""; 0]);
    }
}

/// Errors of sep-rs 0.3 for a given model that do not apply to these phones: files with these
/// elements run on a 7965 and on a 7911.
const KNOWN_REFUSALS: &[&str] = &[
    "/device/vendorConfig/autoSelectLineEnable:",
    "/device/vendorConfig/disableSpeakerAndHeadset:",
    "/device/vendorConfig/sshPort:",
    "/device/vendorConfig/videoCapability:",
];

/// Models whose `vendorConfig` sep-rs 0.3 does not know: it rejects every element of it.
const WITHOUT_TABLE: &[&str] = &["7906", "7931", "7970", "7971"];

/// sep-rs does reject files: otherwise the test above would prove nothing.
#[test]
fn sep_rs_finds_an_error_in_a_wrong_file() {
    let built = build(&full(Model::by_number("7965").unwrap(), 1));
    let (name, written) = seps(&built).next().unwrap();
    for (right, wrong) in [
        ("<deviceProtocol>SIP<", "<deviceProtocol>H323<"),
        ("<sipPort>5060<", "<sipPort>0<"),
        ("button=\"3\"", "button=\"2\""),
    ] {
        assert!(written.contains(right), "{right}");
        let request = sep_rs::ArtifactValidationRequest {
            filename: format!("SEP{name}"),
            contents: written
                .replace(right, wrong)
                .replace("<securedSipPort>5061<", "<securedSipPort>0<"),
            model: None,
        };
        assert!(!sep_rs::validate_artifact_input(&request).valid, "{wrong}");
    }
}
