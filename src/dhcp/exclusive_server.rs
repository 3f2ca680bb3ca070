//! The server, and the watch that it is the only one: it asks again and again as a phone would,
//! and falls silent for good when another server answers.

use std::{net::Ipv4Addr, time::Duration};

use super::{DhcpEvent, Probe, Reply, Server};
use crate::{
    phone::MacAddress,
    protocol::dhcp::{Message, MessageType, Op},
};

/// How often it looks for another server, counted from the end of the last look.
pub const PROBE_INTERVAL: Duration = Duration::from_mins(1);

/// A server that withdraws by itself. Pure: what it is to send is given back.
#[derive(Debug)]
pub struct ExclusiveServer {
    server: Server,
    mac: MacAddress,
    /// The look that goes on.
    probe: Option<Probe>,
    /// When the next look begins.
    next: Duration,
    withdrawn: Option<Ipv4Addr>,
}

impl ExclusiveServer {
    /// Begins to serve at `now`; `mac` is the interface's. The first look, before anything is
    /// served, is the caller's.
    #[must_use]
    pub fn new(server: Server, mac: MacAddress, now: Duration) -> Self {
        Self {
            server,
            mac,
            probe: None,
            next: now + PROBE_INTERVAL,
            withdrawn: None,
        }
    }

    /// A datagram that came to port 67.
    pub fn receive(&mut self, now: Duration, bytes: &[u8]) -> Option<Reply> {
        if self.withdrawn.is_some() {
            return None;
        }
        self.server.receive(now, bytes)
    }

    /// A datagram that came to a client's port on this network: whoever answers there beside this
    /// server is another, whether it was asked by the look that goes on or by a phone.
    pub fn observe_reply(&mut self, source: Ipv4Addr, bytes: &[u8]) {
        let Ok(message) = Message::decode(bytes) else {
            return;
        };
        let answers = matches!(
            message.message_type(),
            Some(MessageType::Offer | MessageType::Ack | MessageType::Nak)
        );
        let server = message.server_id().unwrap_or(source);
        if message.op == Op::Reply && answers && server != self.server.config().address {
            self.withdraw(server);
        }
    }

    /// The question that is due, if one is. `xid` is for a look that begins now.
    pub fn wake(&mut self, now: Duration, xid: u32) -> Option<Vec<u8>> {
        if self.withdrawn.is_some() {
            return None;
        }
        match &self.probe {
            None if self.next <= now => self.probe = Some(Probe::new(self.mac, xid, now)),
            Some(probe) if probe.deadline(now).is_none() => {
                self.probe = None;
                self.next = now + PROBE_INTERVAL;
            }
            _ => {}
        }
        self.probe.as_mut()?.wake(now)
    }

    /// When it has to be woken next; `None`: it has withdrawn.
    #[must_use]
    pub fn deadline(&self, now: Duration) -> Option<Duration> {
        if self.withdrawn.is_some() {
            return None;
        }
        let probe = self.probe.as_ref();
        Some(probe.map_or(self.next, |probe| probe.deadline(now).unwrap_or(now)))
    }

    /// What happened since this was last asked. A phone that took another server's offer is as
    /// good a witness of it as the offer.
    pub fn drain_events(&mut self) -> Vec<DhcpEvent> {
        let told: Vec<DhcpEvent> = self.server.drain_events().collect();
        for one in &told {
            if let DhcpEvent::OtherServer(server) = one {
                self.withdraw(*server);
            }
        }
        told
    }

    /// The other server, for whose sake this one is silent.
    #[must_use]
    pub fn withdrawn(&self) -> Option<Ipv4Addr> {
        self.withdrawn
    }

    fn withdraw(&mut self, other: Ipv4Addr) {
        self.probe = None;
        self.withdrawn.get_or_insert(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dhcp::{DISCOVER_TIMES, PROBE_WINDOW, Pool, ServerConfig},
        protocol::dhcp::{Lease, OptionCode},
    };

    const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);
    const OTHER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
    const MAC: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 7]);
    const PHONE: MacAddress = MacAddress::new([0, 0x1d, 0x45, 0, 0, 1]);

    fn service() -> ExclusiveServer {
        let server = Server::new(ServerConfig {
            address: OWN,
            pool: Pool::new(OWN, 24, &[]).unwrap(),
            router: None,
        });
        ExclusiveServer::new(server, MAC, Duration::ZERO)
    }

    fn offer(question: &[u8], server: Ipv4Addr) -> Vec<u8> {
        let lease = Lease {
            address: Ipv4Addr::new(192, 0, 2, 77),
            server,
            mask: Ipv4Addr::new(255, 255, 255, 0),
            routers: Vec::new(),
            name_servers: Vec::new(),
            domain: None,
            time: PROBE_INTERVAL,
            tftp: server,
        };
        Message::decode(question).unwrap().offer(&lease).encode()
    }

    /// Lives until `until`, woken when it wants to be; the questions that it asked, and when.
    fn live(service: &mut ExclusiveServer, until: Duration) -> Vec<(Duration, Vec<u8>)> {
        let mut now = Duration::ZERO;
        let mut asked = Vec::new();
        while let Some(deadline) = service.deadline(now).filter(|at| *at <= until) {
            assert!(deadline >= now, "time goes on");
            now = deadline;
            asked.extend(service.wake(now, 5).map(|question| (now, question)));
        }
        asked
    }

    fn discover() -> Vec<u8> {
        Message::discover(PHONE, 3, "CP-7965G").encode()
    }

    #[test]
    fn it_looks_for_another_server_once_a_minute() {
        let mut service = service();
        let asked: Vec<_> = live(&mut service, 4 * PROBE_INTERVAL)
            .into_iter()
            .map(|(at, _)| at)
            .collect();
        let first = PROBE_INTERVAL;
        let second = first + PROBE_WINDOW + PROBE_INTERVAL;
        let third = second + PROBE_WINDOW + PROBE_INTERVAL;
        let looks = [first, second, third];
        let expected: Vec<_> = looks
            .iter()
            .flat_map(|look| DISCOVER_TIMES.iter().map(move |after| *look + *after))
            .collect();
        assert_eq!(asked, expected);
        assert_eq!(service.withdrawn(), None);
    }

    #[test]
    fn it_falls_silent_when_another_server_answers() {
        let mut service = service();
        assert!(service.receive(Duration::ZERO, &discover()).is_some());
        let asked = live(&mut service, PROBE_INTERVAL);
        let [(now, question)] = asked.as_slice() else {
            panic!("one question: {asked:?}");
        };
        service.observe_reply(OWN, &offer(question, OWN));
        assert_eq!(service.withdrawn(), None, "its own voice");
        service.observe_reply(OTHER, &offer(question, OTHER));
        assert_eq!(service.withdrawn(), Some(OTHER));
        assert_eq!(service.receive(*now, &discover()), None);
        assert_eq!(service.deadline(*now), None);
        assert_eq!(service.wake(*now + PROBE_INTERVAL * 9, 6), None);
    }

    #[test]
    fn a_phone_that_chose_another_server_silences_it_too() {
        let mut service = service();
        let mut request = Message::discover(PHONE, 3, "CP-7965G");
        request.options.set(OptionCode::MESSAGE_TYPE, [3]);
        request.options.set(OptionCode::SERVER_ID, OTHER.octets());
        assert_eq!(request.message_type(), Some(MessageType::Request));
        assert_eq!(service.receive(Duration::ZERO, &request.encode()), None);
        assert_eq!(service.drain_events(), [DhcpEvent::OtherServer(OTHER)]);
        assert_eq!(service.withdrawn(), Some(OTHER));
    }

    #[test]
    fn it_hears_another_server_answer_a_phone() {
        let mut service = service();
        service.observe_reply(OTHER, b"nothing");
        service.observe_reply(OTHER, &discover());
        service.observe_reply(OWN, &offer(&discover(), OWN));
        assert_eq!(service.withdrawn(), None, "a client, and its own voice");
        service.observe_reply(OTHER, &offer(&discover(), OTHER));
        assert_eq!(service.withdrawn(), Some(OTHER));
    }
}
