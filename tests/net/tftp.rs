//! The TFTP engine over real sockets, over a lossy link without sockets, and with the TFTP clients
//! of Linux distributions.

mod async_tftp;
mod hostile;
mod interop;
mod lossy;
mod relay;
mod soak;
mod sockets;
mod support;
