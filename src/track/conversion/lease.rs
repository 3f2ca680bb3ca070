//! Whether the phone's DHCP lease names this machine as TFTP server.

use std::net::Ipv4Addr;

use super::{context::Context, core::Conversion, reachability::WrongTftpServer};
use crate::{
    diagnose::Code,
    track::{
        change::Change,
        diagnosis::{rules, text},
        lease::LeaseOptions,
        observation::{EvidenceSource, RunTime},
    },
};

/// Lines of evidence about leases that are kept per phone. A phone that finds no server
/// requests an address again and again, and must not fill up the evidence.
const MAX_LEASES: u8 = 8;

impl Conversion {
    /// The phone starts and got its address from a DHCP server.
    pub(in crate::track) fn on_lease(
        &mut self,
        cx: Context<'_>,
        address: Ipv4Addr,
        options: &LeaseOptions,
        out: &mut Vec<Change>,
    ) {
        self.activity.last = cx.at;
        if self.reachability.lease_notes < MAX_LEASES {
            self.reachability.lease_notes += 1;
            self.note(EvidenceSource::Dhcp, text::leased(address, options), out);
        }
        let Some(own) = cx.network.map(|network| network.address) else {
            return;
        };
        if options.leads_to(own) {
            self.clear_wrong_tftp_server(out);
        } else if !cx.excluded {
            // A phone that finds no server requests an address about once a minute: the time
            // of the first lease and the options of the last count.
            let wrong = &mut self.reachability.wrong_tftp_server;
            *wrong = Some(WrongTftpServer {
                options: options.clone(),
                address,
                own,
                at: wrong.as_ref().map_or(cx.at, |wrong| wrong.at),
            });
        }
    }

    /// The phone sends requests here, or its lease names this machine.
    pub(super) fn clear_wrong_tftp_server(&mut self, out: &mut Vec<Change>) {
        self.reachability.wrong_tftp_server = None;
        self.withdraw(Code::NoTftpAddress, None, out);
    }

    /// When the phone should have sent its first request since its lease. A phone that is done
    /// may use any server.
    pub(super) fn lease_check_due(&self) -> Option<RunTime> {
        let waits = !self.has_diagnosis(Code::NoTftpAddress) && !self.is_done();
        let wrong = self.reachability.wrong_tftp_server.as_ref();
        Some(wrong.filter(|_| waits)?.at + rules::FIRST_REQUEST_WITHIN)
    }

    /// Raises the diagnosis once it is due.
    pub(super) fn check_lease(&mut self, at: RunTime, out: &mut Vec<Change>) {
        if self.lease_check_due().is_some_and(|due| at >= due)
            && let Some(wrong) = &self.reachability.wrong_tftp_server
        {
            let diagnosis =
                text::no_tftp_address(&wrong.options, (wrong.address, wrong.own), wrong.at);
            self.raise("", diagnosis, out);
        }
    }
}
