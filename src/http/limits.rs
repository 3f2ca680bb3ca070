//! Limits on what clients may use.

use std::time::Duration;

/// Maximum number of connections that are open at once. The limit is lower if this process may have
/// fewer than twice as many file descriptors, because files must be opened too.
pub const CONNECTIONS: usize = 512;

/// Maximum number of open connections of one address; further ones are closed. A phone uses two.
pub const CONNECTIONS_PER_ADDRESS: usize = 16;

/// Time in which a request must arrive.
pub const REQUEST_TIME: Duration = Duration::from_secs(10);

/// Time without a new acknowledgement after which a transfer ends. It is long because a phone
/// erases flash between acknowledgements.
pub const IDLE_TIME: Duration = Duration::from_secs(30);

/// Time that every transfer has in addition to its size divided by [`MIN_RATE`].
pub const GRACE_TIME: Duration = Duration::from_mins(2);

/// The lowest average rate of a transfer, in bytes per second.
pub const MIN_RATE: u64 = 1_024;

/// Maximum size in bytes of a request with all its headers. It is the smallest limit that hyper
/// accepts.
pub const REQUEST_MAX: usize = 8_192;

/// Maximum number of headers of a request.
pub const HEADERS_MAX: usize = 32;

/// Maximum length in bytes of a name that is passed to the service.
pub const NAME_MAX: usize = 200;
