//! UDP ports of DHCP (RFC 2131, 4.1).

/// The server's port.
pub const SERVER_PORT: u16 = 67;

/// The client's port.
pub const CLIENT_PORT: u16 = 68;
