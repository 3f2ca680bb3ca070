//! A server on a thread of its own.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    thread,
};

use tokio::sync::oneshot;

/// A server on a thread of its own.
pub(super) struct ServerThread {
    stop: oneshot::Sender<()>,
    thread: io::Result<thread::JoinHandle<io::Result<()>>>,
}

impl ServerThread {
    /// Starts the thread. `serve` gets the future that resolves when it must stop.
    pub(super) fn start(
        name: &str,
        serve: impl FnOnce(StopReceiver) -> io::Result<()> + Send + 'static,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(StopReceiver(stopped)));
        Self { stop, thread }
    }

    /// Whether the thread ended or could not be started.
    pub(super) fn is_over(&self) -> bool {
        self.thread
            .as_ref()
            .map_or(true, thread::JoinHandle::is_finished)
    }

    /// Requests the stop. The function that it returns waits for the end of the thread.
    pub(super) fn stop(self) -> impl FnOnce() -> io::Result<()> {
        // Fails only if the thread has ended already.
        let _ = self.stop.send(());
        move || {
            let panicked = |_| Err(io::Error::other("the server thread panicked"));
            self.thread?.join().unwrap_or_else(panicked)
        }
    }
}

/// Resolves when a server must stop.
pub(super) struct StopReceiver(oneshot::Receiver<()>);

impl Future for StopReceiver {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // A dropped sender means that the run is gone: stop as well.
        Pin::new(&mut self.0).poll(context).map(drop)
    }
}
