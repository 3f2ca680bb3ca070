//! REGISTERs of phones, and what each was answered.

use std::{
    collections::{HashMap, VecDeque},
    net::{Ipv4Addr, SocketAddrV4},
};

use sha1::{Digest, Sha1};

use crate::protocol::sip::{Flow, Request, Response};
use crate::{
    protocol::bytes::capped,
    track::{Observation, ObservationKind, Register, RegisterOutcome},
};

/// REGISTERs of which an answer is waited for; a further one takes the place of the oldest. A
/// thousand phones that start at once send two each within a few seconds.
pub const MAX_TRACKED: usize = 4096;

/// Copies of one REGISTER that are told. A phone over UDP sends ten (RFC 3261, 17.1.2.2).
pub const MAX_COPIES: u8 = 8;

/// Final statuses of one REGISTER that are told; a PBX gives one.
const MAX_RESPONSES: usize = 2;

/// A digest of its Call-ID, its number and the PBX that it went to: of one size, whatever these are.
type Key = [u8; 20];

/// Joins REGISTERs and answers. It needs no clock: what it remembers is bounded by number.
///
/// Only REGISTERs that came without a proxy between and that name a phone of Cisco's, by a
/// device name or by the model in the User-Agent: others than phones register at a PBX too.
#[derive(Debug, Clone, Default)]
pub struct RegisterTracker {
    known: HashMap<Key, TrackedRegister>,
    /// The oldest first.
    order: VecDeque<Key>,
}

#[derive(Debug, Clone)]
struct TrackedRegister {
    register: Register,
    /// Those that were told.
    copies: u8,
    /// Answers that were told: the status, and where it went.
    told: Vec<(u16, SocketAddrV4)>,
}

impl RegisterTracker {
    /// A request. `None`: it is no phone's REGISTER, or a copy too many.
    pub fn request(&mut self, request: &Request, flow: Flow) -> Option<Observation> {
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
                told: Vec::new(),
            };
            self.known.insert(key, followed);
            RegisterOutcome::Sent
        };
        let register = Box::new(register);
        let seen = ObservationKind::Register { register, outcome };
        Some(Observation { address, seen })
    }

    /// An answer. `None`: to nothing that is known, no final one, or told before.
    pub fn response(&mut self, response: &Response, flow: Flow) -> Option<Observation> {
        let (call, number) = response.answers()?;
        if response.status < 200 {
            return None;
        }
        let key = key(call, number, *flow.source.ip());
        let known = self.known.get_mut(&key)?;
        let answer = (response.status, flow.destination);
        if known.told.len() >= MAX_RESPONSES || known.told.contains(&answer) {
            return None;
        }
        known.told.push(answer);
        let outcome = RegisterOutcome::Answered {
            status: response.status,
            to: flow.destination,
            stale: response.is_stale(),
            expires: response.registered_for(),
        };
        let register = Box::new(known.register.clone());
        let address = *register.source.ip();
        let seen = ObservationKind::Register { register, outcome };
        Some(Observation { address, seen })
    }
}

/// What a request says, if it is a phone's REGISTER.
fn register(request: &Request, flow: Flow) -> Option<Register> {
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

/// The user of an address: `"Ann" <sip:1001@192.0.2.1>;tag=1` is 1001.
fn user(address: &str) -> Option<String> {
    let (_, behind) = address.split_once("sip:")?;
    let (user, _) = behind.split_once('@')?;
    let user = user.split([':', ';']).next().unwrap_or_default();
    Some(capped(user)).filter(|user| !user.is_empty())
}

fn key(call: &str, number: u32, pbx: Ipv4Addr) -> Key {
    let mut digest = Sha1::new();
    digest.update(call);
    digest.update([0]);
    digest.update(number.to_be_bytes());
    digest.update(pbx.octets());
    digest.finalize().into()
}
