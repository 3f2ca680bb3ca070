//! Hostile and faulty clients: the server answers as docs/hostile.md states, and still serves.

mod requests;
mod transfers;

use super::support::{TestServer, pattern};

fn server() -> TestServer {
    TestServer::new(&[
        ("a", pattern(2000)),
        ("empty", Vec::new()),
        ("exact", pattern(1024)),
    ])
}

/// The server still serves.
fn assert_alive(server: &TestServer) {
    assert_eq!(server.client().fetch("a"), pattern(2000));
}
