//! Phones and PBX are told the same, whatever the inventory says.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use proptest::prelude::*;
use reflash::{
    diagnose::{Finding, Severity},
    dialplan::{self, DialPlanSource},
    inventory::Inventory,
    lint::{self, LintContext, PjsipConfig},
    phone::{MODELS, Model},
    provision::{Passwords, ProvisionInputs, ProvisionOutput, conversion_files},
    simulator::SyntheticBundle,
};
use roxmltree::{Document, Node};

use super::{YEAR, build, build_with, counting, ini, inventory, one, seps, text, try_build};

/// A text as TOML writes it, whatever is in it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        quoted += &match letter {
            '"' | '\\' => format!("\\{letter}"),
            c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
            c => c.to_string(),
        };
    }
    quoted + "\""
}

#[derive(Debug, Clone)]
struct Phone {
    model: &'static Model,
    values: Vec<(&'static str, String)>,
    /// An extension and a secret, or a number; at most as many as there are buttons.
    buttons: Vec<(bool, String, Option<String>)>,
}

fn toml(site: &[(&str, String)], phones: &[Phone]) -> String {
    let mut toml = String::from("[site]\n");
    for (name, value) in site {
        toml += &format!("{name} = {}\n", quoted(value));
    }
    for (at, phone) in phones.iter().enumerate() {
        toml += &format!(
            "[[phone]]\nmac = \"001D45AA{at:04X}\"\nmodel = {}\n",
            quoted(phone.model.number)
        );
        for (name, value) in &phone.values {
            toml += &format!("{name} = {}\n", quoted(value));
        }
        for (is_line, what, secret) in &phone.buttons {
            toml += "[[phone.line]]\n";
            let name = if *is_line { "extension" } else { "number" };
            toml += &format!("{name} = {}\n", quoted(what));
            if let (true, Some(secret)) = (is_line, secret) {
                toml += &format!("secret = {}\n", quoted(secret));
            }
        }
    }
    toml
}

const SECRET: &str = "[A-Za-z0-9._!*+@/~^?-]{1,64}";

prop_compose! {
    fn phone()(
        model in prop::sample::select(
            MODELS.iter().filter(|model| model.family.is_convertible()).collect::<Vec<_>>()
        ),
        name in prop::option::of("[A-Za-z&,.' äöß]{1,20}"),
        label in prop::option::of("[A-Za-zäöß0-9]{1,12}"),
        secret in prop::option::of(SECRET),
        voicemail in prop::option::of("[*]?[0-9]{1,6}"),
        buttons in prop::collection::vec(
            (any::<bool>(), Just(String::new()), prop::option::of(SECRET)), 0..24
        ),
    ) -> Phone {
        let mut values = Vec::new();
        for (key, value) in [("name", name), ("label", label), ("secret", secret), ("voicemail", voicemail)] {
            values.extend(value.map(|value| (key, value)));
        }
        let further = usize::from(model.line_buttons()) - 1;
        Phone { model, values, buttons: buttons.into_iter().take(further).collect() }
    }
}

prop_compose! {
    /// An inventory that is right: every extension once.
    fn right()(
        mut phones in prop::collection::vec(phone(), 1..6),
        tcp in any::<bool>(),
        port in 1_u16..,
        codecs in Just(vec!["ulaw", "alaw", "g722", "g729"]).prop_shuffle(),
        codec_count in 1_usize..5,
        first in 1_000_u32..9_000,
        letters in any::<bool>(),
        host in prop::sample::select(vec!["192.0.2.10", "pbx.example.net"]),
    ) -> String {
        let mut next = first;
        let mut extension = || {
            next += 1;
            if letters { format!("c{next}") } else { next.to_string() }
        };
        for phone in &mut phones {
            phone.values.push(("extension", extension()));
            for (is_line, what, _) in &mut phone.buttons {
                // Over TCP a phone has one line.
                *is_line &= !tcp;
                *what = extension() + "0";
            }
        }
        let site = [
            ("pbx", host.to_owned()),
            ("transport", if tcp { "tcp" } else { "udp" }.to_owned()),
            ("port", port.to_string()),
            ("codecs", codecs[..codec_count].join(" ")),
        ];
        toml(&site, &phones)
    }
}

/// What one side says of an account: secret, transport, codec, port.
type Said = BTreeMap<String, (String, String, String, String)>;

fn child<'a>(node: Node<'a, 'a>, name: &str) -> &'a str {
    let child = node.children().find(|child| child.has_tag_name(name));
    child.and_then(|child| child.text()).unwrap_or_default()
}

fn phones_say(built: &ProvisionOutput) -> Said {
    let mut said = Said::new();
    for (_, written) in seps(built) {
        let document = Document::parse(written).unwrap();
        let of = |name: &str| {
            let node = document
                .descendants()
                .find(|node| node.has_tag_name(name))
                .unwrap();
            node.text().unwrap_or_default()
        };
        let (transport, proxy) = match of("transportLayerProtocol") {
            "1" => ("tcp", "USECALLMANAGER"),
            "2" => ("udp", of("processNodeName")),
            other => panic!("{other}"),
        };
        let codec = match of("preferredCodec") {
            "g711ulaw" => "ulaw",
            "g711alaw" => "alaw",
            "g729a" => "g729",
            other => other,
        };
        for line in document
            .descendants()
            .filter(|node| node.has_tag_name("line"))
        {
            if child(line, "featureID") != "9" {
                assert!(!child(line, "speedDialNumber").is_empty());
                continue;
            }
            let user = child(line, "authName");
            for same in ["name", "contact"] {
                assert_eq!(child(line, same), user);
            }
            assert_eq!(child(line, "proxy"), proxy);
            assert_eq!(child(line, "port"), of("sipPort"));
            let what = (
                child(line, "authPassword").to_owned(),
                transport.to_owned(),
                codec.to_owned(),
                child(line, "port").to_owned(),
            );
            assert!(said.insert(user.to_owned(), what).is_none(), "{user} twice");
        }
    }
    said
}

fn pjsip_says(built: &ProvisionOutput) -> Said {
    let sections = ini(text(built, "asterisk/pjsip.conf"));
    let of_type = |wanted: &'static str| {
        let is = move |section: &&super::Section| one(section, "type") == wanted;
        sections.iter().filter(is)
    };
    let transports: Vec<_> = of_type("transport").collect();
    assert_eq!(transports.len(), 1);
    let transport = transports[0];
    let (_, port) = one(transport, "bind").split_once(':').unwrap();
    let mut said = Said::new();
    for endpoint in of_type("endpoint") {
        let user = &endpoint.0;
        assert_eq!(one(endpoint, "transport"), transport.0);
        for (name, value) in [
            ("force_rport", "no"),
            ("rewrite_contact", "no"),
            ("rtp_symmetric", "no"),
            ("direct_media", "no"),
            ("disallow", "all"),
            ("auth", user),
            ("aors", user),
        ] {
            assert_eq!(one(endpoint, name), value);
        }
        let auth: Vec<_> = of_type("auth").filter(|auth| auth.0 == *user).collect();
        assert_eq!(auth.len(), 1, "{user}");
        assert_eq!(one(auth[0], "auth_type"), "userpass");
        assert_eq!(one(auth[0], "username"), user);
        let aors: Vec<_> = of_type("aor").filter(|aor| aor.0 == *user).collect();
        assert_eq!(aors.len(), 1);
        assert_eq!(one(aors[0], "remove_existing"), "yes");
        let codec = one(endpoint, "allow").split(',').next().unwrap();
        let what = (
            one(auth[0], "password").to_owned(),
            one(transport, "protocol").to_owned(),
            codec.to_owned(),
            port.to_owned(),
        );
        assert!(said.insert(user.clone(), what).is_none(), "{user} twice");
    }
    assert_eq!(sections.len(), 1 + 3 * said.len());
    said
}

fn chan_sip_says(built: &ProvisionOutput, file: &str) -> Said {
    let sections = ini(text(built, &format!("asterisk/chan_sip/{file}")));
    let bind = sections
        .iter()
        .find(|(name, _)| name == "general")
        .map(|general| {
            let (_, value) = general
                .1
                .iter()
                .find(|(name, _)| name.ends_with("bindaddr"))
                .unwrap();
            value[0].split_once(':').unwrap().1.to_owned()
        });
    let mut said = Said::new();
    for peer in sections.iter().filter(|(name, _)| name != "general") {
        assert_eq!(one(peer, "nat"), "no");
        assert_eq!(one(peer, "host"), "dynamic");
        let codec = one(peer, "allow").split(',').next().unwrap();
        let what = (
            one(peer, "secret").to_owned(),
            one(peer, "transport").to_owned(),
            codec.to_owned(),
            bind.clone().unwrap_or_default(),
        );
        assert!(
            said.insert(peer.0.clone(), what).is_none(),
            "{} twice",
            peer.0
        );
    }
    said
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn phones_and_pbx_name_the_same_user_secret_transport_codec_and_port(toml in right()) {
        let built = build(&toml);
        let phones = phones_say(&built);
        prop_assert!(!phones.is_empty());
        prop_assert_eq!(&phones, &pjsip_says(&built));
        prop_assert_eq!(&phones, &chan_sip_says(&built, "sip.conf"));
        let mut users = chan_sip_says(&built, "users.conf");
        for (user, said) in &mut users {
            // users.conf says no port of its own: a comment does.
            said.3.clone_from(&phones[user].3);
        }
        prop_assert_eq!(&phones, &users);
        for (_, written) in seps(&built) {
            prop_assert!(written.is_char_boundary(0) && !written.contains("<!--"));
        }
    }

    /// Notes are told and nothing else is: phones take what is written, and Asterisk too.
    #[test]
    fn what_is_written_has_neither_error_nor_warning(
        toml in right(),
        further in prop::sample::subsequence(FURTHER.to_vec(), 0..=FURTHER.len()),
        preset in prop::option::of(prop::sample::select(vec!["AU", "NANP", "internal"])),
    ) {
        let toml = toml.replacen("[site]\n", &format!("[site]\n{}", further.concat()), 1);
        let plan = preset.and_then(DialPlanSource::preset).map(|preset| preset.to_xml().into_bytes());
        let inventory = inventory(&toml);
        let loads: Vec<_> = MODELS
            .iter()
            .filter(|model| model.family.is_convertible())
            .map(|model| (model, SyntheticBundle::new(model.family, 1).unwrap().load()))
            .collect();
        let built = build_with(&inventory, &loads, plan.as_deref())
            .unwrap_or_else(|faults| panic!("{faults:?}\n{toml}"));
        // The person's own password, which both tell.
        let long = built.notes.iter().any(|note| note.contains("truncates them"));
        let mut judged = 0;
        for file in built.files.iter().filter(|file| file.path.starts_with("tftp/")) {
            let path = Path::new(&file.path);
            let model = inventory.phones.iter().find_map(|phone| {
                file.path.contains(&phone.mac.upper_hex()).then_some(phone.model?)
            });
            let known = LintContext {
                loads: loads.iter().map(|(_, load)| load.clone()).collect(),
                model,
                pjsip: Some(PjsipConfig::read(text(&built, "asterisk/pjsip.conf"))),
            };
            for found in lint::check(path, &file.bytes, &known) {
                let is_note = found.severity == Severity::Note && NOTES.contains(&found.code);
                let is_told = found.code == "secret-too-long" && long;
                prop_assert!(is_note || is_told, "{found:?}\n{toml}");
            }
            judged += 1;
        }
        prop_assert_eq!(judged, inventory.phones.len() + 1 + usize::from(plan.is_some()));
        if let Some(plan) = plan {
            let wrong = |found: &Finding| found.severity != Severity::Note;
            prop_assert!(!dialplan::check(&plan).iter().any(wrong));
        }
    }

    /// Texts that try to be more than texts: either a fault, or files of the same shape.
    #[test]
    fn no_value_becomes_anything_but_a_value(
        key in prop::sample::select(vec![
            "pbx", "context", "voicemail", "locale", "network_locale", "date_format", "ntp",
            "ssh_user", "name", "label", "secret", "extension", "line2_extension",
            "line2_secret", "line2_label", "line2_name", "line3_number", "line3_label",
        ]),
        value in "([a-z0-9]|[;\\[\\]=><\"'&,#\\\\|{}$()!\n\r\t ]|=>|<!--|\\]\\]>|#exec|type=|\u{2028}|\u{fffe}|\\PC){1,12}",
    ) {
        let mut site = vec![("pbx", "192.0.2.10".to_owned())];
        let mut phone = Phone {
            model: Model::by_number("7965").unwrap(),
            values: vec![
                ("extension", "1001".to_owned()),
                ("line2_extension", "1002".to_owned()),
                ("line3_number", "123".to_owned()),
            ],
            buttons: Vec::new(),
        };
        let of_site = ["pbx", "context", "voicemail", "locale", "network_locale", "date_format", "ntp", "ssh_user"];
        let values = if of_site.contains(&key) { &mut site } else { &mut phone.values };
        values.retain(|(known, _)| *known != key);
        // A blank is no value: then there is no second line.
        let lines = if key == "line2_extension" && value.trim().is_empty() { 1 } else { 2 };
        values.push((key, value));
        let toml = toml(&site, &[phone]);
        let Ok(read) = Inventory::from_toml(toml.as_bytes()) else {
            return Ok(());
        };
        let Ok(built) = try_build(&read) else {
            return Ok(());
        };
        let phones = phones_say(&built);
        prop_assert_eq!(&phones, &pjsip_says(&built));
        prop_assert_eq!(&phones, &chan_sip_says(&built, "sip.conf"));
        prop_assert_eq!(phones.len(), lines);
        check_shape(&built);
    }
}

/// What a site may say beside what it has in every case.
const FURTHER: [&str; 8] = [
    "time_zone = \"Europe/Vienna\"\n",
    "ntp = [\"192.0.2.5\", \"pool.ntp.org\"]\n",
    "locale = \"German_Germany\"\nlanguage = \"de_DE\"\n",
    "network_locale = \"Austria\"\n",
    "date_format = \"D.M.YA\"\n",
    "voicemail = \"*97\"\n",
    "ssh_user = \"cisco\"\nssh_password = \"abc\"\n",
    "web_access = false\n",
];

/// What `lint` notes of files that are as they should be.
const NOTES: &[&str] = &["no-dial-plan"];

/// The names that our files have, and no others.
const NAMES: &str = "type protocol bind transport context disallow allow auth aors callerid \
    force_rport rewrite_contact rtp_symmetric direct_media dtmf_mode mailboxes auth_type username \
    password max_contacts remove_existing qualify_frequency tcpenable tcpbindaddr udpbindaddr host \
    secret nat qualify directmedia dtmfmode mailbox fullname cid_number hassip hasiax hasvoicemail \
    vmsecret exten same";

fn check_shape(built: &ProvisionOutput) {
    let names: BTreeSet<_> = NAMES.split_whitespace().collect();
    for file in built
        .files
        .iter()
        .filter(|file| file.path.starts_with("asterisk/"))
    {
        let text = std::str::from_utf8(&file.bytes).unwrap();
        for (section, values) in ini(text) {
            for name in values.keys() {
                let is_mailbox = file.path.ends_with("voicemail.conf") && section == "default";
                assert!(
                    names.contains(name.as_str()) || is_mailbox,
                    "{}: {name}",
                    file.path
                );
            }
        }
    }
}

#[test]
fn a_shared_line_has_a_contact_for_each_of_its_phones() {
    let built = build(
        "[site]\npbx = \"192.0.2.10\"\n\
         [[phone]]\nmac = \"001D45AABB01\"\nextension = 1001\nshared = true\n\
         [[phone]]\nmac = \"001D45AABB02\"\nextension = 1001\nshared = true\nsecret = \"abc\"\n",
    );
    let sections = ini(text(&built, "asterisk/pjsip.conf"));
    let aor = sections.iter().find(|s| one(s, "type") == "aor").unwrap();
    assert_eq!(one(aor, "max_contacts"), "2");
    assert_eq!(sections.len(), 4);
    let dials = text(&built, "asterisk/extensions.conf");
    assert!(
        dials.contains("exten => 1001,1,Dial(${PJSIP_DIAL_CONTACTS(1001)})"),
        "{dials}"
    );
    assert!(
        built
            .notes
            .iter()
            .any(|note| note.contains("all phones that share 1001 ring only with pjsip"))
    );
    for (_, written) in seps(&built) {
        assert!(written.contains("<authPassword>abc</authPassword>"));
        assert!(written.contains("<sharedLine>true</sharedLine>"));
    }
}

#[test]
fn the_dial_plan_of_the_pbx_rings_each_phone_and_its_mailbox() {
    let built = build(
        "[site]\npbx = \"192.0.2.10\"\ncontext = \"office\"\nvoicemail = \"*97\"\n\
         [[phone]]\nmac = \"001D45AABB01\"\nextension = 1001\nname = \"Meier, Anna\"\n",
    );
    let said = text(&built, "asterisk/extensions.conf");
    for line in [
        "[office]",
        "exten => 1001,hint,PJSIP/1001",
        "exten => 1001,1,Dial(PJSIP/1001,25)",
        "same => n,VoiceMail(1001@default,u)",
        "exten => *97,1,VoiceMailMain(${CALLERID(num)}@default)",
    ] {
        assert!(said.lines().any(|there| there == line), "{line}\n{said}");
    }
    assert!(text(&built, "asterisk/chan_sip/extensions.conf").contains("Dial(SIP/1001,25)"));
    let mailboxes = ini(text(&built, "asterisk/voicemail.conf"));
    let entry = one(&mailboxes[0], "1001");
    let (pin, name) = entry.split_once(',').unwrap();
    assert!(pin.len() == 6 && pin.bytes().all(|b| b.is_ascii_digit()));
    assert_eq!(name, "Meier  Anna");
    let pjsip = ini(text(&built, "asterisk/pjsip.conf"));
    let endpoint = pjsip.iter().find(|s| one(s, "type") == "endpoint").unwrap();
    assert_eq!(one(endpoint, "mailboxes"), "1001@default");
    assert_eq!(one(endpoint, "callerid"), "\"Meier, Anna\" <1001>");
    assert_eq!(one(endpoint, "context"), "office");
}

#[test]
fn a_dial_plan_that_cuts_an_extension_is_noted() {
    let read = inventory(
        "[site]\npbx = \"192.0.2.10\"\nvoicemail = \"*97\"\ntime_zone = \"UTC\"\n\
         [[phone]]\nmac = \"001D45AABB01\"\nextension = 1001\n\
         [[phone]]\nmac = \"001D45AABB02\"\nextension = 201\n",
    );
    let notes = |plan: &str| {
        let plan = format!("<DIALTEMPLATE>{plan}</DIALTEMPLATE>");
        super::build_with(&read, &[], Some(plan.as_bytes()))
            .unwrap()
            .notes
    };
    assert_eq!(notes("<TEMPLATE MATCH=\"....\" Timeout=\"0\"/>"), [""; 0]);
    let said = notes("<TEMPLATE MATCH=\"1..\" Timeout=\"0\"/>");
    assert!(
        said.len() == 1 && said[0].contains("the dial plan rewrites 1001: "),
        "{said:?}"
    );
    let broken = super::build_with(&read, &[], Some(b"<DIALTEMPLATE>"));
    assert_eq!(broken.unwrap_err().len(), 1);
}

#[test]
fn a_conversion_serves_the_phones_that_could_register_and_no_others() {
    let read = inventory(
        "[site]\npbx = \"192.0.2.10\"\n\
         [[phone]]\nmac = \"001D45AABB01\"\nextension = 1001\nsecret = \"abc\"\nmodel = 7965\n\
         [[phone]]\nmac = \"001D45AABB02\"\nextension = 1002\n\
         [[phone]]\nmac = \"001D45AABB03\"\n\
         [[phone]]\nmac = \"001D45AABB04\"\nextension = 1004\nsecret = \"abc\"\nmodel = 7945\n\
         line2_extension = 1005\n",
    );
    let load = reflash::phone::LoadName::new("SIP45.9-3-1SR4-1S");
    let loads: Vec<_> = ["7945", "7965"]
        .map(|number| (Model::by_number(number).unwrap(), load.clone()))
        .into();
    let given = ProvisionInputs {
        passwords: &Passwords::default(),
        loads: &loads,
        dial_plan: Some(b"<DIALTEMPLATE/>"),
        year: YEAR,
    };
    let files = conversion_files(&read, &given).unwrap();
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["SEP001D45AABB01.cnf.xml", "dialplan.xml"]);
    let sep = std::str::from_utf8(&files[0].1).unwrap();
    assert!(sep.contains("<loadInformation>SIP45.9-3-1SR4-1S</loadInformation>"));
    assert!(sep.contains("<dialTemplate>dialplan.xml</dialTemplate>"));
    let nowhere = inventory("[[phone]]\nmac = \"001D45AABB01\"\nextension = 1\nsecret = \"a\"\n");
    assert_eq!(conversion_files(&nowhere, &given).unwrap(), []);
    let wrong = inventory(
        "[site]\npbx = \"192.0.2.10\"\n[[phone]]\nmac = \"001D45AABB01\"\nextension = 1\n\
         secret = \"a;b\"\n",
    );
    assert_eq!(conversion_files(&wrong, &given).unwrap_err()[0].line, 6);
}

#[test]
fn passwords_are_made_once_and_read_back() {
    let read = inventory(
        "[site]\npbx = \"192.0.2.10\"\nvoicemail = \"*97\"\n\
         [[phone]]\nmac = \"001D45AABB01\"\nextension = 1001\n\
         [[phone]]\nmac = \"001D45AABB02\"\nextension = 1002\nsecret = \"given\"\n",
    );
    let mut made = Passwords::default();
    let Ok(()) = made.fill(&read, counting());
    let text = made.to_toml();
    assert!(!text.contains("given") && text.contains("1001"));
    assert!(!format!("{made:?}").contains(text.split('"').nth(3).unwrap()));
    let mut again = Passwords::from_toml(&text).unwrap();
    assert_eq!(again, made);
    let Ok(()) = again.fill(
        &read,
        |_: &mut [u8]| -> Result<(), std::convert::Infallible> {
            panic!("nothing is left to make")
        },
    );
    for secret in text.split('"').skip(3).step_by(4) {
        assert!(secret.len() == 12 || secret.len() == 6, "{secret}");
        assert!(secret.len() == 6 || !secret.contains(['0', 'O', 'o', '1', 'l', 'I']));
    }
    for wrong in [
        "[secret]\n1 = 2\n",
        "[other]\n",
        "secret = 1\n",
        "[secret]\n\"a;b\" = \"c\"\n",
        "[secret]\na = \"hunter2 x\"\n",
        "[",
    ] {
        let said = Passwords::from_toml(wrong).unwrap_err().to_string();
        assert!(!said.contains("hunter2"), "{said}");
    }
}
