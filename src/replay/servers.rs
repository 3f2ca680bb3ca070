//! The servers whose lines are known, and which of them wrote a line.

use super::{
    access_log, atftpd, bsd_tftpd, dhcp_server, dnsmasq, ios, log_line::LogLine, netkit,
    phone_console, provd, pumpkin, server_line::ServerMessage, tcpdump, tftpd_hpa, tftpd32,
};

/// A server whose lines are known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Server {
    /// For people.
    pub name: &'static str,
    /// Whether each of its lines is about a transfer that is over.
    pub logs_ends: bool,
    accepts: fn(&str) -> bool,
    read: fn(&str) -> Option<ServerMessage<'_>>,
}

/// All of them. The first that accepts the program and understands the text has the line.
pub(super) const SERVERS: &[Server] = &[
    server("dnsmasq", true, is_dnsmasq, dnsmasq::read),
    server("DHCP server", false, is_dhcp, dhcp_server::read),
    server("tcpdump", false, is_tcpdump, tcpdump::read),
    server("IOS debug", false, is_ios, ios::read),
    server("xinetd", false, is_inetd, netkit::read_inetd),
    server("atftpd", false, is_atftpd, atftpd::read),
    server("tftpd-hpa", false, is_any, tftpd_hpa::read),
    server("BSD tftpd", false, is_tftpd, bsd_tftpd::read),
    server("netkit tftpd", false, is_tftpd, netkit::read),
    server("Tftpd32", false, is_bare, tftpd32::read),
    server("PumpKIN", false, is_unnamed, pumpkin::read),
    server("phone console", false, is_unnamed, phone_console::read),
    server("wazo-provd", false, is_any, provd::read),
    server("web server", false, is_any, access_log::read),
];

const fn server(
    name: &'static str,
    logs_ends: bool,
    accepts: fn(&str) -> bool,
    read: fn(&str) -> Option<ServerMessage<'_>>,
) -> Server {
    Server {
        name,
        logs_ends,
        accepts,
        read,
    }
}

fn is_any(program: &str) -> bool {
    !program.starts_with("dnsmasq")
}

/// The lines of its DHCP and DNS servers are not about files.
fn is_dnsmasq(program: &str) -> bool {
    program.is_empty()
        || program.starts_with("dnsmasq") && !["dnsmasq-dhcp", "dnsmasq"].contains(&program)
}

fn is_dhcp(program: &str) -> bool {
    program.contains("dhcp")
}

fn is_tcpdump(program: &str) -> bool {
    program == "tcpdump"
}

fn is_ios(program: &str) -> bool {
    program == "TFTP"
}

fn is_inetd(program: &str) -> bool {
    program.contains("inetd")
}

fn is_atftpd(program: &str) -> bool {
    program.is_empty() || program.contains("atftpd")
}

fn is_tftpd(program: &str) -> bool {
    program.is_empty() || program.contains("tftp")
}

fn is_bare(program: &str) -> bool {
    program.is_empty() || program.to_ascii_lowercase().contains("tftpd")
}

fn is_unnamed(program: &str) -> bool {
    program.is_empty()
}

/// The index in [`SERVERS`] of the server that wrote a line, and what it means.
pub(super) fn recognize(line: &LogLine) -> Option<(usize, ServerMessage<'_>)> {
    SERVERS.iter().enumerate().find_map(|(index, server)| {
        let message = (server.accepts)(&line.program).then(|| (server.read)(&line.text))??;
        Some((index, message))
    })
}

/// Whether a line that no server's decoder understands is of a TFTP server.
pub(super) fn is_server(program: &str) -> bool {
    program.to_ascii_lowercase().contains("tftp")
}
