//! Closed ports: no TFTP server where the phone sends its requests, or no phone where the PBX sends
//! its own.

use std::net::SocketAddrV4;

use super::{context::Context, core::Conversion, reachability::RepeatedEvent};
use crate::{
    diagnose::Code,
    track::{
        change::Change,
        diagnosis::{rules, text},
    },
};

impl Conversion {
    /// A request of the phone was answered with ICMP port unreachable.
    pub(in crate::track) fn on_tftp_port_closed(
        &mut self,
        cx: Context<'_>,
        server: SocketAddrV4,
        out: &mut Vec<Change>,
    ) {
        let closed = &mut self.reachability.closed_server;
        match closed {
            Some((known, event)) if *known == server => event.again(cx.at, rules::REPEAT_AFTER),
            _ => *closed = Some((server, RepeatedEvent::new(cx.at))),
        }
        if let Some((_, event)) = *closed
            && event.count >= rules::CLOSED_SERVER_TRIES
        {
            let unacked = self.reachability.unacked.as_ref();
            let name = unacked.map_or("", |unacked| unacked.name.as_str());
            let diagnosis = text::no_tftp_server(name, server, event.count, event.first);
            self.raise("", diagnosis, out);
        }
    }

    /// A server answered the phone.
    pub(super) fn clear_closed_server(&mut self, out: &mut Vec<Change>) {
        self.reachability.closed_server = None;
        self.withdraw(Code::NoTftpServer, None, out);
    }

    /// A request of the PBX to the phone was answered with ICMP port unreachable.
    pub(in crate::track) fn on_contact_closed(
        &mut self,
        cx: Context<'_>,
        (contact, pbx): (SocketAddrV4, SocketAddrV4),
        out: &mut Vec<Change>,
    ) {
        self.activity.last = cx.at;
        let closed = &mut self.reachability.closed_contact;
        match closed {
            Some((known, _, event)) if *known == contact => {
                event.again(cx.at, rules::CLOSED_CONTACT_APART);
            }
            _ => *closed = Some((contact, pbx, RepeatedEvent::new(cx.at))),
        }
        if let Some((_, _, event)) = *closed
            && event.count >= rules::CLOSED_CONTACT_TRIES
        {
            let listens = self.registration.via_port();
            let diagnosis =
                text::contact_unreachable((contact, pbx), listens, event.count, event.first);
            self.raise("", diagnosis, out);
        }
    }

    /// The phone registered, or starts.
    pub(super) fn clear_closed_contact(&mut self, out: &mut Vec<Change>) {
        self.reachability.closed_contact = None;
        self.withdraw(Code::ContactUnreachable, None, out);
    }
}
