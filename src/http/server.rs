//! The server's socket.

use std::{
    io,
    net::{SocketAddr, SocketAddrV4},
    sync::Arc,
};

use nix::sys::resource::{Resource, getrlimit};
use socket2::SockRef;

use super::{
    CONNECTIONS, CONNECTIONS_PER_ADDRESS, HttpService,
    connection::{self, HttpShared},
};
use crate::limits::{Acceptor, ConnectionLimiter, WhenFull};

/// A bound socket that is not served yet.
#[derive(Debug)]
pub struct HttpServer {
    listener: std::net::TcpListener,
    local: SocketAddrV4,
    names: Vec<String>,
}

impl HttpServer {
    /// Binds an address; port 0 takes any. Packets carry `dscp` (0 to 63). It needs no runtime, so
    /// it can be called before privileges are dropped.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub fn bind(listen: SocketAddrV4, dscp: u8) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(listen)?;
        // Connections inherit it.
        SockRef::from(&listener).set_tos_v4(u32::from(dscp) << 2)?;
        listener.set_nonblocking(true)?;
        match listener.local_addr()? {
            SocketAddr::V4(local) => Ok(Self {
                listener,
                local,
                names: Vec::new(),
            }),
            SocketAddr::V6(_) => Err(io::Error::other("an IPv4 socket has an IPv6 address")),
        }
    }

    /// Also serves requests for these names of this machine, which a `Host` may have.
    #[must_use]
    pub fn with_names(self, names: Vec<String>) -> Self {
        Self { names, ..self }
    }

    /// The bound address.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddrV4 {
        self.local
    }

    /// Runs [`HttpServer::run`] on this thread.
    ///
    /// # Errors
    /// The runtime cannot be started, or cannot watch the socket.
    pub fn run_here<S: HttpService>(
        self,
        service: S,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(self.run(service, stop))
    }

    /// Serves until `stop` resolves; transfers that are then running end as
    /// [`End::Stopped`](super::End::Stopped).
    ///
    /// # Errors
    /// The runtime cannot watch the socket.
    pub async fn run<S: HttpService>(
        self,
        service: S,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let limiter = ConnectionLimiter::new(CONNECTIONS_PER_ADDRESS, max_connections());
        let mut acceptor = Acceptor::new(self.listener, limiter, WhenFull::Close)?;
        let shared = Arc::new(HttpShared::new(service, self.names));
        let serve =
            |stream, peer, permit| connection::serve(stream, peer, permit, Arc::clone(&shared));
        tokio::select! {
            () = stop => {}
            never = acceptor.run(serve) => match never {},
        }
        acceptor.shutdown().await;
        Ok(())
    }
}

/// [`CONNECTIONS`], or half of the file descriptors if that is less.
fn max_connections() -> usize {
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((u64::MAX, u64::MAX));
    usize::try_from(soft / 2).map_or(CONNECTIONS, |half| half.min(CONNECTIONS))
}
