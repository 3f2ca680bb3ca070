//! How the configuration of a phone differs between families: data for the writer and for `lint`.
//!
//! Sources: the element schemas in Cisco's images of the 69xx and 894x, the key table of
//! P0S3-8-12-00, and usecallmanager.nz.

use super::{Family, LoadName, Model};

/// The kind of files that configure a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConfigurationForm {
    /// `SEP<MAC>.cnf.xml`.
    Device,
    /// `SIPDefault.cnf` and `SIP<MAC>.cnf`: the 7940 and 7960. Their `SEP<MAC>.cnf.xml` only names
    /// the load.
    Settings,
}

/// An element of `SEP<MAC>.cnf.xml` whose value the phone checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ElementRange {
    /// Name of the element.
    pub name: &'static str,
    /// Name of the element that contains it; empty: any.
    pub parent: &'static str,
    /// Lowest value.
    pub least: u32,
    /// Highest value.
    pub most: u32,
}

/// The most characters of elements that the 69xx and 894x check, from the same schemas as their
/// ranges. Lengths there count the end mark.
pub const CHECKED_LENGTHS: &[(&str, usize)] = &[
    ("authenticationURL", 255),
    ("daysBacklightNotActive", 12),
    ("description", 255),
    ("directoryURL", 255),
    ("idleURL", 255),
    ("informationURL", 255),
    ("langCode", 30),
    ("loadInformation", 63),
    ("messagesURL", 255),
    ("phonePassword", 31),
    ("processNodeName", 64),
    ("proxyServerURL", 255),
    ("servicesURL", 255),
    ("sipIpAddr1", 47),
    ("sipIpAddr2", 47),
    ("sipIpAddr3", 47),
    ("sshPassword", 50),
    ("sshUserId", 50),
    ("timeZone", 100),
    ("versionStamp", 64),
];

/// The form of `SEP<MAC>.cnf.xml` that a family reads.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a family"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// Whether `natEnabled` and `natAddress` have an effect.
    pub knows_nat: bool,
    /// Whether `vendorConfig/loadServer` has an effect.
    pub knows_load_server: bool,
    /// Whether `vendorConfig` has settings beyond those that the 69xx checks.
    pub has_full_vendor_config: bool,
    /// Whether `dateTemplate` must be one of [`is_checked_date_format`].
    pub checks_dates: bool,
    /// The elements whose values the phone checks.
    pub ranges: &'static [ElementRange],
    /// `callWaiting`: on.
    pub call_waiting: &'static str,
    /// `anonymousCallBlock`, `callerIdBlocking` and `callLogBlfEnabled`: off.
    pub off: &'static str,
    /// `preferredCodec` for G.729.
    pub g729: &'static str,
    /// The element that names the file of the soft keys.
    pub soft_keys: &'static str,
    /// Whether SIP needs TCP: over UDP the phone repeats requests needlessly.
    pub needs_tcp: bool,
    /// Whether the phone registers over TCP only at a call manager: then only its first line does.
    pub is_managed_over_tcp: bool,
    /// Whether the phone registers every line with the password of the first.
    pub has_one_password: bool,
    /// Whether phones send their firmware to each other unless `peerFirmwareSharing` is 0.
    pub shares_firmware: bool,
}

const fn range(name: &'static str, parent: &'static str, least: u32, most: u32) -> ElementRange {
    ElementRange {
        name,
        parent,
        least,
        most,
    }
}

/// The form of the 79xx with five images.
const D79: Dialect = Dialect {
    knows_nat: true,
    knows_load_server: true,
    has_full_vendor_config: true,
    checks_dates: false,
    ranges: &[],
    call_waiting: "3",
    off: "2",
    g729: "g729a",
    soft_keys: "softKeyFile",
    needs_tcp: false,
    is_managed_over_tcp: true,
    has_one_password: false,
    shares_firmware: false,
};

const D69: Dialect = Dialect {
    knows_nat: false,
    knows_load_server: false,
    has_full_vendor_config: false,
    checks_dates: true,
    ranges: CHECKED,
    off: "0",
    g729: "g729",
    shares_firmware: true,
    ..D79
};

const D894: Dialect = Dialect {
    knows_load_server: true,
    ..D69
};

const D99: Dialect = Dialect {
    off: "0",
    g729: "g729",
    soft_keys: "featurePolicyFile",
    is_managed_over_tcp: false,
    has_one_password: true,
    shares_firmware: true,
    ..D79
};

const D78: Dialect = Dialect {
    has_full_vendor_config: false,
    call_waiting: "1",
    soft_keys: "softKeyFile",
    ..D99
};

const D88: Dialect = Dialect {
    needs_tcp: true,
    ..D78
};

/// The checks of the schemas in SIP69xx.9-4-1-3 and SCCP894x.9-4-2SR1-2.
const CHECKED: &[ElementRange] = &[
    range("callLogBlfEnabled", "", 0, 255),
    range("deviceSecurityMode", "", 1, 3),
    range("dndCallAlert", "", 0, 5),
    range("eapAuthentication", "", 0, 2),
    range("enableCdpPcPort", "", 0, 1),
    range("enableCdpSwPort", "", 0, 1),
    range("enableLldpPcPort", "", 0, 1),
    range("enableLldpSwPort", "", 0, 1),
    range("ethernetPhonePort", "", 0, 65_535),
    range("g722CodecSupport", "", 0, 2),
    range("garp", "", 0, 1),
    range("idleTimeout", "", 0, 99_999),
    range("incomingCallToastTimer", "", 3, 60),
    range("ipAddressMode", "", 0, 2),
    range("loggingDisplay", "", 0, 2),
    range("moreKeyReversionTimer", "", 5, 30),
    range("PCRemoteConfig", "", 0, 5),
    range("pcPort", "", 0, 1),
    range("phoneOffIdleTimeout", "", 20, 1440),
    range("powerPriority", "", 0, 3),
    range("revertPriority", "", 0, 1),
    range("settingsAccess", "", 0, 2),
    range("sipPort", "ports", 1024, 49_151),
    range("sipPort1", "srstInfo", 1024, 49_151),
    range("sipPort2", "srstInfo", 1024, 49_151),
    range("sipPort3", "srstInfo", 1024, 49_151),
    range("spanToPCPort", "", 0, 1),
    range("sshAccess", "", 0, 1),
    range("SWRemoteConfig", "", 0, 5),
    range("transportLayerProtocol", "", 0, 9),
    range("voiceVlanAccess", "", 0, 1),
    range("webAccess", "", 0, 1),
];

impl Family {
    /// The files that configure a phone of this family for SIP. `None` if it has no SIP firmware.
    #[must_use]
    pub fn configuration(self) -> Option<ConfigurationForm> {
        match self {
            Self::P3 => Some(ConfigurationForm::Settings),
            _ if !self.is_supported() => None,
            _ => Some(ConfigurationForm::Device),
        }
    }

    /// The form of its `SEP<MAC>.cnf.xml`.
    #[must_use]
    pub fn dialect(self) -> &'static Dialect {
        match self {
            Self::F6901 | Self::F6911 | Self::F69 | Self::F6945 => &D69,
            Self::F894 => &D894,
            Self::F8961 | Self::F9951 | Self::F9971 => &D99,
            Self::F78 | Self::F7832 => &D78,
            Self::F88 | Self::F8845 | Self::F8821 | Self::F8831 | Self::F8832 => &D88,
            _ => &D79,
        }
    }
}

impl Dialect {
    /// The form for a model. The form of the 79xx if the model is not known.
    #[must_use]
    pub fn of(model: Option<&Model>) -> &'static Self {
        model.map_or(&D79, |model| model.family.dialect())
    }
}

impl Model {
    /// The most calls at a time of all lines together (`maxNumCalls`). `None` if no source states
    /// it.
    #[must_use]
    pub fn most_calls(&self) -> Option<u32> {
        Some(match (self.plain_number(), self.family) {
            ("8831", _) => 6,
            ("6921" | "7811" | "7821" | "7832" | "8832", _) => 12,
            ("6941" | "6945" | "7841" | "8821", _) | (_, Family::F894) => 24,
            ("6961", _) => 72,
            ("8961" | "9951" | "9971", _) | (_, Family::F88 | Family::F8845) => 200,
            ("6901" | "6911" | "6951" | "7861", _) | (_, Family::P3) => return None,
            (_, family) if !family.is_supported() => return None,
            _ => 50,
        })
    }

    /// The code of its loads, in lower case: `69xx` of `SIP69xx.9-4-1-3SR3`. `None` for families
    /// whose loads are for every model.
    #[must_use]
    pub fn load_code(&self) -> Option<&'static str> {
        Some(match self.family {
            Family::F69 => "69xx",
            Family::F78 => "78xx",
            Family::F88 => "88xx",
            Family::F8845 => "8845_65",
            _ if self.family.siblings().next().is_some() => self.number,
            _ => return None,
        })
    }

    /// Whether the load is for other phones of the same series.
    #[must_use]
    pub fn rejects_load(&self, load: &LoadName) -> bool {
        let family = load.family();
        self.family.siblings().any(|other| Some(other) == family)
    }
}

impl LoadName {
    /// What stands between the protocol and the release: `45` of `SIP45.9-3-1SR4-1S`. Empty if the
    /// name has no protocol.
    #[must_use]
    pub fn code(&self) -> &str {
        let name = self.as_str();
        let rest = ["SIP", "SCCP"].iter().find_map(|protocol| {
            let head = name.get(..protocol.len())?;
            head.eq_ignore_ascii_case(protocol)
                .then(|| &name[protocol.len()..])
        });
        rest.and_then(|rest| rest.split(['.', '-']).next())
            .unwrap_or_default()
    }

    /// Whether it is multiplatform firmware (MPP), for phones that are sold for it (`-3PCC`). These
    /// read no `SEP<MAC>.cnf.xml`.
    ///
    /// # Examples
    ///
    /// ```
    /// use reflash::phone::LoadName;
    ///
    /// assert!(LoadName::new("sip88xx.12-0-7MPP0201-66").is_multiplatform());
    /// assert!(!LoadName::new("sip88xx.12-8-1-0001-455").is_multiplatform());
    /// ```
    #[must_use]
    pub fn is_multiplatform(&self) -> bool {
        let upper = self.as_str().to_ascii_uppercase();
        let of_family = ["68", "78", "88"]
            .iter()
            .any(|code| self.code().starts_with(code));
        of_family && ["MPP", "MSR", "MN"].iter().any(|mark| upper.contains(mark))
    }
}

/// Whether the 69xx and 894x have this `dateTemplate`: `M/D/Y`, `D/M/Y` or `Y/M/D`, also with `-`
/// or `.`, then nothing or `A`.
#[must_use]
pub fn is_checked_date_format(text: &str) -> bool {
    let bare = text.strip_suffix('A').unwrap_or(text);
    ['/', '-', '.'].iter().any(|separator| {
        let parts: Vec<_> = bare.split(*separator).collect();
        [["M", "D", "Y"], ["D", "M", "Y"], ["Y", "M", "D"]]
            .contains(&parts[..].try_into().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::MODELS;

    #[test]
    fn every_model_that_is_not_only_recognised_has_a_configuration() {
        for model in MODELS {
            let is_written = model.family.configuration().is_some();
            assert_eq!(is_written, model.family.is_supported(), "{model:?}");
        }
    }

    #[test]
    fn loads_for_other_models_of_the_family_are_rejected() {
        let rejects = |number: &str, load: &str| {
            Model::by_number(number)
                .unwrap()
                .rejects_load(&LoadName::new(load))
        };
        for (number, load) in [
            ("6921", "SIP69xx.9-4-1-3SR3"),
            ("6951", "SIP69XX.9-4-1-3SR3"),
            ("6945", "SIP6945.9-4-1-3SR3"),
            ("9971", "SIP9971.9-4-2SR4-1"),
            ("8865", "sip8845_65.12-0-1-11"),
            ("7965", "SIP45.9-3-1SR4-1S"),
            // Of another family: not a question of the model.
            ("6921", "SIP45.9-3-1SR4-1S"),
        ] {
            assert!(!rejects(number, load), "{number} {load}");
        }
        for (number, load) in [
            ("6945", "SIP69xx.9-4-1-3SR3"),
            ("6901", "SIP6911.9-3-1-2"),
            ("9951", "sip9971.9-4-2SR4-1"),
            ("8845", "sip88xx.12-0-1-11"),
            ("7832", "sip78xx.12-0-1-11"),
        ] {
            assert!(rejects(number, load), "{number} {load}");
        }
    }

    #[test]
    fn the_69xx_have_fewer_date_formats() {
        for text in ["M/D/Y", "D.M.Y", "Y-M-DA", "D/M/YA"] {
            assert!(is_checked_date_format(text), "{text}");
        }
        for text in ["D/M/YY", "D/M/Ya", "Y/D/M", "M/Y/D", "D/M-Y", "", "D/M/YAA"] {
            assert!(!is_checked_date_format(text), "{text}");
        }
    }
}
