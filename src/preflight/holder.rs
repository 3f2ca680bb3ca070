//! Who holds a UDP port, as the kernel's own tables tell it (proc(5), /proc/net/udp).

use std::{fmt, fs, path::Path};

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

/// The process that has UDP `port` open on any IPv4 or IPv6 address. `None` where there is
/// none, or where it is another user's and the kernel does not say.
#[must_use]
pub fn udp_holder(port: u16) -> Option<Holder> {
    let inodes: Vec<u64> = ["/proc/net/udp", "/proc/net/udp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| inodes_of(&table, port))
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

/// The socket inodes that /proc/net/udp lists for a local port.
fn inodes_of(table: &str, port: u16) -> Vec<u64> {
    const LOCAL_ADDRESS: usize = 1;
    const INODE: usize = 9;
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (_, local) = fields.get(LOCAL_ADDRESS)?.rsplit_once(':')?;
            (u16::from_str_radix(local, 16).ok()? == port).then_some(())?;
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
        let holder = udp_holder(port).expect("our own socket is ours to see");
        assert_eq!(holder.pid, std::process::id());
        assert!(!holder.name.is_empty());
        drop(socket);
        assert_eq!(udp_holder(port), None);
    }

    #[test]
    fn a_table_that_is_no_table_names_nobody() {
        for table in ["", "\n\n", "x\n1 2 3", "h\n 1: ZZZZ:0045 0 0 0 0 0 0 0 77"] {
            let found = inodes_of(table, 69);
            assert!(found.len() <= 1, "{table}");
        }
        assert_eq!(
            inodes_of("h\n 1: 00000000:0045 0:0 07 0:0 0:0 0 0 0 4242 2", 69),
            [4242]
        );
    }
}
