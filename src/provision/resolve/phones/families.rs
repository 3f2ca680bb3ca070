//! Checks and notes of what depends on the family of a phone: transport, passwords, speed dials.

use super::{Accounts, field};
use crate::{
    inventory::{ButtonField, PbxTransport, PhoneEntry},
    phone::Dialect,
    provision::{
        plan::{ResolvedButton, ResolvedFunction},
        resolve::of_model::{Difference, is_first_phone},
    },
};

impl Accounts<'_, '_> {
    fn differs(&mut self, difference: Difference, listed: &PhoneEntry) {
        let macs = self.differences.entry(difference).or_default();
        macs.push(listed.mac.to_string());
    }

    pub(super) fn note_transport(&mut self, listed: &PhoneEntry, chosen: PbxTransport) {
        let of_site = self.problems.inventory.site.transport;
        if of_site.is_some_and(|of_site| of_site != chosen) {
            self.differs(Difference::OnlyUdp, listed);
        }
        if chosen == PbxTransport::Udp && Dialect::of(listed.model).needs_tcp {
            self.differs(Difference::UdpRetransmits, listed);
        }
    }

    /// Notes a speed dial that should show the state of its number on a phone that cannot.
    pub(super) fn note_state(&mut self, listed: &PhoneEntry, blf: bool) {
        if blf && is_first_phone(listed.model) {
            self.differs(Difference::NoState, listed);
        }
    }

    /// Checks that the phone registers every line: over TCP some register only the first, and some
    /// register all with the password of the first.
    pub(super) fn check_lines(
        &mut self,
        listed: &PhoneEntry,
        transport: PbxTransport,
        buttons: &[ResolvedButton],
    ) {
        let dialect = Dialect::of(listed.model);
        let lines: Vec<_> = buttons
            .iter()
            .filter_map(|key| match key.function {
                ResolvedFunction::Line { account, .. } => Some((key.number, account)),
                ResolvedFunction::Dial { .. } => None,
            })
            .collect();
        let [(_, first), (second, _), ..] = lines[..] else {
            return;
        };
        if transport == PbxTransport::Tcp && dialect.is_managed_over_tcp {
            let at = field(second, ButtonField::Extension);
            let message = "a second line with transport tcp, over which a phone registers only \
                           its first line: expected one line, or transport udp";
            self.fault(listed.mac, at, message);
        }
        let secret = |account: usize| self.list.get(account).map(|account| &account.secret);
        let differs = |(_, account): &&(u8, usize)| secret(*account) != secret(first);
        if let Some((button, account)) = lines.iter().find(differs)
            && dialect.has_one_password
        {
            let user = |account: usize| self.list.get(account).map(|account| account.user.as_str());
            let message = format!(
                "another password for {} than for {}: a {} registers every line with the password \
                 of the first. Expected one password for all of its lines, here or in secrets.toml",
                user(*account).unwrap_or_default(),
                user(first).unwrap_or_default(),
                listed.model.map_or("", |model| model.number),
            );
            self.fault(listed.mac, field(*button, ButtonField::Secret), message);
        }
    }
}
