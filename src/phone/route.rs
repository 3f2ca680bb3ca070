//! The route from one load to another: the bridge rule.
//!
//! From 8.5(2)SR1 on, loads are signed with a new key. 8.5(1) and 8.5(2) accept the new key but are
//! still signed with the previous one, so older loads reach newer ones by way of 8.5(2). This
//! applies to the families with five images; the 7940 and 7960 have other rules.

use super::{FirmwareRelease, LoadName};

/// The first release that is signed with the current key.
const FIRST_WITH_CURRENT_KEY: FirmwareRelease = release(8, 5, 2, 1);
/// The first release that accepts the current key.
const FIRST_TO_ACCEPT_CURRENT_KEY: FirmwareRelease = release(8, 5, 1, 0);
/// Cisco's release notes: earlier releases need 8.5(2) first.
const BRIDGE_REQUIRED_BEFORE: FirmwareRelease = release(8, 3, 3, 0);
/// The bridge: 8.5(2).
pub const BRIDGE_RELEASE: FirmwareRelease = release(8, 5, 2, 0);

const fn release(major: u16, minor: u16, maintenance: u16, service: u16) -> FirmwareRelease {
    FirmwareRelease {
        major,
        minor,
        maintenance,
        service,
    }
}

/// Whether a phone that does not accept the current key takes this release.
#[must_use]
pub fn is_signed_with_previous_key(release: FirmwareRelease) -> bool {
    release < FIRST_WITH_CURRENT_KEY
}

/// How a phone gets from one load to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    /// Directly.
    Direct,
    /// By way of [`BRIDGE_RELEASE`].
    ViaBridge,
    /// Undetermined: the current load is unknown, or is one of 8.3(3) to 8.5(0), for which
    /// sources differ. If the phone rejects the target, it needs the bridge.
    Unknown,
}

impl Route {
    /// The route to a target from the current load (after a factory reset: the boot loader).
    ///
    /// A 7940 or 7960 with the universal application loader takes every release that has it, and a
    /// phone with two slots every release that its hardware supports.
    #[must_use]
    pub fn between(from: Option<&LoadName>, to: &LoadName) -> Self {
        if let Some(generation) = to.generation_79x0() {
            return match from.and_then(LoadName::generation_79x0) {
                Some(from) if from < generation => Self::ViaBridge,
                _ => Self::Direct,
            };
        }
        if to.is_for_slots() {
            return Self::Direct;
        }
        match to.release() {
            Some(to) => Self::between_releases(from.and_then(LoadName::release), to),
            None => Self::Unknown,
        }
    }

    fn between_releases(from: Option<FirmwareRelease>, to: FirmwareRelease) -> Self {
        match from {
            _ if to < FIRST_WITH_CURRENT_KEY => Self::Direct,
            None => Self::Unknown,
            Some(from) if from < BRIDGE_REQUIRED_BEFORE => Self::ViaBridge,
            Some(from) if from < FIRST_TO_ACCEPT_CURRENT_KEY => Self::Unknown,
            Some(_) => Self::Direct,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_loads_need_the_bridge() {
        use Route::{Direct, Unknown, ViaBridge};
        let target = "SIP45.9-3-1SR4-1S";
        let cases = [
            ("SCCP45.8-3-2S", target, ViaBridge),
            ("SIP70.8-2-1S", "SIP70.9-4-2SR1-1S", ViaBridge),
            ("SCCP11.8-3-1S", "SIP11.8-5-3S", ViaBridge),
            ("SCCP11.8-3-1S", "SIP11.8-5-2SR1S", ViaBridge),
            ("SCCP45.8-3-3S", target, Unknown),
            ("SCCP45.8-4-2S", target, Unknown),
            ("SCCP45.8-5-2S", target, Direct),
            ("SCCP11.8-5-2S", "SIP11.9-4-2SR1-1S", Direct),
            ("SCCP45.9-3-1SR1-1S", target, Direct),
            ("SCCP45.8-3-2S", "SCCP45.8-5-2S", Direct),
            ("SIP45.9-4-2S", "SIP45.8-5-2S", Direct),
            ("term65.default", target, Unknown),
            ("P0030801SR02", "P0S3-8-12-00", Direct),
            ("P0S3-07-5-00", "P0S3-8-12-00", Direct),
            ("P00305000700", "P0S3-8-12-00", ViaBridge),
            ("P0S3-04-4-00", "P0S3-8-12-00", ViaBridge),
            ("SCCP69xx.8-5-3-0", "SIP69xx.9-4-1-3SR3", Direct),
        ];
        for (from, to, route) in cases {
            assert_eq!(
                Route::between(Some(&LoadName::new(from)), &LoadName::new(to)),
                route,
                "{from} to {to}"
            );
        }
        assert_eq!(
            Route::between_releases(Some(BRIDGE_RELEASE), FIRST_WITH_CURRENT_KEY),
            Direct
        );
        assert_eq!(
            Route::between_releases(Some(BRIDGE_REQUIRED_BEFORE), BRIDGE_RELEASE),
            Direct
        );
    }
}
