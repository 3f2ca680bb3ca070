//! The catalogue of diagnoses: codes, severities and explanations.
//!
//! The rules that raise diagnoses are in `track::diagnosis`.

use std::fmt;

use serde::{Deserialize, Serialize};

mod explain;
mod finding;

pub use explain::Explanation;
pub use finding::{Finding, worst_first};

/// The severity of a diagnosis or finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// For information.
    Note,
    /// May stop a conversion.
    Warning,
    /// Stops a conversion.
    Error,
}

/// The stable code of a diagnosis. Each has a section in docs/diagnoses.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Code {
    /// The phone is silent for longer than the limit of its state.
    Stalled,
    /// The phone requested a manifest or image that is not staged.
    MissingImage,
    /// The server refuses access to a file that the phone requests.
    AccessDenied,
    /// The bundle is for another phone family.
    WrongModelBundle,
    /// The phone fetched the manifest repeatedly and requested no image.
    ManifestRefused,
    /// The phone's load does not know the key that the target is signed with.
    BridgeNeeded,
    /// The target does not support the phone's hardware revision.
    HardwareMismatch,
    /// The phone fetches its configuration and drops it.
    ConfigRejected,
    /// A client did not get the configuration of a phone, because it may be another device.
    ConfigurationWithheld,
    /// The server has no configuration for the phone.
    NoConfiguration,
    /// The phone fetched images and went on without a restart.
    ImagesRefused,
    /// The configuration of the phone names an SCCP load.
    SccpLoadNamed,
    /// The phone has multiplatform firmware.
    Multiplatform,
    /// The phone restarted before it had every image.
    RebootedMidImage,
    /// The phone fetched the whole load for the third time.
    RepeatFlash,
    /// This program does not convert the phone.
    UnsupportedModel,
    /// A 7940 or 7960 has its loader but no application.
    ProtocolApplicationInvalid,
    /// A 7940 or 7960 fetches one image at every start and does not install it.
    ImageRejected,
    /// A 7940 or 7960 installs two images in turn.
    UpgradeLoop,
    /// A 7940 or 7960 with the loader was given the loader's name as its load.
    LoaderNamed,
    /// The own SEP file of a 7940 or 7960 names no load, so that its loader's search ends there.
    LoadNotNamed,
    /// The phone requested the signed form of its configuration: it has a trust list.
    TrustList,
    /// The requested name differs from a staged one by a typing error.
    NameMismatch,
    /// The transfer of one image was started repeatedly and never completed.
    TransferBroken,
    /// Requests arrive, but this machine's answers do not reach the phone.
    BlockedByFirewall,
    /// Requests or ACKs with the phone's address as source come from another sender.
    ForgedPackets,
    /// The phone's lease does not name this machine as TFTP server.
    NoTftpAddress,
    /// The phone's lease names the server, and the phone sends no request.
    NoRequest,
    /// No TFTP server listens where the phone sends its requests.
    NoTftpServer,
    /// Two DHCP servers answer.
    SecondDhcp,
    /// A converted phone does not register.
    NotRegistering,
    /// The phone is registered, and requests of the PBX do not reach it.
    ContactUnreachable,
    /// The phone is of another model than the inventory says.
    ModelMismatch,
    /// Another program uses a port that is needed.
    PortBusy,
    /// The bundle contains SCCP firmware.
    BundleIsSccp,
    /// The bundle's digest is not in the catalogue.
    BundleUnknown,
    /// The bundle's members are known, its package is not.
    BundleRepacked,
    /// The phones are on an interface that is not served.
    WrongInterface,
    /// The phone's power or network port is unsuitable.
    PowerOrPort,
    /// The phone looks for its server in another VLAN.
    VoiceVlan,
}

impl Code {
    /// Every code, in the order of docs/diagnoses.md.
    pub const ALL: &'static [Self] = &[
        Self::Stalled,
        Self::MissingImage,
        Self::AccessDenied,
        Self::WrongModelBundle,
        Self::ManifestRefused,
        Self::BridgeNeeded,
        Self::HardwareMismatch,
        Self::ConfigRejected,
        Self::ConfigurationWithheld,
        Self::NoConfiguration,
        Self::ImagesRefused,
        Self::SccpLoadNamed,
        Self::Multiplatform,
        Self::RebootedMidImage,
        Self::RepeatFlash,
        Self::UnsupportedModel,
        Self::ProtocolApplicationInvalid,
        Self::ImageRejected,
        Self::UpgradeLoop,
        Self::LoaderNamed,
        Self::LoadNotNamed,
        Self::TrustList,
        Self::NameMismatch,
        Self::TransferBroken,
        Self::BlockedByFirewall,
        Self::ForgedPackets,
        Self::NoTftpAddress,
        Self::NoRequest,
        Self::NoTftpServer,
        Self::SecondDhcp,
        Self::NotRegistering,
        Self::ContactUnreachable,
        Self::ModelMismatch,
        Self::PortBusy,
        Self::BundleIsSccp,
        Self::BundleUnknown,
        Self::BundleRepacked,
        Self::WrongInterface,
        Self::PowerOrPort,
        Self::VoiceVlan,
    ];

    /// The code with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let all = Self::ALL.iter();
        all.copied().find(|code| code.to_string() == name)
    }

    /// The severity of this code. Only a refusal that is inferred from requests alone differs: it is a
    /// warning.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::MissingImage
            | Self::AccessDenied
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

    /// Whether waiting cannot resolve it. A phone with such a diagnosis counts as failed until
    /// it continues.
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

/// A diagnosis of a phone or of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Its stable code.
    pub code: Code,
    /// Its severity.
    pub severity: Severity,
    /// What was observed, with counts and times.
    pub evidence: String,
    /// What the operator does about it.
    pub cure: String,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The serialised form is the name, so that there is only one table of names.
        self.serialize(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_the_same_name_in_text_and_json() {
        for code in Code::ALL {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{code}\""));
            assert_eq!(Code::from_name(&code.to_string()), Some(*code));
        }
    }
}
