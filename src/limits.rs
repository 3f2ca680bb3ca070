//! Limits on what one address, or all of them together, may take of this machine: rates, open
//! connections, and the accept loop that every TCP server here uses.
//!
//! A sender can forge any source address, so each limit per address comes with a total.

mod acceptor;
mod connection_limiter;
mod rate_limiter;
mod token_bucket;

pub(crate) use acceptor::{Acceptor, RETRY_DELAY, WhenFull};
pub(crate) use connection_limiter::{ConnectionLimiter, ConnectionPermit};
pub(crate) use rate_limiter::RateLimiter;
pub(crate) use token_bucket::{Rate, TokenBucket};
