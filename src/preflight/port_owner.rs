//! The process that owns a port, from the kernel's tables (proc(5), /proc/net/udp and tcp).

use std::{
    fmt, fs,
    net::{Ipv4Addr, SocketAddrV4},
    path::Path,
};

use crate::privileges;

/// A process that owns a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortOwner {
    /// Its process id.
    pub pid: u32,
    /// Its name, cut by the kernel to 15 bytes.
    pub name: String,
    /// Its systemd unit, if it is a system service.
    pub unit: Option<String>,
}

impl PortOwner {
    /// Whether it is a run of this program. It may be serving a phone that would be left with
    /// half its firmware.
    fn is_run(&self) -> bool {
        self.name == env!("CARGO_PKG_NAME")
    }

    /// How it is stopped: an instruction, and the command where there is one.
    #[must_use]
    pub fn how_to_stop(&self) -> (String, Option<String>) {
        if self.is_run() {
            let pid = self.pid;
            let text = format!(
                "It may be serving phones that write their flash: do not kill it. `ps -fp {pid}` \
                 shows its command and its terminal. Press Ctrl-C once in that terminal: it then \
                 waits until phones have the rest of their images, and ends"
            );
            return (text, None);
        }
        (
            "Stop it during the conversion".to_owned(),
            Some(self.stop()),
        )
    }

    /// The command that stops it.
    fn stop(&self) -> String {
        match &self.unit {
            Some(unit) => format!("sudo systemctl stop {unit}"),
            None => format!("sudo kill {}", self.pid),
        }
    }
}

impl fmt::Display for PortOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_run() {
            return write!(f, "another reflash run (process {})", self.pid);
        }
        write!(f, "{} (process {})", self.name, self.pid)
    }
}

/// The transport protocol of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortProtocol {
    /// Any bound socket counts.
    Udp,
    /// Only a listening socket counts.
    Tcp,
}

impl PortProtocol {
    /// The kernel's tables, and the state of the sockets that count.
    fn tables(self) -> ([&'static str; 2], Option<&'static str>) {
        match self {
            Self::Udp => (["/proc/net/udp", "/proc/net/udp6"], None),
            Self::Tcp => (["/proc/net/tcp", "/proc/net/tcp6"], Some(LISTENING)),
        }
    }
}

/// Whether `port` is in use on this address or on all addresses, by any process.
pub(super) fn in_use(protocol: PortProtocol, address: Ipv4Addr, port: u16) -> bool {
    let (tables, state) = protocol.tables();
    tables
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .any(|table| sockets_of(&table, port, state).any(|(local, _)| is_at(local, address)))
}

/// Whether any process uses this port on this address or on every address.
#[must_use]
pub fn is_port_used(protocol: PortProtocol, at: SocketAddrV4) -> bool {
    in_use(protocol, *at.ip(), at.port())
}

/// Whether a local address of the kernel's tables is this one, or the wildcard.
fn is_at(local: &str, address: Ipv4Addr) -> bool {
    // The four bytes as one native-endian number. An IPv6 socket may hold IPv4 addresses in the last
    // of its four words.
    let own = format!("{:08X}", u32::from_ne_bytes(address.octets()));
    let everywhere = local.bytes().all(|digit| digit == b'0');
    everywhere || address.is_unspecified() || local.ends_with(&own)
}

/// The process that uses `port` on any IPv4 or IPv6 address. `None` if there is none, or if it belongs to
/// another user and the kernel hides it.
#[must_use]
pub fn port_owner(protocol: PortProtocol, port: u16) -> Option<PortOwner> {
    port_owner_at(protocol, SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port))
}

/// The process that uses this port on this address or on every address; `None` as above.
#[must_use]
pub fn port_owner_at(protocol: PortProtocol, at: SocketAddrV4) -> Option<PortOwner> {
    let (tables, state) = protocol.tables();
    let inodes: Vec<u64> = tables
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| {
            let sockets = sockets_of(&table, at.port(), state);
            let matching = sockets.filter(|(local, _)| is_at(local, *at.ip()));
            matching.map(|(_, inode)| inode).collect::<Vec<_>>()
        })
        .collect();
    if inodes.is_empty() {
        return None;
    }
    let links: Vec<String> = inodes
        .iter()
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    // Only root sees the files that other users' processes have open.
    privileges::with_access_of_root(|| owner_of_sockets(&links))
}

fn owner_of_sockets(links: &[String]) -> Option<PortOwner> {
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let process = entry.path();
        let holds = fs::read_dir(process.join("fd")).ok()?.flatten().any(|fd| {
            fs::read_link(fd.path())
                .is_ok_and(|target| links.iter().any(|socket| Path::new(socket) == target))
        });
        let name = || fs::read_to_string(process.join("comm")).ok();
        holds.then(name).flatten().map(|name| PortOwner {
            pid,
            name: name.trim().to_owned(),
            unit: fs::read_to_string(process.join("cgroup"))
                .ok()
                .and_then(|groups| unit_of(&groups)),
        })
    })
}

/// The state of a listening TCP socket in /proc/net/tcp.
const LISTENING: &str = "0A";

/// The sockets that a table lists for a local port, in this state if one is given: the address as
/// printed, and the inode.
fn sockets_of<'a>(
    table: &'a str,
    port: u16,
    state: Option<&'a str>,
) -> impl Iterator<Item = (&'a str, u64)> {
    const LOCAL_ADDRESS: usize = 1;
    const STATE: usize = 3;
    const INODE: usize = 9;
    table.lines().skip(1).filter_map(move |line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (address, local) = fields.get(LOCAL_ADDRESS)?.rsplit_once(':')?;
        (u16::from_str_radix(local, 16).ok()? == port).then_some(())?;
        let own_state = *fields.get(STATE)?;
        state.is_none_or(|state| state == own_state).then_some(())?;
        Some((address, fields.get(INODE)?.parse().ok()?))
    })
}

/// The unit in a process's control groups (cgroups(7), /proc/PID/cgroup): the last service in the path.
/// User programs are in a service too, but stopping that one would end the whole user session.
fn unit_of(groups: &str) -> Option<String> {
    groups
        .lines()
        .filter_map(|line| line.splitn(3, ':').nth(2))
        .filter(|path| path.starts_with("/system.slice/"))
        .find_map(|path| {
            path.rsplit('/')
                .find_map(|part| part.strip_suffix(".service"))
        })
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn a_socket_of_this_process_is_found() {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        let found = port_owner(PortProtocol::Udp, port).expect("our own socket is ours to see");
        assert_eq!(found.pid, std::process::id());
        assert!(!found.name.is_empty());
        drop(socket);
        assert_eq!(port_owner(PortProtocol::Udp, port), None);
    }

    #[test]
    fn a_tcp_port_belongs_to_the_listening_process() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let talking = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        let holder = |port| super::port_owner(PortProtocol::Tcp, port).map(|holder| holder.pid);
        assert_eq!(holder(port), Some(std::process::id()));
        assert_eq!(holder(talking.local_addr().unwrap().port()), None);
    }

    #[test]
    fn an_invalid_table_is_parsed_without_panic() {
        for table in ["", "\n\n", "x\n1 2 3", "h\n 1: ZZZZ:0045 0 0 0 0 0 0 0 77"] {
            assert!(sockets_of(table, 69, None).count() <= 1, "{table}");
        }
        let table = "h\n 1: 00000000:0045 0:0 07 0:0 0:0 0 0 0 4242 2";
        let found: Vec<_> = sockets_of(table, 69, None).collect();
        assert_eq!(found, [("00000000", 4242)]);
    }

    #[test]
    fn a_port_in_use_on_another_address_is_free_on_this_one() {
        let socket = UdpSocket::bind(("127.0.0.2", 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        assert!(in_use(PortProtocol::Udp, Ipv4Addr::new(127, 0, 0, 2), port));
        assert!(in_use(PortProtocol::Udp, Ipv4Addr::UNSPECIFIED, port));
        assert!(!in_use(PortProtocol::Udp, Ipv4Addr::LOCALHOST, port));
        let everywhere = UdpSocket::bind(("0.0.0.0", 0)).unwrap();
        let port = everywhere.local_addr().unwrap().port();
        assert!(in_use(PortProtocol::Udp, Ipv4Addr::LOCALHOST, port));
        drop(everywhere);
        assert!(!in_use(PortProtocol::Udp, Ipv4Addr::LOCALHOST, port));
    }

    #[test]
    fn an_owner_is_stopped_by_its_unit_or_its_process() {
        for (groups, unit) in [
            ("0::/system.slice/tftpd-hpa.service\n", Some("tftpd-hpa")),
            (
                "12:pids:/system.slice/x.service\n0::/system.slice/x.service\n",
                Some("x"),
            ),
            (
                "0::/system.slice/system-getty.slice/getty@tty1.service\n",
                Some("getty@tty1"),
            ),
            (
                "0::/user.slice/user-1000.slice/user@1000.service/app.slice\n",
                None,
            ),
            ("0::/\n", None),
            ("nonsense", None),
            ("", None),
        ] {
            assert_eq!(unit_of(groups).as_deref(), unit, "{groups}");
        }
        let mut holder = PortOwner {
            pid: 7,
            name: "in.tftpd".to_owned(),
            unit: None,
        };
        assert_eq!(holder.stop(), "sudo kill 7");
        holder.unit = Some("tftpd-hpa".to_owned());
        assert_eq!(holder.stop(), "sudo systemctl stop tftpd-hpa");
    }

    #[test]
    fn another_run_is_ended_with_ctrl_c_and_never_killed() {
        let holder = PortOwner {
            pid: 71,
            name: "reflash".to_owned(),
            unit: Some("reflash".to_owned()),
        };
        assert_eq!(holder.to_string(), "another reflash run (process 71)");
        let (text, command) = holder.how_to_stop();
        assert!(
            text.contains("Ctrl-C") && text.contains("ps -fp 71"),
            "{text}"
        );
        assert!(text.contains("do not kill it"), "{text}");
        assert_eq!(command, None);
    }
}
