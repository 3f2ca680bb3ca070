//! A server that must be the only one: it probes for other servers regularly and when a message
//! indicates one, and stops answering for good when another server answers the probe.

use std::{net::Ipv4Addr, time::Duration};

use super::{DhcpEvent, DhcpReply, DhcpServer, Probe};
use crate::protocol::dhcp::{DhcpMessage, MessageType, Op};

/// Time between probes for another server, from the end of one to the start of the next.
pub const PROBE_INTERVAL: Duration = Duration::from_mins(1);

/// Minimum time from the end of one probe to the start of the next, whatever messages indicate: they
/// may be forged.
pub const MIN_PROBE_PAUSE: Duration = Duration::from_secs(10);

/// A server that withdraws when there is another. Pure: messages to be sent are returned.
#[derive(Debug)]
pub struct ExclusiveServer {
    server: DhcpServer,
    /// The running probe.
    probe: Option<Probe>,
    /// When the last probe ended.
    probed: Option<Duration>,
    /// When the next probe begins.
    next: Duration,
    withdrawn: Option<Ipv4Addr>,
}

impl ExclusiveServer {
    /// Begins to serve at `now`. The caller must have probed once before.
    #[must_use]
    pub fn new(server: DhcpServer, now: Duration) -> Self {
        Self {
            server,
            probe: None,
            probed: None,
            next: now + PROBE_INTERVAL,
            withdrawn: None,
        }
    }

    /// Handles a datagram to port 67 from `source`. A phone that accepts the offer of another server
    /// makes this one probe for it.
    pub fn receive(&mut self, now: Duration, source: Ipv4Addr, bytes: &[u8]) -> Option<DhcpReply> {
        if self.withdrawn.is_some() {
            return None;
        }
        let reply = self.server.receive(now, source, bytes);
        if self.server.noticed_other() {
            self.probe_soon(now);
        }
        reply
    }

    /// Reads a datagram to the client port on this network. The answer of another server to the running
    /// probe makes this one withdraw; one to a phone makes it probe.
    pub fn observe_reply(&mut self, now: Duration, source: Ipv4Addr, bytes: &[u8]) {
        let own = self.server.config().address;
        if let Some(probe) = &mut self.probe {
            probe.receive(source, bytes);
            let mut servers = probe.offers().iter().map(|offer| offer.server);
            if let Some(other) = servers.find(|server| *server != own) {
                self.withdraw(other);
            }
            return;
        }
        let Ok(message) = DhcpMessage::decode(bytes) else {
            return;
        };
        let answers = matches!(
            message.message_type(),
            Some(MessageType::Offer | MessageType::Ack | MessageType::Nak)
        );
        let server = message.server_id().unwrap_or(source);
        if message.op == Op::Reply && answers && server != own {
            self.probe_soon(now);
        }
    }

    fn probe_soon(&mut self, now: Duration) {
        let soon = self
            .probed
            .map_or(now, |ended| now.max(ended + MIN_PROBE_PAUSE));
        self.next = self.next.min(soon);
    }

    /// The DISCOVER that is due, if one is. `xid` is used if a probe begins now.
    pub fn wake(&mut self, now: Duration, xid: u32) -> Option<Vec<u8>> {
        if self.withdrawn.is_some() {
            return None;
        }
        match &self.probe {
            None if self.next <= now => {
                let mac = self.server.config().mac;
                self.probe = Some(Probe::new(mac, xid, now));
            }
            Some(probe) if probe.deadline(now).is_none() => {
                self.probe = None;
                self.probed = Some(now);
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

    /// The events since the last call.
    pub fn drain_events(&mut self) -> Vec<DhcpEvent> {
        self.server.drain_events().collect()
    }

    /// The leases, to be checked and reclaimed when no address is free.
    pub fn server_mut(&mut self) -> &mut DhcpServer {
        &mut self.server
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
        phone::MacAddress,
        protocol::dhcp::{Lease, OptionCode},
    };

    const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);
    const OTHER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
    const MAC: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 7]);
    const PHONE: MacAddress = MacAddress::new([0, 0x1d, 0x45, 0, 0, 1]);

    fn service() -> ExclusiveServer {
        let server = DhcpServer::new(ServerConfig {
            address: OWN,
            mac: MAC,
            pool: Pool::new(OWN, 24, &[]).unwrap(),
            router: None,
        });
        ExclusiveServer::new(server, Duration::ZERO)
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

    const NONE: Ipv4Addr = Ipv4Addr::UNSPECIFIED;

    #[test]
    fn it_withdraws_when_another_server_answers() {
        let mut service = service();
        assert!(service.receive(Duration::ZERO, NONE, &discover()).is_some());
        let sent = run(&mut service, PROBE_INTERVAL);
        let [(now, question)] = sent.as_slice() else {
            panic!("one question: {sent:?}");
        };
        service.observe_reply(*now, OWN, &offer(question, OWN));
        assert_eq!(service.withdrawn(), None, "its own offer");
        service.observe_reply(*now, OTHER, &offer(question, OTHER));
        assert_eq!(service.withdrawn(), Some(OTHER));
        assert_eq!(service.receive(*now, NONE, &discover()), None);
        assert_eq!(service.deadline(*now), None);
        assert_eq!(service.wake(*now + PROBE_INTERVAL * 9, 6), None);
    }

    /// A phone accepts the offer of another server.
    fn acceptance(server: Ipv4Addr) -> Vec<u8> {
        let mut request = DhcpMessage::discover(PHONE, 3, "CP-7965G");
        request.options.set(OptionCode::MESSAGE_TYPE, [3]);
        request.options.set(OptionCode::SERVER_ID, server.octets());
        request.encode()
    }

    #[test]
    fn a_request_to_another_server_makes_it_probe_and_only_an_answer_makes_it_withdraw() {
        let second = Duration::from_secs(1);
        let mut service = service();
        let request = acceptance(OTHER);
        assert_eq!(service.receive(second, NONE, &request), None);
        assert_eq!(service.drain_events(), [DhcpEvent::OtherServer(OTHER)]);
        assert_eq!(service.withdrawn(), None);
        let question = service.wake(second, 5).expect("it probes at once");
        assert!(
            service.receive(2 * second, NONE, &discover()).is_some(),
            "it serves meanwhile"
        );
        service.observe_reply(2 * second, OTHER, &offer(&discover(), OTHER));
        assert_eq!(service.withdrawn(), None, "not an answer to the probe");
        service.observe_reply(2 * second, OTHER, &offer(&question, OTHER));
        assert_eq!(service.withdrawn(), Some(OTHER));
    }

    #[test]
    fn forged_requests_to_another_server_neither_silence_it_nor_make_it_probe_without_pause() {
        let mut service = service();
        let request = acceptance(OTHER);
        let mut sent = 0;
        for tenth in 0..6000 {
            let now = Duration::from_millis(100 * tenth);
            service.receive(now, NONE, &request);
            service.observe_reply(now, OTHER, &offer(&discover(), OTHER));
            sent += usize::from(service.wake(now, 5).is_some());
            service.drain_events();
        }
        assert_eq!(service.withdrawn(), None);
        let end = Duration::from_mins(10);
        assert!(service.receive(end, NONE, &discover()).is_some());
        // Two DISCOVERs per probe, and a probe per 16 s at most.
        assert!((60..=76).contains(&sent), "{sent}");
    }

    #[test]
    fn an_answer_of_another_server_to_a_phone_makes_it_probe() {
        let mut service = service();
        let now = Duration::from_secs(1);
        service.observe_reply(now, OTHER, b"nothing");
        service.observe_reply(now, OTHER, &discover());
        service.observe_reply(now, OWN, &offer(&discover(), OWN));
        assert_eq!(service.wake(now, 5), None, "a client, and its own offer");
        service.observe_reply(now, OTHER, &offer(&discover(), OTHER));
        assert!(service.wake(now, 5).is_some());
        assert_eq!(service.withdrawn(), None);
    }
}
