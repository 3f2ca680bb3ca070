use super::*;

const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const OTHER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 66);

fn eth0() -> Interface {
    Interface {
        address: OWN,
        ..Interface::example("eth0", 1)
    }
}

fn offer(tftp_servers: &[Ipv4Addr], tftp_name: Option<&str>, next: Option<Ipv4Addr>) -> Offer {
    Offer {
        server: Ipv4Addr::new(192, 0, 2, 1),
        address: Ipv4Addr::new(192, 0, 2, 77),
        mask: None,
        tftp_servers: tftp_servers.to_vec(),
        tftp_name: tftp_name.map(str::to_owned),
        next_server: next,
        relay: None,
    }
}

fn found(offers: &[Offer], isolated: bool) -> Vec<(&'static str, Severity)> {
    let interface = eth0();
    let expected = Expectation {
        interface: &interface,
        isolated,
        routed: &[],
        local: None,
    };
    check_offers(offers, expected)
        .into_iter()
        .map(|finding| (finding.code, finding.severity))
        .collect()
}

/// The name of the case, the offer, and the expected findings.
type Case<'a> = (&'a str, Offer, &'a [(&'a str, Severity)]);

#[test]
fn each_way_to_name_a_tftp_server_has_its_findings() {
    use Severity::{Error, Note, Warning};
    const NO: &str = code::NO_TFTP_ADDRESS;
    const YES: &str = code::DHCP;
    let here = Some("192.0.2.10");
    let cases: [Case<'_>; 13] = [
        ("right", offer(&[OWN], here, Some(OWN)), &[(YES, Note)]),
        ("150 alone", offer(&[OWN], None, None), &[(YES, Note)]),
        ("66 alone", offer(&[], here, None), &[(YES, Note)]),
        (
            "66 with a NUL",
            offer(&[], Some("192.0.2.10\0"), None),
            &[(YES, Note)],
        ),
        (
            "second in 150",
            offer(&[OTHER, OWN], None, None),
            &[(NO, Warning)],
        ),
        ("wrong 150", offer(&[OTHER], here, None), &[(NO, Error)]),
        (
            "wrong 66",
            offer(&[], Some("192.0.2.66"), None),
            &[(NO, Error)],
        ),
        (
            "a name",
            offer(&[], Some("tftp.example"), None),
            &[(NO, Warning)],
        ),
        (
            "next server alone",
            offer(&[], None, Some(OWN)),
            &[(NO, Warning)],
        ),
        (
            "another next server",
            offer(&[], None, Some(OTHER)),
            &[(NO, Error)],
        ),
        ("nothing", offer(&[], None, None), &[(NO, Error)]),
        (
            "they differ",
            offer(&[OWN], Some("192.0.2.66"), None),
            &[(YES, Note), (NO, Note)],
        ),
        (
            "another subnet",
            Offer {
                address: Ipv4Addr::new(10, 0, 0, 7),
                ..offer(&[OWN], here, None)
            },
            &[
                (YES, Note),
                (code::WRONG_INTERFACE, Warning),
                (code::ROUTED, Note),
            ],
        ),
    ];
    for (what, offer, expected) in cases {
        assert_eq!(found(&[offer], false), expected, "{what}");
    }
}

#[test]
fn no_offer_and_a_second_server_are_findings() {
    assert_eq!(
        found(&[], false),
        [(code::NO_TFTP_ADDRESS, Severity::Error)]
    );
    let two = [
        offer(&[OWN], None, None),
        Offer {
            server: OTHER,
            ..offer(&[], None, None)
        },
    ];
    assert_eq!(
        found(&two, false),
        [
            (code::DHCP, Severity::Note),
            (code::NO_TFTP_ADDRESS, Severity::Error),
            (code::SECOND_DHCP, Severity::Warning)
        ]
    );
}

#[test]
fn with_an_isolated_server_no_offer_is_right_and_any_offer_wrong() {
    assert_eq!(found(&[], true), []);
    assert_eq!(
        found(&[offer(&[OWN], None, None)], true),
        [(code::SECOND_DHCP, Severity::Error)]
    );
}

#[test]
fn the_server_on_this_machine_is_named() {
    let interface = eth0();
    let mut offer = offer(&[], None, None);
    let cure = |offer: &Offer| {
        let expected = Expectation {
            interface: &interface,
            isolated: false,
            routed: &[],
            local: Some(ServerKind::Isc),
        };
        check_offers(std::slice::from_ref(offer), expected)
            .remove(0)
            .cure
    };
    assert!(cure(&offer).contains("--paste KIND"));
    offer.server = OWN;
    let cure = cure(&offer);
    assert!(
        cure.starts_with("This is ISC dhcpd on this machine."),
        "{cure}"
    );
    assert!(cure.contains("\n    next-server 192.0.2.10;"), "{cure}");
}
