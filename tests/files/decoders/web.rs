//! The phone's page.

use reflash::{
    discovery::{Decoded, observations},
    phone::{LoadName, MacAddress, Protocol},
    protocol::web::{DevicePage, MAX_PAGE},
    track::ObservationKind,
};

fn xml(app: &str, version: &str, model: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\r\n<DeviceInformation>\n\
         <MACAddress>0021D8BA0965</MACAddress><HostName>SEP0021D8BA0965</HostName>\
         <phoneDN>5920</phoneDN><appLoadID>{app}</appLoadID>\
         <bootLoadID>tnp65.8-3-1-21a.bin</bootLoadID><versionID>{version}</versionID>\
         <addonModule1></addonModule1><hardwareRevision>1.0</hardwareRevision>\
         <serialNumber>FCH1610A5S5</serialNumber><modelNumber>{model}</modelNumber>\
         </DeviceInformation>"
    )
}

#[test]
fn the_load_is_the_version_or_on_a_7940_the_application() {
    for (app, version, model, load, protocol) in [
        (
            "jar45sip.9-3-1ES26.sbn",
            "SIP45.9-3-1SR4-1S",
            "CP-7945G",
            Some("SIP45.9-3-1SR4-1S"),
            Some(Protocol::Sip),
        ),
        (
            "jar45sccp.9-4-2TH1-1.sbn",
            "9.4(2)SR3",
            "CP-7945G",
            None,
            Some(Protocol::Sccp),
        ),
        (
            "P00308010200",
            "8.1(2.0)",
            "CP-7940",
            Some("P00308010200"),
            Some(Protocol::Sccp),
        ),
        (
            "jar65sip.9-3-1ES26.sbn",
            "term65.default",
            "CP-7965G",
            Some("term65.default"),
            Some(Protocol::Sip),
        ),
        ("", "", "CP-7965G", None, None),
    ] {
        let page = DevicePage::decode(xml(app, version, model).as_bytes()).unwrap();
        assert_eq!(page.load, load.map(LoadName::new), "{version}");
        assert_eq!(page.protocol, protocol, "{version}");
        assert_eq!(page.mac, MacAddress::from_hex("0021d8ba0965"));
        assert!(page.model.is_some_and(|known| model.contains(known.number)));
        assert_eq!(page.serial.as_deref(), Some("FCH1610A5S5"));
        let count = if load.is_some() { 3 } else { 2 };
        let seen = observations(&Decoded::Web(&page));
        assert_eq!(seen.len(), count);
        assert!(matches!(seen[0], ObservationKind::MacReported { .. }));
    }
}

#[test]
fn an_html_page_is_read_by_its_labels() {
    let html = "<HTML><BODY><TABLE><TR><TD><B>MAC Address</B></TD><td width=20></TD>\
        <TD><B>0021D8BA0965</B></TD></TR><TR><TD><B> Host Name</B></TD><TD></TD>\
        <TD><B>SEP0021D8BA0965</B></TD></TR><TR><TD><B>App Load ID</B></TD><TD></TD>\
        <TD><B>jar45sip.9-3-1ES26.sbn</B></TD></TR><TR><TD><B>Version</B></TD><TD></TD>\
        <TD><B>SIP45.9-3-1SR4-1S</B></TD></TR><TR><TD><B>Model Number</B></TD>\
        <TD><B>CP-7945G</B></TD></TR></TABLE></BODY></HTML>";
    let page = DevicePage::decode(html.as_bytes()).unwrap();
    assert_eq!(page.load, Some(LoadName::new("SIP45.9-3-1SR4-1S")));
    assert_eq!(page.model.map(|model| model.number), Some("7945"));
    assert_eq!(page.host_name.as_deref(), Some("SEP0021D8BA0965"));
}

#[test]
fn a_page_that_is_not_of_a_phone_is_refused() {
    let deep = format!("<DeviceInformation>{}", "<a>".repeat(80_000));
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\">]><DeviceInformation>&b;</DeviceInformation>";
    for page in [
        "",
        "<html>401 Unauthorized</html>",
        "<DeviceInformation>",
        bomb,
        &deep,
    ] {
        assert!(
            DevicePage::decode(page.as_bytes()).is_err(),
            "{}",
            &page[..page.len().min(80)]
        );
    }
    assert!(DevicePage::decode(&vec![b' '; MAX_PAGE + 1]).is_err());
    let latin = xml("", "SIP45.9-3-1SR4-1S", "CP-7945G").replace("5920", "\u{fc}");
    let latin: Vec<u8> = latin
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    assert!(DevicePage::decode(&latin).unwrap().load.is_some());
}
