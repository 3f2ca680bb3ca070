//! The accept loop of a TCP server.

use std::{
    convert::Infallible,
    io,
    net::{SocketAddr, SocketAddrV4},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::{ConnectionLimiter, ConnectionPermit};

/// Pause after a socket error that may last, such as the lack of a file descriptor.
pub(crate) const RETRY_DELAY: Duration = Duration::from_millis(100);

/// What happens to a new connection while the limit of all connections is reached. One over the
/// limit of its address is always closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// It is accepted and closed at once, so that the client can try another server or protocol.
    Close,
    /// It waits in the kernel's queue until another connection ends.
    Wait,
}

/// Accepts connections and runs one task for each.
#[derive(Debug)]
pub(crate) struct Acceptor {
    listener: TcpListener,
    limiter: ConnectionLimiter,
    when_full: WhenFull,
    connections: JoinSet<()>,
}

impl Acceptor {
    /// Takes over a bound socket in non-blocking mode. Fails if the runtime cannot watch it.
    pub(crate) fn new(
        listener: std::net::TcpListener,
        limiter: ConnectionLimiter,
        when_full: WhenFull,
    ) -> io::Result<Self> {
        Ok(Self {
            listener: TcpListener::from_std(listener)?,
            limiter,
            when_full,
            connections: JoinSet::new(),
        })
    }

    /// Accepts connections until the future is dropped; the connections then stay open. `serve`
    /// must hold the permit as long as its connection is open.
    pub(crate) async fn run<S, F>(&mut self, serve: S) -> Infallible
    where
        S: Fn(TcpStream, SocketAddrV4, ConnectionPermit) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        loop {
            self.step(&serve).await;
        }
    }

    /// Accepts connections until none is open.
    pub(crate) async fn drain<S, F>(&mut self, serve: S)
    where
        S: Fn(TcpStream, SocketAddrV4, ConnectionPermit) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        while !self.connections.is_empty() {
            self.step(&serve).await;
        }
    }

    /// Ends all connections.
    pub(crate) async fn shutdown(mut self) {
        self.connections.shutdown().await;
    }

    /// Waits until a connection is accepted or ends.
    async fn step<S, F>(&mut self, serve: &S)
    where
        S: Fn(TcpStream, SocketAddrV4, ConnectionPermit) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        // Only the end of a connection of its own wakes this acceptor, so it must not wait if
        // another acceptor has all permits.
        let waits = self.when_full == WhenFull::Wait
            && self.limiter.is_full()
            && !self.connections.is_empty();
        tokio::select! {
            Some(_) = self.connections.join_next(), if !self.connections.is_empty() => {}
            accepted = self.listener.accept(), if !waits => match accepted {
                Ok((stream, SocketAddr::V4(peer))) => {
                    if let Some(permit) = self.limiter.acquire(*peer.ip()) {
                        self.connections.spawn(serve(stream, peer, permit));
                    }
                }
                Ok((_, SocketAddr::V6(_))) => {}
                Err(error) => {
                    tracing::debug!(%error, "a connection could not be accepted");
                    tokio::time::sleep(RETRY_DELAY).await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpStream as Client};

    use super::*;

    fn acceptor(when_full: WhenFull) -> (Acceptor, SocketAddr) {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let limiter = ConnectionLimiter::new(2, 2);
        (
            Acceptor::new(listener, limiter, when_full).unwrap(),
            address,
        )
    }

    /// Serves until the client closes.
    async fn hold(stream: TcpStream, _: SocketAddrV4, permit: ConnectionPermit) {
        // `readable` may return early.
        while stream.readable().await.is_ok() && stream.try_read(&mut [0]).is_err() {}
        drop(permit);
    }

    fn is_closed(client: &Client) -> bool {
        client.set_nonblocking(true).unwrap();
        matches!(client.peek(&mut [0]), Ok(0))
    }

    /// Runs until the condition holds; 10 s at most.
    async fn run_until(acceptor: &mut Acceptor, is_met: impl Fn(&Acceptor) -> bool) {
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while !is_met(acceptor) {
            assert!(
                std::time::Instant::now() < deadline,
                "{:?}, {} connections",
                acceptor.when_full,
                acceptor.connections.len()
            );
            let _ = tokio::time::timeout(Duration::from_millis(5), acceptor.run(hold)).await;
        }
    }

    #[tokio::test]
    async fn a_connection_over_the_limit_is_closed_or_waits() {
        for when_full in [WhenFull::Close, WhenFull::Wait] {
            let (mut acceptor, address) = acceptor(when_full);
            let mut clients: Vec<_> = (0..3).map(|_| Client::connect(address).unwrap()).collect();
            let third = clients.pop().unwrap();
            let is_done = |acceptor: &Acceptor| {
                acceptor.connections.len() == 2
                    && (when_full == WhenFull::Wait || is_closed(&third))
            };
            run_until(&mut acceptor, is_done).await;
            assert_eq!(is_closed(&third), when_full == WhenFull::Close);
            clients.clear();
            let open = usize::from(when_full == WhenFull::Wait);
            run_until(&mut acceptor, |acceptor| acceptor.connections.len() == open).await;
            drop(third);
            acceptor.drain(hold).await;
            assert!(acceptor.connections.is_empty());
        }
    }
}
