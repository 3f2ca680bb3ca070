//! A phone's web page: `/DeviceInformationX` (XML) and `/DeviceInformation` (HTML).

use super::{
    bytes::{Malformed, capped},
    names::{device_mac, load_name, model},
};
use crate::phone::{LoadName, MacAddress, Model, Protocol};

/// Maximum size of a page in bytes. Phones have about 1,000 of XML and 10,000 of HTML.
pub const MAX_PAGE: usize = 256 * 1024;

/// Maximum number of nodes of the XML; phones have about 50.
const MAX_NODES: u32 = 4096;

/// The fields of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DevicePage {
    /// `MACAddress`, else the MAC in the host name.
    pub mac: Option<MacAddress>,
    /// `HostName`: `SEP` and the MAC.
    pub host_name: Option<String>,
    /// `appLoadID`: on newer phones the name of an image (`jar45sip.9-3-1ES26.sbn`), on a 7940/60 the
    /// load.
    pub app_load: Option<String>,
    /// `bootLoadID`: the boot loader.
    pub boot_load: Option<String>,
    /// `versionID`: the load; on a 7940/60 a release (`8.1(2.0)`).
    pub version: Option<String>,
    /// `modelNumber`: `CP-7945G`.
    pub model_number: Option<String>,
    /// The model of that number.
    pub model: Option<&'static Model>,
    /// `serialNumber`.
    pub serial: Option<String>,
    /// `hardwareRevision`.
    pub hardware_revision: Option<String>,
    /// The load: `versionID` if it is the name of one, else `appLoadID` if it is.
    pub load: Option<LoadName>,
    /// The protocol: of the load, else of the image in `appLoadID`.
    pub protocol: Option<Protocol>,
}

/// XML elements and English labels of the fields.
const FIELDS: [(&str, &str); 8] = [
    ("MACAddress", "MAC Address"),
    ("HostName", "Host Name"),
    ("appLoadID", "App Load ID"),
    ("bootLoadID", "Boot Load ID"),
    ("versionID", "Version"),
    ("modelNumber", "Model Number"),
    ("serialNumber", "Serial Number"),
    ("hardwareRevision", "Hardware Revision"),
];

impl DevicePage {
    /// Decodes a page, XML or HTML with English labels.
    ///
    /// # Errors
    /// The page is too long, not well-formed, or has no device information.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let fault = |format, reason| Malformed {
            format,
            offset: 0,
            reason,
        };
        if bytes.len() > MAX_PAGE {
            return Err(fault("the phone's page", "262,144 bytes or less expected"));
        }
        // Old phones send iso-8859-1.
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().copied().map(char::from).collect(),
        };
        let text = text.trim_start_matches('\u{feff}').trim();
        let mut page = Self::default();
        if text.contains("<DeviceInformation") {
            let options = roxmltree::ParsingOptions {
                allow_dtd: false,
                nodes_limit: MAX_NODES,
                ..roxmltree::ParsingOptions::default()
            };
            let document = roxmltree::Document::parse_with_options(text, options)
                .map_err(|_| fault("DeviceInformationX", "well-formed XML expected"))?;
            for node in document.descendants() {
                page.set_field(node.tag_name().name(), node.text().unwrap_or_default());
            }
        } else {
            let texts = texts(text);
            for (name, label) in FIELDS {
                let at = texts.iter().position(|text| {
                    text.trim_end_matches([':', ' '])
                        .eq_ignore_ascii_case(label)
                });
                if let Some(value) = at.and_then(|at| texts.get(at + 1)) {
                    page.set_field(name, value);
                }
            }
        }
        page.derive_fields();
        if page == Self::default() {
            return Err(fault(
                "the phone's page",
                "a page with device information expected",
            ));
        }
        Ok(page)
    }

    fn set_field(&mut self, name: &str, value: &str) {
        let value = Some(capped(value.trim())).filter(|value| !value.is_empty());
        match name {
            "MACAddress" => self.mac = value.and_then(|value| value.parse().ok()),
            "HostName" => self.host_name = value,
            "appLoadID" => self.app_load = value,
            "bootLoadID" => self.boot_load = value,
            "versionID" => self.version = value,
            "modelNumber" => self.model_number = value,
            "serialNumber" => self.serial = value,
            "hardwareRevision" => self.hardware_revision = value,
            _ => {}
        }
    }

    fn derive_fields(&mut self) {
        let of_host = || device_mac(self.host_name.as_deref()?);
        self.mac = self.mac.or_else(of_host);
        self.model = self.model_number.as_deref().and_then(model);
        // An image's name looks like a load's, but only a load's begins with the protocol.
        let known = |load: &LoadName| load.protocol().is_some() || load.is_recovery();
        let of_app = || load_name(self.app_load.as_deref()?).filter(known);
        self.load = self.version.as_deref().and_then(load_name).or_else(of_app);
        let of_load = self.load.as_ref().and_then(LoadName::protocol);
        self.protocol = of_load.or_else(|| {
            let image = self.app_load.as_deref()?.to_ascii_lowercase();
            let of = |word: &str| image.starts_with("jar") && image.contains(word);
            match (of("sccp"), of("sip")) {
                (true, _) => Some(Protocol::Sccp),
                (false, true) => Some(Protocol::Sip),
                (false, false) => None,
            }
        });
    }
}

/// The texts between the tags of an HTML page, trimmed.
fn texts(html: &str) -> Vec<String> {
    html.split('<')
        .filter_map(|piece| {
            let text = piece.split_once('>').map_or(piece, |(_, text)| text);
            let text = text.replace("&nbsp;", " ").replace("&amp;", "&");
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        })
        .collect()
}
