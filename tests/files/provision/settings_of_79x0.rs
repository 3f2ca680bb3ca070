//! The files of a 7940 and 7960: settings, and the SEP file that only names a load.

use reflash::{
    phone::LoadName,
    provision::{Passwords, ProvisionInputs, ProvisionOutput, conversion_files},
};

use super::{
    SITE, build, build_with,
    families::{LOAD, faults, model, office},
    first_phones, inventory,
    office::{Office, stdout},
    text,
};

fn paths(built: &ProvisionOutput) -> Vec<&str> {
    let files = built.files.iter();
    let paths = files.filter_map(|file| file.path.strip_prefix("tftp/"));
    paths.collect()
}

#[test]
fn a_7940_without_a_load_gets_no_sep_file_and_with_one_the_same_load_everywhere() {
    let built = build(&office("", "7940"));
    assert_eq!(
        paths(&built),
        [
            "SIP001D45AABB01.cnf",
            "SIPDefault.cnf",
            "syncinfo.xml",
            "XMLDefault.cnf.xml"
        ]
    );
    assert!(!text(&built, "tftp/SIPDefault.cnf").contains("image_version"));
    assert!(text(&built, "README.txt").contains("has no SEP file for them"));

    let named = build(&office(&format!("image_version = \"{LOAD}\"\n"), "7940"));
    let loads = [
        (model("7940"), LoadName::new(LOAD)),
        (model("7960"), LoadName::new(LOAD)),
    ];
    let staged = build_with(&inventory(&office("", "7940")), &loads, None).unwrap();
    for built in [named, staged] {
        assert!(
            text(&built, "tftp/SIPDefault.cnf").starts_with(&format!("image_version: {LOAD}\n"))
        );
        let sep = text(&built, "tftp/SEP001D45AABB01.cnf.xml");
        assert_eq!(sep.matches(LOAD).count(), 2, "{sep}");
        assert!(!text(&built, "tftp/SIP001D45AABB01.cnf").contains("image_version"));
    }

    let other = office("image_version = \"P0S3-07-5-00\"\n", "7940");
    let other = build_with(&inventory(&other), &loads, None).unwrap_err();
    assert!(
        other[0]
            .to_string()
            .contains("the firmware is P0S3-8-12-00"),
        "{other:?}"
    );
    for wrong in [
        "P003-8-12-00",
        "SIP45.9-3-1SR4-1S",
        "P0S3-8-12-00.loads",
        "P0S3-8-12-00-0000000000",
    ] {
        let found = faults(&office(&format!("image_version = \"{wrong}\"\n"), "7940"));
        assert!(
            found.len() == 1 && found[0].contains("such as P0S3-8-12-00"),
            "{wrong}: {found:?}"
        );
    }
}

#[test]
fn settings_of_a_7960_name_each_line_and_speed_dial() {
    let built = build(&format!(
        "{SITE}time_zone = \"America/New_York\"\ndate_format = \"M/D/YYA\"\n\
         codecs = [\"g722\", \"alaw\"]\nntp = [\"192.0.2.1\"]\nvoicemail = \"*97\"\n\
         backup_pbx = \"192.0.2.11\"\n\
         [[phone]]\nmac = \"001D45AABB01\"\nmodel = 7960\nextension = 1001\n\
         name = \"Anna # Bert's\"\n\
         line2_extension = 1002\nline4_number = \"*97\"\nline4_label = \"A label of many letters\"\n\
         line4_blf = true\n"
    ));
    let phones = first_phones(&built);
    let (_, settings) = &phones[0];
    for (key, value) in [
        ("line1_name", "1001"),
        ("line1_displayname", "Anna # Bert's"),
        ("line2_authname", "1002"),
        ("proxy2_address", "192.0.2.10"),
        ("speed_line4", "*97"),
        ("speed_label4", "A label of man"),
        ("proxy_register", "1"),
        ("proxy_backup", "192.0.2.11"),
        ("preferred_codec", "g711alaw"),
        ("sntp_server", "192.0.2.1"),
        ("sntp_mode", "unicast"),
        ("time_zone", "EST"),
        ("time_format_24hr", "0"),
        ("date_format", "M/D/Y"),
        ("dst_offset", "01/00"),
        ("dst_start_month", "March"),
        ("dst_start_week_of_month", "2"),
        ("dst_stop_month", "November"),
        ("dst_stop_time", "02/00"),
        ("messages_uri", "*97"),
    ] {
        assert_eq!(settings.get(key).map(String::as_str), Some(value), "{key}");
    }
    let notes = built.notes.join("\n");
    for part in [
        "'A label of m…' of *97 to 14",
        "`blf` has no effect there (001d45aabb01)",
    ] {
        assert!(notes.contains(part), "{part}: {notes}");
    }
    let names = "äöüß".repeat(8);
    let long = build(&office("", "7960").replace("Reception", &names));
    let (_, settings) = &first_phones(&long)[0];
    assert_eq!(
        settings["line1_displayname"].len(),
        30,
        "15 letters of 2 bytes"
    );
    assert!(text(&long, "asterisk/pjsip.conf").contains(&names[..60]));
}

#[test]
fn what_a_7960_cannot_do_is_a_fault_with_a_cure() {
    let long = format!("{}.example", "a".repeat(50));
    for (site, part) in [
        (
            "codecs = [\"g722\"]\n".to_owned(),
            "a 7960 has no G.722: expected ulaw",
        ),
        (
            "date_format = \"M.Y.D\"\n".to_owned(),
            "does not show the date in this order",
        ),
        (
            "time_zone = \"Romance Standard/Daylight Time\"\n".to_owned(),
            "expected an IANA name such as Europe/Paris",
        ),
        (format!("backup_pbx = \"{long}\"\n"), "a 7960 keeps 47"),
        (
            format!("services_url = \"http://{}/\"\n", "a".repeat(130)),
            "a 7960 keeps 127",
        ),
    ] {
        let found = faults(&office(&site, "7960"));
        assert!(
            found.len() == 1 && found[0].contains(part),
            "{site}: {found:?}"
        );
        assert_eq!(faults(&office(&site, "7965")), [""; 0], "{site}");
    }
    for number in ["7940", "7960"] {
        let long = office("", number).replace("hunter2hunt", &"a".repeat(32));
        let found = faults(&long);
        assert!(found[0].contains("at most 30 characters"), "{found:?}");
        assert!(found[0].contains("Set a shorter one there"), "{found:?}");
    }
    let third = office("", "7940") + "line3_extension = 1003\n";
    assert!(faults(&third)[0].contains("button 3 of a 7940, which has 2"));
}

#[test]
fn a_conversion_names_its_load_in_the_settings_of_a_7960_and_makes_no_sep_file() {
    let site = format!("image_version = \"{LOAD}\"\n");
    let toml = office(&site, "7960");
    let files = |loads: &[_]| {
        let given = ProvisionInputs {
            passwords: &Passwords::default(),
            loads,
            dial_plan: None,
            year: super::YEAR,
        };
        conversion_files(&inventory(&toml), &given).unwrap()
    };
    let older = [(model("7960"), LoadName::new("P0S3-07-5-00"))];
    let with_load = files(&older);
    let names = |files: &[(String, Vec<u8>)]| -> Vec<_> {
        files.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&with_load), ["SIP001D45AABB01.cnf", "SIPDefault.cnf"]);
    let text = |file: &(String, Vec<u8>)| String::from_utf8(file.1.clone()).unwrap();
    assert!(text(&with_load[1]).starts_with("image_version: P0S3-07-5-00\n"));
    // After too many attempts no load is named.
    let without = files(&[]);
    assert_eq!(names(&without), names(&with_load));
    assert!(!text(&without[1]).contains("image_version"));
}

#[test]
fn the_command_names_the_file_of_each_phone() {
    let office = Office::new(&format!(
        "{SITE}[[phone]]\nmac = \"001D45AABB01\"\nmodel = 7940\nextension = 1001\n\
         [[phone]]\nmac = \"001D45AABB02\"\nmodel = 8851\nextension = 1002\n"
    ));
    let printed = stdout(&office.provision(&[]).success());
    assert!(
        printed.contains("  7940  SIP001D45AABB01.cnf      1001"),
        "{printed}"
    );
    let printed = stdout(&office.provision(&["--json"]).success());
    let document: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(document["phones"][0]["file"], "tftp/SIP001D45AABB01.cnf");
    assert_eq!(
        document["phones"][1]["file"],
        "tftp/SEP001D45AABB02.cnf.xml"
    );
    // A load that is named later adds the SEP file, and one that is removed takes it away.
    let text = std::fs::read_to_string(office.path("office.toml")).unwrap();
    office.write_inventory(&text.replacen("[site]", "[site]\nimage_version = \"P0S3-8-12-00\"", 1));
    office.provision(&[]).success();
    let sep = "tftp/SEP001D45AABB01.cnf.xml";
    assert!(office.files().contains_key(sep));
    office.write_inventory(&text);
    office.provision(&[]).success();
    assert!(!office.files().contains_key(sep));
}
