//! Asks phones of a run for their own page, gently.
//!
//! A phone says on `/DeviceInformationX` which load it runs. It is asked once an application of
//! it runs and nobody has said which: never in its boot loader, never while it fetches, a few
//! times in all ([`DELAYS`]). [`Schedule`] and [`Reply`] are pure; here are the sockets, on the
//! runtime of whoever awaits [`Poller::next`].

mod reply;
mod schedule;

use std::{
    collections::HashMap,
    fmt, io,
    net::{Ipv4Addr, SocketAddrV4},
    time::Duration,
};

use tokio::{
    net::TcpStream,
    task::{AbortHandle, Id, JoinSet},
    time,
};

pub use self::{
    reply::{Fault, MAX_BODY, MAX_HEAD, Reply},
    schedule::{DELAYS, Due, MAX_ATTEMPTS, MAX_CONCURRENT, Outcome, REFUSALS_UNTIL_OFF, Schedule},
};
use super::{Decoded, observations};
use crate::protocol::{Malformed, web::DevicePage};
use crate::track::{EvidenceSource, Observation, ObservationKind, PollCandidate, RunTime};

/// Where a phone's page is. Phones have it on no other port.
pub const PORT: u16 = 80;

/// The page as XML.
const PATH: &str = "/DeviceInformationX";

/// How long a connection may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long the whole of it may take, the connection included.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes that are read at once.
const READ: usize = 2048;

/// Why no page came.
#[derive(Debug, thiserror::Error)]
enum PollError {
    #[error("the connection was refused")]
    Refused,
    #[error("no answer within {} s", REQUEST_TIMEOUT.as_secs())]
    Late,
    #[error("{0}")]
    Broken(#[source] io::Error),
    #[error("{0}")]
    Reply(#[from] Fault),
    #[error("{0}")]
    Page(#[from] Malformed),
    #[error("a page without a phone's MAC")]
    Nameless,
}

impl PollError {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Refused => Outcome::Refused,
            Self::Late | Self::Broken(_) | Self::Reply(Fault::Cut) => Outcome::Silent,
            Self::Reply(_) | Self::Page(_) | Self::Nameless => Outcome::NoPage,
        }
    }
}

/// What came of one try.
#[derive(Debug, Default)]
pub struct PollResult {
    /// What the page says.
    pub observations: Vec<Observation>,
    /// What a person should know: one sentence.
    pub notice: Option<String>,
}

/// Asks phones for their pages.
#[derive(Default)]
pub struct Poller {
    schedule: Schedule,
    tasks: JoinSet<Result<DevicePage, PollError>>,
    running: HashMap<Id, (PollCandidate, AbortHandle)>,
    /// That a page is off was said; of further phones only the log says it.
    page_off_reported: bool,
}

impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller")
            .field("running", &self.running.len())
            .finish_non_exhaustive()
    }
}

impl Poller {
    /// Asks who is due, on this thread's runtime, and gives up whose answer is not wanted any
    /// more. `wanted`: every phone that there is a reason to ask ([`Fleet::unproven`]).
    ///
    /// [`Fleet::unproven`]: crate::track::Fleet::unproven
    pub fn update(&mut self, now: RunTime, wanted: &[PollCandidate]) {
        let due = self.schedule.due(now, wanted);
        self.running.retain(|_, (phone, task)| {
            let is_wanted = !due.cancel.contains(&phone.id);
            if !is_wanted {
                task.abort();
            }
            is_wanted
        });
        for phone in due.start {
            let task = self
                .tasks
                .spawn(fetch(SocketAddrV4::new(phone.address, PORT)));
            self.running.insert(task.id(), (phone, task));
        }
    }

    /// What came of the next try that is over; while nobody is asked, it waits for ever. `now`
    /// is asked for then. A future that is dropped loses nothing.
    pub async fn next(&mut self, now: impl Fn() -> RunTime) -> PollResult {
        loop {
            let (id, answer) = match self.tasks.join_next_with_id().await {
                Some(Ok((id, answer))) => (id, answer),
                // Given up, or it panicked: its entry, if it has one, is as silence.
                Some(Err(error)) => (error.id(), Err(PollError::Late)),
                None => std::future::pending().await,
            };
            if let Some((phone, _)) = self.running.remove(&id) {
                return self.finish(now(), &phone, &answer);
            }
        }
    }

    fn finish(
        &mut self,
        now: RunTime,
        phone: &PollCandidate,
        answer: &Result<DevicePage, PollError>,
    ) -> PollResult {
        let address = phone.address;
        let (outcome, seen) = match answer {
            Ok(page) => (Outcome::Page, page_observations(phone, page)),
            Err(miss) => {
                tracing::debug!("the web page of {address}: {miss}");
                (miss.outcome(), Vec::new())
            }
        };
        let is_off = self.schedule.done(now, phone.id, outcome);
        PollResult {
            observations: seen
                .into_iter()
                .map(|seen| Observation { address, seen })
                .collect(),
            notice: is_off.then(|| self.page_off_notice(phone)).flatten(),
        }
    }

    /// The first phone of a run stands for all: in many configurations the page is off.
    fn page_off_notice(&mut self, phone: &PollCandidate) -> Option<String> {
        let name = phone.mac.map_or_else(
            || phone.address.to_string(),
            |mac| format!("SEP{} ({})", mac.upper_hex(), phone.address),
        );
        tracing::info!("the web page of {name} is off: it is not asked again");
        let is_first = !std::mem::replace(&mut self.page_off_reported, true);
        is_first.then(|| {
            format!(
                "the web page of {name} is off (webAccess in its configuration): it cannot tell \
                 the load, another witness must. Others like it are told with -v"
            )
        })
    }
}

/// What a page says of the phone that was asked. Another phone's says nothing of it, and its own
/// phone may be anywhere by what is known: nothing of that page is taken.
fn page_observations(phone: &PollCandidate, page: &DevicePage) -> Vec<ObservationKind> {
    match (phone.mac, page.mac) {
        (Some(mac), Some(other)) if mac != other => vec![ObservationKind::AddressConflict {
            mac,
            other,
            source: EvidenceSource::Web,
        }],
        _ => observations(&Decoded::Web(page)),
    }
}

/// One page.
async fn fetch(at: SocketAddrV4) -> Result<DevicePage, PollError> {
    let body = time::timeout(REQUEST_TIMEOUT, get(at)).await;
    let page = DevicePage::decode(&body.map_err(|_| PollError::Late)??)?;
    if page.mac.is_none() {
        return Err(PollError::Nameless);
    }
    Ok(page)
}

async fn get(at: SocketAddrV4) -> Result<Vec<u8>, PollError> {
    let broken = |error: io::Error| match error.kind() {
        io::ErrorKind::ConnectionRefused => PollError::Refused,
        _ => PollError::Broken(error),
    };
    let stream = time::timeout(CONNECT_TIMEOUT, TcpStream::connect(at)).await;
    let stream = stream.map_err(|_| PollError::Late)?.map_err(broken)?;
    send(&stream, request(*at.ip()).as_bytes())
        .await
        .map_err(PollError::Broken)?;
    let mut reply = Reply::default();
    let mut bytes = [0; READ];
    loop {
        let count = receive(&stream, &mut bytes)
            .await
            .map_err(PollError::Broken)?;
        if count == 0 || reply.feed(&bytes[..count])? {
            return Ok(reply.end()?);
        }
    }
}

/// HTTP/1.0, so that the answer is plain and the connection ends with it.
fn request(host: Ipv4Addr) -> String {
    format!(
        "GET {PATH} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: reflash\r\nAccept: text/xml, */*\r\n\
         Connection: close\r\n\r\n"
    )
}

async fn send(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn receive(stream: &TcpStream, bytes: &mut [u8]) -> io::Result<usize> {
    loop {
        stream.readable().await?;
        match stream.try_read(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            done => return done,
        }
    }
}
