//! The second engine: the crate `async-tftp` behind the same [`TftpService`].
//!
//! It reports requests to its handler and nothing after them: no acknowledgement, no ERROR from the
//! client, no time-out. It reads block k+1 only after the ACK of block k (one block is in flight at
//! a time), and it drops the reader at the end, whatever the outcome. So this engine never observes
//! the ACK of the last block, and no transfer ends as [`TransferOutcome::Delivered`]. A file that
//! was read to its end is reported as timed out with every block sent, which tracking counts as
//! "implied" once the phone continues. docs/rfc-compliance.md has the table of differences.

use std::{
    collections::HashMap,
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket},
    path::Path,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use async_tftp::{
    packet,
    server::{Handler, TftpServerBuilder},
};
use futures_lite::{AsyncRead, AsyncWrite, FutureExt};

use super::{
    BindError, Config, TftpAnswer, TftpRequest, TftpService, TransferOutcome,
    bind::{local_addr, open},
    engine::PROGRESS_INTERVAL,
    policy::{EngineLimits, NAME_MAX},
};
use crate::stage::FileReader;

/// How long the crate waits for an ACK, for every peer and attempt.
pub const TIMEOUT: Duration = Duration::from_secs(2);

/// Retransmissions of a block; a transfer ends after 12 s of silence. The crate has one number for
/// every block: for the first, whose peer address may be forged, and for the others, during which a
/// phone may erase flash.
pub const RESENDS: u32 = 5;

/// Bytes that a transfer reads from disk at once: at least those of a block.
const PART: u64 = 65_536;

/// The second engine, bound and not running yet.
#[derive(Debug)]
pub struct AsyncTftpServer {
    socket: UdpSocket,
    local: SocketAddrV4,
    limits: EngineLimits,
}

impl AsyncTftpServer {
    /// Binds the listening socket. The crate opens another socket for each transfer, on any port of
    /// the bound address, so the caller must give a specific address, not 0.0.0.0.
    ///
    /// # Errors
    /// [`BindError`] names the address, the port and the reason.
    pub fn bind(config: &Config) -> Result<Self, BindError> {
        let socket = open(config.listen)?;
        let local = local_addr(&socket).map_err(|error| BindError::new(config.listen, error))?;
        Ok(Self {
            socket,
            local,
            limits: config.limits,
        })
    }

    /// The address that receives requests.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddrV4 {
        self.local
    }

    /// Serves on this thread until `stop` resolves, with the crate's own executor.
    ///
    /// # Errors
    /// The crate cannot serve the socket. Its error is passed on as text.
    pub fn run<S: TftpService + 'static>(
        self,
        service: S,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let shared = SharedState(Arc::new(Mutex::new(AsyncTftpState {
            service,
            limits: self.limits,
            local: *self.local.ip(),
            by_address: HashMap::new(),
            transfers: 0,
            next: 0,
            stopping: false,
        })));
        let handler = shared.clone();
        let ended = async_io::block_on(async {
            let server = TftpServerBuilder::with_handler(handler)
                .std_socket(self.socket)?
                .timeout(TIMEOUT)
                .max_send_retries(RESENDS)
                .ignore_client_timeout()
                .block_size_limit(self.limits.block_max())
                .window_size_limit(1)
                .build()
                .await?;
            let stopped = async {
                stop.await;
                shared.state().stopping = true;
                Ok(())
            };
            // The first to finish drops the server and every transfer.
            stopped.or(server.serve()).await
        });
        ended.map_err(|error: async_tftp::Error| io::Error::other(error.to_string()))
    }
}

/// The state that the crate's tasks share.
struct AsyncTftpState<S> {
    service: S,
    limits: EngineLimits,
    local: Ipv4Addr,
    by_address: HashMap<Ipv4Addr, usize>,
    transfers: usize,
    next: u64,
    stopping: bool,
}

struct SharedState<S>(Arc<Mutex<AsyncTftpState<S>>>);

impl<S> Clone for SharedState<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> SharedState<S> {
    fn state(&self) -> MutexGuard<'_, AsyncTftpState<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: TftpService> SharedState<S> {
    fn open(&self, peer: SocketAddrV4, name: &str) -> Result<ReportingReader<S>, packet::Error> {
        if name.len() > NAME_MAX {
            return Err(packet::Error::IllegalOperation);
        }
        let now = Instant::now();
        let mut state = self.state();
        let transfer = state.next;
        state.next += 1;
        let mut request = TftpRequest {
            transfer,
            peer,
            local: state.local,
            name,
            waited: Duration::ZERO,
        };
        let mut answer = state.service.request(now, &request);
        if matches!(answer, TftpAnswer::Later) {
            // The crate opens one file at a time: waiting would delay every other client.
            request.waited = Duration::MAX;
            answer = state.service.request(now, &request);
        }
        let file = match answer {
            TftpAnswer::Serve(file) => file,
            TftpAnswer::Later => {
                let text = "not decided; try again later";
                return Err(packet::Error::Msg(text.to_owned()));
            }
            TftpAnswer::NotFound => return Err(packet::Error::FileNotFound),
            TftpAnswer::Refuse(2, _) => return Err(packet::Error::PermissionDenied),
            TftpAnswer::Refuse(_, text) => return Err(packet::Error::Msg(text.to_owned())),
        };
        let of_address = state.by_address.get(peer.ip()).copied().unwrap_or(0);
        let refusal = if name.contains(char::is_control) {
            Some(packet::Error::FileNotFound)
        } else if state.transfers >= state.limits.transfers
            || of_address >= state.limits.transfers_per_address
        {
            let text = "too many transfers; try again later";
            Some(packet::Error::Msg(text.to_owned()))
        } else {
            None
        };
        if let Some(refusal) = refusal {
            state
                .service
                .ended(now, transfer, TransferOutcome::Refused, 0);
            return Err(refusal);
        }
        state.transfers += 1;
        *state.by_address.entry(*peer.ip()).or_default() += 1;
        Ok(ReportingReader {
            shared: self.clone(),
            address: *peer.ip(),
            transfer,
            // The longest block lies within two parts of this size.
            file: FileReader::new(file, PART),
            given: 0,
            acknowledged: 0,
            all_given: false,
            reported_at: now,
        })
    }
}

impl<S: TftpService + 'static> Handler for SharedState<S> {
    type Reader = ReportingReader<S>;
    type Writer = Nowhere;

    async fn read_req_open(
        &mut self,
        client: &SocketAddr,
        path: &Path,
    ) -> Result<(ReportingReader<S>, Option<u64>), packet::Error> {
        let SocketAddr::V4(peer) = *client else {
            return Err(packet::Error::PermissionDenied);
        };
        let reader = self.open(peer, &path.to_string_lossy())?;
        let size = reader.file.file().size();
        Ok((reader, Some(size)))
    }

    async fn write_req_open(
        &mut self,
        _: &SocketAddr,
        _: &Path,
        _: Option<u64>,
    ) -> Result<Nowhere, packet::Error> {
        Err(packet::Error::PermissionDenied)
    }
}

/// A file being sent, as the crate reads it.
struct ReportingReader<S: TftpService> {
    shared: SharedState<S>,
    address: Ipv4Addr,
    transfer: u64,
    file: FileReader,
    given: u64,
    acknowledged: u64,
    /// The last block, shorter than the others, was read.
    all_given: bool,
    reported_at: Instant,
}

impl<S: TftpService> AsyncRead for ReportingReader<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.all_given {
            // Nothing follows the last block.
            return Poll::Ready(Ok(0));
        }
        // Reading a new block: all before it is acknowledged.
        // The first ACK proves that the request is not forged.
        let is_first = self.acknowledged == 0;
        self.acknowledged = self.given;
        let now = Instant::now();
        let is_due = now.saturating_duration_since(self.reported_at) >= PROGRESS_INTERVAL;
        if self.given > 0 && (is_first || is_due) {
            self.reported_at = now;
            let (transfer, bytes) = (self.transfer, self.acknowledged);
            let mut state = self.shared.state();
            state.service.acknowledged(now, transfer, bytes);
        }
        let mut count = 0;
        while count < buffer.len() {
            let start = self.given + count as u64;
            let end = (start + (buffer.len() - count) as u64).min(self.file.file().size());
            let (bytes, range) =
                ready!(self.file.poll(start..end, context.waker())).map_err(io::Error::other)?;
            if range.is_empty() {
                break;
            }
            buffer[count..count + range.len()].copy_from_slice(&bytes[range.clone()]);
            count += range.len();
        }
        self.all_given = count < buffer.len();
        self.given += count as u64;
        Poll::Ready(Ok(count))
    }
}

impl<S: TftpService> Drop for ReportingReader<S> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.transfers -= 1;
        if let Some(count) = state.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                state.by_address.remove(&self.address);
            }
        }
        let end = if state.stopping {
            TransferOutcome::Stopped
        } else {
            TransferOutcome::TimedOut {
                all_sent: self.all_given,
            }
        };
        let (transfer, bytes) = (self.transfer, self.acknowledged);
        state.service.ended(Instant::now(), transfer, end, bytes);
    }
}

/// The writer of a read-only server: every write fails.
struct Nowhere;

impl AsyncWrite for Nowhere {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::PermissionDenied.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
