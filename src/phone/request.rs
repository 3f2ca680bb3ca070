//! The names that phones request.

use super::{LoadName, MacAddress, Model};

/// The kind of file that a phone requests, from its name.
///
/// Case and a leading `/` or `./` are ignored, since phones use all of these forms.
///
/// # Examples
///
/// ```
/// use reflash::phone::RequestedFile;
///
/// let config = RequestedFile::parse("/SEP001D45AABB01.cnf.xml");
/// assert!(config.is_from_application());
/// assert_eq!(config.mac(), "001d45aabb01".parse().ok());
///
/// // Only a boot loader requests this name, which identifies the model but not the phone.
/// let recovery = RequestedFile::parse("term65.default.loads");
/// assert!(matches!(recovery, RequestedFile::Recovery(Some(model)) if model.number == "7965"));
/// assert_eq!(recovery.mac(), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestedFile {
    /// `termNN.default.loads`, requested by the boot loader after a factory reset. It has no
    /// MAC address. `None` if no known model has this NN.
    Recovery(Option<&'static Model>),
    /// `<load>.loads`: a load named in a configuration.
    Manifest(LoadName),
    /// An image named in a manifest: `.sbn`, `.sb2`, `.bin`, `.sebn`, `.zz.sgn`, `.bin1.sgn`.
    Image,
    /// `CTLSEP<MAC>.tlv`: the first request of an application at boot.
    TrustList(MacAddress),
    /// `ITLSEP<MAC>.tlv`: the same, from 8.5(2) on.
    IdentityList(MacAddress),
    /// `ITLFile.tlv`, `CTLFile.tlv`.
    SharedTrustList,
    /// `SEP<MAC>.cnf.xml`. A phone with a trust list requests the signed form (`.sgn`).
    Config {
        /// The phone.
        mac: MacAddress,
        /// The signed or encrypted form is requested.
        signed: bool,
    },
    /// `XMLDefault.cnf.xml`.
    DefaultConfig,
    /// `SIP<MAC>.cnf`, `MGC<MAC>.cnf`, and `SEP<MAC>.cnf` of the first SCCP releases: requested by
    /// the 7940 and 7960 only.
    LegacyConfig(MacAddress),
    /// `OS79XX.TXT`, `SIPDefault.cnf`, `MGCDefault.cnf`, `SEPDefault.cnf`: also 7940 and 7960, without
    /// a MAC address.
    LegacyDefault,
    /// `…-sip.jar`: a locale file requested by SIP firmware only.
    SipLocale,
    /// `…-sccp.jar`: a locale file requested by SCCP firmware only.
    SccpLocale,
    /// `<MAC>.xml`, `8841-3PCC.xml`: the profile of multiplatform firmware, with the MAC if the name
    /// has it.
    Multiplatform(Option<MacAddress>),
    /// `dialplan.xml` and other files named in a configuration.
    Other,
}

impl RequestedFile {
    /// Parses a name as received. Total: any text gives a result.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        let lower = normalized_name(name);
        let base = lower.rsplit('/').next().unwrap_or(&lower);
        if let Some(load) = base.strip_suffix(".loads") {
            if load.starts_with("term") && load.ends_with(".default") {
                return Self::Recovery(Model::by_recovery_manifest(base));
            }
            let given = name.trim_end();
            let given = given.rsplit('/').next().unwrap_or(given);
            return Self::Manifest(LoadName::new(given));
        }
        let mac = |prefix: &str, suffix: &str| {
            base.strip_prefix(prefix)
                .and_then(|rest| rest.strip_suffix(suffix))
                .and_then(MacAddress::from_hex)
        };
        if let Some(mac) = mac("ctlsep", ".tlv") {
            return Self::TrustList(mac);
        }
        if let Some(mac) = mac("itlsep", ".tlv") {
            return Self::IdentityList(mac);
        }
        for (suffix, signed) in [
            (".cnf.xml", false),
            (".cnf.xml.sgn", true),
            (".cnf.xml.enc.sgn", true),
        ] {
            if let Some(mac) = mac("sep", suffix) {
                return Self::Config { mac, signed };
            }
        }
        let mut starts = ["sip", "mgc", "sep"].into_iter();
        if let Some(mac) = starts.find_map(|start| mac(start, ".cnf")) {
            return Self::LegacyConfig(mac);
        }
        if base.ends_with("-3pcc.xml") {
            return Self::Multiplatform(None);
        }
        if let Some(mac) = mac("", ".xml") {
            return Self::Multiplatform(Some(mac));
        }
        match base {
            "itlfile.tlv" | "ctlfile.tlv" => Self::SharedTrustList,
            "xmldefault.cnf.xml" => Self::DefaultConfig,
            "os79xx.txt" | "sipdefault.cnf" | "mgcdefault.cnf" | "sepdefault.cnf" => {
                Self::LegacyDefault
            }
            // Both firmwares of a phone with two slots request it.
            "rtl-sccp.jar" | "gb-sccp-sip.jar" => Self::Other,
            _ if base.ends_with("-sip.jar") => Self::SipLocale,
            _ if base.ends_with("-sccp.jar") => Self::SccpLocale,
            _ if is_image(base) => Self::Image,
            _ => Self::Other,
        }
    }

    /// The MAC address in the name, if there is one.
    #[must_use]
    pub fn mac(&self) -> Option<MacAddress> {
        match self {
            Self::TrustList(mac)
            | Self::IdentityList(mac)
            | Self::LegacyConfig(mac)
            | Self::Config { mac, .. }
            | Self::Multiplatform(Some(mac)) => Some(*mac),
            _ => None,
        }
    }

    /// Whether only a running application requests this, never a boot loader.
    #[must_use]
    pub fn is_from_application(&self) -> bool {
        !matches!(
            self,
            Self::Recovery(_)
                | Self::Manifest(_)
                | Self::Image
                | Self::Multiplatform(_)
                | Self::Other
        )
    }
}

/// Whether a name in lower case is that of an image. The signed forms of configurations, tones and
/// time zones (`TzDataCSV.csv.sgn`) are none.
fn is_image(base: &str) -> bool {
    let Some(signed) = base.strip_suffix(".sgn") else {
        let mut ends = [".sbn", ".sb2", ".bin", ".sebn"].iter();
        return ends.any(|end| base.ends_with(end));
    };
    let end = signed.rsplit('.').next().unwrap_or_default();
    let slice = end.strip_prefix("bin");
    end == "zz" || slice.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The phone whose configuration a file of this name may hold, with its passwords: the name contains
/// `SEP`, `SIP` or `MGC` and a MAC, as that of the configuration itself, of a copy (`.bak`, `~`,
/// `Copy of …`, `… (1).cnf.xml`) or of an editor's file. Trust lists (`.tlv`) hold none.
///
/// # Examples
///
/// ```
/// use reflash::phone::configured_phone;
///
/// let phone = "001d45aabb01".parse().ok();
/// assert_eq!(configured_phone("old/SEP001D45AABB01.cnf.xml~"), phone);
/// assert_eq!(configured_phone("SIP001D45AABB01.cnf"), phone);
/// assert_eq!(configured_phone("CTLSEP001D45AABB01.tlv"), None);
/// ```
#[must_use]
pub fn configured_phone(name: &str) -> Option<MacAddress> {
    const MAC: usize = 12;
    let lower = normalized_name(name);
    if lower.contains(".tlv") {
        return None;
    }
    let base = lower.rsplit(['/', '\\']).next().unwrap_or(&lower);
    let plain: String = base.chars().filter(|c| !"-:_".contains(*c)).collect();
    ["sep", "sip", "mgc"]
        .iter()
        .flat_map(|start| plain.match_indices(start))
        .find_map(|(at, start)| MacAddress::from_hex(plain[at + start.len()..].get(..MAC)?))
}

/// Whether this is `OS79XX.TXT`, the first file of a 7940 or 7960 whose firmware is from before the
/// loader.
pub(crate) fn is_image_name(name: &str) -> bool {
    let name = normalized_name(name);
    name.rsplit('/').next() == Some("os79xx.txt")
}

/// The form in which names are compared: lower case, without a leading `/` or `./` and
/// without trailing white space.
#[must_use]
pub(crate) fn normalized_name(name: &str) -> String {
    let mut rest = name.trim_end();
    while let Some(shorter) = rest.strip_prefix("./").or_else(|| rest.strip_prefix('/')) {
        rest = shorter;
    }
    rest.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_real_boots_are_parsed() {
        let mac = MacAddress::new([0x00, 0x1d, 0x45, 0xaa, 0xbb, 0x0c]);
        let cases = [
            ("CTLSEP001D45AABB0C.tlv", RequestedFile::TrustList(mac)),
            ("ITLSEP001D45AABB0C.tlv", RequestedFile::IdentityList(mac)),
            ("ITLFile.tlv", RequestedFile::SharedTrustList),
            (
                "SEP001D45AABB0C.cnf.xml",
                RequestedFile::Config { mac, signed: false },
            ),
            (
                "SEP001D45AABB0C.cnf.xml.sgn",
                RequestedFile::Config { mac, signed: true },
            ),
            (
                "SEP001D45AABB0C.cnf.xml.enc.sgn",
                RequestedFile::Config { mac, signed: true },
            ),
            ("./SIP001D45AABB0C.cnf", RequestedFile::LegacyConfig(mac)),
            ("XMLDefault.cnf.xml", RequestedFile::DefaultConfig),
            ("/mk-sip.jar", RequestedFile::SipLocale),
            ("English_United_States/mk-sip.jar", RequestedFile::SipLocale),
            ("mk-sccp.jar", RequestedFile::SccpLocale),
            ("English_United_States/rtl-sccp.jar", RequestedFile::Other),
            ("gb-sccp-sip.jar", RequestedFile::Other),
            ("SIP69xx.9-4-1-3.zz.sgn", RequestedFile::Image),
            ("BOOT894x.0-0-0-20.bin.sgn", RequestedFile::Image),
            ("SIP894x.9-4-2SR3-1.bin9.sgn", RequestedFile::Image),
            ("rootfs8961.9-4-2SR4-1.sebn", RequestedFile::Image),
            ("TzDataCSV.csv.sgn", RequestedFile::Other),
            ("g3-tones.xml.sgn", RequestedFile::Other),
            ("jar45sip.9-3-1ES26.sbn", RequestedFile::Image),
            ("P0S3-8-12-00.sb2", RequestedFile::Image),
            (
                "SIP45.9-3-1SR4-1S.loads",
                RequestedFile::Manifest(LoadName::new("SIP45.9-3-1SR4-1S")),
            ),
            (
                "term65.default.loads",
                RequestedFile::Recovery(Model::by_number("7965")),
            ),
            (
                "TERM70.DEFAULT.loads",
                RequestedFile::Recovery(Model::by_number("7970")),
            ),
            ("term99.default.loads", RequestedFile::Recovery(None)),
            ("OS79XX.TXT", RequestedFile::LegacyDefault),
            ("/g3-tones.xml", RequestedFile::Other),
            ("/001D45AABB0C.xml", RequestedFile::Multiplatform(Some(mac))),
            ("8841-3PCC.xml", RequestedFile::Multiplatform(None)),
            ("", RequestedFile::Other),
        ];
        for (name, expected) in cases {
            assert_eq!(RequestedFile::parse(name), expected, "{name}");
        }
    }

    #[test]
    fn other_endings_of_a_configuration_are_its_phones() {
        let mac = MacAddress::from_hex("001d45aabb0c");
        for name in [
            "SEP001D45AABB0C.cnf.xml",
            "/sep001d45aabb0c.cnf.xml.sgn ",
            "old/SEP001D45AABB0C.cnf.xml.bak",
            "old\\SIP001D45AABB0C.cnf~",
            "MGC001D45AABB0C.cnf",
            ".SEP001D45AABB0C.cnf.xml.swp",
            "#SEP001D45AABB0C.cnf.xml#",
            "Copy of SEP001D45AABB0C.cnf.xml",
            "SEP001D45AABB0C (1).cnf.xml",
            "SEP001D45AABB0C-old.cnf.xml",
            "SEP00-1D-45-AA-BB-0C.cnf.xml",
            "SEP001D45AABB0C.xml",
        ] {
            assert_eq!(configured_phone(name), mac, "{name}");
        }
        for name in [
            "SEP001D45AABB0.cnf.xml",
            "CTLSEP001D45AABB0C.tlv",
            "XMLDefault.cnf.xml",
            "SEPäöü",
            "SEP0123456789äb.cnf.xml",
            "SIPDefault.cnf",
            "",
        ] {
            assert_eq!(configured_phone(name), None, "{name}");
        }
    }

    #[test]
    fn similar_names_have_no_mac() {
        for name in [
            "SEP001D45AABB0.cnf.xml",
            "CTLSEPxxxxxxxxxxxx.tlv",
            "SEP001D45AABB0C",
        ] {
            assert_eq!(RequestedFile::parse(name).mac(), None, "{name}");
        }
    }
}
