//! `XMLDefault.cnf.xml`: the configuration for phones without one of their own.

use std::{io, net::IpAddr};

use quick_xml::{Writer, events::BytesText};

use crate::phone::{LoadName, Model};

/// The file name.
pub(super) const NAME: &str = "XMLDefault.cnf.xml";

/// The default ports of a call manager: SCCP, SIP and SIP over TLS (RFC 3261, section 19.1.2).
const PORTS: Ports<'_> = [
    ("ethernetPhonePort", "2000"),
    ("sipPort", "5060"),
    ("securedSipPort", "5061"),
];

/// Element names and ports.
pub(crate) type Ports<'a> = [(&'a str, &'a str); 3];

/// Service URLs that a phone would otherwise keep from its previous configuration. Empty
/// elements disable them.
const SERVICES: [&str; 6] = [
    "authenticationURL",
    "directoryURL",
    "idleURL",
    "informationURL",
    "messagesURL",
    "servicesURL",
];

/// The file with the load of each model. Without `loads` it only has the call manager. It always has two
/// TFTP blocks of 512 bytes or more: the ACK of the first proves that the phone receives what is sent.
/// Element order and attributes are those of a file written by a call manager.
pub(super) fn xml_default(
    call_manager: IpAddr,
    loads: &[(&'static Model, &LoadName)],
) -> io::Result<Vec<u8>> {
    xml_default_at(&[&call_manager.to_string()], PORTS, loads)
}

/// The same, for call managers with addresses or host names and other ports.
pub(crate) fn xml_default_at(
    call_managers: &[&str],
    ports: Ports<'_>,
    loads: &[(&'static Model, &LoadName)],
) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer
        .create_element("Default")
        .write_inner_content(|writer| {
            call_manager_group(writer, call_managers, ports)?;
            for (model, load) in loads {
                writer
                    .create_element(format!("loadInformation{}", model.device_type))
                    .with_attribute(("model", product(model).as_str()))
                    .write_text_content(BytesText::new(load.as_str()))?;
            }
            for service in SERVICES {
                text(writer, service, "")?;
            }
            Ok(())
        })?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

/// The `callManagerGroup` element of this file and of `SEP<MAC>.cnf.xml`. `addresses` are in the
/// order in which phones try them.
pub(crate) fn call_manager_group(
    writer: &mut Writer<Vec<u8>>,
    addresses: &[&str],
    ports: Ports<'_>,
) -> io::Result<()> {
    nested(writer, "callManagerGroup", |writer| {
        nested(writer, "members", |writer| {
            addresses
                .iter()
                .enumerate()
                .try_for_each(|(priority, address)| member(writer, priority, address, ports))
        })
    })
}

fn member(
    writer: &mut Writer<Vec<u8>>,
    priority: usize,
    address: &str,
    ports: Ports<'_>,
) -> io::Result<()> {
    writer
        .create_element("member")
        .with_attribute(("priority", priority.to_string().as_str()))
        .write_inner_content(|writer| {
            nested(writer, "callManager", |writer| {
                nested(writer, "ports", |writer| {
                    ports
                        .iter()
                        .try_for_each(|(name, port)| text(writer, name, port))
                })?;
                text(writer, "processNodeName", address)
            })
        })?;
    Ok(())
}

fn nested(
    writer: &mut Writer<Vec<u8>>,
    name: &str,
    content: impl FnOnce(&mut Writer<Vec<u8>>) -> io::Result<()>,
) -> io::Result<()> {
    writer.create_element(name).write_inner_content(content)?;
    Ok(())
}

fn text(writer: &mut Writer<Vec<u8>>, name: &str, text: &str) -> io::Result<()> {
    writer
        .create_element(name)
        .write_text_content(BytesText::new(text))?;
    Ok(())
}

/// The model name used by call managers: `Cisco 7965`, `Cisco 7961G-GE`.
fn product(model: &Model) -> String {
    match model.number.strip_suffix("-GE") {
        Some(plain) => format!("Cisco {plain}G-GE"),
        None => format!("Cisco {}", model.number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loads<'a>(numbers: &[&str], load: &'a LoadName) -> Vec<(&'static Model, &'a LoadName)> {
        numbers
            .iter()
            .map(|number| (Model::by_number(number).expect("in the table"), load))
            .collect()
    }

    #[test]
    fn file_for_7945_and_7965_is_exact() {
        let load = LoadName::new("SIP45.9-3-1SR4-1S");
        let bytes = xml_default([192, 0, 2, 10].into(), &loads(&["7945", "7965"], &load)).unwrap();
        let expected = r#"<Default>
  <callManagerGroup>
    <members>
      <member priority="0">
        <callManager>
          <ports>
            <ethernetPhonePort>2000</ethernetPhonePort>
            <sipPort>5060</sipPort>
            <securedSipPort>5061</securedSipPort>
          </ports>
          <processNodeName>192.0.2.10</processNodeName>
        </callManager>
      </member>
    </members>
  </callManagerGroup>
  <loadInformation435 model="Cisco 7945">SIP45.9-3-1SR4-1S</loadInformation435>
  <loadInformation436 model="Cisco 7965">SIP45.9-3-1SR4-1S</loadInformation436>
  <authenticationURL></authenticationURL>
  <directoryURL></directoryURL>
  <idleURL></idleURL>
  <informationURL></informationURL>
  <messagesURL></messagesURL>
  <servicesURL></servicesURL>
</Default>
"#;
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn file_without_loads_has_two_blocks() {
        let bytes = xml_default([10, 0, 0, 1].into(), &[]).unwrap();
        assert!(bytes.len() > 512, "{}", bytes.len());
    }

    #[test]
    fn file_is_valid_xml_with_any_load_name_and_without_loads() {
        let odd = LoadName::new("SIP41.<&\">9-1");
        let bytes =
            xml_default([192, 0, 2, 10].into(), &loads(&["7961", "7961-GE"], &odd)).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let document = roxmltree::Document::parse(&text).unwrap();
        assert_eq!(document.root_element().tag_name().name(), "Default");
        let found: Vec<_> = document
            .descendants()
            .filter(|node| node.tag_name().name().starts_with("loadInformation"))
            .map(|node| (node.tag_name().name(), node.attribute("model"), node.text()))
            .collect();
        assert_eq!(
            found,
            [
                (
                    "loadInformation30018",
                    Some("Cisco 7961"),
                    Some(odd.as_str())
                ),
                (
                    "loadInformation308",
                    Some("Cisco 7961G-GE"),
                    Some(odd.as_str())
                ),
            ]
        );
        let bare = String::from_utf8(xml_default([192, 0, 2, 10].into(), &[]).unwrap()).unwrap();
        roxmltree::Document::parse(&bare).unwrap();
        assert!(bare.contains("processNodeName") && !bare.contains("loadInformation"));
    }
}
