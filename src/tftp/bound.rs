//! One of the two engines, bound and not running yet.

use std::{future::Future, io, net::SocketAddrV4};

use super::{BindError, Config, TftpServer, TftpService, async_tftp};

/// Which engine serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    /// The engine of this crate.
    Native,
    /// The crate async-tftp.
    AsyncTftp,
}

/// One of the two engines, bound and not yet running.
#[derive(Debug)]
pub enum Bound {
    /// The engine of this crate.
    Native(TftpServer),
    /// The crate async-tftp.
    AsyncTftp(async_tftp::AsyncTftpServer),
}

impl Bound {
    /// Binds the sockets. Needs no runtime, so it can run before privileges are dropped (they are
    /// dropped per thread).
    ///
    /// # Errors
    /// [`BindError`] names the address, the port and the reason.
    pub fn bind(kind: EngineKind, config: &Config) -> Result<Self, BindError> {
        match kind {
            EngineKind::Native => TftpServer::bind(config).map(Self::Native),
            EngineKind::AsyncTftp => async_tftp::AsyncTftpServer::bind(config).map(Self::AsyncTftp),
        }
    }

    /// The address that receives requests.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddrV4 {
        match self {
            Self::Native(server) => server.local_addr(),
            Self::AsyncTftp(server) => server.local_addr(),
        }
    }

    /// Serves on this thread until `stop` resolves.
    ///
    /// # Errors
    /// The engine cannot start: its runtime cannot be built or cannot watch the sockets.
    pub fn run<S: TftpService + 'static>(
        self,
        service: S,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        match self {
            Self::Native(server) => tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?
                .block_on(server.run(service, stop))
                .map(drop),
            Self::AsyncTftp(server) => server.run(service, stop),
        }
    }
}
