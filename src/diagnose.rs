//! Diagnoses: a stable code, the evidence, the cure.
//!
//! The catalogue: codes, severities and explanations. The rules that find them are in
//! `track::diagnosis`.

use std::fmt;

use serde::{Deserialize, Serialize};

mod explain;
mod finding;

pub use explain::Explanation;
pub use finding::{Finding, worst_first};

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Note,
    /// May stop something.
    Warning,
    /// Stops something.
    Error,
}

/// The stable name of a diagnosis. Each has a section in docs/diagnoses.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Code {
    /// Silent past the documented limit of its state.
    Stalled,
    /// A manifest or image was asked for that is not in the stage.
    MissingImage,
    /// The phone's family is not the bundle's.
    WrongModelBundle,
    /// The manifest was taken again and again and no image asked for.
    ManifestRefused,
    /// The phone's load does not know the key that the target is signed with.
    BridgeNeeded,
    /// The target does not support the phone's hardware revision.
    HardwareMismatch,
    /// The phone fetches its configuration and drops it.
    ConfigRejected,
    /// It started again before it had every image.
    RebootedMidImage,
    /// It fetched the whole load for the third time.
    RepeatFlash,
    /// The family is recognised and cannot be converted by this program.
    UnsupportedModel,
    /// A 7940 or 7960 has its loader and no application.
    ProtocolApplicationInvalid,
    /// The signed form of the configuration was asked for: the phone holds a trust list.
    TrustList,
    /// A name that was not found differs from a staged one as a slip of the pen does.
    NameMismatch,
    /// The same image was begun again and again and never came through.
    TransferBroken,
    /// Requests come in, and our answers do not reach the phone.
    BlockedByFirewall,
    /// The phone has a lease and was told no TFTP server.
    NoTftpAddress,
    /// Two DHCP servers answer.
    SecondDhcp,
    /// A converted phone does not register.
    NotRegistering,
    /// Another program has a port that is needed.
    PortBusy,
    /// The bundle holds SCCP firmware.
    BundleIsSccp,
    /// The bundle's digest is in no catalogue.
    BundleUnknown,
    /// Its members are known and its package is not.
    BundleRepacked,
    /// The phones are on an interface that is not served.
    WrongInterface,
    /// Power or plug is not what the phone needs.
    PowerOrPort,
    /// The phone looks for its server in another VLAN.
    VoiceVlan,
}

impl Code {
    /// Every code, in the order of docs/diagnoses.md.
    pub const ALL: &'static [Self] = &[
        Self::Stalled,
        Self::MissingImage,
        Self::WrongModelBundle,
        Self::ManifestRefused,
        Self::BridgeNeeded,
        Self::HardwareMismatch,
        Self::ConfigRejected,
        Self::RebootedMidImage,
        Self::RepeatFlash,
        Self::UnsupportedModel,
        Self::ProtocolApplicationInvalid,
        Self::TrustList,
        Self::NameMismatch,
        Self::TransferBroken,
        Self::BlockedByFirewall,
        Self::NoTftpAddress,
        Self::SecondDhcp,
        Self::NotRegistering,
        Self::PortBusy,
        Self::BundleIsSccp,
        Self::BundleUnknown,
        Self::BundleRepacked,
        Self::WrongInterface,
        Self::PowerOrPort,
        Self::VoiceVlan,
    ];

    /// The code of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let all = Self::ALL.iter();
        all.copied().find(|code| code.to_string() == name)
    }

    /// How much it matters, always.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::MissingImage
            | Self::WrongModelBundle
            | Self::ManifestRefused
            | Self::BridgeNeeded
            | Self::HardwareMismatch
            | Self::PortBusy
            | Self::BundleIsSccp => Severity::Error,
            Self::BundleRepacked => Severity::Note,
            _ => Severity::Warning,
        }
    }

    /// Whether waiting cannot heal it: a phone with it has failed, until it moves on.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::WrongModelBundle
                | Self::ManifestRefused
                | Self::BridgeNeeded
                | Self::HardwareMismatch
        )
    }
}

/// What stands in a phone's way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Its stable name.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// What was seen that says so: which requests, when.
    pub evidence: String,
    /// What a person does about it.
    pub cure: String,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The serialised form is the name; a second table of names would only drift.
        self.serialize(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_named_alike_in_text_and_in_json() {
        for code in Code::ALL {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{code}\""));
            assert_eq!(Code::from_name(&code.to_string()), Some(*code));
        }
    }
}
