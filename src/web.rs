//! A run on a web page, for a browser on this machine: `--web [PORT]`, off by default.
//!
//! The page is one self-contained document and loads nothing from elsewhere. It receives
//! server-sent events (WHATWG HTML, "Server-sent events"): everything first, then what changed,
//! and the report at the end. It is read-only.
//!
//! [`SharedView`] is what the page shows: a reporter without sockets. `route` checks requests,
//! `connection` serves one client. The run never waits for a browser: a client gets the newest
//! message once it has received the previous one, and a client that receives nothing is dropped.

mod connection;
mod message;
mod page_state;
mod route;
mod row;
mod server;
mod server_state;
mod shared_view;

pub use self::{server::WebServer, server_state::WebLimits, shared_view::SharedView};

/// The default port. Phones do not use it.
pub const PORT: u16 = 8069;
