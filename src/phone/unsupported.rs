//! Why this program installs a load on no phone, and on which phones it installs none.

use serde::Serialize;

use super::Family;

/// Why a load is recognised only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Unsupported {
    /// 7902, 7910, 7920, 7921, 7925, 7926, 7935 to 7937, 7985.
    SccpOnly,
    /// 7905, 7912, ATA 186 and 188.
    BinaryProfile,
    /// MPP firmware of the 68xx, 78xx and 88xx.
    Multiplatform,
    /// 3905.
    SipOnly,
    /// ATA 187, 190, 191 and 192.
    Adapter,
    /// Expansion modules.
    Module,
    /// MGCP firmware of the 7940 and 7960.
    Mgcp,
    /// 7940 and 7960: a release before the loader that phones install on their way to it.
    Step,
    /// 7940 and 7960: another release before the loader.
    BeforeLoader,
    /// A load of unknown phones.
    UnknownPhones,
}

impl Family {
    /// Why this program installs nothing on its phones. `None` if it converts or upgrades them.
    #[must_use]
    pub fn unsupported(self) -> Option<Unsupported> {
        match self {
            Self::F792 | Self::SccpOnly => Some(Unsupported::SccpOnly),
            Self::F7905 => Some(Unsupported::BinaryProfile),
            Self::F3905 => Some(Unsupported::SipOnly),
            _ => None,
        }
    }
}

impl Unsupported {
    /// The reason, as the end of a sentence.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::SccpOnly => "there is SCCP firmware only for them",
            Self::BinaryProfile => {
                "their SIP firmware reads a binary profile, which this program does not write"
            }
            Self::Multiplatform => {
                "it is multiplatform firmware (MPP), which only phones sold for it (3PCC) accept"
            }
            Self::SipOnly => {
                "there is SIP firmware only for them, and this program does not write their \
                 configuration"
            }
            Self::Adapter => {
                "they are adapters for analog phones, and this program does not write their \
                 configuration"
            }
            Self::Module => "an expansion module gets its firmware through its phone",
            Self::Mgcp => "it is MGCP firmware",
            Self::Step => {
                "it is of a release before the loader, which phones install on their way to SIP 8.12"
            }
            Self::BeforeLoader => "it is of a release before the loader",
            Self::UnknownPhones => "its name shows no phone that is known",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn cure(self) -> &'static str {
        match self {
            Self::SccpOnly => {
                "These phones stay on SCCP: register them with a PBX that has SCCP, such as Asterisk \
                 with chan_sccp."
            }
            Self::BinaryProfile => {
                "Write their profile with Cisco's cfgfmt, and serve it with this firmware: `reflash \
                 serve DIR`."
            }
            Self::Multiplatform => {
                "For phones with enterprise firmware, get the bundle without MPP, MSR or MN in its \
                 release; a change between the two needs Cisco's migration licence."
            }
            Self::SipOnly | Self::Adapter => {
                "To serve this firmware with a configuration of your own: `reflash serve DIR`."
            }
            Self::Module => {
                "Serve it with the firmware of the phone: `reflash serve DIR`, or --add FILE of \
                 `convert`."
            }
            Self::Step => "Give it with --bridge, and the bundle of P0S3-8-12-00 as the target.",
            Self::Mgcp | Self::BeforeLoader => {
                "Get a SIP load of the 7940 and 7960 with a manifest: P0S3-8-12-00."
            }
            Self::UnknownPhones => {
                "`reflash models` lists the phones that this program converts and upgrades."
            }
        }
    }
}
