//! Whether the phone lives in a VLAN that this machine is not in.

use std::net::Ipv4Addr;

use super::{Change, Conversion, EvidenceSource, RunTime, Scene};
use crate::{
    diagnose::Code,
    track::{
        Subnet,
        diagnosis::{rules, text},
    },
};

/// A phone that tags its frames, and whose address is none of the network that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Elsewhere {
    vlan: u16,
    source: EvidenceSource,
    address: Ipv4Addr,
    at: RunTime,
    network: Subnet,
}

impl Conversion {
    /// A witness names the VLAN with which the phone at `address` tags what it sends.
    ///
    /// The tag alone is no evidence: this machine may be in that VLAN, untagged. With an
    /// address of another network it is one.
    pub(in super::super) fn tags(
        &mut self,
        scene: Scene<'_>,
        (address, vlan): (Ipv4Addr, u16),
        source: EvidenceSource,
        out: &mut Vec<Change>,
    ) {
        self.last = scene.at;
        let network = scene.network.filter(|network| !network.contains(address));
        let Some(network) = network else {
            self.elsewhere = None;
            self.refute(Code::VoiceVlan, None, out);
            return;
        };
        let never_asked = self.rows.iter().next().is_none();
        if never_asked && !scene.excluded {
            self.elsewhere.get_or_insert(Elsewhere {
                vlan,
                source,
                address,
                at: scene.at,
                network,
            });
        }
    }

    /// It asks here: whatever VLAN it is in, it finds the way.
    pub(super) fn comes_here(&mut self, out: &mut Vec<Change>) {
        self.elsewhere = None;
        self.refute(Code::VoiceVlan, None, out);
    }

    /// When nobody waits for its first request any more.
    pub(super) fn comes_until(&self) -> Option<RunTime> {
        let elsewhere = self.elsewhere.filter(|_| !self.stands(Code::VoiceVlan))?;
        Some(elsewhere.at + rules::ASKS_WITHIN)
    }

    /// Lets time pass.
    pub(super) fn judge_vlan(&mut self, at: RunTime, out: &mut Vec<Change>) {
        if self.comes_until().is_some_and(|until| at >= until)
            && let Some(Elsewhere {
                vlan,
                source,
                address,
                at: since,
                network,
            }) = self.elsewhere
        {
            let diagnosis = text::voice_vlan(vlan, source, address, network, since);
            self.raise("", diagnosis, out);
        }
    }
}
