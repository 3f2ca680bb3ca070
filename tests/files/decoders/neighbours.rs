//! CDP and LLDP.

use std::{net::Ipv4Addr, time::Duration};

use reflash::{
    discovery::{Decoded, address, observations},
    phone::{LoadName, MacAddress},
    protocol::{
        MAX_LIST, MAX_TEXT,
        cdp::{Cdp, Duplex, IS_PHONE, IS_TWO_PORT_RELAY, OddByte, PowerRequest, checksum},
        lldp::{Lldp, Policy},
    },
    track::{EvidenceSource, ObservationKind},
};

use super::{MAC, PHONE, cdp, cdp_7942, cdp_tlv, lldp_tlv, media};

#[test]
fn cdp_of_a_7942_on_sccp_is_decoded() {
    let bytes = cdp(&cdp_7942(b"SCCP42.8-4-2S"));
    assert_eq!(bytes[2..4], [0xc3, 0x17], "worked out by hand");
    let cdp = Cdp::decode(&bytes).unwrap();
    assert_eq!(cdp.protocol_version, 2);
    assert_eq!(cdp.ttl, Duration::from_mins(3));
    assert_eq!(cdp.phone.mac, Some(MAC));
    assert_eq!(cdp.addresses, [PHONE]);
    assert_eq!(cdp.port.as_deref(), Some("Port 1"));
    let capabilities = cdp.capabilities.unwrap();
    assert_eq!(
        capabilities & (IS_PHONE | IS_TWO_PORT_RELAY),
        IS_PHONE | IS_TWO_PORT_RELAY
    );
    assert_eq!(cdp.phone.load, Some(LoadName::new("SCCP42.8-4-2S")));
    assert_eq!(cdp.phone.model.map(|model| model.number), Some("7942"));
    assert!(cdp.vlans.requests_voice);
    assert_eq!(cdp.duplex, Some(Duplex::Full));
    assert_eq!(cdp.power_consumption, Some(6300));
    assert_eq!(
        cdp.power_request,
        Some(PowerRequest {
            request: 2405,
            management: 3,
            milliwatts: vec![6300, 0, 0, 0, 0],
        })
    );
    let decoded = Decoded::Cdp(&cdp);
    assert_eq!(address(&decoded), Some(PHONE));
    assert_eq!(
        observations(&decoded),
        [
            ObservationKind::MacReported {
                mac: MAC,
                source: EvidenceSource::Cdp,
                sender: None,
            },
            ObservationKind::Model {
                model: "7942".to_owned(),
                source: EvidenceSource::Cdp
            },
            ObservationKind::Load {
                load: LoadName::new("SCCP42.8-4-2S"),
                source: EvidenceSource::Cdp,
                detail: "Cisco IP Phone 7942".to_owned(),
            },
        ]
    );
}

#[test]
fn cdp_versions_give_the_load() {
    for (version, load) in [
        (&b"SIP45.9-3-1SR4-1S.loads"[..], Some("SIP45.9-3-1SR4-1S")),
        (b" SCCP41.8-2-1S \n", Some("SCCP41.8-2-1S")),
        (b"79XX_default_load", Some("79XX_default_load")),
        (b"term65.default\0\0", Some("term65.default")),
        (b"P003-08-8-00", Some("P003-08-8-00")),
        (b"Cisco IOS Software, C2960X Software", None),
        (b"", None),
    ] {
        let cdp = Cdp::decode(&cdp(&cdp_7942(version))).unwrap();
        assert_eq!(cdp.phone.load, load.map(LoadName::new), "{version:?}");
    }
}

#[test]
fn a_switch_is_no_phone_and_gives_its_vlans() {
    let cdp = Cdp::decode(&cdp(&[
        cdp_tlv(1, b"s4-body.example.net"),
        cdp_tlv(5, b"Cisco IOS Software, C2960X Software"),
        cdp_tlv(6, b"cisco WS-C2960X-24PS-L"),
        cdp_tlv(0x0a, &[0, 1]),
        cdp_tlv(0x0e, &[1, 0, 110]),
        cdp_tlv(0x0b, &[0]),
        cdp_tlv(0x4711, b"unknown"),
    ]))
    .unwrap();
    assert_eq!((cdp.vlans.native, cdp.vlans.voice), (Some(1), Some(110)));
    assert_eq!((cdp.duplex, cdp.phone.model), (Some(Duplex::Half), None));
    assert!(!cdp.vlans.requests_voice);
    assert_eq!(observations(&Decoded::Cdp(&cdp)), []);
    let alone = Cdp::decode(&super::cdp(&[cdp_tlv(0x0e, &[1])])).unwrap();
    assert_eq!(alone.vlans.voice, None);
}

#[test]
fn both_cdp_checksums_are_accepted_and_no_other() {
    // Worked out with a program of its own: RFC 1071, then Cisco's.
    for (text, plain, cisco) in [
        (&b"A"[..], 0xbc45, 0xfd04),
        (b"\xc3", 0x3a45, 0xfd82),
        (b"AB", 0xbc02, 0xbc02),
    ] {
        let mut bytes = [&[2, 180, 0, 0], &cdp_tlv(1, text)[..]].concat();
        assert_eq!(checksum(&bytes, OddByte::First), plain, "{text:?}");
        assert_eq!(checksum(&bytes, OddByte::Last), cisco, "{text:?}");
        for sum in 0..=u16::MAX {
            bytes[2..4].copy_from_slice(&sum.to_be_bytes());
            assert_eq!(
                Cdp::decode(&bytes).is_ok(),
                [plain, cisco].contains(&sum),
                "{sum:04x}"
            );
        }
    }
}

#[test]
fn tlvs_of_a_wrong_length_invalidate_the_announcement() {
    for tlv in [
        vec![0, 1, 0, 0],
        vec![0, 1, 0, 1],
        vec![0, 1, 0, 3],
        vec![0, 1, 0, 5],
        vec![0, 1, 0xff, 0xff],
        vec![0, 1, 0],
        vec![0],
        cdp_tlv(2, &[0, 0, 0, 1, 1, 1, 0xcc, 0, 5, 1, 2, 3, 4]),
        cdp_tlv(2, &[0, 0, 0]),
        cdp_tlv(4, &[0, 0, 0]),
        cdp_tlv(0x0a, &[0]),
        cdp_tlv(0x0b, &[]),
        cdp_tlv(0x19, &[0, 1, 0, 2, 0]),
    ] {
        let bytes = cdp(&[cdp_tlv(3, b"Port 1"), tlv.clone()]);
        let fault = Cdp::decode(&bytes).unwrap_err();
        assert!(
            fault.to_string().contains("expected") || fault.to_string().contains("than"),
            "{fault}"
        );
        assert_ne!(fault.format, "", "{tlv:?}");
    }
    assert!(
        Cdp::decode(&cdp(&[cdp_tlv(1, &[])]))
            .unwrap()
            .device
            .is_none()
    );
}

#[test]
fn long_values_and_lists_are_truncated() {
    let text = vec![b'x'; 65_531];
    let mut list = 4_000_000_000_u32.to_be_bytes().to_vec();
    for _ in 0..1000 {
        list.extend([1, 1, 0xcc, 0, 4, 10, 0, 0, 9]);
    }
    let cdp = Cdp::decode(&cdp(&[cdp_tlv(5, &text), cdp_tlv(2, &list)])).unwrap();
    assert_eq!(cdp.version.map(|text| text.len()), Some(MAX_TEXT));
    assert_eq!(cdp.phone.load, None);
    assert_eq!(cdp.addresses, [Ipv4Addr::new(10, 0, 0, 9); MAX_LIST]);
}

#[test]
fn a_truncated_announcement_is_refused_at_every_byte() {
    let bytes = cdp(&cdp_7942(b"SCCP42.8-4-2S"));
    for end in 0..bytes.len() {
        assert!(Cdp::decode(&bytes[..end]).is_err(), "{end} bytes");
    }
}

/// The LLDP TLVs of a 7962 with the media extension.
fn lldp_7962() -> Vec<Vec<u8>> {
    vec![
        lldp_tlv(1, &[5, 1, 10, 10, 0, 1]),
        lldp_tlv(2, b"\x07C8F9F9D61BC2:P1"),
        lldp_tlv(3, &[0, 180]),
        lldp_tlv(4, b"SW PORT"),
        lldp_tlv(5, b"SEPC8F9F9D61BC2"),
        lldp_tlv(6, b"Cisco IP Phone 7962G,V12, SCCP42.9-3-1ES27S"),
        lldp_tlv(7, &[0, 0x24, 0, 0x24]),
        lldp_tlv(8, &[5, 1, 10, 10, 0, 1, 1, 0, 0, 0, 0, 0]),
        lldp_tlv(127, &[0, 0x12, 0x0f, 1, 3, 0, 0x36, 0, 0x10]),
        media(1, &[0, 0x33, 3]),
        media(2, &[1, 0x40, 0x15, 0x6e]),
        media(2, &[2, 0x40, 0x15, 0x20]),
        media(4, &[0x43, 0, 63]),
        media(5, b"12"),
        media(6, b"tnp62.8-3-1-21a.bin"),
        media(7, b"SCCP42.9-3-1ES27S"),
        media(8, b"FCH1610A5S5"),
        media(9, b"Cisco Systems, Inc."),
        media(10, b"CP-7962G"),
        lldp_tlv(0, b""),
    ]
}

#[test]
fn lldp_of_a_7962_with_the_media_extension_is_decoded() {
    let lldp = Lldp::decode(&lldp_7962().concat()).unwrap();
    let address_of = Ipv4Addr::new(10, 10, 0, 1);
    assert_eq!(
        (lldp.chassis, lldp.management),
        (Some(address_of), Some(address_of))
    );
    assert_eq!(lldp.ttl, Duration::from_mins(3));
    assert_eq!(lldp.phone.mac, MacAddress::from_hex("c8f9f9d61bc2"));
    assert_eq!(lldp.phone.load, Some(LoadName::new("SCCP42.9-3-1ES27S")));
    assert_eq!(lldp.phone.model.map(|model| model.number), Some("7962"));
    assert_eq!(lldp.capabilities, Some((0x24, 0x24)));
    assert_eq!(lldp.device_class, Some(3));
    let voice = Policy {
        application: 1,
        is_known: true,
        is_tagged: true,
        vlan: 10,
        priority: 5,
        dscp: 46,
    };
    let signal = Policy {
        application: 2,
        priority: 4,
        dscp: 32,
        ..voice
    };
    assert_eq!(lldp.policies, [voice, signal]);
    assert_eq!(lldp.power, Some(6300));
    assert_eq!(lldp.inventory.hardware_revision.as_deref(), Some("12"));
    assert_eq!(
        lldp.inventory.firmware_revision.as_deref(),
        Some("tnp62.8-3-1-21a.bin")
    );
    assert_eq!(lldp.inventory.serial.as_deref(), Some("FCH1610A5S5"));
    assert_eq!(
        lldp.inventory.manufacturer.as_deref(),
        Some("Cisco Systems, Inc.")
    );
    let decoded = Decoded::Lldp(&lldp);
    assert_eq!(address(&decoded), Some(address_of));
    assert!(matches!(
        &observations(&decoded)[..],
        [
            ObservationKind::MacReported { .. },
            ObservationKind::Model { .. },
            ObservationKind::Load {
                source: EvidenceSource::Lldp,
                ..
            },
            ObservationKind::Vlan {
                vlan: 10,
                source: EvidenceSource::Lldp
            }
        ]
    ));
}

#[test]
fn a_voice_vlan_is_observed_only_when_voice_is_tagged() {
    let vlan = |policy: [u8; 4]| {
        let tlvs = [
            lldp_tlv(1, &[5, 1, 10, 10, 0, 1]),
            lldp_tlv(5, b"SEPC8F9F9D61BC2"),
            lldp_tlv(127, &[&[0x00, 0x12, 0xbb, 2][..], &policy].concat()),
        ];
        let lldp = Lldp::decode(&tlvs.concat()).unwrap();
        let seen = observations(&Decoded::Lldp(&lldp)).into_iter();
        let vlans: Vec<u16> = seen
            .filter_map(|seen| match seen {
                ObservationKind::Vlan { vlan, .. } => Some(vlan),
                _ => None,
            })
            .collect();
        vlans
    };
    // Application, then: unknown, tagged, VLAN 10.
    assert_eq!(vlan([1, 0x40, 10 << 1, 0]), [10]);
    assert_eq!(vlan([2, 0x40, 10 << 1, 0]), [0; 0], "signalling");
    assert_eq!(vlan([1, 0, 10 << 1, 0]), [0; 0], "without a tag");
    assert_eq!(vlan([1, 0xc0, 10 << 1, 0]), [0; 0], "not known");
    assert_eq!(vlan([1, 0x40, 0, 0]), [0; 0], "a priority alone");
    assert_eq!(vlan([1, 0x5f, 0xfe, 0]), [0; 0], "4095 is reserved");
    // The request for a voice VLAN in CDP is not observed; an assigned VLAN is.
    let of_cdp = |tlvs: &[Vec<u8>]| {
        let cdp = Cdp::decode(&cdp(tlvs)).unwrap();
        let seen = observations(&Decoded::Cdp(&cdp)).into_iter();
        seen.filter(|seen| matches!(seen, ObservationKind::Vlan { vlan: 20, .. }))
            .count()
    };
    let mut tlvs = cdp_7942(b"SCCP42.8-4-2S");
    assert_eq!(of_cdp(&tlvs), 0);
    tlvs.push(cdp_tlv(0x0e, &[1, 0, 20]));
    assert_eq!(of_cdp(&tlvs), 1);
}

#[test]
fn lldp_of_a_7911_without_the_media_extension_is_decoded() {
    let tlvs = [
        lldp_tlv(1, &[5, 1, 172, 16, 10, 109]),
        lldp_tlv(2, b"\x07001B54945A8B:P2"),
        lldp_tlv(4, b"PC Port"),
        lldp_tlv(5, b"SEP001B54945A8B.example.net"),
        lldp_tlv(6, b"Cisco IP Phone CP-7911G,V2, SCCP11.8-4-3S"),
    ];
    let lldp = Lldp::decode(&tlvs.concat()).unwrap();
    assert_eq!(lldp.phone.mac, MacAddress::from_hex("001b54945a8b"));
    assert_eq!(lldp.port.as_deref(), Some("001B54945A8B:P2"));
    assert_eq!(lldp.port_description.as_deref(), Some("PC Port"));
    assert_eq!(lldp.phone.load, Some(LoadName::new("SCCP11.8-4-3S")));
    assert_eq!(lldp.phone.model.map(|model| model.number), Some("7911"));
    assert_eq!(
        address(&Decoded::Lldp(&lldp)),
        Some(Ipv4Addr::new(172, 16, 10, 109))
    );
    // Without the system name, the port identifies the phone.
    let lldp = Lldp::decode(&tlvs[1..2].concat()).unwrap();
    assert_eq!(lldp.phone.mac, MacAddress::from_hex("001b54945a8b"));
    assert_eq!(
        observations(&Decoded::Lldp(&lldp)),
        [],
        "it may be anything"
    );
}

#[test]
fn lldp_that_ends_inside_a_tlv_is_refused() {
    let tlvs = lldp_7962();
    let bytes = tlvs.concat();
    let mut ends = vec![0];
    for tlv in &tlvs {
        ends.push(ends[ends.len() - 1] + tlv.len());
    }
    for end in 0..bytes.len() {
        assert_eq!(
            Lldp::decode(&bytes[..end]).is_ok(),
            ends.contains(&end),
            "{end} bytes"
        );
    }
    for tlv in [
        lldp_tlv(1, b""),
        lldp_tlv(3, &[1]),
        lldp_tlv(8, &[9, 1]),
        media(2, &[1]),
        media(4, &[1]),
        lldp_tlv(127, &[0, 0x12]),
    ] {
        assert!(Lldp::decode(&tlv).is_err(), "{tlv:?}");
    }
}
