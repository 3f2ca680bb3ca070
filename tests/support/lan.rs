//! A LAN of this test's own: a switch, and hosts on it, each in a namespace. Gone when dropped.

#![allow(dead_code, reason = "every test program uses a part of it")]

use std::{
    fs::File,
    io::Read as _,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

/// How long anything may take. Generous: only a hang is caught by it.
const PATIENCE: Duration = Duration::from_secs(40);

/// A switch with hosts; each host's cable is its `eth0`.
pub(crate) struct Lan {
    name: String,
    hosts: Vec<String>,
    programs: Vec<Child>,
    /// Where programs of this LAN keep their files.
    pub(crate) folder: tempfile::TempDir,
}

impl Lan {
    /// Builds it: this needs root. A host with an address has it with this prefix.
    pub(crate) fn build(name: &str, hosts: &[(&str, Option<&str>)]) -> Self {
        let mut lan = Self {
            name: format!("rf-{name}-{}", std::process::id()),
            hosts: Vec::new(),
            programs: Vec::new(),
            folder: tempfile::tempdir().unwrap(),
        };
        assert!(
            lan.add("switch"),
            "network namespaces need root: run scripts/test with sudo"
        );
        let switch = lan.namespace("switch");
        lan.ip("switch", &["link", "add", "br0", "type", "bridge"]);
        lan.ip("switch", &["link", "set", "br0", "up"]);
        for (host, address) in hosts {
            assert!(lan.add(host));
            let cable = ["link", "add", "eth0", "type", "veth", "peer", "name", host];
            lan.ip(host, &[&cable[..], &["netns", &switch]].concat());
            lan.ip("switch", &["link", "set", host, "master", "br0", "up"]);
            if let Some(address) = address {
                lan.ip(host, &["addr", "add", address, "dev", "eth0"]);
            }
            lan.ip(host, &["link", "set", "lo", "up"]);
            lan.ip(host, &["link", "set", "eth0", "up"]);
        }
        lan
    }

    fn namespace(&self, host: &str) -> String {
        format!("{}-{host}", self.name)
    }

    fn add(&mut self, host: &str) -> bool {
        let namespace = self.namespace(host);
        let added = Command::new("ip")
            .args(["netns", "add", &namespace])
            .output()
            .is_ok_and(|output| output.status.success());
        if added {
            self.hosts.push(namespace);
        }
        added
    }

    /// An `ip` command in a host's namespace.
    pub(crate) fn ip(&self, host: &str, arguments: &[&str]) {
        let namespace = self.namespace(host);
        let output = Command::new("ip")
            .args(["-n", &namespace])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }

    /// A command on a host.
    pub(crate) fn on(&self, host: &str, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace(host)]);
        command.arg(program).current_dir(self.folder.path());
        command
    }

    /// The same as a line for a shell.
    pub(crate) fn line(&self, host: &str, command: &str) -> String {
        format!("ip netns exec {} {command}", self.namespace(host))
    }

    /// Runs a command on a host to its end.
    pub(crate) fn run(
        &self,
        host: &str,
        program: impl AsRef<std::ffi::OsStr>,
        arguments: &[&str],
    ) -> Output {
        let mut command = self.on(host, program);
        command.args(arguments).stdin(Stdio::null());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let end = Instant::now() + PATIENCE;
        while child.try_wait().unwrap().is_none() {
            if Instant::now() > end {
                child.kill().unwrap();
                panic!("{command:?} takes too long: {:?}", child.wait_with_output());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        child.wait_with_output().unwrap()
    }

    /// Ends what was started.
    pub(crate) fn stop_all(&mut self) {
        for mut program in self.programs.drain(..) {
            program.kill().unwrap();
            program.wait().unwrap();
        }
    }

    /// Starts a program that stays; it is ended with the LAN. Waits until what it writes to
    /// standard error has `ready` in it.
    pub(crate) fn start(&mut self, mut command: Command, ready: &str) {
        let log = self
            .folder
            .path()
            .join(format!("{}.log", self.programs.len()));
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        self.programs.push(child);
        wait_for(&log, ready);
    }
}

/// Waits until a file has this text in it.
pub(crate) fn wait_for(file: &Path, text: &str) {
    let end = Instant::now() + PATIENCE;
    loop {
        let mut found = String::new();
        if let Ok(mut file) = File::open(file) {
            file.read_to_string(&mut found).unwrap();
        }
        if found.contains(text) {
            return;
        }
        assert!(Instant::now() < end, "no \"{text}\" in: {found}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        for program in &mut self.programs {
            // Fails where it has ended already, which is what is wanted.
            let _ = program.kill();
            let _ = program.wait();
        }
        for namespace in &self.hosts {
            let _ = Command::new("ip")
                .args(["netns", "del", namespace])
                .output();
        }
    }
}
