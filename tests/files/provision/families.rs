//! The files of the phones other than the 79xx with five images: the form that each family reads.

use std::path::Path;

use expect_test::expect_file;
use reflash::{
    lint::{self, LintContext},
    phone::{LoadName, MODELS, Model},
    provision::ProvisionOutput,
};
use roxmltree::Document;

use super::{SITE, build, build_with, inventory, phones::full, seps, text, try_build};

pub(super) const LOAD: &str = "P0S3-8-12-00";

pub(super) fn model(number: &str) -> &'static Model {
    Model::by_number(number).unwrap()
}

/// A phone of this model with two lines, which have one password.
pub(super) fn office(site: &str, number: &str) -> String {
    format!(
        "{SITE}{site}[[phone]]\nmac = \"001D45AABB01\"\nmodel = {number}\nextension = 1001\n\
         name = \"Reception\"\nsecret = \"hunter2hunt\"\nline2_extension = 1002\n\
         line2_secret = \"hunter2hunt\"\n"
    )
}

/// The texts of all elements of this name in the SEP file of a site with one phone.
fn values(built: &ProvisionOutput, name: &str) -> Vec<String> {
    let (_, written) = seps(built).next().unwrap();
    let document = Document::parse(written).unwrap();
    let nodes = document
        .descendants()
        .filter(|node| node.has_tag_name(name));
    nodes
        .map(|node| node.text().unwrap_or_default().to_owned())
        .collect()
}

/// The messages of the faults.
pub(super) fn faults(toml: &str) -> Vec<String> {
    let faults = try_build(&inventory(toml)).err().unwrap_or_default();
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn the_files_of_a_model_of_each_family_are_the_expected_ones() {
    for (number, code) in [
        ("6901", "SIP6901"),
        ("6921", "SIP69xx"),
        ("8945", "SIP894x"),
        ("9971", "sip9971"),
        ("7821", "sip78xx"),
        ("8851", "sip88xx"),
    ] {
        let loads = [(model(number), LoadName::new(&format!("{code}.9-4-2")))];
        let toml = full(model(number), 1).replace("secret-", "hunter2hunt\" # \"");
        let built = build_with(&inventory(&toml), &loads, Some(b"<DIALTEMPLATE/>"));
        let built = built.unwrap_or_else(|faults| panic!("{faults:?}"));
        let (_, written) = seps(&built).next().unwrap();
        expect_file![format!("expected/{number}.xml")].assert_eq(written);
    }
    let loads = [(model("7960"), LoadName::new(LOAD))];
    let built = build_with(
        &inventory(&full(model("7960"), 1)),
        &loads,
        Some(b"<DIALTEMPLATE/>"),
    )
    .unwrap();
    for (name, expected) in [
        ("SIPDefault.cnf", "SIPDefault.cnf"),
        ("SIP001D45AABB01.cnf", "7960.cnf"),
        ("SEP001D45AABB01.cnf.xml", "7960.xml"),
    ] {
        let path = format!("tftp/{name}");
        // The number depends on all files of these phones.
        let written = text(&built, &path)
            .lines()
            .map(|line| match line.split_once("sync: ") {
                Some(("", _)) => "sync: NUMBER\n".to_owned(),
                _ => format!("{line}\n"),
            });
        let written: String = written.collect();
        expect_file![format!("expected/{expected}")].assert_eq(&written);
    }
}

#[test]
fn the_69xx_and_894x_get_no_element_that_their_schema_lacks() {
    for number in [
        "6901", "6911", "6921", "6941", "6945", "6951", "6961", "8941", "8945",
    ] {
        let toml = office("date_format = \"D.M.YYa\"\ncodecs = [\"g729\"]\n", number);
        let toml = if model(number).line_buttons() == 1 {
            toml.split("line2").next().unwrap().to_owned()
        } else {
            toml
        };
        let built = build(&toml);
        for (name, expected) in [
            ("natEnabled", &[][..]),
            ("natAddress", &[]),
            ("disableSpeaker", &[]),
            ("dateTemplate", &["D.M.YA"]),
            ("preferredCodec", &["g729"]),
            ("transportLayerProtocol", &["2"]),
            ("peerFirmwareSharing", &["0"]),
            ("kpml", &["0"]),
            ("webAccess", &["0"]),
            ("anonymousCallBlock", &["0"]),
        ] {
            assert_eq!(values(&built, name), expected, "{number} {name}");
        }
        let has_server = !values(&built, "loadServer").is_empty();
        assert_eq!(has_server, number.starts_with('8'), "{number}");
    }
    for (port, is_good) in [(1023, false), (1024, true), (49_151, true), (49_152, false)] {
        let found = faults(&office(&format!("port = {port}\n"), "6921"));
        assert_eq!(found.is_empty(), is_good, "{port}: {found:?}");
    }
    let found = faults(&office("date_format = \"Y/D/M\"\n", "6921"));
    assert!(
        found[0].contains("a 6921 does not show the date"),
        "{found:?}"
    );
}

#[test]
fn an_88xx_uses_tcp_unless_the_site_says_udp_and_the_pbx_has_both() {
    let both =
        office("", "8851") + "[[phone]]\nmac = \"001D45AABB02\"\nmodel = 7965\nextension = 1003\n";
    let built = build(&both);
    assert_eq!(values(&built, "transportLayerProtocol"), ["1"]);
    assert_eq!(
        values(&built, "proxy"),
        ["192.0.2.10"; 2],
        "no call manager"
    );
    let pjsip = text(&built, "asterisk/pjsip.conf");
    assert!(
        pjsip.contains("[transport-udp]") && pjsip.contains("[transport-tcp]"),
        "{pjsip}"
    );
    let sip = text(&built, "asterisk/chan_sip/sip.conf");
    assert!(
        sip.contains("tcpenable = yes") || sip.contains("tcpenable=yes"),
        "{sip}"
    );

    let udp = build(&office("transport = \"udp\"\n", "8851"));
    assert_eq!(values(&udp, "transportLayerProtocol"), ["2"]);
    assert!(
        udp.notes
            .iter()
            .any(|note| note.contains("an 88xx is reported to repeat"))
    );

    let tcp = build(&office("transport = \"tcp\"\n", "7960"));
    assert!(
        tcp.notes
            .iter()
            .any(|note| note.contains("SIP over UDP only"))
    );
    assert!(text(&tcp, "asterisk/pjsip.conf").contains("[transport-udp]"));
}

#[test]
fn lines_that_register_with_one_password_get_one() {
    let second = "line2_secret = \"hunter2hunt\"\n";
    let without = |number| {
        let first = office("", number).replace(second, "");
        first.replace("secret = \"hunter2hunt\"\n", "")
    };
    for number in ["8851", "7841", "9971"] {
        let passwords = values(&build(&without(number)), "authPassword");
        assert_eq!(passwords.len(), 2);
        assert_eq!(passwords[0], passwords[1], "{number}");
    }
    // The lines of a 7965 each have their own.
    let own = values(&build(&without("7965")), "authPassword");
    assert_ne!(own[0], own[1]);

    // A password of the inventory is also that of the other line.
    let first = office("", "8851").replace(second, "");
    assert_eq!(values(&build(&first), "authPassword"), ["hunter2hunt"; 2]);

    let differ =
        office("", "8851").replace("line2_secret = \"hunter2hunt\"", "line2_secret = \"other\"");
    let found = faults(&differ);
    assert!(
        found.len() == 1 && found[0].contains("another password for 1002 than for 1001: a 8851"),
        "{found:?}"
    );
    assert!(!found[0].contains("hunter2") && !found[0].contains("other\""));
}

#[test]
fn a_shared_line_joins_the_passwords_of_two_phones() {
    let phone = |mac: u8, first: u32| {
        format!(
            "[[phone]]\nmac = \"001D45AABB{mac:02X}\"\nmodel = 8841\nextension = {first}\n\
             [[phone.line]]\nextension = 2000\nshared = true\n"
        )
    };
    let built = build(&format!("{SITE}{}{}", phone(1, 1001), phone(2, 1002)));
    let secrets: Vec<_> = built
        .accounts
        .iter()
        .map(|one| one.secret.expose())
        .collect();
    assert!(
        secrets.len() == 3 && secrets.iter().all(|one| *one == secrets[0]),
        "{secrets:?}"
    );
}

#[test]
fn the_file_of_the_soft_keys_has_the_element_of_the_family() {
    let site = "soft_key_file = \"softkeys.xml\"\nfeature_policy_file = \"features.xml\"\n";
    for (number, element, file) in [
        ("9971", "featurePolicyFile", "features.xml"),
        ("8851", "softKeyFile", "softkeys.xml"),
        ("6921", "softKeyFile", "softkeys.xml"),
        ("7965", "softKeyFile", "softkeys.xml"),
    ] {
        assert_eq!(
            values(&build(&office(site, number)), element),
            [file],
            "{number}"
        );
    }
    let found = faults(&office("soft_key_file = \"../x\"\n", "7965"));
    assert!(found[0].contains("a file in the TFTP root"), "{found:?}");
}

#[test]
fn the_calls_of_all_lines_stay_below_the_maximum_of_the_model() {
    for model in MODELS
        .iter()
        .filter(|model| model.family.dialect().shares_firmware)
    {
        if model.family.configuration().is_none() {
            continue;
        }
        let toml = full(model, 1).replace("secret-", "hunter2hunt\" # \"");
        let built = build(&toml);
        let calls = values(&built, "maxNumCalls");
        let all: u32 = calls
            .iter()
            .map(|calls| calls.parse::<u32>().unwrap())
            .sum();
        assert!(
            !calls.is_empty() && model.most_calls().is_none_or(|most| all <= most),
            "{model:?}"
        );
    }
}

/// `lint` has notes at most about the files with every value, for every model.
#[test]
fn lint_accepts_the_files_of_every_model() {
    for model in MODELS
        .iter()
        .filter(|model| model.family.configuration().is_some())
    {
        let toml = full(model, 1)
            .replace("secret-", "hunter2hunt\" # \"")
            .replace("[site]", &format!("[site]\nimage_version = \"{LOAD}\""));
        let built = build(&toml);
        for file in built
            .files
            .iter()
            .filter(|file| file.path.starts_with("tftp/"))
        {
            let known = LintContext {
                model: Some(model),
                ..LintContext::default()
            };
            let found = lint::check(Path::new(&file.path), &file.bytes, &known);
            let wrong: Vec<_> = found
                .iter()
                .filter(|one| !["no-dial-plan", "no-register"].contains(&one.code))
                .collect();
            assert!(wrong.is_empty(), "{}: {wrong:?}", model.number);
        }
    }
}
