//! Whether the phone is in a VLAN that this machine is not in.

use std::net::Ipv4Addr;

use super::{context::Context, core::Conversion, reachability::OtherSubnet};
use crate::{
    diagnose::Code,
    track::{
        change::Change,
        diagnosis::{rules, text},
        observation::{EvidenceSource, RunTime},
    },
};

impl Conversion {
    /// A source reported the VLAN with which the phone at `address` tags its frames.
    ///
    /// The tag alone proves nothing: this machine may be in that VLAN, untagged. A tag together
    /// with an address of another network is evidence.
    pub(in crate::track) fn on_vlan(
        &mut self,
        cx: Context<'_>,
        (address, vlan): (Ipv4Addr, u16),
        source: EvidenceSource,
        out: &mut Vec<Change>,
    ) {
        self.activity.last = cx.at;
        let network = cx.network.filter(|network| !network.contains(address));
        let Some(network) = network else {
            self.clear_other_subnet(out);
            return;
        };
        let never_requested = self.delivery.attempts.iter().next().is_none();
        if never_requested && !cx.excluded {
            self.reachability.other_subnet.get_or_insert(OtherSubnet {
                vlan,
                source,
                address,
                at: cx.at,
                network,
            });
        }
    }

    /// The phone sends requests here, or has an address of the served network.
    pub(super) fn clear_other_subnet(&mut self, out: &mut Vec<Change>) {
        self.reachability.other_subnet = None;
        self.withdraw(Code::VoiceVlan, None, out);
    }

    /// When the phone should have sent its first request.
    pub(super) fn vlan_check_due(&self) -> Option<RunTime> {
        let waits = !self.has_diagnosis(Code::VoiceVlan);
        let other = self.reachability.other_subnet.filter(|_| waits)?;
        Some(other.at + rules::FIRST_REQUEST_WITHIN)
    }

    /// Raises the diagnosis once it is due.
    pub(super) fn check_vlan(&mut self, at: RunTime, out: &mut Vec<Change>) {
        if self.vlan_check_due().is_some_and(|due| at >= due)
            && let Some(other) = self.reachability.other_subnet
        {
            let OtherSubnet {
                vlan,
                source,
                address,
                at: since,
                network,
            } = other;
            let diagnosis = text::voice_vlan(vlan, source, address, network, since);
            self.raise("", diagnosis, out);
        }
    }
}
