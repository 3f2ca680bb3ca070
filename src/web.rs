//! A run on a page, for a browser on this machine: `--web [PORT]`, off by default.
//!
//! The page is one document of our own and asks nobody else for anything. What it shows
//! comes as server-sent events (WHATWG HTML, "Server-sent events"): everything first, then
//! what changed, and the report at the end. It only shows: nothing can be done from it.
//!
//! [`SharedView`] is what is shown, folded from what the display is told by [`TeeReporter`]; it has no
//! socket. `answer` judges requests, `connection` serves one client. Nobody waits for a
//! browser: a client is given the newest when it has taken what it had, and one that takes
//! nothing is dropped.

mod connection;
mod message;
mod page_state;
mod route;
mod row;
mod shared_view;
mod tee;

use std::{
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::Arc,
    time::Duration,
};

use tokio::{sync::Semaphore, time::timeout};

use crate::limits::{Acceptor, ConnectionLimiter, WhenFull};

pub use self::{shared_view::SharedView, tee::TeeReporter};

/// The port where none is named. Phones ask for no such port.
pub const PORT: u16 = 8069;

/// What a page may take of this machine.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Pages that follow the run at once.
    pub followers: usize,
    /// Connections at once, those of followers among them.
    pub connections: usize,
    /// How long a request may take to arrive.
    pub request: Duration,
    /// How often a follower is told something, even if nothing happened.
    pub heartbeat: Duration,
    /// How long a client may take nothing of what waits for it.
    pub stall: Duration,
    /// How often a follower is told what changed, at most.
    pub pace: Duration,
    /// How long the end of a run waits for followers to take the report.
    pub linger: Duration,
    /// Bytes on their way to one client that the kernel is asked to hold at most.
    pub send_buffer: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            followers: 8,
            connections: 32,
            request: Duration::from_secs(10),
            heartbeat: Duration::from_secs(15),
            stall: Duration::from_secs(10),
            pace: Duration::from_millis(250),
            linger: Duration::from_secs(5),
            send_buffer: 256 * 1024,
        }
    }
}

/// A page that listens and is not served yet.
#[derive(Debug)]
pub struct Server {
    listener: std::net::TcpListener,
    local: SocketAddrV4,
    limits: Limits,
}

impl Server {
    /// Listens on 127.0.0.1; port 0 takes any. It takes no runtime, so that it can come before
    /// privileges are dropped.
    pub fn bind(port: u16, limits: Limits) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        // Connections have it from the listener.
        socket2::SockRef::from(&listener).set_send_buffer_size(limits.send_buffer)?;
        listener.set_nonblocking(true)?;
        match listener.local_addr()? {
            SocketAddr::V4(local) => Ok(Self {
                listener,
                local,
                limits,
            }),
            SocketAddr::V6(_) => Err(io::Error::other("an IPv4 socket has an IPv6 address")),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddrV4 {
        self.local
    }

    /// [`Server::run`] on this thread.
    pub fn run_here(
        self,
        board: Arc<SharedView>,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(self.run(board, stop))
    }

    /// Serves until told to stop, and then as long as clients take what is left,
    /// [`Limits::linger`] at most. Fails only if the runtime cannot watch the socket.
    pub async fn run(
        self,
        board: Arc<SharedView>,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let limiter = ConnectionLimiter::new(self.limits.connections, self.limits.connections);
        let mut acceptor = Acceptor::new(self.listener, limiter, WhenFull::Wait)?;
        let site = Arc::new(Site {
            board,
            limits: self.limits,
            page: route::Page::new(),
            followers: Arc::new(Semaphore::new(self.limits.followers)),
        });
        let serve = |stream, _, permit| connection::serve(stream, Arc::clone(&site), permit);
        tokio::select! {
            () = stop => {}
            never = acceptor.run(serve) => match never {},
        }
        let _ = timeout(self.limits.linger, acceptor.drain(serve)).await;
        acceptor.shutdown().await;
        Ok(())
    }
}

/// What all connections share.
struct Site {
    board: Arc<SharedView>,
    limits: Limits,
    page: route::Page,
    followers: Arc<Semaphore>,
}
