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

/// Pairs of a client and a phone that are diagnosed for the run as a whole. More, from forged
/// addresses, are only in the journal.
const MAX_REPORTED: usize = 64;

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
            return self.report_withheld(address, mac, diagnosis);
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
        address: Ipv4Addr,
        mac: MacAddress,
        diagnosis: Diagnosis,
    ) -> Vec<Event> {
        let pair = (address, mac);
        if self.withheld.contains(&pair) || self.withheld.len() >= MAX_REPORTED {
            return Vec::new();
        }
        self.withheld.push(pair);
        vec![Event::Diagnosis {
            phone: None,
            diagnosis,
        }]
    }
}
