//! Who holds a port, as the kernel's own tables tell it (proc(5), /proc/net/udp and tcp).

use std::{
    fmt, fs,
    net::{Ipv4Addr, SocketAddrV4},
    path::Path,
};

/// A process that has a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// Its name, as the kernel cuts it: at most 15 bytes.
    pub name: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (process {})", self.name, self.pid)
    }
}

/// What a port is a port of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Any socket that is bound to it.
    Udp,
    /// Only a socket that listens.
    Tcp,
}

/// The process that has `port` open on any IPv4 or IPv6 address. `None` where there is none,
/// or where it is another user's and the kernel does not say.
#[must_use]
pub fn holder(protocol: Protocol, port: u16) -> Option<Holder> {
    find(protocol, port, |_| true)
}

/// The process that has this port open on this address, or on every address.
#[must_use]
pub fn holder_at(protocol: Protocol, at: SocketAddrV4) -> Option<Holder> {
    find(protocol, at.port(), |address| holds(address, *at.ip()))
}

/// Whether a local address of the kernel's tables is `wanted`, or every address.
fn holds(address: &str, wanted: Ipv4Addr) -> bool {
    // The bytes as they lie in memory, read as a number of this machine.
    let own = format!("{:08X}", u32::from_ne_bytes(wanted.octets()));
    // An IPv6 socket may have IPv4 addresses, in the last of its four words.
    let (_, last) = address
        .split_at_checked(address.len().saturating_sub(8))
        .unwrap_or_default();
    let is_any = address.bytes().all(|digit| digit == b'0');
    is_any || wanted.is_unspecified() || last == own
}

fn find(protocol: Protocol, port: u16, is_wanted: impl Fn(&str) -> bool) -> Option<Holder> {
    let (tables, state) = match protocol {
        Protocol::Udp => (["/proc/net/udp", "/proc/net/udp6"], None),
        Protocol::Tcp => (["/proc/net/tcp", "/proc/net/tcp6"], Some(LISTENING)),
    };
    let inodes: Vec<u64> = tables
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| inodes_of(&table, port, state, &is_wanted))
        .collect();
    if inodes.is_empty() {
        return None;
    }
    let wanted: Vec<String> = inodes
        .iter()
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let process = entry.path();
        let holds = fs::read_dir(process.join("fd")).ok()?.flatten().any(|fd| {
            fs::read_link(fd.path())
                .is_ok_and(|target| wanted.iter().any(|socket| Path::new(socket) == target))
        });
        let name = || fs::read_to_string(process.join("comm")).ok();
        holds.then(name).flatten().map(|name| Holder {
            pid,
            name: name.trim().to_owned(),
        })
    })
}

/// The state of a TCP socket that listens, as /proc/net/tcp writes it.
const LISTENING: &str = "0A";

/// The socket inodes that a table lists for a local port at a wanted address, in this state if
/// one is given.
fn inodes_of(
    table: &str,
    port: u16,
    state: Option<&str>,
    is_wanted: impl Fn(&str) -> bool,
) -> Vec<u64> {
    const LOCAL_ADDRESS: usize = 1;
    const STATE: usize = 3;
    const INODE: usize = 9;
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (address, local) = fields.get(LOCAL_ADDRESS)?.rsplit_once(':')?;
            let is_there = u16::from_str_radix(local, 16).ok()? == port && is_wanted(address);
            is_there.then_some(())?;
            let there = *fields.get(STATE)?;
            state.is_none_or(|state| state == there).then_some(())?;
            fields.get(INODE)?.parse().ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn a_socket_of_this_very_process_is_found() {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        let found = holder(Protocol::Udp, port).expect("our own socket is ours to see");
        assert_eq!(found.pid, std::process::id());
        assert!(!found.name.is_empty());
        drop(socket);
        assert_eq!(holder(Protocol::Udp, port), None);
    }

    #[test]
    fn a_socket_on_another_address_is_not_in_the_way() {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        let holder = |last| {
            let at = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, last), port);
            holder_at(Protocol::Udp, at).map(|holder| holder.pid)
        };
        assert_eq!(holder(1), Some(std::process::id()));
        assert_eq!(holder(2), None);
        drop(socket);
        let _every = UdpSocket::bind(("0.0.0.0", port)).unwrap();
        assert_eq!(holder(2), Some(std::process::id()));
    }

    #[test]
    fn a_tcp_port_has_who_listens_and_not_who_talks() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let talking = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        let holder = |port| super::holder(Protocol::Tcp, port).map(|holder| holder.pid);
        assert_eq!(holder(port), Some(std::process::id()));
        assert_eq!(holder(talking.local_addr().unwrap().port()), None);
    }

    #[test]
    fn a_table_that_is_no_table_names_nobody() {
        for table in ["", "\n\n", "x\n1 2 3", "h\n 1: ZZZZ:0045 0 0 0 0 0 0 0 77"] {
            let found = inodes_of(table, 69, None, |_| true);
            assert!(found.len() <= 1, "{table}");
        }
        assert_eq!(
            inodes_of(
                "h\n 1: 00000000:0045 0:0 07 0:0 0:0 0 0 0 4242 2",
                69,
                None,
                |_| true
            ),
            [4242]
        );
    }
}
