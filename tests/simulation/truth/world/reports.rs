//! What other sources than requests report of a phone, and the journal of a run.

use std::net::SocketAddrV4;

use reflash::{
    journal::{self, Journal, JournalHeader, Network},
    phone::{LoadName, MacAddress},
    track::{EvidenceSource, ObservationKind, Plan},
};
use tempfile::NamedTempFile;

use super::{LISTENER, SERVER};

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

/// A journal over this file, which is empty.
pub(super) fn journal(record: &NamedTempFile, plan: &Plan) -> Journal {
    let network = Network {
        tftp: SocketAddrV4::new(SERVER, LISTENER),
        http: None,
    };
    let header = JournalHeader::new("convert", network, journal::Arguments::default(), &[], plan);
    std::fs::remove_file(record.path()).expect("it was there");
    Journal::create(record.path(), jiff::Timestamp::UNIX_EPOCH, header).expect("a journal")
}
