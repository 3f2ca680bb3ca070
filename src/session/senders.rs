//! Which host sent a request or a report over IP, as the kernel's ARP table shows it.

use std::{
    borrow::Cow,
    net::Ipv4Addr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{
    discovery::ArpTable,
    phone::{MacAddress, RequestedFile},
    track::{EvidenceSource, Observation, ObservationKind, RunTime},
};

/// How old the copy of the ARP table may be: many requests may come at the same time.
const TABLE_AGE: Duration = Duration::from_millis(20);

/// Adds the MACs of senders to observations.
#[derive(Debug, Default)]
pub(super) struct Senders {
    /// The ARP table, and when it was read.
    table: Mutex<Option<(RunTime, ArpTable)>>,
}

impl Senders {
    /// The observation with the MAC that the ARP table has for its address, if it names a phone over
    /// IP and the sender is not known.
    pub(super) fn add<'a>(
        &self,
        at: RunTime,
        observation: &'a Observation,
    ) -> Cow<'a, Observation> {
        let address = observation.address;
        let named = named_over_ip(&observation.kind).filter(|_| !address.is_loopback());
        let Some(host) = named.and_then(|mac| self.host(at, address, mac)) else {
            return Cow::Borrowed(observation);
        };
        let kind = observation.kind.clone().sent_by(Some(host));
        Cow::Owned(Observation { address, kind })
    }

    /// The MAC of `address`; that of the phone `mac` if interfaces differ.
    fn host(&self, at: RunTime, address: Ipv4Addr, mac: MacAddress) -> Option<MacAddress> {
        let mut known = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |read: RunTime| at.saturating_sub(read) < TABLE_AGE;
        if !known.as_ref().is_some_and(|(read, _)| is_fresh(*read)) {
            let table = ArpTable::read().unwrap_or_else(|error| {
                tracing::debug!("cannot read the ARP table: {error}");
                ArpTable::default()
            });
            *known = Some((at, table));
        }
        let (_, table) = known.as_ref()?;
        let hosts = || table.macs_at(address);
        hosts().find(|host| *host == mac).or_else(|| hosts().next())
    }
}

/// The phone that a request, or a report over IP without a known sender, names.
fn named_over_ip(kind: &ObservationKind) -> Option<MacAddress> {
    match kind {
        ObservationKind::Requested {
            name, sender: None, ..
        } => RequestedFile::parse(name).mac(),
        ObservationKind::MacReported {
            mac,
            source: EvidenceSource::Sip | EvidenceSource::Sccp | EvidenceSource::Web,
            sender: None,
        }
        | ObservationKind::SccpRegistered {
            mac, sender: None, ..
        } => Some(*mac),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: MacAddress = MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, 1]);
    const OTHER: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 9]);

    fn reported(source: EvidenceSource, sender: Option<MacAddress>) -> ObservationKind {
        ObservationKind::MacReported {
            mac: PHONE,
            source,
            sender,
        }
    }

    fn sender(table: &str, kind: ObservationKind) -> Option<MacAddress> {
        let at = RunTime::from_secs(1);
        let senders = Senders {
            table: Mutex::new(Some((at, ArpTable::parse(table)))),
        };
        let address = Ipv4Addr::new(192, 0, 2, 5);
        let observation = Observation { address, kind };
        match senders.add(at, &observation).kind {
            ObservationKind::MacReported { sender, .. }
            | ObservationKind::Requested { sender, .. } => sender,
            ref other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reports_and_requests_over_ip_have_the_mac_of_their_address() {
        use EvidenceSource::{Cdp, Neighbour, Sccp, Sip, Web};
        let entry = |mac: MacAddress, interface: &str| {
            let digits = mac.bytes().map(|byte| format!("{byte:02x}")).join(":");
            format!("192.0.2.5 0x1 0x2 {digits} * {interface}\n")
        };
        let head = "IP address HW type Flags HW address Mask Device\n";
        let other = format!("{head}{}", entry(OTHER, "eth0"));
        for source in [Sip, Sccp, Web] {
            assert_eq!(sender(&other, reported(source, None)), Some(OTHER));
            assert_eq!(sender(head, reported(source, None)), None, "not known");
        }
        for source in [Cdp, Neighbour] {
            assert_eq!(sender(&other, reported(source, None)), None, "{source:?}");
        }
        let both = format!("{other}{}", entry(PHONE, "eth1"));
        assert_eq!(sender(&both, reported(Sip, None)), Some(PHONE));
    }
}
