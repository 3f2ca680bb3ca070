//! Random inventories: the files of phones and PBX agree, pass `lint`, and contain no injected
//! configuration.

use std::{collections::BTreeSet, path::Path};

use proptest::prelude::*;
use reflash::{
    diagnose::{Finding, Severity},
    dialplan::{self, DialPlanSource},
    inventory::{Inventory, PhoneEntry},
    lint::{self, LintContext, PjsipConfig},
    phone::{Family, LoadName, MODELS, Model},
    provision::ProvisionOutput,
    simulator::SyntheticBundle,
};

use super::{
    accounts::{chan_sip_accounts, difference, phone_accounts, pjsip_accounts},
    build, build_with, ini, inventory, seps, text, try_build,
};

/// A text as a TOML string.
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

const SECRET: &str = "[A-Za-z0-9._!*+@/~^?-]{1,30}";

prop_compose! {
    fn phone()(
        model in prop::sample::select(
            MODELS.iter().filter(|model| model.family.configuration().is_some()).collect::<Vec<_>>()
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
        // Lines that register with the password of the first have that one.
        let mut buttons = buttons;
        if model.family.dialect().has_one_password {
            let first = values.iter().find(|(key, _)| *key == "secret").map(|(_, secret)| secret.clone());
            for (_, _, secret) in &mut buttons {
                secret.clone_from(&first);
            }
        }
        let further = usize::from(model.line_buttons()) - 1;
        Phone { model, values, buttons: buttons.into_iter().take(further).collect() }
    }
}

prop_compose! {
    /// A valid inventory: every extension once.
    fn valid_inventory()(
        mut phones in prop::collection::vec(phone(), 1..6),
        transport in prop::option::of(any::<bool>()),
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
                // Over TCP most phones have one line.
                let dialect = phone.model.family.dialect();
                let is_first_phone = phone.model.family == Family::P3;
                *is_line &= transport != Some(true) || !dialect.is_managed_over_tcp || is_first_phone;
                *what = extension() + "0";
            }
        }
        let has_checks = phones.iter().any(|phone| !phone.model.family.dialect().ranges.is_empty());
        let port = if has_checks { 1024 + port % 48_128 } else { port };
        let mut codecs = codecs[..codec_count].to_vec();
        if codecs == ["g722"] {
            // A 7940 and 7960 do not have it.
            codecs.push("ulaw");
        }
        let mut site = vec![
            ("pbx", host.to_owned()),
            ("port", port.to_string()),
            ("codecs", codecs.join(" ")),
        ];
        if let Some(tcp) = transport {
            site.push(("transport", if tcp { "tcp" } else { "udp" }.to_owned()));
        }
        toml(&site, &phones)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn phones_and_pbx_name_the_same_user_secret_transport_codec_and_port(toml in valid_inventory()) {
        let built = build(&toml);
        let phones = phone_accounts(&built);
        prop_assert!(!phones.is_empty());
        prop_assert_eq!(difference(&phones, &pjsip_accounts(&built)), None);
        prop_assert_eq!(difference(&phones, &chan_sip_accounts(&built, "sip.conf")), None);
        let mut users = chan_sip_accounts(&built, "users.conf");
        for (user, account) in &mut users {
            // users.conf has no port: its comment names it.
            account.port.clone_from(&phones[user].port);
        }
        prop_assert_eq!(difference(&phones, &users), None);
        for (_, written) in seps(&built) {
            prop_assert!(written.is_char_boundary(0) && !written.contains("<!--"));
        }
    }

    /// `lint` has notes at most: phones and Asterisk accept the files.
    #[test]
    fn written_files_have_neither_error_nor_warning(
        toml in valid_inventory(),
        further in prop::sample::subsequence(FURTHER.to_vec(), 0..=FURTHER.len()),
        preset in prop::option::of(prop::sample::select(vec!["AU", "NANP", "internal"])),
    ) {
        let toml = toml.replacen("[site]\n", &format!("[site]\n{}", further.concat()), 1);
        let plan = preset.and_then(DialPlanSource::preset).map(|preset| preset.to_xml().into_bytes());
        let inventory = inventory(&toml);
        let loads = loads();
        let built = build_with(&inventory, &loads, plan.as_deref())
            .unwrap_or_else(|faults| panic!("{faults:?}\n{toml}"));
        // A password of the inventory that is too long is reported by both.
        let long = built.notes.iter().any(|note| note.contains("truncates them"));
        let common = built.files.iter().find(|file| file.path == "tftp/SIPDefault.cnf");
        let common = common.and_then(|file| {
            let path = Path::new(&file.path);
            lint::common_settings(path, path, &file.bytes)
        });
        let mut checked = 0;
        for file in built.files.iter().filter(|file| file.path.starts_with("tftp/")) {
            let path = Path::new(&file.path);
            let model = inventory.phones.iter().find_map(|phone| {
                file.path.contains(&phone.mac.upper_hex()).then_some(phone.model?)
            });
            let known = LintContext {
                loads: loads.iter().map(|(_, load)| load.clone()).collect(),
                model,
                pjsip: Some(PjsipConfig::read(text(&built, "asterisk/pjsip.conf"))),
                common: common.clone(),
                ..LintContext::default()
            };
            for found in lint::check(path, &file.bytes, &known) {
                let is_note = found.severity == Severity::Note && NOTES.contains(&found.code);
                let is_noted = found.code == "secret-too-long" && long;
                // It is noted that these phones should use TCP.
                let is_chosen = found.code == "transport" && toml.contains("transport = \"udp\"");
                prop_assert!(is_note || is_noted || is_chosen, "{found:?}\n{toml}");
            }
            checked += 1;
        }
        // A 7940 and 7960 have a file that names the load, and two that they share.
        let family = |phone: &&PhoneEntry| phone.model.is_some_and(|model| model.family == Family::P3);
        let first_phones = inventory.phones.iter().filter(family).count();
        let shared = 2 * usize::from(first_phones > 0);
        prop_assert_eq!(
            checked,
            inventory.phones.len() + first_phones + shared + 1 + usize::from(plan.is_some())
        );
        let files: Vec<_> = built
            .files
            .iter()
            .map(|file| (Path::new(&file.path), file.bytes.as_slice()))
            .collect();
        prop_assert_eq!(lint::contradictions(&files), vec![]);
        if let Some(plan) = plan {
            let wrong = |found: &Finding| found.severity != Severity::Note;
            prop_assert!(!dialplan::check(&plan).iter().any(wrong));
        }
    }

    /// Values with characters of the formats are a fault, or the files keep their shape.
    #[test]
    fn no_value_of_the_inventory_injects_configuration(
        key in prop::sample::select(vec![
            "pbx", "context", "voicemail", "locale", "network_locale", "date_format", "ntp",
            "ssh_user", "name", "label", "secret", "extension", "line2_extension",
            "line2_secret", "line2_label", "line2_name", "line3_number", "line3_label",
            "backup_pbx", "directory_url", "services_url", "emergency_trunk", "pickup_group",
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
        let of_site = ["pbx", "context", "voicemail", "locale", "network_locale", "date_format", "ntp", "ssh_user",
            "backup_pbx", "directory_url", "services_url", "emergency_trunk", "pickup_group"];
        let values = if of_site.contains(&key) { &mut site } else { &mut phone.values };
        values.retain(|(known, _)| *known != key);
        values.push((key, value));
        let toml = toml(&site, &[phone]);
        let Ok(read) = Inventory::from_toml(toml.as_bytes()) else {
            return Ok(());
        };
        let Ok(built) = try_build(&read) else {
            return Ok(());
        };
        let phones = phone_accounts(&built);
        prop_assert_eq!(difference(&phones, &pjsip_accounts(&built)), None);
        prop_assert_eq!(difference(&phones, &chan_sip_accounts(&built, "sip.conf")), None);
        prop_assert_eq!(phones.len(), 2);
        check_shape(&built);
    }
}

/// Optional values of a site.
const FURTHER: [&str; 12] = [
    "time_zone = \"Europe/Vienna\"\n",
    "ntp = [\"192.0.2.5\", \"pool.ntp.org\"]\n",
    "locale = \"German_Germany\"\nlanguage = \"de_DE\"\n",
    "network_locale = \"Austria\"\n",
    "date_format = \"D.M.YA\"\n",
    "voicemail = \"*97\"\n",
    "ssh_user = \"cisco\"\nssh_password = \"abc\"\n",
    "web_access = false\n",
    "backup_pbx = \"192.0.2.11\"\n",
    "directory_url = \"http://192.0.2.5/book?a=1&b=2\"\nservices_url = \"http://a.example/\"\n",
    "emergency_trunk = \"provider\"\n",
    "pickup_group = \"floor-2\"\n",
];

/// The notes that `lint` has about correct files.
const NOTES: &[&str] = &["no-dial-plan"];

/// A load for each model.
fn loads() -> Vec<(&'static Model, LoadName)> {
    let load = |model: &Model| match (model.family, model.load_code()) {
        (Family::P3, _) => "P0S3-8-12-00".to_owned(),
        (Family::F894, _) => "SIP894x.9-4-2SR3-1".to_owned(),
        (_, Some(code)) => format!("SIP{code}.9-4-1-3SR3"),
        (family, None) => SyntheticBundle::new(family, 1).unwrap().load().to_string(),
    };
    let with_files = MODELS
        .iter()
        .filter(|model| model.family.configuration().is_some());
    with_files
        .map(|model| (model, LoadName::new(&load(model))))
        .collect()
}

/// The names of all settings in our files.
const NAMES: &str = "type protocol bind transport context disallow allow auth aors callerid \
    force_rport rewrite_contact rtp_symmetric direct_media dtmf_mode mailboxes auth_type username \
    password max_contacts remove_existing qualify_frequency tcpenable tcpbindaddr udpbindaddr host \
    send_rpid named_call_group named_pickup_group voicemail_extension sendrpid callcounter \
    namedcallgroup namedpickupgroup vmexten secret nat qualify directmedia dtmfmode mailbox fullname cid_number hassip hasiax hasvoicemail \
    vmsecret exten same deny permit read write Event";

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
