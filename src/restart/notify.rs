//! NOTIFY requests that make a phone restart: which event a family obeys, the request, the client
//! transaction over UDP (RFC 3261, 17.1.2), and what the phone's response means.
//!
//! Over TCP a phone accepts a NOTIFY only in its own connection to its registrar, which only the
//! PBX has: there the PBX must send it (see [`ami`](super::ami)).

mod answer;
mod call_id;
mod event;
mod request;
mod transaction;

pub use answer::{Answer, CallIdSource};
pub use call_id::{CallIdError, MAX_CALL_ID, RegisterCallId};
pub use event::{NotifyEvent, RestartEvent, Unreachable, is_multiplatform};
pub use request::{NotifyRequest, NotifyTarget};
pub use transaction::{ClientTransaction, MAX_PASSES, T1, T2, T4, TIMEOUT};
