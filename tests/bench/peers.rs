//! The servers that are measured, with their processor time and memory.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    fs,
    net::UdpSocket,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{NAME, SERVER};

/// A server, and how it is started.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    program: String,
    arguments: Vec<String>,
}

/// Set by scripts/bench-tftp: the folder with the unpacked Debian packages of the other servers.
const UNPACKED: &str = "REFLASH_BENCH_PEERS";

/// Not the installed one: atftpd installs an in.tftpd too.
fn unpacked(program: &str) -> String {
    let folder = std::env::var(UNPACKED).unwrap_or_default();
    format!("{folder}/usr/sbin/{program}")
}

/// The available servers, reflash first.
pub(crate) fn all(folder: &Path, block: u16) -> Vec<Peer> {
    let this = std::env::current_exe().expect("a program has a path");
    let dir = folder.to_str().expect("a temporary folder's name is text");
    let file = format!("{dir}/{NAME}");
    let reflash = env!("CARGO_BIN_EXE_reflash");
    let ours = [
        "serve",
        dir,
        "--listen",
        "127.0.0.1",
        "--http-port",
        "0",
        "--json",
        "--user",
        "nobody",
    ];
    let second = [&ours[..], &["--engine", "async-tftp"]].concat();
    let root = format!("--tftp-root={dir}");
    let mut peers = vec![
        peer("reflash", reflash, &ours),
        peer("async-tftp", reflash, &second),
        peer(
            "tftpd-hpa",
            &unpacked("in.tftpd"),
            &["-L", "-4", "-a", "127.0.0.1:69", "-s", dir],
        ),
        peer(
            "dnsmasq",
            &unpacked("dnsmasq"),
            &[
                "-k",
                "-C",
                "/dev/null",
                "--port=0",
                "--enable-tftp",
                &root,
                "--tftp-max=2000",
                "--listen-address=127.0.0.1",
                "--bind-interfaces",
                "--user=root",
                "--pid-file=",
            ],
        ),
        peer(
            "atftpd",
            &unpacked("atftpd"),
            &[
                "--daemon",
                "--no-fork",
                "--bind-address",
                "127.0.0.1",
                "--port",
                "69",
                "--maxthread",
                "2000",
                "--verbose=0",
                dir,
            ],
        ),
    ];
    if block == 512 {
        peers.push(peer(
            "echo",
            this.to_str().expect("a path of text"),
            &["echo", &file],
        ));
    }
    peers.retain(|peer| {
        let there = Path::new(&peer.program).exists();
        if !there {
            println!("not installed, left out: {} ({})", peer.name, peer.program);
        }
        there
    });
    peers
}

fn peer(name: &'static str, program: &str, arguments: &[&str]) -> Peer {
    let arguments = arguments
        .iter()
        .map(|&argument| argument.to_owned())
        .collect();
    Peer {
        name,
        program: program.to_owned(),
        arguments,
    }
}

/// Some servers run as another user.
pub(crate) fn make_readable(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("our own folder");
    let file = folder.join(NAME);
    fs::set_permissions(file, fs::Permissions::from_mode(0o644)).expect("our own file");
}

/// The libraries of the unpacked programs.
fn libraries() -> String {
    let folder = std::env::var(UNPACKED).unwrap_or_default();
    format!("{folder}/usr/lib/{}-linux-gnu", std::env::consts::ARCH)
}

impl Peer {
    /// Starts it, and waits until its port is open.
    pub(crate) fn start(&self) -> Running {
        let child = Command::new(&self.program)
            .args(&self.arguments)
            .env("LD_LIBRARY_PATH", libraries())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", self.program));
        let patience = Instant::now() + Duration::from_secs(10);
        while UdpSocket::bind(SERVER).is_ok() {
            assert!(Instant::now() < patience, "{} does not listen", self.name);
            thread::sleep(Duration::from_millis(20));
        }
        thread::sleep(Duration::from_millis(200));
        Running {
            child,
            peak: Cell::new(0),
            spent: RefCell::default(),
        }
    }
}

/// A server that runs; stopped when dropped.
pub(crate) struct Running {
    child: Child,
    peak: Cell<u64>,
    /// Clock ticks of each of its processes.
    spent: RefCell<HashMap<u32, u64>>,
}

impl Running {
    /// Its processor time so far, with that of its sampled children, in µs.
    pub(crate) fn cpu(&self) -> u64 {
        /// `sysconf(_SC_CLK_TCK)` of every Linux: 100 a second.
        const TICK: u64 = 10_000;
        self.sample();
        self.spent.borrow().values().sum::<u64>() * TICK
    }

    /// Samples memory and processor time of each process. The time of a child that ends between
    /// two samples counts up to the earlier one.
    pub(crate) fn sample(&self) {
        let tree = self.tree();
        let resident = |pid: u32| -> Option<u64> {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.trim().strip_suffix(" kB")?.parse().ok()
        };
        let now: u64 = tree.iter().filter_map(|&pid| resident(pid)).sum();
        self.peak.set(self.peak.get().max(now * 1024));
        for pid in tree {
            let Some(fields) = fields(pid) else { continue };
            let number = |at: usize| {
                let field = fields.get(at).and_then(|field| field.parse::<u64>().ok());
                field.unwrap_or(0)
            };
            // proc(5): utime and stime are fields 14 and 15. The first two are cut off, and
            // they count from 1.
            self.spent.borrow_mut().insert(pid, number(11) + number(12));
        }
    }

    /// The peak memory of it and its children, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        self.peak.get()
    }

    /// It and its children.
    fn tree(&self) -> Vec<u32> {
        let pid = self.child.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        let children = children
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok());
        std::iter::once(pid).chain(children).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for pid in self.tree().into_iter().rev() {
            // Fails if it has ended already.
            let _ = Command::new("kill")
                .arg(pid.to_string())
                .stderr(Stdio::null())
                .status();
        }
        let patience = Instant::now() + Duration::from_secs(5);
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > patience {
                let _ = self.child.kill();
            }
            thread::sleep(Duration::from_millis(10));
        }
        while UdpSocket::bind(SERVER).is_err() && Instant::now() < patience {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The fields of /proc/PID/stat after the name, which may hold anything.
fn fields(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}
