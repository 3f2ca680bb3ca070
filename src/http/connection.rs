//! Serves one client: its request, the response, and the acknowledged bytes.

use std::{
    convert::Infallible,
    net::{Ipv4Addr, Shutdown, SocketAddrV4},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use hyper::{
    Method, Request, Response, StatusCode, body::Incoming, header, server::conn::http1,
    service::service_fn,
};
use socket2::SockRef;
use tokio::{net::TcpStream, time::MissedTickBehavior};

use super::{
    End, GRACE_TIME, HEADERS_MAX, HttpAnswer, HttpRequest, HttpService, IDLE_TIME, MIN_RATE,
    NAME_MAX, REQUEST_MAX, REQUEST_TIME,
    body::FileBody,
    name,
    origin::{self, ForeignRequest},
    range::{Coverage, Part, PartialDownloads},
    response::{empty, refuse, respond},
    service::DEFER_INTERVAL,
    stream::{HyperIo, TrackedStream},
};
use crate::{limits::ConnectionPermit, stage::OpenFile};

/// How often the kernel's count of acknowledged bytes is read while bytes are sent.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// How often the count is read after the last byte was sent, while acknowledgements are missing.
const END_INTERVAL: Duration = Duration::from_millis(10);

/// Time in which a client must close its connection after the response.
const LINGER: Duration = Duration::from_secs(2);

/// Bytes that a client may still send after the response.
const LINGER_BYTES: usize = 65_536;

/// Partial downloads that are remembered; a further one replaces the oldest.
const MAX_PARTIAL: usize = 256;

/// What all connections share.
pub(super) struct HttpShared<S> {
    service: S,
    partial: Mutex<PartialDownloads>,
    /// Further names of this machine that a `Host` may have.
    names: Vec<String>,
}

impl<S> HttpShared<S> {
    pub(super) fn new(service: S, names: Vec<String>) -> Self {
        Self {
            names,
            service,
            partial: Mutex::new(PartialDownloads::new(MAX_PARTIAL)),
        }
    }

    /// Adds the part of a file that `address` acknowledged, and returns how much of the file it has
    /// in all.
    fn cover(&self, address: Ipv4Addr, file: &OpenFile, part: Part) -> Coverage {
        self.partial
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(address, file, part)
    }
}

/// Serves a connection until it ends.
pub(super) async fn serve<S: HttpService>(
    stream: TcpStream,
    peer: SocketAddrV4,
    _permit: ConnectionPermit,
    shared: Arc<HttpShared<S>>,
) {
    let Ok(stream) = TrackedStream::new(stream) else {
        // The connection was closed already.
        return;
    };
    let slot = Arc::new(CurrentTransfer::default());
    let tracked = Arc::clone(&stream);
    let answer = service_fn(async |request: Request<Incoming>| {
        let (response, transfer) = answer(&shared, peer, &request, &tracked).await;
        slot.set(transfer);
        Ok::<_, Infallible>(response)
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .half_close(true)
        .max_buf_size(REQUEST_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(HyperIo(Arc::clone(&stream)), answer);
    let mut connection = pin!(connection);
    let mut ticks = tokio::time::interval(PROGRESS_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let began = Instant::now();
    let answered = loop {
        tokio::select! {
            done = &mut connection => break done.is_ok(),
            _ = ticks.tick() => {
                let now = Instant::now();
                let in_time = slot.with(|transfer| transfer.watch(now))
                    .unwrap_or(now < began + REQUEST_TIME);
                if !in_time {
                    break false;
                }
            }
        }
    };
    // There is no transfer if nothing was requested, or if the response had no file.
    if let Some(mut transfer) = slot.take() {
        let end = transfer.conclude(answered).await;
        transfer.end(end);
    }
    if answered {
        linger(&stream).await;
    }
}

/// Shuts down sending and waits for the client to close: closing a socket with unread bytes would
/// reset the connection and could lose the response.
pub(crate) async fn linger(stream: &TrackedStream) {
    if SockRef::from(&stream.stream)
        .shutdown(Shutdown::Write)
        .is_err()
    {
        return;
    }
    let discard = async {
        let mut bytes = [0; 1_024];
        let mut left = LINGER_BYTES;
        while left > 0 && stream.stream.readable().await.is_ok() {
            match stream.stream.try_read(&mut bytes) {
                Ok(0) => return,
                Ok(count) => left = left.saturating_sub(count),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    };
    // After this time the connection is closed in any case.
    let _ = tokio::time::timeout(LINGER, discard).await;
}

/// The transfer of a connection, after a file was requested.
struct CurrentTransfer<S: HttpService>(Mutex<Option<BodyTransfer<S>>>);

impl<S: HttpService> Default for CurrentTransfer<S> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<S: HttpService> CurrentTransfer<S> {
    fn set(&self, transfer: Option<BodyTransfer<S>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = transfer;
    }

    fn take(&self) -> Option<BodyTransfer<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn with<T>(&self, act: impl FnOnce(&mut BodyTransfer<S>) -> T) -> Option<T> {
        let mut transfer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        transfer.as_mut().map(act)
    }
}

/// A running transfer. If it is dropped before its end, the server stopped.
struct BodyTransfer<S: HttpService> {
    shared: Arc<HttpShared<S>>,
    stream: Arc<TrackedStream>,
    peer: SocketAddrV4,
    id: u64,
    file: OpenFile,
    /// The part of the file that is the response's body.
    part: Part,
    acknowledged: u64,
    last_progress: Instant,
    deadline: Instant,
    ended: bool,
}

impl<S: HttpService> BodyTransfer<S> {
    /// Reads how much is acknowledged. `false`: the peer's time is up.
    fn watch(&mut self, now: Instant) -> bool {
        let acknowledged = self.stream.body_acknowledged().unwrap_or(0);
        if acknowledged > self.acknowledged {
            self.acknowledged = acknowledged.min(self.length());
            self.last_progress = now;
            self.shared
                .service
                .acknowledged(now, self.peer, self.id, self.acknowledged);
        }
        now < self.deadline && now < self.last_progress + IDLE_TIME
    }

    fn length(&self) -> u64 {
        self.part.end - self.part.start
    }

    /// Waits for the last acknowledgements. `sent`: the whole response was sent.
    async fn conclude(&mut self, sent: bool) -> End {
        let mut ticks = tokio::time::interval(END_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let now = Instant::now();
            let in_time = self.watch(now);
            if sent && self.has_all() {
                return End::Delivered;
            }
            if !in_time {
                return End::TimedOut;
            }
            let broken = SockRef::from(&self.stream.stream).peer_addr().is_err();
            if !sent || broken {
                return End::Closed;
            }
            ticks.tick().await;
        }
    }

    /// Whether the peer's kernel acknowledged the whole response.
    fn has_all(&self) -> bool {
        self.acknowledged == self.length() && self.stream.all_acknowledged().unwrap_or(false)
    }

    /// Reports the end, with what the peer has of the file from all its requests.
    fn end(&mut self, end: End) {
        let part = self.part.start..self.part.start + self.acknowledged;
        let covered = self.shared.cover(*self.peer.ip(), &self.file, part);
        let end = match end {
            End::Delivered if covered.whole => End::Delivered,
            End::Delivered => End::Part,
            other => other,
        };
        self.report_end(end, covered.bytes);
    }

    fn report_end(&mut self, end: End, bytes: u64) {
        self.ended = true;
        self.shared
            .service
            .ended(Instant::now(), self.peer, self.id, end, bytes);
    }
}

impl<S: HttpService> Drop for BodyTransfer<S> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        // The last acknowledgements may have come since the last check.
        self.watch(Instant::now());
        if self.acknowledged > 0 && self.has_all() {
            self.end(End::Delivered);
        } else {
            self.report_end(End::Stopped, self.acknowledged);
        }
    }
}

/// The response to a request, and the transfer that it starts.
async fn answer<S: HttpService>(
    shared: &Arc<HttpShared<S>>,
    peer: SocketAddrV4,
    request: &Request<Incoming>,
    stream: &Arc<TrackedStream>,
) -> (Response<FileBody>, Option<BodyTransfer<S>>) {
    let is_head = request.method() == Method::HEAD;
    if !is_head && request.method() != Method::GET {
        let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
        let allowed = header::HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(header::ALLOW, allowed);
        return (response, None);
    }
    if shared.service.is_for_phones()
        && let Err(foreign) = origin::check(request, stream.local(), &shared.names)
    {
        if let ForeignRequest::Host(host) = &foreign {
            shared.service.foreign_host(peer, host);
        }
        return (refuse(foreign.status(), foreign.text()), None);
    }
    let name = name::from_path(request.uri().path());
    if name.len() > NAME_MAX {
        return (empty(StatusCode::NOT_FOUND), None);
    }
    let arrived = Instant::now();
    let mut now = arrived;
    let answer = loop {
        let asked = HttpRequest {
            peer,
            name: &name,
            waited: now.saturating_duration_since(arrived),
        };
        match shared.service.request(now, &asked) {
            HttpAnswer::Later => tokio::time::sleep(DEFER_INTERVAL).await,
            answer => break answer,
        }
        now = Instant::now();
    };
    let (id, file) = match answer {
        HttpAnswer::Serve(id, file) => (id, file),
        HttpAnswer::NotFound => return (empty(StatusCode::NOT_FOUND), None),
        HttpAnswer::Forbidden => return (empty(StatusCode::FORBIDDEN), None),
        HttpAnswer::Stopping | HttpAnswer::Later => {
            return (empty(StatusCode::SERVICE_UNAVAILABLE), None);
        }
    };
    let size = file.size();
    let (mut response, part) = respond(request, is_head, &file);
    let kind = header::HeaderValue::from_static(shared.service.content_type());
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    let transfer = BodyTransfer {
        shared: Arc::clone(shared),
        stream: Arc::clone(stream),
        peer,
        id,
        file,
        part,
        acknowledged: 0,
        last_progress: now,
        deadline: now + GRACE_TIME + Duration::from_secs(size / MIN_RATE),
        ended: false,
    };
    if is_head {
        let mut transfer = transfer;
        transfer.report_end(End::Part, 0);
        return (response, None);
    }
    (response, Some(transfer))
}
