//! Connections of phones that this program may restart: a task for each, driven by
//! [`CallManager`].

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddrV4},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use jiff::Timestamp;
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot},
    time::{self, Duration},
};

use super::{
    super::stream_bytes::{receive, send},
    alarm_reader::reported,
};
use crate::{
    limits::ConnectionPermit,
    phone::MacAddress,
    protocol::sccp::PhoneMessage,
    restart::call_manager::{CallManager, Moment, Outcome, Question, Verdict},
    track::{Observation, ObservationKind},
};

/// Maximum number of open connections of phones that may be restarted.
pub const MANAGED_CONNECTIONS: usize = 1000;

/// Maximum number of open connections of one address: a new connection replaces the old one, which then
/// ends.
pub const MANAGED_PER_ADDRESS: usize = 2;

/// Bytes that are read from a connection at once.
const READ: usize = 4096;

/// How long the kernel may take to accept what is sent. A phone that reads nothing is closed.
const SEND_TIME: Duration = Duration::from_secs(10);

/// Verdicts that wait for a connection: one of each question.
const VERDICTS: usize = 4;

/// What connections report.
#[derive(Debug)]
pub enum CallManagerEvent {
    /// A phone reported something.
    Observed(Instant, Observation),
    /// A phone waits for a verdict.
    Asked(Request),
}

/// A phone waits for a verdict.
#[derive(Debug)]
pub struct Request {
    /// When it registered, or was asked about again.
    pub at: Instant,
    /// The address of its connection.
    pub address: Ipv4Addr,
    /// The MAC in its name.
    pub mac: MacAddress,
    /// It was ordered on this connection and did not obey.
    pub again: bool,
    /// It registered with active audio. The observation of that may be over the limit of its address.
    pub in_call: bool,
    /// What its Register reports; empty if it is asked about again.
    pub observations: Vec<Observation>,
    /// Where the verdict goes.
    pub verdict: mpsc::Sender<Verdict>,
}

/// What all connections share.
pub(super) struct Managed {
    events: mpsc::Sender<CallManagerEvent>,
    /// The number of the connection of each address, and what ends it when it is dropped.
    open: Mutex<HashMap<Ipv4Addr, (u64, oneshot::Sender<()>)>>,
    next: AtomicU64,
}

impl Managed {
    pub(super) fn new(events: mpsc::Sender<CallManagerEvent>) -> Self {
        Self {
            events,
            open: Mutex::default(),
            next: AtomicU64::new(0),
        }
    }

    /// Adds a connection; that of the same address ends.
    fn replace(&self, address: Ipv4Addr) -> (u64, oneshot::Receiver<()>) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (end, ended) = oneshot::channel();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert(address, (number, end));
        (number, ended)
    }

    fn remove(&self, address: Ipv4Addr, number: u64) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open
            .get(&address)
            .is_some_and(|(known, _)| *known == number)
        {
            open.remove(&address);
        }
    }

    /// Reports something; returns whether there was room for it.
    fn report(&self, event: CallManagerEvent) -> bool {
        self.events.try_send(event).is_ok()
    }
}

/// Serves one connection until its end.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddrV4,
    _permit: ConnectionPermit,
    shared: &Managed,
) {
    let address = *peer.ip();
    let (number, ended) = shared.replace(address);
    let (verdict, mut verdicts) = mpsc::channel(VERDICTS);
    let mut connection = Connection {
        stream,
        address,
        mac: None,
        in_call: false,
        manager: CallManager::new(Instant::now()),
        verdict,
        is_order_unsent: false,
        shared,
    };
    let by_phone = connection.run(&mut verdicts, ended).await;
    verdicts.close();
    while let Ok(verdict) = verdicts.try_recv() {
        connection.is_order_unsent |= verdict == Verdict::Order && !connection.manager.is_ordered();
    }
    connection.on_end(by_phone);
    shared.remove(address, number);
}

struct Connection<'a> {
    stream: TcpStream,
    address: Ipv4Addr,
    mac: Option<MacAddress>,
    in_call: bool,
    manager: CallManager,
    verdict: mpsc::Sender<Verdict>,
    /// An order was given and no Reset was sent.
    is_order_unsent: bool,
    shared: &'a Managed,
}

impl Connection<'_> {
    /// Returns whether the phone ended the connection.
    async fn run(
        &mut self,
        verdicts: &mut mpsc::Receiver<Verdict>,
        mut ended: oneshot::Receiver<()>,
    ) -> bool {
        let mut bytes = [0; READ];
        loop {
            let deadline = time::Instant::from_std(self.manager.deadline());
            let outcome = tokio::select! {
                // Another connection of the address, or the end of the run.
                _ = &mut ended => return false,
                read = receive(&self.stream, &mut bytes) => {
                    let Ok(count @ 1..) = read else {
                        return true;
                    };
                    match self.manager.feed(now(), &bytes[..count]) {
                        Ok(outcome) => outcome,
                        Err(error) => {
                            tracing::trace!(from = %self.address, %error, "malformed SCCP");
                            return false;
                        }
                    }
                }
                Some(verdict) = verdicts.recv() => {
                    let was_ordered = self.manager.is_ordered();
                    self.is_order_unsent = verdict == Verdict::Order && !was_ordered;
                    self.manager.on_verdict(now(), verdict)
                }
                () = time::sleep_until(deadline) => self.manager.on_time(Instant::now()),
            };
            let close = outcome.close;
            if !self.apply(outcome).await || close {
                return false;
            }
        }
    }

    /// Sends and reports what follows; returns whether the connection goes on.
    async fn apply(&mut self, outcome: Outcome) -> bool {
        if outcome.reset {
            self.is_order_unsent = false;
        }
        let mut kinds = Vec::new();
        for message in &outcome.reports {
            match message {
                PhoneMessage::Register(register) => {
                    self.mac = register.mac;
                    self.in_call = register.is_in_call();
                }
                PhoneMessage::Unregister => self.report_left(),
                _ => {}
            }
            kinds.extend(reported(message));
        }
        let now = Instant::now();
        let address = self.address;
        let mut observations: Vec<Observation> = kinds
            .into_iter()
            .map(|kind| Observation { address, kind })
            .collect();
        let request = match outcome.question {
            Some(Question::Registered(register)) => {
                let Some(mac) = register.mac else {
                    // Its name is not that of a phone.
                    return false;
                };
                let streams = register.active_streams.unwrap_or(0);
                let kind = ObservationKind::SccpRegistered {
                    mac,
                    streams,
                    sender: None,
                };
                observations.push(Observation { address, kind });
                Some((mac, false))
            }
            Some(Question::Again) => self.mac.map(|mac| (mac, true)),
            None => None,
        };
        let is_reported = match request {
            Some((mac, again)) => self.shared.report(CallManagerEvent::Asked(Request {
                at: now,
                address,
                mac,
                again,
                in_call: self.in_call,
                observations,
                verdict: self.verdict.clone(),
            })),
            None => observations.into_iter().all(|observation| {
                self.shared
                    .report(CallManagerEvent::Observed(now, observation))
            }),
        };
        let sent = time::timeout(SEND_TIME, send(&self.stream, &outcome.send)).await;
        is_reported && matches!(sent, Ok(Ok(())))
    }

    fn report_left(&self) {
        if let Some(mac) = self.mac {
            self.report(ObservationKind::SccpLeft { mac });
        }
    }

    fn on_end(&self, by_phone: bool) {
        if by_phone && self.manager.is_ordered() {
            self.report_left();
        }
        if self.is_order_unsent
            && let Some(mac) = self.mac
        {
            self.report(ObservationKind::RestartNotSent { mac });
        }
    }

    fn report(&self, kind: ObservationKind) {
        let address = self.address;
        let observation = Observation { address, kind };
        let event = CallManagerEvent::Observed(Instant::now(), observation);
        if !self.shared.report(event) {
            tracing::debug!(%address, "no room for a report of a connection");
        }
    }
}

fn now() -> Moment {
    Moment {
        instant: Instant::now(),
        wall: Timestamp::now(),
    }
}
