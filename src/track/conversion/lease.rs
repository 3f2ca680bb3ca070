//! Whether the phone gets a DHCP lease, and whether the lease leads it to this machine.

use std::{net::Ipv4Addr, time::Duration};

use super::{
    context::Context,
    core::Conversion,
    reachability::{RepeatedEvent, UnusedLease},
};
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
        self.clear_unleased(out);
        let own = cx.network.map(|network| network.address);
        let leads_here = own.map_or_else(|| options.names_a_server(), |own| options.leads_to(own));
        if leads_here {
            self.withdraw(Code::NoTftpAddress, None, out);
        } else {
            self.withdraw(Code::NoRequest, None, out);
        }
        if cx.excluded {
            return;
        }
        // A phone that finds no server requests an address about once a minute: the time of the
        // first lease and the options of the last count.
        let unused = &mut self.reachability.unused_lease;
        let since = unused
            .as_ref()
            .filter(|unused| unused.leads_here == leads_here)
            .map_or(cx.at, |unused| unused.at);
        *unused = Some(UnusedLease {
            options: options.clone(),
            address,
            own,
            leads_here,
            at: since,
        });
    }

    /// The phone sends requests here.
    pub(super) fn clear_unused_lease(&mut self, out: &mut Vec<Change>) {
        self.reachability.unused_lease = None;
        self.clear_unleased(out);
        self.withdraw(Code::NoTftpAddress, None, out);
        self.withdraw(Code::NoRequest, None, out);
    }

    /// When the phone should have sent its first request since its lease. A phone that is done
    /// may use any server.
    pub(super) fn lease_check_due(&self) -> Option<RunTime> {
        let unused = self.reachability.unused_lease.as_ref()?;
        let code = if unused.leads_here {
            Code::NoRequest
        } else {
            Code::NoTftpAddress
        };
        let waits = !self.has_diagnosis(code) && !self.is_done();
        waits.then(|| unused.at + rules::FIRST_REQUEST_WITHIN)
    }

    /// Raises the diagnosis once it is due.
    pub(super) fn check_lease(&mut self, at: RunTime, out: &mut Vec<Change>) {
        if self.lease_check_due().is_some_and(|due| at >= due)
            && let Some(unused) = &self.reachability.unused_lease
        {
            let addresses = (unused.address, unused.own);
            let diagnosis = if unused.leads_here {
                text::no_request(&unused.options, addresses, unused.at)
            } else {
                text::no_tftp_address(&unused.options, addresses, unused.at)
            };
            self.raise("", diagnosis, out);
        }
    }

    /// The phone has no address and asks DHCP servers for one.
    pub(in crate::track) fn on_address_wanted(&mut self, cx: Context<'_>, out: &mut Vec<Change>) {
        self.activity.last = cx.at;
        if cx.excluded || self.is_done() {
            return;
        }
        let unleased = &mut self.reachability.unleased;
        match unleased {
            Some(event) => event.again(cx.at, Duration::from_secs(1)),
            None => *unleased = Some(RepeatedEvent::new(cx.at)),
        }
        if let Some(event) = *unleased
            && event.count >= rules::UNANSWERED_DISCOVERS
            && event.last.saturating_sub(event.first) >= rules::UNANSWERED_DISCOVERS_LAST
        {
            let diagnosis = text::no_lease(event.count, event.first, cx.at);
            self.raise("", diagnosis, out);
        }
    }

    /// A DHCP server answered the phone.
    pub(in crate::track) fn on_address_answered(&mut self, out: &mut Vec<Change>) {
        self.clear_unleased(out);
    }

    /// The phone has an address, or was offered one.
    pub(super) fn clear_unleased(&mut self, out: &mut Vec<Change>) {
        if self.reachability.unleased.take().is_some() {
            self.withdraw(Code::NoTftpAddress, None, out);
        }
    }
}
