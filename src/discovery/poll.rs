//! Polls phones' web pages.
//!
//! A phone's `/DeviceInformationX` names the load that it runs. A phone is polled while its
//! application runs and no other source has reported the load: never in its boot loader, never
//! during a transfer, and only a few times ([`DELAYS`]). [`Schedule`] is pure; the sockets are here,
//! on the runtime that awaits [`Poller::next`].

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

pub use self::schedule::{
    DELAYS, Due, MAX_ATTEMPTS, MAX_CONCURRENT, PollOutcome, REFUSALS_UNTIL_OFF, Schedule,
};
use super::{
    Decoded, observations,
    stream_bytes::{receive, send},
};
use crate::protocol::{
    Malformed,
    http_response::{ResponseDecoder, ResponseError},
    web::DevicePage,
};
use crate::track::{EvidenceSource, Observation, ObservationKind, PollCandidate, RunTime};

/// TCP port of the page. Phones use no other.
pub const PORT: u16 = 80;

/// The page as XML.
const PATH: &str = "/DeviceInformationX";

/// Time limit for the connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Time limit for the request with its connection.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes per read.
const READ: usize = 2048;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
enum PollError {
    #[error("the connection was refused")]
    Refused,
    #[error("no response within {} s", REQUEST_TIMEOUT.as_secs())]
    Late,
    #[error("{0}")]
    Broken(#[source] io::Error),
    #[error("{0}")]
    Response(#[from] ResponseError),
    #[error("{0}")]
    Page(#[from] Malformed),
    #[error("the page has no MAC of a phone")]
    Nameless,
}

impl PollError {
    fn outcome(&self) -> PollOutcome {
        match self {
            Self::Refused => PollOutcome::Refused,
            Self::Late | Self::Broken(_) | Self::Response(ResponseError::Cut) => {
                PollOutcome::Silent
            }
            Self::Response(_) | Self::Page(_) | Self::Nameless => PollOutcome::NoPage,
        }
    }
}

/// The result of one poll.
#[derive(Debug, Default)]
pub struct PollResult {
    /// What the page reports.
    pub observations: Vec<Observation>,
    /// A sentence for the operator.
    pub notice: Option<String>,
}

/// Polls phones' pages.
#[derive(Default)]
pub struct Poller {
    schedule: Schedule,
    tasks: JoinSet<Result<DevicePage, PollError>>,
    running: HashMap<Id, (PollCandidate, AbortHandle)>,
    /// Whether a notice about a disabled page was returned; further ones are only logged.
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
    /// Starts the polls that are due and cancels those that are no longer needed. Must be called on
    /// a runtime. `wanted`: every phone that should be polled ([`Fleet::poll_candidates`]).
    ///
    /// [`Fleet::poll_candidates`]: crate::track::Fleet::poll_candidates
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

    /// Waits for the next result; does not return while no poll is running. `now` is called when
    /// there is a result. Dropping the future loses nothing.
    pub async fn next(&mut self, now: impl Fn() -> RunTime) -> PollResult {
        loop {
            let (id, answer) = match self.tasks.join_next_with_id().await {
                Some(Ok((id, answer))) => (id, answer),
                // The task panicked, or it was cancelled and has no entry any more.
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
        let (outcome, kinds) = match answer {
            Ok(page) => (PollOutcome::Page, page_observations(phone, page)),
            Err(miss) => {
                tracing::debug!("the web page of {address}: {miss}");
                (miss.outcome(), Vec::new())
            }
        };
        let is_off = self.schedule.done(now, phone.id, outcome);
        PollResult {
            observations: kinds
                .into_iter()
                .map(|kind| Observation { address, kind })
                .collect(),
            notice: is_off.then(|| self.page_off_notice(phone)).flatten(),
        }
    }

    /// The notice that a phone's page is off; only for the first such phone of a run, because in
    /// many configurations the page is off.
    fn page_off_notice(&mut self, phone: &PollCandidate) -> Option<String> {
        let name = phone.mac.map_or_else(
            || phone.address.to_string(),
            |mac| format!("SEP{} ({})", mac.upper_hex(), phone.address),
        );
        tracing::info!("the web page of {name} is off; not polled again");
        let is_first = !std::mem::replace(&mut self.page_off_reported, true);
        is_first.then(|| {
            format!(
                "the web page of {name} is off (webAccess in its configuration), so another source \
                 must report its load. Further phones like it are shown with -v"
            )
        })
    }
}

/// The observations of the polled phone's page. If the page is another phone's, only that conflict
/// is reported: the other phone's address may have changed since.
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

/// Requests and decodes a page.
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
    let mut response = ResponseDecoder::default();
    let mut bytes = [0; READ];
    loop {
        let count = receive(&stream, &mut bytes)
            .await
            .map_err(PollError::Broken)?;
        if count == 0 || response.feed(&bytes[..count])? {
            return Ok(response.end()?);
        }
    }
}

/// HTTP/1.0: the response has no transfer coding, and the connection ends with it.
fn request(host: Ipv4Addr) -> String {
    format!(
        "GET {PATH} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: reflash\r\nAccept: text/xml, */*\r\n\
         Connection: close\r\n\r\n"
    )
}
