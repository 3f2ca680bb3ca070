//! One client: its request, and what it is told as long as it listens.

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
    Site,
    route::{self, Refusal, Route, frame},
};
use crate::{
    http::{HEADERS_MAX, HyperIo, REQUEST_MAX, TrackedStream, linger},
    limits::ConnectionPermit,
};

/// How often it is looked whether a client takes what it is sent.
const LOOK: Duration = Duration::from_millis(100);

/// How soon a browser comes back where the connection was lost, in milliseconds.
const RETRY: &str = "retry: 2000\n\n";

/// A line that says nothing but that we are there.
const HEARTBEAT: &str = ":\n\n";

/// Serves one client to its end.
pub(super) async fn serve(stream: TcpStream, site: Arc<Site>, _permit: ConnectionPermit) {
    let Ok(wire) = TrackedStream::new(stream) else {
        // Closed before it was looked at.
        return;
    };
    let asked = Arc::new(AtomicBool::new(false));
    let service = service_fn(|request: Request<Incoming>| {
        asked.store(true, Ordering::Relaxed);
        ready(Ok::<_, Infallible>(respond(&site, &request)))
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(REQUEST_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(HyperIo(Arc::clone(&wire)), service);
    let mut connection = pin!(connection);
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut patience = Patience::new(Instant::now());
    let answered = loop {
        tokio::select! {
            done = &mut connection => break done.is_ok(),
            _ = looks.tick() => {
                let now = Instant::now();
                let limit = if asked.load(Ordering::Relaxed) {
                    patience.look(now, &wire);
                    site.limits.stall
                } else {
                    site.limits.request
                };
                if patience.is_over(now, limit) {
                    tracing::debug!("a page that takes nothing was dropped");
                    break false;
                }
            }
        }
    };
    if answered {
        linger(&wire).await;
    }
}

/// Since when nothing was acknowledged that waits to be.
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

    fn look(&mut self, now: Instant, wire: &TrackedStream) {
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

/// The response; where it goes on, who writes it is on its way.
fn respond(site: &Arc<Site>, request: &Request<Incoming>) -> Response<Content> {
    let is_head = *request.method() == Method::HEAD;
    let wanted = route::judge(request);
    let content = wanted.and_then(|wanted| match wanted {
        _ if is_head => Ok(Content::Whole(None)),
        Route::Page => Ok(Content::text(site.page.text.clone())),
        Route::Json => Ok(Content::text(json(site))),
        Route::HtmlReport => Ok(Content::text(site.board.html_report())),
        Route::Events => follow(site).ok_or(Refusal::Full),
    });
    match (wanted, content) {
        (Ok(wanted), Ok(content)) => route::head(wanted, &site.page, content),
        (Err(refusal), _) | (_, Err(refusal)) => {
            let (response, words) = route::refuse(refusal);
            let words = (!is_head).then(|| Bytes::from_static(words.as_bytes()));
            response.map(|()| Content::Whole(words))
        }
    }
}

fn json(site: &Site) -> String {
    let report = serde_json::json!({ "report": site.board.report() });
    report.to_string() + "\n"
}

/// One more who is told what happens, if there is room.
fn follow(site: &Arc<Site>) -> Option<Content> {
    let seat = Arc::clone(&site.followers).try_acquire_owned().ok()?;
    // One message: the next is made when it has gone, of what is new by then.
    let (tell, told) = mpsc::channel(1);
    tokio::spawn(feed(Arc::clone(site), tell, seat));
    Some(Content::Stream(told))
}

/// Tells one client what happens until it goes away or the run has ended.
async fn feed(site: Arc<Site>, tell: mpsc::Sender<Bytes>, _seat: OwnedSemaphorePermit) {
    let mut news = site.board.news();
    let mut known = None;
    let mut next = String::from(RETRY);
    loop {
        news.mark_unchanged();
        let told = site.board.since(known);
        let is_last = told.as_ref().is_some_and(|told| told.event == "finished");
        if let Some(told) = told {
            next += &frame(told.event, &told.data);
            known = Some(told.version);
        }
        if !next.is_empty()
            && tell
                .send(Bytes::from(std::mem::take(&mut next)))
                .await
                .is_err()
        {
            return;
        }
        if is_last {
            // It may still want the report on paper, and closes when it has it.
            let _ = timeout(site.limits.linger, tell.closed()).await;
            return;
        }
        // No faster than people read.
        let pause = async {
            sleep(site.limits.pace).await;
            timeout(site.limits.heartbeat, news.changed()).await
        };
        tokio::select! {
            () = tell.closed() => return,
            changed = pause => match changed {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return,
                Err(_) => next.push_str(HEARTBEAT),
            },
        }
    }
}

/// A response's body.
enum Content {
    Whole(Option<Bytes>),
    Stream(mpsc::Receiver<Bytes>),
}

impl Content {
    fn text(text: String) -> Self {
        Self::Whole(Some(text.into()))
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream(told) => told
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
