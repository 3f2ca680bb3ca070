//! The route from one load to another: the bridge rule.
//!
//! From 8.5(2)SR1 on, loads are signed with a new key. 8.5(1) and 8.5(2) accept the new key but are
//! still signed with the previous one, so older loads reach newer ones by way of 8.5(2). This
//! applies to the families with five images; the 7940 and 7960 have other rules.

use super::FirmwareRelease;

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
    #[must_use]
    pub fn between(from: Option<FirmwareRelease>, to: FirmwareRelease) -> Self {
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
    use crate::phone::LoadName;

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
        ];
        for (from, to, route) in cases {
            let to_train = LoadName::new(to).release().unwrap();
            assert_eq!(
                Route::between(LoadName::new(from).release(), to_train),
                route,
                "{from} to {to}"
            );
        }
        assert_eq!(
            Route::between(Some(BRIDGE_RELEASE), FIRST_WITH_CURRENT_KEY),
            Direct
        );
        assert_eq!(
            Route::between(Some(BRIDGE_REQUIRED_BEFORE), BRIDGE_RELEASE),
            Direct
        );
    }
}
