//! A conversion by the real program on loopback, and simulated phones for it.

use std::{
    net::{Ipv4Addr, UdpSocket},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::Mutex,
};

use super::REFLASH;
use crate::support::{
    process::Running,
    synthetic::{self, KEY},
};

/// A conversion on loopback, in a folder of its own.
pub(super) struct Site {
    pub(super) folder: tempfile::TempDir,
    pub(super) bundle: PathBuf,
    port: u16,
}

/// A port below the ephemeral range that no other test of this process uses.
fn free_port() -> u16 {
    static NEXT: Mutex<u16> = Mutex::new(0);
    let mut next = NEXT.lock().unwrap();
    if *next == 0 {
        let spread = u16::try_from(std::process::id() % 500).unwrap();
        *next = 10_000 + spread * 20;
    }
    loop {
        *next += 1;
        if UdpSocket::bind((Ipv4Addr::LOCALHOST, *next)).is_ok() {
            return *next;
        }
    }
}

impl Site {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            bundle: synthetic::bundle(folder.path()),
            folder,
            port: free_port(),
        }
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.folder.path().join("run.jsonl")
    }

    pub(super) fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(REFLASH);
        let port = self.port.to_string();
        command.args(["convert", "--json", "--listen", "127.0.0.1"]);
        command.args(["--http-port", "0", "--tftp-port", &port, "--no-check"]);
        command.args(more);
        command.env("TMPDIR", self.folder.path());
        command.env("XDG_STATE_HOME", self.folder.path().join("state"));
        command
    }

    pub(super) fn begin(&self, more: &[&str]) -> Running {
        let mut command = self.command(&["--trust-key", KEY]);
        command.arg(&self.bundle).args(more);
        command.arg("--journal").arg(self.journal());
        Running::start(&mut command)
    }

    pub(super) fn resume(&self, more: &[&str]) -> Running {
        let mut command = self.command(&["--resume"]);
        command.arg("--journal").arg(self.journal()).args(more);
        Running::start(&mut command)
    }

    /// Runs a command that fails before it serves: its exit code and its message.
    pub(super) fn refused(command: &mut Command) -> (Option<i32>, String) {
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().unwrap();
        assert_eq!(stdout, b"", "nothing is served");
        (status.code(), String::from_utf8(stderr).unwrap())
    }

    pub(super) fn phones(&self, count: usize) -> Phones {
        let mut command = Command::new(REFLASH);
        let against = format!("127.0.0.1:{}", self.port);
        command.args(["rehearse", "--json", "--seed", "11", "--model", "7965"]);
        command.args(["--against", &against, "--phones", &count.to_string()]);
        command.args(["--timeout", "3m"]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Phones(command.spawn().unwrap())
    }
}

/// Simulated phones in a process of their own; killed when dropped.
pub(super) struct Phones(Child);

impl Drop for Phones {
    fn drop(&mut self) {
        // Fails if they have finished already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
