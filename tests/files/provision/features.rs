//! Speed dials and busy lamps, services, the second PBX, and what an Asterisk in use gets.

use reflash::provision::ProvisionOutput;

use super::{build, ini, one, seps, text};

const PHONE: &str = "[[phone]]\nmac = \"001D45AABB01\"\nmodel = 7965\nextension = 1001\n";

fn with_site(site: &str) -> ProvisionOutput {
    build(&format!("[site]\npbx = \"192.0.2.10\"\n{site}\n{PHONE}"))
}

fn sep(built: &ProvisionOutput) -> &str {
    seps(built).next().unwrap().1
}

#[test]
fn only_a_speed_dial_with_blf_shows_whether_the_number_is_busy() {
    let built = build(&format!(
        "[site]\npbx = \"192.0.2.10\"\n{PHONE}[[phone.line]]\nnumber = 5\n\
         [[phone.line]]\nnumber = 1002\nblf = true\n"
    ));
    let document = roxmltree::Document::parse(sep(&built)).unwrap();
    let button = |number: &str| {
        let node = document
            .descendants()
            .find(|node| node.attribute("button") == Some(number))
            .unwrap();
        ["featureID", "speedDialNumber", "featureOptionMask"].map(|name| {
            let child = node.children().find(|child| child.has_tag_name(name));
            child.and_then(|child| child.text()).map(str::to_owned)
        })
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(button("2"), [some("2"), some("5"), None]);
    assert_eq!(button("3"), [some("21"), some("1002"), some("1")]);
    // Pressed while 1002 rings, the button picks up the call.
    let dials = text(&built, "asterisk/extensions.conf");
    let pickup = "exten => _[x]-cisco-serviceuri-blfpickup-.,1,Pickup(${EXTEN:29}@from-internal)";
    assert!(dials.contains(pickup), "{dials}");
    assert_eq!("x-cisco-serviceuri-blfpickup-".len(), 29);
}

#[test]
fn every_soft_key_of_the_files_has_an_extension() {
    let built = with_site("context = \"office\"");
    let sep = sep(&built);
    for file in [
        "asterisk/extensions.conf",
        "asterisk/chan_sip/extensions.conf",
    ] {
        let dials = text(&built, file);
        for (key, action) in [
            ("pickup", "Pickup()"),
            ("opickup", "Pickup()"),
            ("gpickup", "Pickup(${EXTEN:27}@office)"),
            ("meetme", "ConfBridge(${EXTEN:26})"),
        ] {
            assert!(sep.contains(&format!(">x-cisco-serviceuri-{key}<")));
            let line = dials
                .lines()
                .find(|line| line.contains(&format!("-serviceuri-{key}")))
                .unwrap();
            assert!(line.ends_with(&format!(",1,{action}")), "{line}");
        }
    }
}

#[test]
fn all_phones_are_in_one_pickup_group() {
    for (site, group) in [("", "reflash"), ("pickup_group = \"floor-2\"", "floor-2")] {
        let built = with_site(site);
        let pjsip = ini(text(&built, "asterisk/pjsip.conf"));
        let endpoint = pjsip.iter().find(|section| section.0 == "1001").unwrap();
        assert_eq!(one(endpoint, "named_call_group"), group);
        assert_eq!(one(endpoint, "named_pickup_group"), group);
        for file in ["sip.conf", "users.conf"] {
            let peers = ini(text(&built, &format!("asterisk/chan_sip/{file}")));
            assert_eq!(one(&peers[0], "namedcallgroup"), group);
            assert_eq!(one(&peers[0], "namedpickupgroup"), group);
        }
    }
}

#[test]
fn waiting_messages_light_the_lamp_for_each_line_and_name_the_number() {
    let built = with_site("voicemail = \"*97\"");
    assert!(sep(&built).contains("<messageWaitingLampPolicy>3<"));
    let pjsip = ini(text(&built, "asterisk/pjsip.conf"));
    let endpoint = pjsip.iter().find(|section| section.0 == "1001").unwrap();
    assert_eq!(one(endpoint, "voicemail_extension"), "*97");
    for file in ["sip.conf", "users.conf"] {
        let peers = ini(text(&built, &format!("asterisk/chan_sip/{file}")));
        assert_eq!(one(&peers[0], "vmexten"), "*97");
    }
    let without = with_site("");
    assert!(!text(&without, "asterisk/pjsip.conf").contains("voicemail_extension"));
}

#[test]
fn services_and_the_second_pbx_are_in_the_files_of_the_phones() {
    let built = with_site(
        "backup_pbx = \"pbx2.example.net\"\nport = 5070\n\
         directory_url = \"http://192.0.2.5/book?a=1&b=2\"\nservices_url = \"https://a.example\"",
    );
    let written = sep(&built);
    for part in [
        "<directoryURL>http://192.0.2.5/book?a=1&amp;b=2</directoryURL>",
        "<servicesURL>https://a.example</servicesURL>",
        "<backupProxy>pbx2.example.net</backupProxy>",
        "<backupProxyPort>5070</backupProxyPort>",
    ] {
        assert!(written.contains(part), "{part}\n{written}");
    }
    for file in [written, text(&built, "tftp/XMLDefault.cnf.xml")] {
        let document = roxmltree::Document::parse(file).unwrap();
        let members: Vec<_> = document
            .descendants()
            .filter(|node| node.has_tag_name("member"))
            .map(|member| {
                let of = |name: &str| {
                    let node = member.descendants().find(|node| node.has_tag_name(name));
                    node.and_then(|node| node.text()).unwrap()
                };
                (
                    member.attribute("priority").unwrap(),
                    of("processNodeName"),
                    of("sipPort"),
                )
            })
            .collect();
        let expected = [
            ("0", "192.0.2.10", "5070"),
            ("1", "pbx2.example.net", "5070"),
        ];
        assert_eq!(members, expected);
    }
    let one_pbx = with_site("");
    assert!(!sep(&one_pbx).contains("backupProxy") && !sep(&one_pbx).contains("priority=\"1\""));
    assert!(sep(&one_pbx).contains("<directoryURL></directoryURL>"));
}

/// An include adds to `[general]` only where it must, and to nothing else of the PBX.
#[test]
fn general_settings_of_chan_sip_are_added_only_for_another_port_or_transport() {
    for (site, expected) in [
        ("", &[][..]),
        ("port = 5060\ntransport = \"udp\"", &[]),
        ("port = 5070", &[("udpbindaddr", "0.0.0.0:5070")]),
        (
            "transport = \"tcp\"",
            &[("tcpbindaddr", "0.0.0.0:5060"), ("tcpenable", "yes")],
        ),
        (
            "transport = \"tcp\"\nport = 5080",
            &[("tcpbindaddr", "0.0.0.0:5080"), ("tcpenable", "yes")],
        ),
    ] {
        let built = with_site(site);
        let file = text(&built, "asterisk/chan_sip/sip.conf");
        assert!(
            !file.contains("[general]\n"),
            "Asterisk ignores a second one: {file}"
        );
        assert_eq!(
            file.contains("[general](+)\n"),
            !expected.is_empty(),
            "{file}"
        );
        let sections = ini(file);
        let general = sections.iter().find(|(name, _)| name == "general");
        let values: Vec<_> = general
            .iter()
            .flat_map(|section| &section.1)
            .map(|(name, values)| (name.as_str(), values[0].as_str()))
            .collect();
        assert_eq!(values, expected);
    }
    let built = with_site("");
    let readme = text(&built, "README.txt");
    assert!(readme.contains("allowguest=no"), "{readme}");
    for file in built
        .files
        .iter()
        .filter(|file| file.path.starts_with("asterisk/"))
    {
        let text = std::str::from_utf8(&file.bytes).unwrap();
        assert!(!text.contains("allowguest"), "{}", file.path);
    }
}

#[test]
fn freepbx_imports_the_accounts() {
    let built = build(
        "[site]\npbx = \"192.0.2.10\"\nvoicemail = \"*97\"\ncodecs = [\"alaw\", \"g722\"]\n\
         [[phone]]\nmac = \"001D45AABB01\"\nextension = 1001\nname = \"Doe, Jane\"\n\
         secret = \"abc\"\nshared = true\n\
         [[phone]]\nmac = \"001D45AABB02\"\nextension = 1001\nshared = true\n",
    );
    let file = text(&built, "freepbx/extensions.csv");
    let mut rows = csv::Reader::from_reader(file.as_bytes());
    let names = rows.headers().unwrap().clone();
    let rows: Vec<_> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1);
    let value = |name: &str| {
        let at = names.iter().position(|known| known == name).unwrap();
        rows[0].get(at).unwrap()
    };
    for (name, expected) in [
        ("extension", "1001"),
        ("name", "Doe, Jane"),
        ("tech", "pjsip"),
        ("dial", "PJSIP/1001"),
        ("secret", "abc"),
        ("allow", "alaw&g722"),
        ("force_rport", "no"),
        ("rewrite_contact", "no"),
        ("rtp_symmetric", "no"),
        ("direct_media", "no"),
        ("max_contacts", "2"),
        ("voicemail", "default"),
        ("voicemail_enable", "yes"),
    ] {
        assert_eq!(value(name), expected, "{name}");
    }
    assert_eq!(value("voicemail_vmpwd").len(), 6);
    let letters = build(
        "[site]\npbx = \"192.0.2.10\"\n[[phone]]\nmac = \"001D45AABB01\"\nextension = \"c1\"\n",
    );
    assert!(text(&letters, "README.txt").contains("accepts only digits"));
    assert!(!text(&built, "README.txt").contains("accepts only digits"));
}
