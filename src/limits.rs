//! Limits per address and in total: rates, open connections, and the accept loop that applies them
//! in every TCP server of this program.
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
