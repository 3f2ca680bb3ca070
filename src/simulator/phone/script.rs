//! The steps of a boot and the times that phones take for them.

use std::time::Duration;

use crate::phone::{FirmwareRelease, LoadName};

/// A range of times that phones took.
pub(super) type TimeRange = (Duration, Duration);

/// From power to the first request: DHCP, which is not simulated.
pub(super) const START: TimeRange = range(0, 3_000);
/// From the manifest to the first image.
pub(super) const BEFORE_IMAGES: TimeRange = range(2_000, 2_000);
/// After an image, while it is checked and written to flash.
pub(super) const AFTER_IMAGE: TimeRange = range(2_000, 6_000);
/// After the largest image, `apps`.
pub(super) const AFTER_APPS: TimeRange = range(6_000, 8_000);
/// After the last image: writing and restart, without requests.
pub(super) const WRITING: TimeRange = range(60_000, 180_000);
/// How long a phone stays without power.
pub(super) const WITHOUT_POWER: TimeRange = range(5_000, 30_000);
/// Between the two requests for a refused manifest.
pub(super) const WITHIN_PAIR: TimeRange = range(0, 1_000);
/// Between two such pairs.
pub(super) const BETWEEN_PAIRS: TimeRange = range(87_000, 148_000);
/// Without a configuration everything is repeated after this long.
pub(super) const UNCONFIGURED: TimeRange = range(70_000, 70_000);
/// The shortest pause before a retry at any pace: a phone without success must not flood a server.
pub(super) const SHORTEST_RETRY: Duration = Duration::from_millis(50);
/// How often a person restarts a 7940 or 7960 from before the loader that did nothing (a choice of
/// the script).
pub(super) const RESTARTS: u8 = 3;
/// The first port of an application is up to this far above that of a boot loader.
pub(super) const PORT_SPREAD: u64 = 3549;

/// One step of a boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BootStep {
    PowerOn,
    TrustList,
    IdentityList,
    SharedList,
    OwnConfig {
        again: bool,
    },
    DefaultConfig,
    SccpLocale,
    Manifest(LoadName),
    Image(usize),
    /// The image after one that failed: requested, and dropped at its first block.
    Dropped(usize),
    Written,
    SipLocale,
    DialPlan,
    /// A 7940 or 7960.
    Loader(LoaderStep),
    /// A phone with two slots.
    Slots(SlotStep),
    /// A 7940 or 7960 from before the loader.
    Early(EarlyRequest),
}

/// One request of a phone with two slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SlotStep {
    TrustList,
    IdentityList,
    SharedList,
    OwnConfig,
    /// With a trust list, instead of its plain configuration.
    SignedConfig,
    DefaultConfig,
    Manifest(LoadName),
    Image(usize),
    Locale,
    Tones,
    DialPlan,
    /// Of multiplatform firmware.
    OtherProfile,
}

/// One request of a 7940 or 7960 from before the loader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EarlyRequest {
    /// `OS79XX.TXT`.
    ImageName,
    /// The image that it names.
    NamedImage(LoadName),
    /// SIP: the settings of all phones.
    CommonSettings,
    /// SIP: its own settings.
    OwnSettings,
    /// SCCP.
    OwnXml,
    DefaultXml,
    /// The image that settings or XML name.
    ConfiguredImage(LoadName),
    /// SIP in normal operation.
    RingList,
}

/// One request of a 7940 or 7960: of its loader, or of the application that the loader starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LoaderStep {
    TrustList,
    OwnXml,
    OwnSip,
    OwnMgcp,
    DefaultXml,
    SipDefault,
    MgcpDefault,
    Manifest(LoadName),
    /// Of a load without a manifest: its one image, as before the loader.
    LegacyImage(LoadName),
    LoaderImage,
    ApplicationImage,
    /// The SIP application: the settings of all phones.
    CommonSettings,
    /// The SIP application: its own settings.
    OwnSettings,
    /// The SIP application, once it has a line.
    RingList,
    /// The SCCP application.
    SkinnyConfig,
}

impl BootStep {
    pub(super) fn reads_the_bytes(&self) -> bool {
        matches!(
            self,
            Self::Manifest(_)
                | Self::OwnConfig { .. }
                | Self::DefaultConfig
                | Self::Loader(_)
                | Self::Slots(
                    SlotStep::Manifest(_) | SlotStep::OwnConfig | SlotStep::DefaultConfig
                )
                | Self::Early(_)
        )
    }
}

/// 8.5(2) is the last release that every older phone accepts, and it accepts every newer one.
pub(super) const BRIDGE: FirmwareRelease = FirmwareRelease {
    major: 8,
    minor: 5,
    maintenance: 2,
    service: 0,
};

/// A range of times, from milliseconds.
pub(super) const fn range(from: u64, to: u64) -> TimeRange {
    (Duration::from_millis(from), Duration::from_millis(to))
}
