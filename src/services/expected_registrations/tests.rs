//! Tests of where the phones' own configurations register them.

use super::*;
use crate::protocol::sip::SipTransport;

#[test]
fn phones_whose_configuration_names_this_machine_must_register() {
    let us = Ipv4Addr::new(192, 0, 2, 1);
    let file = |mac: &str, host: &str| {
        let text = format!(
            "<device><callManager><processNodeName>{host}</processNodeName></callManager>\
             <transportLayerProtocol>1</transportLayerProtocol>\
             <sipLines><line><proxy>USECALLMANAGER</proxy><name>6010</name></line></sipLines>\
             </device>"
        );
        let name = format!("SEP{mac}.cnf.xml");
        ExtraFile::generated(&name, Path::new("test"), text.into_bytes()).unwrap()
    };
    let own = [
        file("001D45AABB01", "192.0.2.1"),
        file("001D45AABB02", "192.0.2.2"),
        file("001D45AABB03", "pbx.example.net"),
        file("001D45AABB04", ""),
    ];
    let named = |port, tftp| {
        let macs = ExpectedRegistrations::of(&own, tftp).at(&[SocketAddrV4::new(us, port)]);
        macs.iter().map(|mac| mac.bytes()[5]).collect::<Vec<u8>>()
    };
    assert_eq!(named(5060, us), [1, 4]);
    assert_eq!(named(5060, Ipv4Addr::new(192, 0, 2, 9)), [1]);
    assert!(named(5070, us).is_empty(), "another port");
    assert!(
        ExpectedRegistrations::of(&own, us).at(&[]).is_empty(),
        "no listener"
    );
    assert_eq!(ExpectedRegistrations::of(&own, us).port(), 5060);
    let elsewhere = |names: &[(&str, &str)]| {
        let files = names.iter().map(|(mac, port)| {
            let port = format!("<ports><sipPort>{port}</sipPort></ports></callManager>");
            let text = String::from_utf8(file(mac, "192.0.2.1").bytes().to_vec()).unwrap();
            let text = text.replace("</callManager>", &port);
            ExtraFile::generated(
                &format!("SEP{mac}.cnf.xml"),
                Path::new("test"),
                text.into_bytes(),
            )
        });
        let files: Vec<_> = files.map(Result::unwrap).collect();
        ExpectedRegistrations::of(&files, us).port()
    };
    let (one, two) = (("001D45AABB01", "5160"), ("001D45AABB02", "5260"));
    assert_eq!(
        (elsewhere(&[one]), elsewhere(&[one, two]), elsewhere(&[])),
        (5160, 5060, 5060)
    );
    let registrations = ExpectedRegistrations::of(&own, us).targets(&[]);
    let pbx = |at: usize| registrations[at].pbx.clone();
    assert_eq!(
        pbx(1),
        [SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 2), 5060)]
    );
    assert_eq!(pbx(2), [], "a host name may be any address");
    assert!(
        registrations
            .iter()
            .all(|one| one.transport == Some(SipTransport::Tcp))
    );
}

#[test]
fn the_start_says_where_phones_register_and_how_to_check_it() {
    let us = Ipv4Addr::new(192, 0, 2, 1);
    let file = |host: &str| {
        let text = format!(
            "<device><sipLines><line><featureID>9</featureID><proxy>{host}</proxy>\
             <name>6010</name></line><line><featureID>21</featureID><name>6011</name></line>\
             </sipLines></device>"
        );
        let name = "SEP001D45AABB01.cnf.xml";
        ExtraFile::generated(name, Path::new("test"), text.into_bytes()).unwrap()
    };
    let messages = |host: &str, visible: &[SocketAddrV4]| {
        ExpectedRegistrations::of(&[file(host)], us).messages(&[us], visible, None)
    };
    let elsewhere = messages("192.0.2.9", &[]);
    assert_eq!(elsewhere.len(), 1, "{elsewhere:?}");
    for part in ["192.0.2.9:5060", "another machine", "pjsip show contacts"] {
        assert!(elsewhere[0].contains(part), "{elsewhere:?}");
    }
    assert!(messages("pbx.example.net", &[])[0].contains("pbx.example.net"));
    let here = messages("192.0.2.1", &[SocketAddrV4::new(us, 5060)]);
    assert!(here[0].contains("nothing listens"), "{here:?}");
    assert!(here[0].contains("left to the PBX"), "{here:?}");
    assert_eq!(here.len(), 1, "{here:?}");
    let blind = messages("192.0.2.1", &[]);
    assert!(blind[1].contains("does not see"), "{blind:?}");

    let expected = ExpectedRegistrations::of(&[file("192.0.2.1")], us);
    assert!(expected.is_at(&[us], 5060) && !expected.is_at(&[us], 5070));
    let lines = |visible| expected.targets(visible)[0].lines.clone();
    assert_eq!(lines(&[]).len(), 1, "a speed dial does not register");
    assert!(!lines(&[])[0].visible);
    assert!(lines(&[SocketAddrV4::new(us, 5060)])[0].visible);
}

#[test]
fn lines_over_tls_and_second_pbxs_are_named_as_such() {
    let us = Ipv4Addr::new(192, 0, 2, 1);
    let file = |transport: u8, hosts: &[&str]| {
        let managers = hosts.iter().map(|host| {
            format!(
                "<callManager><ports><sipPort>5060</sipPort></ports>\
                 <processNodeName>{host}</processNodeName></callManager>"
            )
        });
        let managers: String = managers.collect();
        let text = format!(
            "<device>{managers}<transportLayerProtocol>{transport}</transportLayerProtocol>\
             <sipLines><line><featureID>9</featureID><proxy>USECALLMANAGER</proxy>\
             <name>6010</name></line></sipLines></device>"
        );
        let name = "SEP001D45AABB01.cnf.xml";
        ExtraFile::generated(name, Path::new("test"), text.into_bytes()).unwrap()
    };
    let of = |file| ExpectedRegistrations::of(&[file], us);
    let visible = [5060, 5061].map(|port| SocketAddrV4::new(us, port));

    let tls = of(file(3, &["192.0.2.1"]));
    let messages = tls.messages(&[us], &visible, None);
    assert!(
        messages[0].contains("192.0.2.1:5061") && messages[0].contains("TCP (TLS) port 5061"),
        "{messages:?}"
    );
    assert!(messages[1].contains("TLS is encrypted"), "{messages:?}");
    assert!(!messages.concat().contains("UDP"), "{messages:?}");
    assert!(!tls.targets(&visible)[0].lines[0].visible);
    assert_eq!(tls.at(&visible), [], "no REGISTER is observed");
    let elsewhere = of(file(3, &["192.0.2.9"])).messages(&[us], &visible, None);
    assert!(elsewhere[0].contains("over TLS"), "{elsewhere:?}");
    assert!(!elsewhere[0].contains("mirror"), "{elsewhere:?}");

    let open = of(file(4, &["192.0.2.1"])).messages(&[us], &visible, None);
    assert!(open[0].contains("UDP or TCP port 5060"), "{open:?}");

    let two = of(file(2, &["192.0.2.1", "192.0.2.9", "192.0.2.9"]));
    assert_eq!(two.targets(&visible)[0].pbx.len(), 2);
    assert!(two.targets(&visible)[0].lines[0].visible);
    let messages = two.messages(&[us], &visible, None);
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(
        messages[1].starts_with("phones use 192.0.2.9:5060 if"),
        "{messages:?}"
    );
}

#[test]
fn the_lines_of_a_7940_are_those_of_its_settings() {
    let us = Ipv4Addr::new(192, 0, 2, 1);
    let file = |name: &str, text: &str| {
        ExtraFile::generated(name, Path::new("test"), text.as_bytes().to_vec()).unwrap()
    };
    let load = "<device><loadInformation8>P0S3-8-12-00</loadInformation8></device>";
    let files = [
        file("SEP001D45AABB01.cnf.xml", load),
        file(
            "SIPDefault.cnf",
            "proxy_register: 1\nproxy1_address: 192.0.2.1\nproxy1_port: 5160\n",
        ),
        file(
            "SIP001D45AABB01.cnf",
            "line1_name: 6010\nline2_name: 6011\nproxy2_address: 192.0.2.9\n",
        ),
    ];
    let visible = [SocketAddrV4::new(us, 5160)];
    let expected = ExpectedRegistrations::of(&files, us);
    let targets = expected.targets(&visible);
    assert_eq!(targets.len(), 1, "{targets:?}");
    assert_eq!(targets[0].transport, Some(SipTransport::Udp));
    let lines: Vec<_> = targets[0]
        .lines
        .iter()
        .map(|line| (line.user.as_str(), line.visible))
        .collect();
    assert_eq!(lines, [("6010", true), ("6011", false)]);
    assert_eq!(expected.at(&visible).len(), 1);
    // The phone registers nowhere without proxy_register.
    let without = [file("SIP001D45AABB01.cnf", "line1_name: 6010\n")];
    let expected = ExpectedRegistrations::of(&without, us);
    assert!(expected.targets(&visible).is_empty());
}
