//! What SIP requests say and what they are answered: bytes and a time in, an answer and
//! observations out.

use std::{
    net::SocketAddrV4,
    time::{Duration, Instant},
};

use super::gate::Gate;
use crate::{
    discovery::{Decoded, address, observations},
    protocol::sip::{Request, encode_response},
    track::Observation,
};

/// One answer to an address and REGISTER in this time.
pub const RESPONSE_INTERVAL: Duration = Duration::from_millis(200);

/// REGISTERs of one address that are read in that time. A phone sends one a line.
pub const REGISTERS_PER_ADDRESS: u32 = 8;

/// REGISTERs that are read in that time, of everybody.
pub const REGISTERS: u32 = 64;

/// One answer to an address and other request in this time.
pub const REFUSAL_INTERVAL: Duration = Duration::from_secs(1);

/// Answers to other requests in that time, to everybody.
pub const REFUSALS: u32 = 256;

/// Seconds after which a phone may ask again, as it is told.
pub const RETRY_AFTER: u32 = 300;

/// What came of a datagram or a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RequestOutcome {
    /// Where a datagram's answer goes, and the answer.
    pub answer: Option<(SocketAddrV4, Vec<u8>)>,
    /// What it says of phones.
    pub observations: Vec<Observation>,
}

/// Answers requests as a server that is none.
#[derive(Debug)]
pub struct Registrar {
    registers: Gate,
    others: Gate,
}

impl Default for Registrar {
    fn default() -> Self {
        Self {
            registers: Gate::new(RESPONSE_INTERVAL, REGISTERS_PER_ADDRESS, REGISTERS),
            others: Gate::new(REFUSAL_INTERVAL, 1, REFUSALS),
        }
    }
}

impl Registrar {
    /// A datagram. What is malformed is passed over.
    pub fn datagram(&mut self, now: Instant, from: SocketAddrV4, bytes: &[u8]) -> RequestOutcome {
        match Request::decode(bytes) {
            Ok(request) => self.request(now, from, request),
            Err(error) => {
                tracing::trace!(%from, %error, "passed over");
                RequestOutcome::default()
            }
        }
    }

    /// A request, from a datagram or a connection.
    pub fn request(
        &mut self,
        now: Instant,
        from: SocketAddrV4,
        request: Request,
    ) -> RequestOutcome {
        let request = request.received_from(from);
        let to = |text| request.reply_to().map(|to| (to, text));
        if request.method != "REGISTER" {
            return RequestOutcome {
                answer: refusal(&request)
                    .filter(|_| self.others.pass(now, *from.ip()).is_some())
                    .and_then(to),
                observations: Vec::new(),
            };
        }
        let Some(place) = self.registers.pass(now, *from.ip()) else {
            return RequestOutcome::default();
        };
        // 200 would be a lie: the phone's screen would show a registration at a PBX that is
        // none, and it would stay quiet for an hour. A refusal like 403 is somebody's judgement
        // of this phone. 503 says what is so, for now, and when to ask again (RFC 3261, 21.5.4).
        let retry = RETRY_AFTER.to_string();
        let answer = (place == 0)
            .then(|| {
                let headers = [("Retry-After", retry.as_str())];
                encode_response(&request, 503, "Converting Phones, No PBX", &headers)
            })
            .and_then(to);
        let heard = Decoded::Sip(&request);
        let observations = address(&heard).map_or_else(Vec::new, |address| {
            let seen = observations(&heard).into_iter();
            seen.map(|seen| Observation { address, seen }).collect()
        });
        RequestOutcome {
            answer,
            observations,
        }
    }
}

/// The answer to what is no REGISTER. `None` to an ACK, which is never answered (RFC 3261, 17).
fn refusal(request: &Request) -> Option<Vec<u8>> {
    match request.method.as_str() {
        "ACK" => None,
        // Parts of a dialogue or transaction that there is not (RFC 3261, 12.2.2 and 9.2).
        "BYE" | "CANCEL" | "INFO" | "PRACK" | "UPDATE" => Some(encode_response(
            &request,
            481,
            "Call/Transaction Does Not Exist",
            &[],
        )),
        _ => Some(encode_response(
            request,
            405,
            "Method Not Allowed",
            &[("Allow", "REGISTER")],
        )),
    }
}
