//! Reads the accounts back from each written file: those of the phones, of `pjsip` and of
//! `chan_sip`.

use std::collections::BTreeMap;

use reflash::provision::ProvisionOutput;
use roxmltree::{Document, Node};

use super::{first_phones, ini, one, seps, text};

/// What one side says about a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) secret: String,
    /// One for a phone; for a PBX those that it has.
    pub(super) transports: Vec<String>,
    /// Of a phone the preferred one, of a PBX those that it allows, in the order of preference.
    pub(super) codecs: Vec<String>,
    pub(super) port: String,
    /// Whether the phone has G.722.
    is_wideband: bool,
}

/// By user.
pub(super) type Accounts = BTreeMap<String, Account>;

/// Why the two sides differ.
pub(super) fn difference(phones: &Accounts, pbx: &Accounts) -> Option<String> {
    if phones.keys().ne(pbx.keys()) {
        return Some(format!("{:?} {:?}", phones.keys(), pbx.keys()));
    }
    let differs = |(user, phone): (&String, &Account)| {
        let pbx = &pbx[user];
        let mut codecs = pbx.codecs.iter();
        let preferred = codecs.find(|codec| phone.is_wideband || *codec != "g722");
        let agrees = phone.secret == pbx.secret
            && phone.port == pbx.port
            && pbx.transports.contains(&phone.transports[0])
            && phone.codecs.first() == preferred;
        (!agrees).then(|| format!("{user}: {phone:?} {pbx:?}"))
    };
    phones.iter().find_map(differs)
}

fn child<'a>(node: Node<'a, 'a>, name: &str) -> &'a str {
    let child = node.children().find(|child| child.has_tag_name(name));
    child.and_then(|child| child.text()).unwrap_or_default()
}

pub(super) fn phone_accounts(built: &ProvisionOutput) -> Accounts {
    let mut accounts = Accounts::new();
    for (_, written) in seps(built) {
        let document = Document::parse(written).unwrap();
        let of = |name: &str| {
            let node = document
                .descendants()
                .find(|node| node.has_tag_name(name))
                .unwrap();
            node.text().unwrap_or_default()
        };
        let transport = match of("transportLayerProtocol") {
            "1" => "tcp",
            "2" => "udp",
            other => panic!("{other}"),
        };
        let codec = match of("preferredCodec") {
            "g711ulaw" => "ulaw",
            "g711alaw" => "alaw",
            "g729a" | "g729" => "g729",
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
            let proxy = child(line, "proxy");
            let is_address = proxy == of("processNodeName");
            assert!(is_address || (proxy, transport) == ("USECALLMANAGER", "tcp"));
            assert_eq!(child(line, "port"), of("sipPort"));
            let account = Account {
                secret: child(line, "authPassword").to_owned(),
                transports: vec![transport.to_owned()],
                codecs: vec![codec.to_owned()],
                port: child(line, "port").to_owned(),
                is_wideband: true,
            };
            assert!(
                accounts.insert(user.to_owned(), account).is_none(),
                "{user} twice"
            );
        }
    }
    for (_, settings) in first_phones(built) {
        let of = |key: &str| settings.get(key).map(String::as_str);
        let codec = match of("preferred_codec").unwrap() {
            "g711ulaw" => "ulaw",
            "g711alaw" => "alaw",
            "g729a" => "g729",
            other => panic!("{other}"),
        };
        assert_eq!(of("proxy_register"), Some("1"));
        for line in 1..=6 {
            let of_line = |part: &str| of(&format!("line{line}_{part}"));
            let Some(user) = of_line("name") else {
                continue;
            };
            assert_eq!(of_line("authname"), Some(user));
            let of_proxy = |part: &str| of(&format!("proxy{line}_{part}"));
            assert_eq!(of_proxy("address"), of("proxy1_address"));
            let account = Account {
                secret: of_line("password").unwrap().to_owned(),
                transports: vec!["udp".to_owned()],
                codecs: vec![codec.to_owned()],
                port: of_proxy("port").unwrap().to_owned(),
                is_wideband: false,
            };
            assert!(
                accounts.insert(user.to_owned(), account).is_none(),
                "{user} twice"
            );
        }
    }
    accounts
}

pub(super) fn pjsip_accounts(built: &ProvisionOutput) -> Accounts {
    let sections = ini(text(built, "asterisk/pjsip.conf"));
    let of_type = |wanted: &'static str| {
        let is = move |section: &&super::Section| one(section, "type") == wanted;
        sections.iter().filter(is)
    };
    let transports: Vec<_> = of_type("transport").collect();
    let protocols: Vec<_> = transports
        .iter()
        .map(|one_of| one(one_of, "protocol").to_owned())
        .collect();
    assert!((1..=2).contains(&transports.len()), "{protocols:?}");
    let (_, port) = one(transports[0], "bind").split_once(':').unwrap();
    let mut accounts = Accounts::new();
    for endpoint in of_type("endpoint") {
        let user = &endpoint.0;
        // A call to an endpoint with a transport that the PBX does not have fails with 500.
        assert_eq!(endpoint.1.get("transport"), None);
        for (name, value) in [
            ("force_rport", "no"),
            ("rewrite_contact", "no"),
            ("rtp_symmetric", "no"),
            ("direct_media", "no"),
            ("send_rpid", "yes"),
            ("disallow", "all"),
            ("auth", user),
            ("aors", user),
        ] {
            assert_eq!(one(endpoint, name), value);
        }
        // Phones pick up calls of the group that they are called in.
        let group = one(endpoint, "named_call_group");
        assert_eq!(one(endpoint, "named_pickup_group"), group);
        let auth: Vec<_> = of_type("auth").filter(|auth| auth.0 == *user).collect();
        assert_eq!(auth.len(), 1, "{user}");
        assert_eq!(one(auth[0], "auth_type"), "userpass");
        assert_eq!(one(auth[0], "username"), user);
        let aors: Vec<_> = of_type("aor").filter(|aor| aor.0 == *user).collect();
        assert_eq!(aors.len(), 1);
        assert_eq!(one(aors[0], "remove_existing"), "yes");
        let codecs = one(endpoint, "allow").split(',');
        let account = Account {
            secret: one(auth[0], "password").to_owned(),
            transports: protocols.clone(),
            codecs: codecs.map(str::to_owned).collect(),
            port: port.to_owned(),
            is_wideband: true,
        };
        assert!(
            accounts.insert(user.clone(), account).is_none(),
            "{user} twice"
        );
    }
    assert_eq!(sections.len(), protocols.len() + 3 * accounts.len());
    accounts
}

pub(super) fn chan_sip_accounts(built: &ProvisionOutput, file: &str) -> Accounts {
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
    let mut accounts = Accounts::new();
    for peer in sections.iter().filter(|(name, _)| name != "general") {
        assert_eq!(one(peer, "nat"), "no");
        assert_eq!(one(peer, "sendrpid"), "yes");
        assert_eq!(one(peer, "host"), "dynamic");
        let list =
            |name: &str| -> Vec<_> { one(peer, name).split(',').map(str::to_owned).collect() };
        let account = Account {
            secret: one(peer, "secret").to_owned(),
            transports: list("transport"),
            codecs: list("allow"),
            port: bind.clone().unwrap_or_else(|| "5060".to_owned()),
            is_wideband: true,
        };
        // Each user is of one phone here.
        assert_eq!(account.transports.len(), 1);
        assert!(
            accounts.insert(peer.0.clone(), account).is_none(),
            "{} twice",
            peer.0
        );
    }
    accounts
}
