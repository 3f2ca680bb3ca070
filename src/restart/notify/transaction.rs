//! The client transaction of a request other than INVITE over UDP (RFC 3261, 17.1.2).

use std::time::{Duration, Instant};

use super::{Answer, NotifyRequest};

/// The round-trip time that the RFC assumes: the first retransmission comes after it.
pub const T1: Duration = Duration::from_millis(500);
/// The longest interval between two retransmissions.
pub const T2: Duration = Duration::from_secs(4);
/// How long a message can remain in the network: responses are accepted again for this time.
pub const T4: Duration = Duration::from_secs(5);
/// Timer F: after it, a phone that has not answered is silent.
pub const TIMEOUT: Duration = Duration::from_secs(32);

/// The most often that one request is sent: after 0, 0.5, 1.5, 3.5, 7.5 s and then every 4 s.
pub const MAX_PASSES: u32 = 11;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    /// Answered, at this time.
    Completed(Answer, Instant),
    Terminated(Answer),
}

/// One NOTIFY until its final response or its timeout.
#[derive(Debug)]
pub struct ClientTransaction {
    request: NotifyRequest,
    state: State,
    /// Timer E: when the request is sent again.
    next: Instant,
    interval: Duration,
    /// Timer F.
    end: Instant,
    sent: u32,
}

impl ClientTransaction {
    /// Begins at `now`: [`ClientTransaction::poll`] returns the request at once.
    #[must_use]
    pub fn new(request: NotifyRequest, now: Instant) -> Self {
        Self {
            request,
            state: State::Trying,
            next: now,
            interval: T1,
            end: now + TIMEOUT,
            sent: 0,
        }
    }

    /// The datagram to send at `now`, if one is due.
    pub fn poll(&mut self, now: Instant) -> Option<&[u8]> {
        match self.state {
            State::Completed(answer, at) if now >= at + T4 => {
                self.state = State::Terminated(answer);
            }
            State::Trying | State::Proceeding if now >= self.end => {
                self.state = State::Terminated(Answer::Silence);
            }
            _ => {}
        }
        if !matches!(self.state, State::Trying | State::Proceeding) || now < self.next {
            return None;
        }
        self.sent += 1;
        // A late poll does not delay the later ones.
        self.next = (self.next + self.interval).max(now);
        self.interval = match self.state {
            State::Proceeding => T2,
            _ => (self.interval * 2).min(T2),
        };
        Some(self.request.bytes())
    }

    /// Takes a datagram that came from the phone. Anything but a response to this request is ignored.
    pub fn receive(&mut self, now: Instant, datagram: &[u8]) {
        let Some(status) = self.request.status_in(datagram) else {
            return;
        };
        match self.state {
            State::Trying if status < 200 => {
                self.state = State::Proceeding;
                self.interval = T2;
            }
            State::Trying | State::Proceeding if status >= 200 => {
                self.state = State::Completed(Answer::of_status(status), now);
            }
            _ => {}
        }
    }

    /// The result, once there is one.
    #[must_use]
    pub fn answer(&self) -> Option<Answer> {
        match self.state {
            State::Trying | State::Proceeding => None,
            State::Completed(answer, _) | State::Terminated(answer) => Some(answer),
        }
    }

    /// When [`ClientTransaction::poll`] must be called next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Trying | State::Proceeding => Some(self.next.min(self.end)),
            State::Completed(_, at) => Some(at + T4),
            State::Terminated(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        protocol::sip::{SipRequest, encode_response},
        restart::notify::{NotifyEvent, NotifyTarget},
    };

    fn request() -> NotifyRequest {
        let target = NotifyTarget {
            user: "1001".to_owned(),
            phone: "192.0.2.101:5060".parse().unwrap(),
            own: "192.0.2.10:5062".parse().unwrap(),
        };
        NotifyRequest::encode(&NotifyEvent::CheckSync, &target, 1).unwrap()
    }

    fn answered(status: u16) -> Vec<u8> {
        let decoded = SipRequest::decode(request().bytes()).unwrap();
        encode_response(&decoded, status, "x", &[])
    }

    /// When the request is sent, in milliseconds, until the transaction ends.
    fn times(transaction: &mut ClientTransaction, began: Instant) -> Vec<u128> {
        let mut times = Vec::new();
        let mut now = began;
        while let Some(deadline) = transaction.deadline() {
            now = now.max(deadline);
            if transaction.poll(now).is_some() {
                times.push(now.duration_since(began).as_millis());
            }
        }
        times
    }

    #[test]
    fn a_silent_phone_gets_the_request_eleven_times_in_32_seconds() {
        let began = Instant::now();
        let mut transaction = ClientTransaction::new(request(), began);
        let times = times(&mut transaction, began);
        assert_eq!(
            times,
            [
                0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500
            ]
        );
        assert_eq!(times.len(), MAX_PASSES as usize);
        assert_eq!(transaction.answer(), Some(Answer::Silence));
    }

    #[test]
    fn a_final_response_ends_the_retransmissions() {
        for (status, answer) in [
            (200, Answer::Accepted),
            (400, Answer::BadRequest),
            (404, Answer::NotFound),
            (481, Answer::Other(481)),
        ] {
            let began = Instant::now();
            let mut transaction = ClientTransaction::new(request(), began);
            assert!(transaction.poll(began).is_some());
            transaction.receive(began + T1 / 2, &answered(status));
            assert_eq!(transaction.answer(), Some(answer));
            // A later, different response changes nothing.
            transaction.receive(began + T1, &answered(503));
            assert_eq!(transaction.answer(), Some(answer));
            assert_eq!(times(&mut transaction, began), [0; 0]);
        }
    }

    #[test]
    fn a_provisional_response_slows_the_retransmissions_down() {
        let began = Instant::now();
        let mut transaction = ClientTransaction::new(request(), began);
        assert!(transaction.poll(began).is_some());
        transaction.receive(began, &answered(100));
        let times = times(&mut transaction, began);
        assert_eq!(times[..3], [500, 4500, 8500]);
        assert_eq!(transaction.answer(), Some(Answer::Silence));
    }

    #[test]
    fn datagrams_of_others_are_ignored() {
        let began = Instant::now();
        let mut transaction = ClientTransaction::new(request(), began);
        for datagram in [&b""[..], b"SIP/2.0 200 OK\r\n\r\n", &[0xff; 900]] {
            transaction.receive(began, datagram);
        }
        assert_eq!(transaction.answer(), None);
    }
}
