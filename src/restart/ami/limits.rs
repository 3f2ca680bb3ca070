//! Limits of what the server may send, and how long it may take.

use std::time::Duration;

/// Time that the server has for the whole answer to one action, and for its banner.
pub const ANSWER_TIME: Duration = Duration::from_secs(10);

/// Maximum number of messages that answer one action. An endpoint has a few dozen.
pub const MAX_MESSAGES: u32 = 1_000;

/// Maximum number of messages in all that belong to no action of this client. Events are turned off.
pub const MAX_FOREIGN: u32 = 1_000;

/// Maximum length of the banner in bytes. Asterisk's has about 30.
pub const MAX_BANNER: usize = 128;

/// Maximum length of a line in bytes. Those of an endpoint's contacts have a few hundred.
pub const MAX_LINE: usize = 8 * 1024;

/// Maximum number of lines of a message. `EndpointDetail` has about 150.
pub const MAX_FIELDS: usize = 512;
