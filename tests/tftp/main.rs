//! The TFTP engine over real sockets, over a lossy link without sockets, and against the
//! clients that people have.

#[path = "../common/mod.rs"]
mod common;
mod hostile;
mod interop;
mod lossy;
mod relay;
mod second;
mod soak;
mod sockets;
mod support;
