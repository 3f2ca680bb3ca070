//! What a running phone does with a call manager that only restarts it: it registers by SCCP, again and
//! again, until a Reset that it obeys.
//!
//! It has its own codec, not the server's, so that an error does not cancel out.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    time::Duration,
};

use tokio::{
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};

use super::super::{PhoneConfig, PhoneFault, StartState};

/// How long a phone waits before it registers again.
const AGAIN: Duration = Duration::from_millis(300);
/// How long a phone waits for a message before it sends a `KeepAlive`.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// Registrations that a phone in a call sends before the call ends.
const CALL: u32 = 6;

/// Bytes that are read at once.
const READ: usize = 2048;

const REGISTER: u32 = 0x0001;
const IP_PORT: u32 = 0x0002;
const CAPABILITIES_RES: u32 = 0x0010;
const BUTTON_TEMPLATE_REQ: u32 = 0x000E;
const TIME_DATE_REQ: u32 = 0x000D;
const ALARM: u32 = 0x0020;
const UNREGISTER: u32 = 0x0027;
const CAPABILITIES_REQ: u32 = 0x009B;
const BUTTON_TEMPLATE: u32 = 0x0097;
const RESET: u32 = 0x009F;

/// Registers with the call manager until the phone obeys a Reset. A phone in its boot loader starts at
/// once.
pub(super) async fn until_reset(phone: &PhoneConfig, address: Ipv4Addr, manager: SocketAddrV4) {
    let StartState::Application(load) = &phone.start else {
        return;
    };
    let mut registrations = 0;
    loop {
        registrations += 1;
        let in_call = phone.faults.contains(&PhoneFault::InCall) && registrations <= CALL;
        let hello = hello(phone, load.as_str(), address, in_call);
        if let Ok(true) = connect(phone, address, manager, &hello).await {
            return;
        }
        sleep(AGAIN).await;
    }
}

/// One connection. Returns whether the phone obeys a Reset.
async fn connect(
    phone: &PhoneConfig,
    address: Ipv4Addr,
    manager: SocketAddrV4,
    hello: &[u8],
) -> io::Result<bool> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((address, 0)))?;
    let mut wire = Wire {
        stream: socket.connect(SocketAddr::V4(manager)).await?,
        bytes: Vec::new(),
    };
    wire.send(hello).await?;
    let mut resets = 0;
    loop {
        let Ok(id) = timeout(KEEP_ALIVE, wire.next_id()).await else {
            wire.send(&message(0, &[])).await?;
            continue;
        };
        let answer: &[u32] = match id? {
            RESET => {
                resets += 1;
                let is_late = phone.faults.contains(&PhoneFault::LateReset) && resets < 2;
                if !is_late && !phone.faults.contains(&PhoneFault::IgnoresReset) {
                    wire.send(&message(UNREGISTER, &[])).await?;
                    return Ok(true);
                }
                &[]
            }
            CAPABILITIES_REQ => &[CAPABILITIES_RES, BUTTON_TEMPLATE_REQ],
            BUTTON_TEMPLATE => &[TIME_DATE_REQ],
            _ => &[],
        };
        for id in answer {
            wire.send(&message(*id, &[])).await?;
        }
    }
}

/// A connection, and what was read of the next message.
struct Wire {
    stream: TcpStream,
    bytes: Vec<u8>,
}

impl Wire {
    async fn send(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.stream.writable().await?;
            match self.stream.try_write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The id of the next message.
    async fn next_id(&mut self) -> io::Result<u32> {
        loop {
            let number = |at: usize| {
                let bytes = self.bytes.get(at..)?.first_chunk::<4>()?;
                Some(u32::from_le_bytes(*bytes))
            };
            if let (Some(length), Some(id)) = (number(0), number(8)) {
                let whole = usize::try_from(length)
                    .unwrap_or(usize::MAX)
                    .saturating_add(8);
                if self.bytes.len() >= whole {
                    self.bytes.drain(..whole);
                    return Ok(id);
                }
            }
            self.stream.readable().await?;
            let mut part = [0; READ];
            match self.stream.try_read(&mut part) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.bytes.extend(&part[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The alarm, Register and RTP port with which a phone begins, in one segment.
fn hello(phone: &PhoneConfig, load: &str, address: Ipv4Addr, in_call: bool) -> Vec<u8> {
    let name = format!("SEP{}", phone.mac.upper_hex());
    let mut alarm = 2_u32.to_le_bytes().to_vec();
    alarm.extend(format!("25: Name={name} Load={load} Last=Initialized").bytes());
    alarm.resize(4 + 80 + 8, 0);
    let mut register = name.into_bytes();
    register.resize(124, 0);
    let mut put = |at: usize, bytes: &[u8]| register[at..at + bytes.len()].copy_from_slice(bytes);
    put(20, &address.octets());
    put(24, &phone.model.device_type.to_le_bytes());
    put(36, &[u8::from(in_call)]);
    put(40, &[17]);
    let name = &load.as_bytes()[..load.len().min(31)];
    put(92, name);
    [
        message(ALARM, &alarm),
        message(REGISTER, &register),
        message(IP_PORT, &[0; 4]),
    ]
    .concat()
}

fn message(id: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    let mut bytes = [length, 0, id].map(u32::to_le_bytes).concat();
    bytes.extend(body);
    bytes
}
