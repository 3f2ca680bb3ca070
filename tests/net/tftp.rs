//! The TFTP engine over real sockets, over a lossy link without sockets, and against the
//! clients that people have.

mod hostile;
mod interop;
mod lossy;
mod relay;
mod second;
mod soak;
mod sockets;
mod support;
