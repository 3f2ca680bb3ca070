//! A connection that counts the bytes of a response's body that the peer acknowledged.

#![expect(
    unsafe_code,
    reason = "TCP_INFO has no safe wrapper that goes as far as the acknowledged bytes"
)]

use std::{
    io::{self, IoSlice},
    mem,
    net::{Ipv4Addr, SocketAddr},
    os::fd::AsRawFd,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::net::TcpStream;

/// Bytes per read.
const READ: usize = 2_048;

/// The end of a response's head.
const HEAD_END: &[u8] = b"\r\n\r\n";

/// A connection with one response; shared by hyper, which writes it, and its observer.
pub(crate) struct TrackedStream {
    pub(crate) stream: TcpStream,
    /// Bytes acknowledged before the response.
    before: u64,
    /// Bytes handed to the kernel.
    written: AtomicU64,
    /// Bytes of the response's head; 0 before it is written.
    head: AtomicU64,
}

impl TrackedStream {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Arc<Self>> {
        stream.set_nodelay(true)?;
        Ok(Arc::new(Self {
            before: bytes_acked(&stream)?,
            stream,
            written: AtomicU64::new(0),
            head: AtomicU64::new(0),
        }))
    }

    /// The address that the peer sent its request to.
    pub(crate) fn local(&self) -> Ipv4Addr {
        match self.stream.local_addr() {
            Ok(SocketAddr::V4(local)) => *local.ip(),
            _ => Ipv4Addr::UNSPECIFIED,
        }
    }

    /// Bytes of the body that the peer acknowledged.
    pub(crate) fn body_acknowledged(&self) -> io::Result<u64> {
        let acked = bytes_acked(&self.stream)?.saturating_sub(self.before);
        let acked = acked.min(self.written.load(Ordering::Relaxed));
        Ok(acked.saturating_sub(self.head.load(Ordering::Relaxed)))
    }

    /// Whether the peer acknowledged everything that was written.
    pub(crate) fn all_acknowledged(&self) -> io::Result<bool> {
        let acked = bytes_acked(&self.stream)?.saturating_sub(self.before);
        Ok(acked >= self.written.load(Ordering::Relaxed))
    }

    fn note(&self, first: &[u8], result: &io::Result<usize>) {
        let Ok(count) = *result else { return };
        if self.head.load(Ordering::Relaxed) == 0 {
            // hyper writes the head first and in one slice, so this slice contains all of it,
            // however much of it the kernel accepted.
            let end = first
                .windows(HEAD_END.len())
                .position(|four| four == HEAD_END);
            let head = end.map_or(first.len(), |at| at + HEAD_END.len());
            self.head.store(head as u64, Ordering::Relaxed);
        }
        self.written.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// Bytes acknowledged since the connection began (`tcpi_bytes_acked`).
fn bytes_acked(stream: &TcpStream) -> io::Result<u64> {
    // SAFETY: `tcp_info` is a plain C struct for which all zeros is a valid value.
    let mut info: libc::tcp_info = unsafe { mem::zeroed() };
    let mut length = libc::socklen_t::try_from(mem::size_of_val(&info)).expect("a small struct");
    // SAFETY: the pointer is to `info`, `length` is its size, and both outlive the call.
    let result = unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            (&raw mut info).cast(),
            &raw mut length,
        )
    };
    if result == 0 {
        Ok(info.tcpi_bytes_acked)
    } else {
        Err(io::Error::last_os_error())
    }
}

/// The connection as hyper reads and writes it.
pub(crate) struct HyperIo(pub(crate) Arc<TrackedStream>);

impl Read for HyperIo {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.stream.poll_read_ready(context))?;
            let mut bytes = [0; READ];
            let room = buffer.remaining().min(READ);
            match self.0.stream.try_read(&mut bytes[..room]) {
                Ok(count) => {
                    buffer.put_slice(&bytes[..count]);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl Write for HyperIo {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.stream.poll_write_ready(context))?;
            let result = self.0.stream.try_write_vectored(parts);
            if matches!(&result, Err(error) if error.kind() == io::ErrorKind::WouldBlock) {
                continue;
            }
            self.0.note(parts.first().map_or(&[], |part| part), &result);
            return Poll::Ready(result);
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Does nothing: `connection` closes the socket when all bytes are acknowledged.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
