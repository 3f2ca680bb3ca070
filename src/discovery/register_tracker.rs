//! REGISTERs of phones and the responses to them.

use std::{
    collections::{HashMap, VecDeque},
    net::{Ipv4Addr, SocketAddrV4},
};

use sha1::{Digest, Sha1};

use crate::protocol::sip::{Response, SipFlow, SipRequest};
use crate::{
    protocol::bytes::capped,
    track::{Observation, ObservationKind, Register, RegisterOutcome},
};

/// Maximum number of REGISTERs that are tracked at once; a further one replaces the oldest. A
/// thousand phones that start at once send two each within a few seconds.
pub const MAX_TRACKED: usize = 4096;

/// Maximum number of retransmissions of one REGISTER that are reported. A phone sends up to ten
/// over UDP (RFC 3261, 17.1.2.2).
pub const MAX_COPIES: u8 = 8;

/// Final responses to one REGISTER that are reported. A PBX sends one.
const MAX_RESPONSES: usize = 2;

/// SHA-1 of Call-ID, `CSeq` number and PBX address: its size does not depend on the sender.
type RegisterKey = [u8; 20];

/// Matches responses to REGISTERs. It needs no clock, because it limits how many REGISTERs it
/// tracks, not for how long.
///
/// It tracks only REGISTERs that came without a proxy and name a Cisco phone, by device name or by
/// the model in the User-Agent, because other devices register at a PBX too.
#[derive(Debug, Clone, Default)]
pub struct RegisterTracker {
    known: HashMap<RegisterKey, TrackedRegister>,
    /// Oldest first.
    order: VecDeque<RegisterKey>,
}

#[derive(Debug, Clone)]
struct TrackedRegister {
    register: Register,
    /// Retransmissions that were reported.
    copies: u8,
    /// Responses that were reported: status and destination.
    responses: Vec<(u16, SocketAddrV4)>,
}

impl RegisterTracker {
    /// The observation of a request. `None`: it is not the REGISTER of a phone, or [`MAX_COPIES`]
    /// is reached.
    pub fn request(&mut self, request: &SipRequest, flow: SipFlow) -> Option<Observation> {
        let register = register(request, flow)?;
        let (call, number, _) = request.transaction()?;
        let key = key(call, number, *flow.destination.ip());
        let address = *flow.source.ip();
        let outcome = if let Some(known) = self.known.get_mut(&key) {
            let is_same = *known.register.source.ip() == address;
            if known.copies >= MAX_COPIES || !is_same {
                return None;
            }
            known.copies += 1;
            RegisterOutcome::Again
        } else {
            if self.order.len() >= MAX_TRACKED
                && let Some(oldest) = self.order.pop_front()
            {
                self.known.remove(&oldest);
            }
            self.order.push_back(key);
            let followed = TrackedRegister {
                register: register.clone(),
                copies: 0,
                responses: Vec::new(),
            };
            self.known.insert(key, followed);
            RegisterOutcome::Sent
        };
        let register = Box::new(register);
        let kind = ObservationKind::Register { register, outcome };
        Some(Observation { address, kind })
    }

    /// The observation of a response. `None`: its REGISTER is not tracked, it is not final, or it was
    /// reported before.
    pub fn response(&mut self, response: &Response, flow: SipFlow) -> Option<Observation> {
        let (call, number) = response.answers()?;
        if response.status < 200 {
            return None;
        }
        let key = key(call, number, *flow.source.ip());
        let known = self.known.get_mut(&key)?;
        let answer = (response.status, flow.destination);
        if known.responses.len() >= MAX_RESPONSES || known.responses.contains(&answer) {
            return None;
        }
        known.responses.push(answer);
        let outcome = RegisterOutcome::Answered {
            status: response.status,
            to: flow.destination,
            stale: response.is_stale(),
            expires: response.registered_for(),
        };
        let register = Box::new(known.register.clone());
        let address = *register.source.ip();
        let kind = ObservationKind::Register { register, outcome };
        Some(Observation { address, kind })
    }
}

/// The registration in a request, if it is a phone's REGISTER.
fn register(request: &SipRequest, flow: SipFlow) -> Option<Register> {
    if request.method != "REGISTER" || !request.is_direct() {
        return None;
    }
    let phone = request.phone();
    let is_cisco = phone.mac.is_some() || phone.model.is_some();
    let sent_by = request.sent_by().filter(|_| is_cisco)?;
    Some(Register {
        user: user(request.header("to")?)?,
        source: flow.source,
        pbx: flow.destination,
        transport: flow.transport,
        via_port: sent_by.port,
        rport: sent_by.rport,
        via_differs: sent_by.host.is_some_and(|host| host != *flow.source.ip()),
        has_credentials: request.has_credentials(),
        is_unregister: request.expires() == Some(0),
    })
}

/// The user part of an address: 1001 in `"Ann" <sip:1001@192.0.2.1>;tag=1`.
fn user(address: &str) -> Option<String> {
    let (_, behind) = address.split_once("sip:")?;
    let (user, _) = behind.split_once('@')?;
    let user = user.split([':', ';']).next().unwrap_or_default();
    Some(capped(user)).filter(|user| !user.is_empty())
}

fn key(call: &str, number: u32, pbx: Ipv4Addr) -> RegisterKey {
    let mut digest = Sha1::new();
    digest.update(call);
    digest.update([0]);
    digest.update(number.to_be_bytes());
    digest.update(pbx.octets());
    digest.finalize().into()
}
