//! What a run opens while it still has its privileges: TFTP, HTTP, metrics and web servers,
//! the DHCP server, listeners for REGISTERs and alarms, and packet captures.

pub mod bind;
pub mod captures;
mod configured_transport;
pub mod dhcp;
pub mod expected_registrations;
pub mod registrar;
pub mod restart;
pub mod runtime;
pub mod servers;
pub mod watch;
