//! Which of many sockets are ready, in one system call. Linux only.

#![expect(
    unsafe_code,
    reason = "epoll has no safe wrapper among the dependencies"
)]

use std::{
    io,
    net::UdpSocket,
    os::fd::{AsRawFd, FromRawFd, OwnedFd},
};

use tokio::io::{
    Interest,
    unix::{AsyncFd, AsyncFdReadyGuard},
};

/// An epoll instance, itself watched by the runtime.
pub(super) struct Poller(AsyncFd<OwnedFd>);

/// A socket that is ready.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ready {
    /// Its index in the list that the poller was created with.
    pub(super) index: u16,
    /// Whether its error queue may hold something.
    pub(super) is_error: bool,
}

impl Poller {
    /// Sockets that are reported by one call.
    pub(super) const EVENTS: usize = 64;

    /// Watches these sockets, which must stay open as long as the poller.
    pub(super) fn new(sockets: &[UdpSocket]) -> io::Result<Self> {
        // SAFETY: the call takes no pointer; a descriptor that it returns has no other owner.
        let epoll = unsafe {
            let fd = libc::epoll_create1(libc::EPOLL_CLOEXEC);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            OwnedFd::from_raw_fd(fd)
        };
        for (index, socket) in (0_u64..).zip(sockets) {
            let mut event = libc::epoll_event {
                events: libc::EPOLLIN.cast_unsigned(),
                u64: index,
            };
            // SAFETY: both descriptors are open, and the event outlives the call.
            let result = unsafe {
                libc::epoll_ctl(
                    epoll.as_raw_fd(),
                    libc::EPOLL_CTL_ADD,
                    socket.as_raw_fd(),
                    &raw mut event,
                )
            };
            if result < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        // SAFETY: an `OwnedFd` owns its one descriptor and keeps it open until it is dropped, and
        // the `AsyncFd` owns the `OwnedFd`.
        Ok(Self(unsafe { AsyncFd::register(epoll) }?))
    }

    /// Waits until a socket is ready.
    pub(super) async fn ready(&self) -> io::Result<AsyncFdReadyGuard<'_, OwnedFd>> {
        self.0.ready(Interest::READABLE).await
    }

    /// Appends the sockets that are ready now; at most [`Poller::EVENTS`] of them.
    pub(super) fn poll(&self, ready: &mut Vec<Ready>) -> io::Result<()> {
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; Self::EVENTS];
        // SAFETY: the kernel writes at most the stated number of events, and the array outlives
        // the call.
        let count = unsafe {
            libc::epoll_wait(
                self.0.get_ref().as_raw_fd(),
                events.as_mut_ptr(),
                i32::try_from(Self::EVENTS).expect("the constant is small"),
                0,
            )
        };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        ready.extend(events[..count].iter().map(|event| Ready {
            index: u16::try_from(event.u64).expect("an index of the list"),
            is_error: event.events & libc::EPOLLERR.cast_unsigned() != 0,
        }));
        Ok(())
    }
}
