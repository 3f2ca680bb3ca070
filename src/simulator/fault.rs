//! The faults of simulated phones, as in `--fault KIND[@N]`.

use std::{fmt, str::FromStr};

/// One fault of a simulated phone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PhoneFault {
    /// Fetches the manifest repeatedly and never requests an image: it does not accept the
    /// signature.
    RefusesManifest,
    /// The same, because the manifest's hardware mask does not cover this phone.
    WrongHardware,
    /// Refuses every load newer than 8.5(2) until it runs 8.5(2).
    NeedsBridge,
    /// Loses power once while it fetches the image, and restarts in recovery.
    PowerCut {
        /// The beginning of the image's name: `apps`.
        image: String,
        /// The percentage of the image that it has by then, 0 to 100.
        percent: u8,
    },
    /// Has another address after its first reboot.
    AddressChange,
    /// Does not request the locale file that only SIP firmware requests.
    NoWitness,
    /// Ignores the load in its configuration after a recovery.
    NoSecondPass,
    /// Loses this percentage (0 to 99) of the datagrams that it sends and receives.
    Loss(u8),
    /// Fetches its configuration repeatedly and rejects it.
    ConfigRefused,
    /// Fetches the manifest in its application and gets the images from another phone, not from this
    /// server.
    PeerSharing,
    /// Fetches every image and rejects them: it runs on with the load that it has. Phones with two
    /// slots only, as all that follow.
    RefusesImages,
    /// Has the wanted load in the slot that does not run, and starts it without a download.
    OtherSlot,
    /// Has a trust list: it requests only the signed form of its configuration.
    TrustList,
    /// Loses power during its update, again and again: a weak power-over-Ethernet port.
    WeakPower,
    /// Has multiplatform firmware, which requests other names.
    Multiplatform,
    /// Requests every file over TFTP only, not over HTTP first.
    TftpOnly,
    /// Obeys a Reset only once its registration is complete. With a call manager only, as all that
    /// follow.
    LateReset,
    /// Obeys no Reset.
    IgnoresReset,
    /// Is in a call when it first registers.
    InCall,
}

/// A fault and how many phones have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultSpec {
    /// The fault.
    pub fault: PhoneFault,
    /// The first N phones have it; `None`: all phones.
    pub phones: Option<usize>,
}

/// Why a text is not a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseFaultError {
    /// No fault has this name.
    #[error(
        "'{0}' is not a fault: expected refuses-manifest, wrong-hardware, needs-bridge, \
         power-cut=IMAGE:PERCENT, address-change, no-witness, no-second-pass, loss=PERCENT, \
         config-refused, peer-sharing, refuses-images, other-slot, trust-list, weak-power, \
         multiplatform, tftp-only, late-reset, ignores-reset or in-call"
    )]
    Unknown(String),
    /// The fault takes no value.
    #[error("'{0}' takes no value: remove '=' and what follows")]
    NoValue(String),
    /// `power-cut` without an image and a percentage.
    #[error(
        "'{0}' has no image and percentage: expected power-cut=IMAGE:PERCENT, such as power-cut=apps:40"
    )]
    PowerCut(String),
    /// The percentage is not a number in range.
    #[error("'{text}' is not a percentage: expected a number from 0 to {most}")]
    Percent {
        /// The text.
        text: String,
        /// The largest valid percentage.
        most: u8,
    },
    /// The number of phones is invalid.
    #[error("'{0}' is not a number of phones: expected 1 or more after '@'")]
    Phones(String),
}

impl FromStr for PhoneFault {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, value) = match text.split_once('=') {
            Some((kind, value)) => (kind, Some(value)),
            None => (text, None),
        };
        let plain = match kind {
            "refuses-manifest" => Self::RefusesManifest,
            "wrong-hardware" => Self::WrongHardware,
            "needs-bridge" => Self::NeedsBridge,
            "address-change" => Self::AddressChange,
            "no-witness" => Self::NoWitness,
            "no-second-pass" => Self::NoSecondPass,
            "config-refused" => Self::ConfigRefused,
            "peer-sharing" => Self::PeerSharing,
            "refuses-images" => Self::RefusesImages,
            "other-slot" => Self::OtherSlot,
            "trust-list" => Self::TrustList,
            "weak-power" => Self::WeakPower,
            "multiplatform" => Self::Multiplatform,
            "tftp-only" => Self::TftpOnly,
            "late-reset" => Self::LateReset,
            "ignores-reset" => Self::IgnoresReset,
            "in-call" => Self::InCall,
            "loss" => return percent(value.unwrap_or_default(), 99).map(Self::Loss),
            "power-cut" => {
                let (image, at) = value
                    .and_then(|value| value.rsplit_once(':'))
                    .filter(|(image, _)| !image.is_empty())
                    .ok_or_else(|| ParseFaultError::PowerCut(text.to_owned()))?;
                return Ok(Self::PowerCut {
                    image: image.to_owned(),
                    percent: percent(at, 100)?,
                });
            }
            _ => return Err(ParseFaultError::Unknown(text.to_owned())),
        };
        match value {
            None => Ok(plain),
            Some(_) => Err(ParseFaultError::NoValue(kind.to_owned())),
        }
    }
}

impl FromStr for FaultSpec {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((fault, phones)) = text.rsplit_once('@') else {
            return Ok(Self {
                fault: text.parse()?,
                phones: None,
            });
        };
        match phones.parse() {
            Ok(phones) if phones > 0 => Ok(Self {
                fault: fault.parse()?,
                phones: Some(phones),
            }),
            _ => Err(ParseFaultError::Phones(phones.to_owned())),
        }
    }
}

fn percent(text: &str, most: u8) -> Result<u8, ParseFaultError> {
    text.parse()
        .ok()
        .filter(|percent| *percent <= most)
        .ok_or_else(|| ParseFaultError::Percent {
            text: text.to_owned(),
            most,
        })
}

impl fmt::Display for PhoneFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RefusesManifest => f.write_str("refuses-manifest"),
            Self::WrongHardware => f.write_str("wrong-hardware"),
            Self::NeedsBridge => f.write_str("needs-bridge"),
            Self::PowerCut { image, percent } => write!(f, "power-cut={image}:{percent}"),
            Self::AddressChange => f.write_str("address-change"),
            Self::NoWitness => f.write_str("no-witness"),
            Self::NoSecondPass => f.write_str("no-second-pass"),
            Self::Loss(percent) => write!(f, "loss={percent}"),
            Self::ConfigRefused => f.write_str("config-refused"),
            Self::PeerSharing => f.write_str("peer-sharing"),
            Self::RefusesImages => f.write_str("refuses-images"),
            Self::OtherSlot => f.write_str("other-slot"),
            Self::TrustList => f.write_str("trust-list"),
            Self::WeakPower => f.write_str("weak-power"),
            Self::Multiplatform => f.write_str("multiplatform"),
            Self::TftpOnly => f.write_str("tftp-only"),
            Self::LateReset => f.write_str("late-reset"),
            Self::IgnoresReset => f.write_str("ignores-reset"),
            Self::InCall => f.write_str("in-call"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_parsed_as_they_are_displayed() {
        for text in PhoneFault::EXAMPLES.iter().chain(&["power-cut=apps:40"]) {
            let fault: PhoneFault = text.parse().expect(text);
            assert_eq!(fault.to_string(), *text);
        }
    }

    #[test]
    fn the_number_after_at_is_the_number_of_phones() {
        let spec: FaultSpec = "power-cut=apps:40@3".parse().expect("a fault for three");
        assert_eq!(spec.phones, Some(3));
        assert_eq!(spec.fault.to_string(), "power-cut=apps:40");
        let all: FaultSpec = "no-witness".parse().expect("a fault for all");
        assert_eq!(all.phones, None);
    }

    #[test]
    fn errors_name_what_was_expected() {
        for (text, part) in [
            ("", "expected refuses-manifest"),
            ("smoke", "expected refuses-manifest"),
            ("no-witness=1", "takes no value"),
            ("power-cut", "IMAGE:PERCENT"),
            ("power-cut=:40", "IMAGE:PERCENT"),
            ("power-cut=apps:101", "from 0 to 100"),
            ("power-cut=apps:-1", "from 0 to 100"),
            ("loss", "from 0 to 99"),
            ("loss=100", "from 0 to 99"),
            ("no-witness@0", "1 or more"),
            ("no-witness@", "1 or more"),
            ("no-witness@x", "1 or more"),
        ] {
            let error = text.parse::<FaultSpec>().expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
