//! Two small listeners for phones whose configuration names this machine as their call manager:
//! SIP on port 5060 (UDP and TCP), for what a REGISTER says of the load, and SCCP on TCP port
//! 2000, for the alarm with which a phone begins that is not converted yet.
//!
//! Neither is a call manager. A REGISTER is answered 503 with a time to ask again. An alarm is
//! answered by nothing and the connection closed: to the phone that is a call manager which went
//! away, so that it tries the next one and in the end its configuration again, over TFTP. A
//! `RegisterReject` would be an answer to obey, and the phone would wait with it.
//!
//! [`Registrar`] and [`AlarmReader`] are pure. The sockets are bound before rights are dropped, and live
//! on a thread with a runtime of its own: no phone's word stands before another one's block.

mod alarms;
mod gate;
mod register;
mod serve;

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddrV4, TcpListener, UdpSocket},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, oneshot};

pub use self::{
    alarms::{ALARM_WINDOW, ALARMS, ALARMS_PER_ADDRESS, AlarmLimiter, AlarmReader, MAX_MESSAGES},
    register::{
        REFUSAL_INTERVAL, REFUSALS, REGISTERS, REGISTERS_PER_ADDRESS, RESPONSE_INTERVAL,
        RETRY_AFTER, Registrar, RequestOutcome,
    },
};
use crate::track::Observation;

/// Connections at once, of both listeners together.
pub const CONNECTIONS: usize = 128;

/// Connections at once of one address; one more is closed at once. A phone uses one of each.
pub const CONNECTIONS_PER_ADDRESS: usize = 4;

/// How long a connection may take to the next whole request, or to the alarm.
pub const IDLE_TIME: Duration = Duration::from_secs(30);

/// Observations that wait for the session; one more is dropped and counted.
pub const QUEUE: usize = 1024;

/// Sockets that are bound and do not listen yet.
#[derive(Debug, Default)]
pub struct BoundListeners {
    sip: Option<(UdpSocket, TcpListener)>,
    sccp: Option<TcpListener>,
}

impl BoundListeners {
    /// Takes the SIP port, over UDP and TCP. It takes no runtime, so that it can come before
    /// privileges are dropped.
    pub fn bind_sip(&mut self, listen: SocketAddrV4) -> io::Result<()> {
        let udp = UdpSocket::bind(listen)?;
        let tcp = TcpListener::bind(listen)?;
        udp.set_nonblocking(true)?;
        tcp.set_nonblocking(true)?;
        self.sip = Some((udp, tcp));
        Ok(())
    }

    /// Takes the SCCP port.
    pub fn bind_sccp(&mut self, listen: SocketAddrV4) -> io::Result<()> {
        let tcp = TcpListener::bind(listen)?;
        tcp.set_nonblocking(true)?;
        self.sccp = Some(tcp);
        Ok(())
    }

    /// Whether REGISTERs will be heard.
    #[must_use]
    pub fn has_sip(&self) -> bool {
        self.sip.is_some()
    }

    /// Whether alarms will be heard.
    #[must_use]
    pub fn has_sccp(&self) -> bool {
        self.sccp.is_some()
    }

    /// Listens from now on, until the first part is dropped; the second is what is heard.
    pub fn start(self) -> io::Result<(ListenerThread, mpsc::Receiver<(Instant, Observation)>)> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = thread::Builder::new()
            .name("witness".to_owned())
            .spawn(move || {
                let ended = runtime.block_on(serve::run(self, sender, stopped));
                if let Err(error) = ended {
                    tracing::warn!("REGISTERs and alarms are not heard any more: {error}");
                }
            })?;
        let listening = ListenerThread {
            stop: Some(stop),
            thread: Some(thread),
        };
        Ok((listening, receiver))
    }
}

/// The listeners' thread; it ends when this is dropped.
pub struct ListenerThread {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl fmt::Debug for ListenerThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListenerThread").finish_non_exhaustive()
    }
}

impl Drop for ListenerThread {
    fn drop(&mut self) {
        // Both fail only where the thread has ended already.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::warn!("the thread that listens for phones panicked");
        }
    }
}

/// The address of a peer; these sockets have no other kind.
fn ipv4(address: std::net::SocketAddr) -> Option<SocketAddrV4> {
    match address {
        std::net::SocketAddr::V4(address) => Some(address),
        std::net::SocketAddr::V6(_) => None,
    }
}

/// How many connections each address has.
#[derive(Debug, Default)]
struct Seats(std::collections::HashMap<Ipv4Addr, usize>);

impl Seats {
    /// Takes one more, if there is room.
    fn take(&mut self, address: Ipv4Addr) -> bool {
        let all: usize = self.0.values().sum();
        let here = self.0.get(&address).copied().unwrap_or(0);
        let is_free = all < CONNECTIONS && here < CONNECTIONS_PER_ADDRESS;
        if is_free {
            self.0.insert(address, here + 1);
        }
        is_free
    }

    fn give_back(&mut self, address: Ipv4Addr) {
        if let Some(count) = self.0.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&address);
            }
        }
    }
}
