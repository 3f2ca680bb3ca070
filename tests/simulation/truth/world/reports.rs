//! What other sources than requests report of a phone.

use reflash::{
    phone::{LoadName, MacAddress},
    track::{EvidenceSource, ObservationKind},
};

pub(super) fn dhcp(mac: MacAddress) -> ObservationKind {
    ObservationKind::MacReported {
        mac,
        source: EvidenceSource::Dhcp,
        sender: None,
    }
}

pub(super) fn cdp(load: LoadName) -> ObservationKind {
    ObservationKind::Load {
        load,
        source: EvidenceSource::Cdp,
        detail: "Version".to_owned(),
    }
}
