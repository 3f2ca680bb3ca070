//! Configurations that a client does not get: they may hold passwords.

use std::net::Ipv4Addr;

use super::{
    super::{
        conversion::FileRequest, diagnosis::text, event::Event, observation::RunTime,
        withheld::Withheld,
    },
    Fleet,
};
use crate::{diagnose::Diagnosis, phone::MacAddress};

/// Pairs of a client and a phone that are diagnosed for the run as a whole: as many of clients that
/// answer no ARP, which may be forged, and as many of others. More are only in the journal.
const MAX_REPORTED: usize = 32;

impl Fleet {
    /// The client at `address` requested the configuration of `mac` and did not get it.
    pub(super) fn on_withheld(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        mac: MacAddress,
        request: FileRequest<'_>,
        reason: Withheld,
    ) -> Vec<Event> {
        let diagnosis = text::withheld(request.name, address, reason, at);
        if self.registry.at(address).is_none() {
            self.on_other_request(at, address, request);
        }
        let Some(id) = self.registry.id_of(mac) else {
            return self.report_withheld((address, mac, reason), diagnosis);
        };
        self.update(at, id, |phone, cx, out| {
            if phone.address == address {
                phone.conversion.on_withheld(cx, request);
            }
            let subject = address.to_string();
            phone.conversion.raise_joined(&subject, diagnosis, out);
        })
    }

    /// No phone in the run has this MAC: the diagnosis is that of the run.
    fn report_withheld(
        &mut self,
        (address, mac, reason): (Ipv4Addr, MacAddress, Withheld),
        mut diagnosis: Diagnosis,
    ) -> Vec<Event> {
        let pair = (address, mac, reason == Withheld::Unresolved);
        let (.., is_unresolved) = pair;
        let alike = self.withheld.iter();
        let reported = alike.filter(|(.., other)| *other == is_unresolved).count();
        if self.withheld.contains(&pair) || reported >= MAX_REPORTED {
            return Vec::new();
        }
        self.withheld.push(pair);
        if reported + 1 == MAX_REPORTED {
            diagnosis.evidence +=
                "; further clients that are refused for this reason are only in the journal";
        }
        vec![Event::Diagnosis {
            phone: None,
            diagnosis,
        }]
    }
}
