//! One client: its request, and the events that it is sent.

use std::{
    convert::Infallible,
    future::ready,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use hyper::{
    Method, Request, Response,
    body::{Body, Bytes, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, mpsc},
    time::{MissedTickBehavior, sleep, timeout},
};

use super::{
    route::{self, RequestRefusal, WebRoute, sse_frame},
    server_state::ServerState,
};
use crate::{
    http::{HEADERS_MAX, HyperIo, REQUEST_MAX, TrackedStream, linger},
    limits::ConnectionPermit,
    reporter::JSON_VERSION,
};

/// How often it is checked whether a client takes what it is sent.
const LOOK: Duration = Duration::from_millis(100);

/// How soon a browser reconnects, in milliseconds.
const RETRY: &str = "retry: 2000\n\n";

/// A comment: shows that the connection is alive.
const HEARTBEAT: &str = ":\n\n";

/// Serves one client to its end.
pub(super) async fn serve(stream: TcpStream, state: Arc<ServerState>, _permit: ConnectionPermit) {
    let Ok(wire) = TrackedStream::new(stream) else {
        // Closed already.
        return;
    };
    let requested = Arc::new(AtomicBool::new(false));
    let service = service_fn(|request: Request<Incoming>| {
        requested.store(true, Ordering::Relaxed);
        ready(Ok::<_, Infallible>(respond(&state, &request)))
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(REQUEST_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(HyperIo(Arc::clone(&wire)), service);
    let mut connection = pin!(connection);
    let mut checks = tokio::time::interval(LOOK);
    checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut patience = Patience::new(Instant::now());
    let answered = loop {
        tokio::select! {
            done = &mut connection => break done.is_ok(),
            _ = checks.tick() => {
                let now = Instant::now();
                let limit = if requested.load(Ordering::Relaxed) {
                    patience.check(now, &wire);
                    state.limits.stall
                } else {
                    state.limits.request
                };
                if patience.is_over(now, limit) {
                    tracing::debug!("dropped a page that takes nothing");
                    break false;
                }
            }
        }
    };
    if answered {
        linger(&wire).await;
    }
}

/// Since when the client has acknowledged none of the waiting bytes.
struct Patience {
    acknowledged: u64,
    since: Instant,
}

impl Patience {
    fn new(now: Instant) -> Self {
        Self {
            acknowledged: 0,
            since: now,
        }
    }

    fn check(&mut self, now: Instant, wire: &TrackedStream) {
        let acknowledged = wire.body_acknowledged().unwrap_or(self.acknowledged);
        let nothing_waits = wire.all_acknowledged().unwrap_or(false);
        if acknowledged != self.acknowledged || nothing_waits {
            self.acknowledged = acknowledged;
            self.since = now;
        }
    }

    fn is_over(&self, now: Instant, limit: Duration) -> bool {
        now.saturating_duration_since(self.since) >= limit
    }
}

/// The response. A stream is written by a task of its own.
fn respond(state: &Arc<ServerState>, request: &Request<Incoming>) -> Response<PageContent> {
    let is_head = *request.method() == Method::HEAD;
    let route = route::route(request);
    let content = route.and_then(|route| match route {
        _ if is_head => Ok(PageContent::Whole(None)),
        WebRoute::Page => Ok(PageContent::text(state.page.text.clone())),
        WebRoute::Json => Ok(PageContent::text(json(state))),
        WebRoute::HtmlReport => Ok(PageContent::text(state.view.html_report())),
        WebRoute::Events => follow(state).ok_or(RequestRefusal::TooMany),
    });
    match (route, content) {
        (Ok(route), Ok(content)) => route::response(route, &state.page, content),
        (Err(refusal), _) | (_, Err(refusal)) => {
            let (response, text) = route::refuse(refusal);
            let text = (!is_head).then(|| Bytes::from_static(text.as_bytes()));
            response.map(|()| PageContent::Whole(text))
        }
    }
}

fn json(state: &ServerState) -> String {
    let report = state.view.report();
    let report = serde_json::json!({ "version": JSON_VERSION, "report": report });
    report.to_string() + "\n"
}

/// A stream of events, if there is room for one more page.
fn follow(state: &Arc<ServerState>) -> Option<PageContent> {
    let permit = Arc::clone(&state.followers).try_acquire_owned().ok()?;
    // A queue of one message: the next one is made when this one has been sent, from what is new by
    // then.
    let (sender, messages) = mpsc::channel(1);
    tokio::spawn(feed(Arc::clone(state), sender, permit));
    Some(PageContent::Stream(messages))
}

/// Sends one client its messages until it goes away or the run has ended.
async fn feed(state: Arc<ServerState>, sender: mpsc::Sender<Bytes>, _permit: OwnedSemaphorePermit) {
    let mut changes = state.view.changes();
    let mut known = None;
    let mut next = String::from(RETRY);
    loop {
        changes.mark_unchanged();
        let message = state.view.since(known);
        let is_last = message
            .as_ref()
            .is_some_and(|message| message.event == "finished");
        if let Some(message) = message {
            next += &sse_frame(message.event, &message.data);
            known = Some(message.version);
        }
        if !next.is_empty()
            && sender
                .send(Bytes::from(std::mem::take(&mut next)))
                .await
                .is_err()
        {
            return;
        }
        if is_last {
            // It may still load the HTML report, and then closes.
            let _ = timeout(state.limits.linger, sender.closed()).await;
            return;
        }
        // No faster than people can read.
        let pause = async {
            sleep(state.limits.pace).await;
            timeout(state.limits.heartbeat, changes.changed()).await
        };
        tokio::select! {
            () = sender.closed() => return,
            woken = pause => match woken {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return,
                Err(_) => next.push_str(HEARTBEAT),
            },
        }
    }
}

/// A response's body.
enum PageContent {
    Whole(Option<Bytes>),
    Stream(mpsc::Receiver<Bytes>),
}

impl PageContent {
    fn text(text: String) -> Self {
        Self::Whole(Some(text.into()))
    }
}

impl Body for PageContent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream(messages) => messages
                .poll_recv(context)
                .map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.as_ref().is_none_or(Bytes::is_empty))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}
