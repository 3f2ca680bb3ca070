//! What all connections of a page's server share.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use super::{route, shared_view::SharedView};

/// Limits on what pages may use.
#[derive(Debug, Clone, Copy)]
pub struct WebLimits {
    /// Pages that follow the run at the same time.
    pub followers: usize,
    /// Connections at the same time, including those of pages that follow the run.
    pub connections: usize,
    /// How long a request may take to arrive.
    pub request: Duration,
    /// How often a comment is sent if nothing happens.
    pub heartbeat: Duration,
    /// How long a client may receive nothing before it is dropped.
    pub stall: Duration,
    /// The shortest time between two messages.
    pub pace: Duration,
    /// How long the end of a run waits for pages to receive the report.
    pub linger: Duration,
    /// The send buffer of a connection, in bytes.
    pub send_buffer: usize,
}

impl Default for WebLimits {
    fn default() -> Self {
        Self {
            followers: 8,
            connections: 32,
            request: Duration::from_secs(10),
            heartbeat: Duration::from_secs(15),
            stall: Duration::from_secs(10),
            pace: Duration::from_millis(250),
            linger: Duration::from_secs(5),
            send_buffer: 256 * 1024,
        }
    }
}

/// What all connections share.
pub(super) struct ServerState {
    pub(super) view: Arc<SharedView>,
    pub(super) limits: WebLimits,
    pub(super) page: route::StaticPage,
    pub(super) followers: Arc<Semaphore>,
}
