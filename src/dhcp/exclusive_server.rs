//! A server that must be the only one: it probes for other servers regularly, and stops answering
//! for good when it finds one.

use std::{net::Ipv4Addr, time::Duration};

use super::{DhcpEvent, DhcpReply, DhcpServer, Probe};
use crate::{
    phone::MacAddress,
    protocol::dhcp::{DhcpMessage, MessageType, Op},
};

/// Time between probes for another server, from the end of one to the start of the next.
pub const PROBE_INTERVAL: Duration = Duration::from_mins(1);

/// A server that withdraws when there is another. Pure: messages to be sent are returned.
#[derive(Debug)]
pub struct ExclusiveServer {
    server: DhcpServer,
    mac: MacAddress,
    /// The running probe.
    probe: Option<Probe>,
    /// When the next probe begins.
    next: Duration,
    withdrawn: Option<Ipv4Addr>,
}

impl ExclusiveServer {
    /// Begins to serve at `now`; `mac` is the interface's. The caller must have probed once before.
    #[must_use]
    pub fn new(server: DhcpServer, mac: MacAddress, now: Duration) -> Self {
        Self {
            server,
            mac,
            probe: None,
            next: now + PROBE_INTERVAL,
            withdrawn: None,
        }
    }

    /// Handles a datagram to port 67.
    pub fn receive(&mut self, now: Duration, bytes: &[u8]) -> Option<DhcpReply> {
        if self.withdrawn.is_some() {
            return None;
        }
        self.server.receive(now, bytes)
    }

    /// Reads a datagram to the client port on this network. A reply of another server, to the running
    /// probe or to a phone, makes this one withdraw.
    pub fn observe_reply(&mut self, source: Ipv4Addr, bytes: &[u8]) {
        let Ok(message) = DhcpMessage::decode(bytes) else {
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

    /// The DISCOVER that is due, if one is. `xid` is used if a probe begins now.
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

    /// When [`ExclusiveServer::wake`] must be called next; `None`: it has withdrawn.
    #[must_use]
    pub fn deadline(&self, now: Duration) -> Option<Duration> {
        if self.withdrawn.is_some() {
            return None;
        }
        let probe = self.probe.as_ref();
        Some(probe.map_or(self.next, |probe| probe.deadline(now).unwrap_or(now)))
    }

    /// The events since the last call. A phone that accepted another server's offer also makes this
    /// server withdraw.
    pub fn drain_events(&mut self) -> Vec<DhcpEvent> {
        let events: Vec<DhcpEvent> = self.server.drain_events().collect();
        for one in &events {
            if let DhcpEvent::OtherServer(server) = one {
                self.withdraw(*server);
            }
        }
        events
    }

    /// The other server that made this one withdraw.
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
        let server = DhcpServer::new(ServerConfig {
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
        DhcpMessage::decode(question)
            .unwrap()
            .offer(&lease)
            .encode()
    }

    /// Runs until `until`; returns the DISCOVERs and when they were sent.
    fn run(service: &mut ExclusiveServer, until: Duration) -> Vec<(Duration, Vec<u8>)> {
        let mut now = Duration::ZERO;
        let mut sent = Vec::new();
        while let Some(deadline) = service.deadline(now).filter(|at| *at <= until) {
            assert!(deadline >= now, "time goes on");
            now = deadline;
            sent.extend(service.wake(now, 5).map(|question| (now, question)));
        }
        sent
    }

    fn discover() -> Vec<u8> {
        DhcpMessage::discover(PHONE, 3, "CP-7965G").encode()
    }

    #[test]
    fn it_probes_for_another_server_once_a_minute() {
        let mut service = service();
        let sent: Vec<_> = run(&mut service, 4 * PROBE_INTERVAL)
            .into_iter()
            .map(|(at, _)| at)
            .collect();
        let first = PROBE_INTERVAL;
        let second = first + PROBE_WINDOW + PROBE_INTERVAL;
        let third = second + PROBE_WINDOW + PROBE_INTERVAL;
        let probes = [first, second, third];
        let expected: Vec<_> = probes
            .iter()
            .flat_map(|look| DISCOVER_TIMES.iter().map(move |after| *look + *after))
            .collect();
        assert_eq!(sent, expected);
        assert_eq!(service.withdrawn(), None);
    }

    #[test]
    fn it_withdraws_when_another_server_answers() {
        let mut service = service();
        assert!(service.receive(Duration::ZERO, &discover()).is_some());
        let sent = run(&mut service, PROBE_INTERVAL);
        let [(now, question)] = sent.as_slice() else {
            panic!("one question: {sent:?}");
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
    fn it_withdraws_when_a_phone_accepts_another_offer() {
        let mut service = service();
        let mut request = DhcpMessage::discover(PHONE, 3, "CP-7965G");
        request.options.set(OptionCode::MESSAGE_TYPE, [3]);
        request.options.set(OptionCode::SERVER_ID, OTHER.octets());
        assert_eq!(request.message_type(), Some(MessageType::Request));
        assert_eq!(service.receive(Duration::ZERO, &request.encode()), None);
        assert_eq!(service.drain_events(), [DhcpEvent::OtherServer(OTHER)]);
        assert_eq!(service.withdrawn(), Some(OTHER));
    }

    #[test]
    fn it_withdraws_when_another_server_answers_a_phone() {
        let mut service = service();
        service.observe_reply(OTHER, b"nothing");
        service.observe_reply(OTHER, &discover());
        service.observe_reply(OWN, &offer(&discover(), OWN));
        assert_eq!(service.withdrawn(), None, "a client, and its own voice");
        service.observe_reply(OTHER, &offer(&discover(), OTHER));
        assert_eq!(service.withdrawn(), Some(OTHER));
    }
}
