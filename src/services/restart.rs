//! What `reflash restart` uses of this machine: the connection to AMI, captures of SIP, the socket of
//! NOTIFY, the record, and the signals that end a run.

mod captured;
mod connection;
mod live;
mod record;
mod udp;

pub use captured::{CapturedSip, OpenedCaptures, open_captures};
pub use connection::{AmiConnection, CONNECT_TIME};
pub use live::{LiveSite, ShowChange, Stop};
pub use record::{MAX_READ, RestartRecord};
