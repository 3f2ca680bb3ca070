//! Whether what a DHCP server told the phone leads here.

use std::net::Ipv4Addr;

use super::{Change, Conversion, EvidenceSource, RunTime, Scene};
use crate::{
    diagnose::Code,
    track::{
        LeaseOptions,
        diagnosis::{rules, text},
    },
};

/// Lines of evidence about leases that are kept of one phone: one that finds no server asks for an
/// address again and again, and must not use up the room of what decides.
const MAX_LEASES: u8 = 8;

/// A lease that leads elsewhere, and no request here since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Astray {
    leased: LeaseOptions,
    address: Ipv4Addr,
    own: Ipv4Addr,
    at: RunTime,
}

impl Conversion {
    /// The phone starts and has its address from a DHCP server.
    pub(in super::super) fn leased(
        &mut self,
        scene: Scene<'_>,
        address: Ipv4Addr,
        leased: &LeaseOptions,
        out: &mut Vec<Change>,
    ) {
        self.last = scene.at;
        if self.leases < MAX_LEASES {
            self.leases += 1;
            self.note(EvidenceSource::Dhcp, text::leased(address, leased), out);
        }
        let Some(own) = scene.network.map(|network| network.address) else {
            return;
        };
        if leased.leads_to(own) {
            self.comes_by_its_lease(out);
        } else if !scene.excluded {
            // A phone that finds no server asks for an address about once a minute: the first
            // time counts, and what it was told last.
            let at = self.astray.as_ref().map_or(scene.at, |astray| astray.at);
            self.astray = Some(Astray {
                leased: leased.clone(),
                address,
                own,
                at,
            });
        }
    }

    /// It asks here, or is told to.
    pub(super) fn comes_by_its_lease(&mut self, out: &mut Vec<Change>) {
        self.astray = None;
        self.refute(Code::NoTftpAddress, None, out);
    }

    /// When nobody waits for its first request since its lease any more. A phone that is done
    /// may go where it likes.
    pub(super) fn astray_until(&self) -> Option<RunTime> {
        let waits = !self.stands(Code::NoTftpAddress) && !self.is_done();
        let astray = self.astray.as_ref().filter(|_| waits)?;
        Some(astray.at + rules::ASKS_WITHIN)
    }

    /// Lets time pass.
    pub(super) fn judge_lease(&mut self, at: RunTime, out: &mut Vec<Change>) {
        if self.astray_until().is_some_and(|until| at >= until)
            && let Some(astray) = &self.astray
        {
            let diagnosis =
                text::no_tftp_address(&astray.leased, (astray.address, astray.own), astray.at);
            self.raise("", diagnosis, out);
        }
    }
}
