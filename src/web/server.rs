//! The page's listener, and what its connections share.

use std::{
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::Arc,
};

use tokio::{sync::Semaphore, time::timeout};

use super::{
    connection, route,
    server_state::{ServerState, WebLimits},
    shared_view::SharedView,
};
use crate::limits::{Acceptor, ConnectionLimiter, WhenFull};

/// A bound listener that does not serve yet.
#[derive(Debug)]
pub struct WebServer {
    listener: std::net::TcpListener,
    local: SocketAddrV4,
    limits: WebLimits,
}

impl WebServer {
    /// Listens on 127.0.0.1; port 0: any free port. It needs no runtime, so it can be called before
    /// privileges are dropped.
    ///
    /// # Errors
    ///
    /// The port cannot be bound.
    pub fn bind(port: u16, limits: WebLimits) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        // Connections inherit it.
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

    /// The address that it listens on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddrV4 {
        self.local
    }

    /// Runs [`WebServer::run`] on this thread.
    ///
    /// # Errors
    ///
    /// The runtime cannot be built, or cannot watch the socket.
    pub fn run_here(self, view: Arc<SharedView>, stop: impl Future<Output = ()>) -> io::Result<()> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(self.run(view, stop))
    }

    /// Serves until `stop` resolves, and then until the clients have received what is left, for at
    /// most [`WebLimits::linger`].
    ///
    /// # Errors
    ///
    /// The runtime cannot watch the socket.
    pub async fn run(
        self,
        view: Arc<SharedView>,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let limiter = ConnectionLimiter::new(self.limits.connections, self.limits.connections);
        let mut acceptor = Acceptor::new(self.listener, limiter, WhenFull::Wait)?;
        let state = Arc::new(ServerState {
            view,
            limits: self.limits,
            page: route::StaticPage::new(),
            followers: Arc::new(Semaphore::new(self.limits.followers)),
        });
        let serve = |stream, _, permit| connection::serve(stream, Arc::clone(&state), permit);
        tokio::select! {
            () = stop => {}
            never = acceptor.run(serve) => match never {},
        }
        let _ = timeout(self.limits.linger, acceptor.drain(serve)).await;
        acceptor.shutdown().await;
        Ok(())
    }
}
