//! A connection that knows how many bytes of a response's body the peer's kernel has.

#![expect(
    unsafe_code,
    reason = "TCP_INFO has no safe wrapper that goes as far as the acknowledged bytes"
)]

use std::{
    io::{self, IoSlice},
    mem,
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

/// Bytes that one call reads at most.
const READ: usize = 2_048;

/// The end of a response's head.
const HEAD_END: &[u8] = b"\r\n\r\n";

/// One response's way: shared by who writes it and who watches.
pub(crate) struct TrackedStream {
    pub(crate) stream: TcpStream,
    /// What the kernel counted as acknowledged before the first response.
    before: u64,
    /// Bytes handed to the kernel.
    written: AtomicU64,
    /// Bytes of the response's head; 0: none was written.
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

    /// Bytes of the body that the peer's kernel acknowledged.
    pub(crate) fn body_acknowledged(&self) -> io::Result<u64> {
        let acked = bytes_acked(&self.stream)?.saturating_sub(self.before);
        let acked = acked.min(self.written.load(Ordering::Relaxed));
        Ok(acked.saturating_sub(self.head.load(Ordering::Relaxed)))
    }

    /// Whether the peer's kernel acknowledged all that was written.
    pub(crate) fn all_acknowledged(&self) -> io::Result<bool> {
        let acked = bytes_acked(&self.stream)?.saturating_sub(self.before);
        Ok(acked >= self.written.load(Ordering::Relaxed))
    }

    fn note(&self, first: &[u8], result: &io::Result<usize>) {
        let Ok(count) = *result else { return };
        if self.head.load(Ordering::Relaxed) == 0 {
            // The head goes out first and in one piece: it is in this slice whole, however
            // much of it the kernel took.
            let end = first
                .windows(HEAD_END.len())
                .position(|four| four == HEAD_END);
            let head = end.map_or(first.len(), |at| at + HEAD_END.len());
            self.head.store(head as u64, Ordering::Relaxed);
        }
        self.written.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// What the kernel says of acknowledged bytes since the connection began.
fn bytes_acked(stream: &TcpStream) -> io::Result<u64> {
    // SAFETY: plain data of C, for which zero is a value.
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

/// The end of it that the HTTP crate reads and writes.
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

    /// The connection is ended by who watches it, once all is acknowledged.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
