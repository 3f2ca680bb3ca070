//! `convert` on a network and on loopback: it converts phones, stops on signals, refuses what it
//! cannot serve, and drops its privileges.

mod callers;
mod clients;
mod privileges;
mod signals;
mod start;

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use reflash::{
    phone::Family,
    simulator::{Sizes, SyntheticBundle},
};
use serde_json::Value;

use crate::support::{
    namespaces::{SERVER, TwoHosts},
    process::Running,
    require_program,
    synthetic::{self},
};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

fn files() -> BTreeMap<String, Vec<u8>> {
    let made = SyntheticBundle::new(Family::F45, 7)
        .unwrap()
        .sizes(Sizes::Small);
    made.files().into_iter().collect()
}

/// Fetches `name` with each client into `folder`; returns the files by client.
fn fetch_with_all(lab: &TwoHosts, name: &str, folder: &Path) -> Vec<(String, PathBuf)> {
    let mut fetched = Vec::new();
    let mut fetch = |client: &str, variant: &str, arguments: &dyn Fn(&str) -> Vec<String>| {
        require_program(client);
        let path = folder.join(format!("{client}-{variant}"));
        let mut command = lab.on_phones("timeout");
        command
            .args(["20", client])
            .args(arguments(path.to_str().unwrap()));
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{client} {variant} {name}: {output:?}"
        );
        fetched.push((format!("{client} {variant}"), path));
    };
    let words = |list: &[&str]| list.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    fetch("tftp", "plain", &|to| {
        words(&["-m", "binary", SERVER, "-c", "get", name, to])
    });
    fetch("atftp", "plain", &|to| {
        words(&["-g", "-r", name, "-l", to, SERVER])
    });
    let with_options = ["--option", "blksize 1428", "--option", "tsize 0"];
    fetch("atftp", "blksize-tsize", &|to| {
        words(&[&with_options[..], &["-g", "-r", name, "-l", to, SERVER]].concat())
    });
    let url = format!("tftp://{SERVER}/{name}");
    fetch("curl", "plain", &|to| {
        words(&["-s", "--tftp-no-options", "-o", to, &url])
    });
    fetch("curl", "blksize-tsize", &|to| {
        words(&["-s", "--tftp-blksize", "1428", "-o", to, &url])
    });
    fetch("busybox", "plain", &|to| {
        words(&["tftp", "-g", "-r", name, "-l", to, SERVER])
    });
    fetch("busybox", "blksize", &|to| {
        words(&["tftp", "-g", "-b", "1428", "-r", name, "-l", to, SERVER])
    });
    fetched
}

/// Fetches a file from port 6970 with curl.
fn fetch_over_http(lab: &TwoHosts, name: &str) -> Vec<u8> {
    require_program("curl");
    let url = format!("http://{SERVER}:6970/{name}");
    let output = lab
        .on_phones("curl")
        .args(["-sSf", "--max-time", "20", &url])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

/// A TFTP client with an address of its own, which acknowledges block by block.
struct TftpClient {
    socket: UdpSocket,
    server: SocketAddrV4,
}

impl TftpClient {
    fn at(address: [u8; 4], server: &Value) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::from(address), 0)).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        Self {
            socket,
            server: server.as_str().unwrap().parse().unwrap(),
        }
    }

    fn request(&self, name: &str) {
        let request = [b"\x00\x01", name.as_bytes(), b"\x00octet\x00"].concat();
        self.socket.send_to(&request, self.server).unwrap();
    }

    /// Receives one packet: its opcode, its block or error code, its payload and its source.
    fn receive(&self) -> (u16, u16, Vec<u8>, std::net::SocketAddr) {
        let mut buffer = [0; 600];
        let (length, from) = self.socket.recv_from(&mut buffer).unwrap();
        let word = |at: usize| u16::from_be_bytes([buffer[at], buffer[at + 1]]);
        (word(0), word(2), buffer[4..length].to_vec(), from)
    }

    /// Receives one block and acknowledges it; returns whether it was the last.
    fn take_block(&self) -> bool {
        let (opcode, block, data, from) = self.receive();
        assert_eq!(
            opcode,
            3,
            "DATA was expected: {}",
            String::from_utf8_lossy(&data)
        );
        let [high, low] = block.to_be_bytes();
        self.socket.send_to(&[0, 4, high, low], from).unwrap();
        data.len() < 512
    }

    fn get(&self, name: &str) {
        self.request(name);
        while !self.take_block() {}
    }
}

fn convert_on_loopback(bundle: &Path, temporary: &Path, more: &[&str]) -> Running {
    Running::start(&mut loopback_command(bundle, temporary, more))
}

fn loopback_command(bundle: &Path, temporary: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(REFLASH);
    command
        .arg("convert")
        .arg(bundle)
        .args(["--trust-key", synthetic::KEY, "--json"]);
    command
        .args([
            "--listen",
            "127.0.0.1",
            "--tftp-port",
            "0",
            "--http-port",
            "0",
        ])
        .args(more)
        .env("TMPDIR", temporary);
    command
}

fn roots(temporary: &Path) -> usize {
    fs::read_dir(temporary).unwrap().count()
}
