//! Reads the accounts back from each written file: those of the phones, of `pjsip` and of
//! `chan_sip`.

use std::collections::BTreeMap;

use reflash::provision::ProvisionOutput;
use roxmltree::{Document, Node};

use super::{ini, one, seps, text};

/// By user: secret, transport, codec and port.
pub(super) type Accounts = BTreeMap<String, (String, String, String, String)>;

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
            let account = (
                child(line, "authPassword").to_owned(),
                transport.to_owned(),
                codec.to_owned(),
                child(line, "port").to_owned(),
            );
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
    assert_eq!(transports.len(), 1);
    let transport = transports[0];
    let (_, port) = one(transport, "bind").split_once(':').unwrap();
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
        let codec = one(endpoint, "allow").split(',').next().unwrap();
        let account = (
            one(auth[0], "password").to_owned(),
            one(transport, "protocol").to_owned(),
            codec.to_owned(),
            port.to_owned(),
        );
        assert!(
            accounts.insert(user.clone(), account).is_none(),
            "{user} twice"
        );
    }
    assert_eq!(sections.len(), 1 + 3 * accounts.len());
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
        let codec = one(peer, "allow").split(',').next().unwrap();
        let account = (
            one(peer, "secret").to_owned(),
            one(peer, "transport").to_owned(),
            codec.to_owned(),
            bind.clone().unwrap_or_else(|| "5060".to_owned()),
        );
        assert!(
            accounts.insert(peer.0.clone(), account).is_none(),
            "{} twice",
            peer.0
        );
    }
    accounts
}
