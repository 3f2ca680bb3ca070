//! What can be wrong with a scripted phone, as `--fault KIND[@N]` says it.

use std::{fmt, str::FromStr};

/// One thing that a scripted phone does other than it should.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PhoneFault {
    /// Takes the manifest and never asks for an image, again and again: its signature
    /// does not please it.
    RefusesManifest,
    /// The same, because the manifest's hardware mask does not cover this phone.
    WrongHardware,
    /// Refuses every load newer than 8.5(2) until it has taken 8.5(2).
    NeedsBridge,
    /// Loses power once, while it fetches the image, and comes back in recovery.
    PowerCut {
        /// The beginning of the image's name: `apps`.
        image: String,
        /// How much of the image it has by then, 0 to 100.
        percent: u8,
    },
    /// Comes back from its first reboot with another address.
    AddressChange,
    /// Never asks for the locale file that only SIP firmware asks for.
    NoWitness,
    /// After a recovery, ignores the load that its configuration names.
    NoSecondPass,
    /// Loses this many of a hundred datagrams (0 to 99), those it sends and those it gets.
    Loss(u8),
    /// Fetches its configuration and drops it, again and again.
    ConfigRefused,
    /// Takes the manifest in its application and has the images from a neighbour: it asks
    /// this server for none of them.
    PeerSharing,
}

/// A fault and how many phones have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultSpec {
    /// What is wrong.
    pub fault: PhoneFault,
    /// With the first how many phones; `None`: with all.
    pub phones: Option<usize>,
}

/// Text that names no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseFaultError {
    /// No fault has this name.
    #[error(
        "'{0}' is no fault: expected refuses-manifest, wrong-hardware, needs-bridge, \
         power-cut=IMAGE:PERCENT, address-change, no-witness, no-second-pass, loss=PERCENT, \
         config-refused or peer-sharing"
    )]
    Unknown(String),
    /// A value where none belongs.
    #[error("'{0}' takes no value: leave out '=' and what follows")]
    NoValue(String),
    /// `power-cut` without an image and a percentage.
    #[error("'{0}' does not say when: expected power-cut=IMAGE:PERCENT, such as power-cut=apps:40")]
    PowerCut(String),
    /// Not a percentage that makes sense.
    #[error("'{text}' is no percentage: expected a number from 0 to {most}")]
    Percent {
        /// What was given.
        text: String,
        /// The largest that is taken.
        most: u8,
    },
    /// Not a number of phones.
    #[error("'{0}' is no number of phones: expected 1 or more after '@'")]
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_read_as_it_is_shown() {
        for text in [
            "refuses-manifest",
            "wrong-hardware",
            "needs-bridge",
            "power-cut=apps:40",
            "address-change",
            "no-witness",
            "no-second-pass",
            "loss=20",
            "config-refused",
            "peer-sharing",
        ] {
            let fault: PhoneFault = text.parse().expect(text);
            assert_eq!(fault.to_string(), text);
        }
    }

    #[test]
    fn an_at_sign_says_how_many_phones() {
        let spec: FaultSpec = "power-cut=apps:40@3".parse().expect("a fault for three");
        assert_eq!(spec.phones, Some(3));
        assert_eq!(spec.fault.to_string(), "power-cut=apps:40");
        let all: FaultSpec = "no-witness".parse().expect("a fault for all");
        assert_eq!(all.phones, None);
    }

    #[test]
    fn what_is_no_fault_says_what_was_expected() {
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
