//! The listeners' sockets, and the thread that serves them.

use std::{
    fmt, io,
    net::{SocketAddr, SocketAddrV4, TcpListener, UdpSocket},
    thread,
    time::Instant,
};

use tokio::sync::{mpsc, oneshot};

use super::{
    managed::CallManagerEvent,
    serve::{self, ListenerSockets},
};
use crate::{discovery::ObservationQueue, track::Observation};

/// Maximum number of observations that wait for the session; further ones are dropped and counted.
pub const QUEUE: usize = 1024;

/// Sockets that are bound and not served yet.
#[derive(Debug, Default)]
pub struct BoundListeners(ListenerSockets);

impl BoundListeners {
    /// Binds the SIP port, for UDP and TCP. It needs no runtime, so it can be called before
    /// privileges are dropped.
    ///
    /// # Errors
    /// The port cannot be bound.
    pub fn bind_sip(&mut self, listen: SocketAddrV4) -> io::Result<()> {
        let udp = UdpSocket::bind(listen)?;
        let tcp = TcpListener::bind(listen)?;
        udp.set_nonblocking(true)?;
        tcp.set_nonblocking(true)?;
        self.0.sip = Some((udp, tcp));
        Ok(())
    }

    /// Binds the SCCP port.
    ///
    /// # Errors
    /// The port cannot be bound.
    pub fn bind_sccp(&mut self, listen: SocketAddrV4) -> io::Result<()> {
        let tcp = TcpListener::bind(listen)?;
        tcp.set_nonblocking(true)?;
        self.0.sccp = Some(tcp);
        Ok(())
    }

    /// Whether the SIP port is bound.
    #[must_use]
    pub fn has_sip(&self) -> bool {
        self.0.sip.is_some()
    }

    /// Where phones register by SCCP.
    #[must_use]
    pub fn sccp(&self) -> Option<SocketAddrV4> {
        match self.0.sccp.as_ref()?.local_addr().ok()? {
            SocketAddr::V4(address) => Some(address),
            SocketAddr::V6(_) => None,
        }
    }

    /// Whether the SCCP port is bound.
    #[must_use]
    pub fn has_sccp(&self) -> bool {
        self.0.sccp.is_some()
    }

    /// Registers phones by SCCP in order to restart them, and returns the queue of what they report and
    /// of those that wait for a verdict.
    pub fn restart_phones(&mut self) -> mpsc::Receiver<CallManagerEvent> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        self.0.restarts = Some(sender);
        receiver
    }

    /// Starts a thread that serves the sockets until [`ListenerThread`] is dropped, and returns
    /// the queue of its observations.
    ///
    /// # Errors
    /// The runtime or the thread cannot be started.
    pub fn start(self) -> io::Result<(ListenerThread, mpsc::Receiver<(Instant, Observation)>)> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let queue = ObservationQueue::new(sender, "REGISTERs and SCCP alarms");
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = thread::Builder::new()
            .name("listeners".to_owned())
            .spawn(move || {
                if let Err(error) = runtime.block_on(serve::run(self.0, queue, stopped)) {
                    tracing::warn!("no longer listening for REGISTERs and SCCP alarms: {error}");
                }
            })?;
        let thread = ListenerThread {
            stop: Some(stop),
            thread: Some(thread),
        };
        Ok((thread, receiver))
    }
}

/// The thread that serves the listeners. Dropping it stops and joins the thread.
pub struct ListenerThread {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl fmt::Debug for ListenerThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListenerThread").finish_non_exhaustive()
    }
}

impl Drop for ListenerThread {
    fn drop(&mut self) {
        // Dropping the sender wakes the thread, unless it has ended already.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::warn!("the thread that listens for REGISTERs and SCCP alarms panicked");
        }
    }
}
