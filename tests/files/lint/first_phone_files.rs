//! The files of a folder that a 7940 or 7960 reads, and what they lack.

use std::{fs, path::Path};

use reflash::{
    lint::{self, LintContext},
    phone::Model,
};

use super::{
    DEFAULT, DEVICE_XML, Error, SEP, Warning, check, families::device, reflash, text, written,
};

/// The codes of all findings about the files of a folder.
pub(super) fn of_folder(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        written(folder.path(), name, content);
    }
    let run = reflash(&["lint", folder.path().to_str().unwrap(), "--json"]);
    let found: serde_json::Value =
        serde_json::from_slice(&run.get_output().stdout).unwrap_or_else(|error| {
            panic!("{error}: {}", text(&run.get_output().stderr));
        });
    let found = found["findings"].as_array().unwrap().iter();
    let code = |one: &serde_json::Value| {
        let name = Path::new(one["path"].as_str().unwrap())
            .file_name()
            .unwrap();
        let (severity, code) = (&one["severity"], &one["code"]);
        format!(
            "{} {} {}",
            name.to_str().unwrap(),
            severity.as_str().unwrap(),
            code.as_str().unwrap()
        )
    };
    found.map(code).collect()
}

pub(super) const COMMON: &str =
    "image_version: P0S3-8-12-00\nproxy1_address: 192.0.2.10\nproxy_register: 1\n";
const OWN: &str = "proxy1_address: 192.0.2.10\nproxy_register: 1\nline1_name: 201\n\
    line1_password: unspoken\n";
pub(super) const OWN_NAME: &str = "SIP001D45AABB0C.cnf";

#[test]
fn a_sep_file_without_a_load_beside_the_settings_of_a_7940_is_an_error() {
    let without = DEVICE_XML.replace("<loadInformation>SIP45.9-3-1SR4-1S</loadInformation>", "");
    let plan = (
        "dialplan.xml",
        "<DIALTEMPLATE><TEMPLATE MATCH=\"*\" Timeout=\"5\"/></DIALTEMPLATE>",
    );
    let ours = [("SIPDefault.cnf", COMMON), (OWN_NAME, OWN), plan];
    assert_eq!(of_folder(&ours), [""; 0]);
    let left = format!("{SEP} error no-load");
    let with = |name, text| of_folder(&[&ours[..], &[(name, text)]].concat());
    assert!(with(SEP, &without).contains(&left));
    // The file of another phone is no matter.
    let other = with("SEP001D45AABB0D.cnf.xml", &without);
    assert!(
        !other.iter().any(|code| code.contains("no-load")),
        "{other:?}"
    );
    let named = "<device><loadInformation8>P0S3-8-12-00</loadInformation8></device>";
    assert_eq!(with(SEP, named), [""; 0]);
}

#[test]
fn every_file_of_a_7940_has_to_name_the_same_load() {
    let sep = |load: &str| format!("<device><loadInformation7>{load}</loadInformation7></device>");
    let older = "P0S3-07-5-00";
    let default = super::DEFAULT_XML.replace("P0S3-8-12-00", older);
    for (files, expected) in [
        (
            vec![(SEP, sep(older))],
            format!("{SEP} error image-version"),
        ),
        (
            vec![(DEFAULT, default)],
            format!("{DEFAULT} error image-version"),
        ),
        (
            vec![(OWN_NAME, format!("image_version: {older}\n{OWN}"))],
            format!("{OWN_NAME} warning image-version"),
        ),
        // The phone obeys its own settings, and its SEP file names the same.
        (
            vec![
                (OWN_NAME, format!("image_version: {older}\n{OWN}")),
                (SEP, sep(older)),
            ],
            format!("{OWN_NAME} warning image-version"),
        ),
        (vec![(SEP, sep("P0S3-8-12-00"))], String::new()),
        (vec![(SEP, device("SIP69xx.9-4-1-3SR3"))], String::new()),
        (
            vec![(DEFAULT, super::DEFAULT_XML.to_owned())],
            String::new(),
        ),
        (
            vec![(
                DEFAULT,
                super::DEFAULT_XML.replace("P0S3-8-12-00", "P003-8-12-00"),
            )],
            String::new(),
        ),
    ] {
        let mut all = vec![("SIPDefault.cnf", COMMON)];
        all.extend(files.iter().map(|(name, text)| (*name, text.as_str())));
        let found = of_folder(&all);
        let versions: Vec<_> = found
            .iter()
            .filter(|code| code.ends_with("image-version"))
            .collect();
        if expected.is_empty() {
            assert!(versions.is_empty(), "{files:?}: {found:?}");
        } else {
            assert_eq!(versions, [&expected], "{files:?}");
        }
    }
    // Named one by one, they are compared too.
    let folder = tempfile::tempdir().unwrap();
    let own = written(folder.path(), "SIPDefault.cnf", COMMON);
    let sep = written(folder.path(), SEP, &sep(older));
    let run = reflash(&["lint", &own, &sep]).code(1);
    assert!(text(&run.get_output().stdout).contains("[image-version]"));
    fs::remove_file(own).unwrap();
}

#[test]
fn the_rule_of_daylight_saving_time_of_a_7940_is_complete() {
    let rule = "dst_start_month: March\ndst_start_day_of_week: Sunday\n\
        dst_start_week_of_month: 8\ndst_start_time: 02/00\ndst_stop_month: October\n\
        dst_stop_day_of_week: Sunday\ndst_stop_week_of_month: 8\ndst_stop_time: 03/00\n";
    let of = |further: &str| super::codes(&check("SIPDefault.cnf", &format!("{COMMON}{further}")));
    let zone = "time_zone: CET\n";
    for good in [
        "",
        "time_zone: CET\ndst_auto_adjust: 0\n",
        &format!("{zone}{rule}"),
        &format!("{zone}{rule}").replace("8\ndst_stop", "8\ndst_start_day: 0\ndst_stop"),
    ] {
        assert_eq!(of(good), [], "{good}");
    }
    let date = format!("{zone}{rule}").replace(
        "dst_start_day_of_week: Sunday\ndst_start_week_of_month: 8\n",
        "dst_start_day: 25\n",
    );
    assert_eq!(of(&date), []);
    for bad in [
        zone,
        &format!("{zone}{}", rule.replace("dst_stop_month: October\n", "")),
        &rule.replace("dst_start_time: 02/00\n", ""),
    ] {
        assert_eq!(of(bad), [("daylight-saving", Warning)], "{bad}");
    }
    for (from, to) in [
        ("March", "Marz"),
        ("Sunday", "Sonntag"),
        ("month: 8", "month: 7"),
        ("02/00", "25/00"),
    ] {
        let text = format!("{zone}{}", rule.replacen(from, to, 1));
        assert_eq!(of(&text), [("number", Warning)], "{to}");
    }
}

#[test]
fn lines_and_keys_that_a_7940_does_not_have_are_warnings() {
    let of = |number: &str, further: &str| {
        let known = LintContext {
            model: Model::by_number(number),
            ..LintContext::default()
        };
        let text = format!("{OWN}{further}");
        super::codes(&lint::check(Path::new(OWN_NAME), text.as_bytes(), &known))
    };
    let third = "line3_name: 203\nline3_password: unspoken\n";
    assert_eq!(of("7940", third), [("button", Warning); 2]);
    assert_eq!(of("7940", "speed_line3: 12\n"), [("button", Warning)]);
    assert_eq!(of("7960", third), []);
    // The first button is always a line.
    assert_eq!(of("7960", "speed_line2: 12\n"), []);
    assert_eq!(of("7960", "speed_line1: 12\n"), [("unknown-key", Warning)]);
    for key in ["auto_answer", "mwi_status", "my_name", "FirmLoadID"] {
        let found = of("7960", &format!("{key}: 1\n"));
        assert_eq!(found, [("unknown-key", Warning)], "{key}");
    }
    for version in ["P0S3-8-12-OO", "P0S3", "SIP", "P0S3-8-12-00x", "P0"] {
        let found = of("7960", &format!("image_version: {version}\n"));
        assert_eq!(found, [("load-name", Error)], "{version}");
    }
    assert_eq!(
        of("7960", "network_port2_type: Switch\n"),
        [("number", Warning)]
    );
    assert_eq!(of("7960", "network_port2_type: Hub/Switch\n"), []);
}
