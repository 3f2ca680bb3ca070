//! The page's listener, and what its connections share.

use std::{
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use super::{
    connection, route,
    server_state::{Limits, ServerState},
    shared_view::SharedView,
};

/// The pause after a failed accept.
const REST: Duration = Duration::from_millis(100);

/// A bound listener that does not serve yet.
#[derive(Debug)]
pub struct Server {
    listener: std::net::TcpListener,
    local: SocketAddrV4,
    limits: Limits,
}

impl Server {
    /// Listens on 127.0.0.1; port 0: any free port. Needs no runtime, so that it can come before
    /// privileges are dropped.
    ///
    /// # Errors
    ///
    /// The port cannot be bound.
    pub fn bind(port: u16, limits: Limits) -> io::Result<Self> {
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

    /// [`Server::run`] on this thread.
    ///
    /// # Errors
    ///
    /// No runtime can be built, or see there.
    pub fn run_here(self, view: Arc<SharedView>, stop: impl Future<Output = ()>) -> io::Result<()> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(self.run(view, stop))
    }

    /// Serves until `stop` resolves, and then while clients take what is left,
    /// [`Limits::linger`] at most.
    ///
    /// # Errors
    ///
    /// The runtime cannot watch the socket.
    pub async fn run(
        self,
        view: Arc<SharedView>,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let state = Arc::new(ServerState {
            view,
            limits: self.limits,
            page: route::Page::new(),
            followers: Arc::new(Semaphore::new(self.limits.followers)),
        });
        let mut connections = JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        let mut end: Option<Instant> = None;
        loop {
            if end.is_some() && connections.is_empty() {
                break;
            }
            tokio::select! {
                () = &mut stop, if end.is_none() => end = Some(Instant::now() + self.limits.linger),
                () = sleep_until(end.unwrap_or_else(Instant::now)), if end.is_some() => break,
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                accepted = listener.accept(), if connections.len() < self.limits.connections => {
                    match accepted {
                        Ok((stream, _)) => {
                            connections.spawn(connection::serve(stream, Arc::clone(&state)));
                        }
                        Err(error) => {
                            tracing::debug!(%error, "cannot accept a connection");
                            sleep(REST).await;
                        }
                    }
                }
            }
        }
        connections.shutdown().await;
        Ok(())
    }
}
