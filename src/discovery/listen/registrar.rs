//! SIP requests to this machine: bytes and the time in, a response and observations out.

use std::{
    net::SocketAddrV4,
    time::{Duration, Instant},
};

use crate::{
    discovery::{Decoded, address, observations},
    limits::RateLimiter,
    protocol::sip::{SipRequest, encode_response},
    track::Observation,
};

/// A REGISTER of one address is answered at most once in this time.
pub const RESPONSE_INTERVAL: Duration = Duration::from_millis(200);

/// Maximum number of REGISTERs of one address that are read per [`RESPONSE_INTERVAL`]. A phone
/// sends one per line.
pub const REGISTERS_PER_ADDRESS: u32 = 8;

/// Maximum number of REGISTERs of all addresses that are read per [`RESPONSE_INTERVAL`].
pub const REGISTERS: u32 = 64;

/// Any other request of one address is answered at most once in this time.
pub const REFUSAL_INTERVAL: Duration = Duration::from_secs(1);

/// Maximum number of responses to other requests, of all addresses, per [`REFUSAL_INTERVAL`].
pub const REFUSALS: u32 = 256;

/// Seconds after which a phone may register again, as Retry-After states.
pub const RETRY_AFTER: u32 = 300;

/// The result of a datagram or a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RequestOutcome {
    /// The response, and where it goes if the request was a datagram.
    pub response: Option<(SocketAddrV4, Vec<u8>)>,
    /// What the request reports about phones.
    pub observations: Vec<Observation>,
}

/// Answers SIP requests, within limits, and registers no phone.
#[derive(Debug)]
pub struct Registrar {
    registers: RateLimiter,
    others: RateLimiter,
}

impl Default for Registrar {
    fn default() -> Self {
        Self {
            registers: RateLimiter::new(RESPONSE_INTERVAL, REGISTERS_PER_ADDRESS, REGISTERS),
            others: RateLimiter::new(REFUSAL_INTERVAL, 1, REFUSALS),
        }
    }
}

impl Registrar {
    /// Handles a datagram. A malformed one is ignored.
    pub fn datagram(&mut self, now: Instant, from: SocketAddrV4, bytes: &[u8]) -> RequestOutcome {
        match SipRequest::decode(bytes) {
            Ok(request) => self.request(now, from, request),
            Err(error) => {
                tracing::trace!(%from, %error, "malformed SIP ignored");
                RequestOutcome::default()
            }
        }
    }

    /// Handles a request from a datagram or a connection.
    pub fn request(
        &mut self,
        now: Instant,
        from: SocketAddrV4,
        request: SipRequest,
    ) -> RequestOutcome {
        let request = request.received_from(from);
        let to = |text| request.reply_to().map(|to| (to, text));
        if request.method != "REGISTER" {
            return RequestOutcome {
                response: refusal(&request)
                    .filter(|_| self.others.admit(now, *from.ip()).is_some())
                    .and_then(to),
                observations: Vec::new(),
            };
        }
        let Some(index) = self.registers.admit(now, *from.ip()) else {
            return RequestOutcome::default();
        };
        // 200 would be false: the phone would show a registration and not register again for an
        // hour. 403 would mean that this phone is refused. 503 states that the service is
        // unavailable for now, and when to try again (RFC 3261, 21.5.4).
        let retry = RETRY_AFTER.to_string();
        let response = (index == 0)
            .then(|| {
                let headers = [("Retry-After", retry.as_str())];
                encode_response(&request, 503, "Converting Phones, No PBX", &headers)
            })
            .and_then(to);
        let decoded = Decoded::Sip(&request);
        let observations = address(&decoded).map_or_else(Vec::new, |address| {
            let kinds = observations(&decoded).into_iter();
            kinds.map(|kind| Observation { address, kind }).collect()
        });
        RequestOutcome {
            response,
            observations,
        }
    }
}

/// The response to a request other than REGISTER. `None`: an ACK, which is never answered
/// (RFC 3261, 17).
fn refusal(request: &SipRequest) -> Option<Vec<u8>> {
    match request.method.as_str() {
        "ACK" => None,
        // They belong to a dialogue or transaction that does not exist (RFC 3261, 12.2.2, 9.2).
        "BYE" | "CANCEL" | "INFO" | "PRACK" | "UPDATE" => Some(encode_response(
            request,
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
