//! Files that are too large to be read at once: memory, content, and changes while they are sent.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket},
    path::Path,
    process::Command,
    time::Duration,
};

use super::{REFLASH, Running};

const LIMIT: Duration = Duration::from_secs(20);

/// The memory of the process is 25 MB without a transfer (unoptimised build).
const MEMORY_MAX_KB: u64 = 64 * 1024;

/// A server of both transports, and their addresses.
pub(super) fn serve(folder: &Path) -> (Running, SocketAddr, SocketAddr) {
    serve_with(folder, "native")
}

fn serve_with(folder: &Path, engine: &str) -> (Running, SocketAddr, SocketAddr) {
    let free = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let mut command = Command::new(REFLASH);
    command.arg("serve").arg(folder);
    command.args(["--listen", "127.0.0.1", "--tftp-port", "0", "--json"]);
    command.args(["--http-port", &port.to_string(), "--engine", engine]);
    let mut server = Running::start(&mut command);
    let started = server.kind("started");
    let address = |name| started[name].as_str().unwrap().parse().unwrap();
    (server, address("tftp"), address("http"))
}

/// The most memory that the process has had, in kB.
fn peak(server: &Running) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line.unwrap().trim().strip_suffix(" kB").unwrap();
    kb.parse().unwrap()
}

/// A TFTP read with blocks of 1,428 bytes, acknowledged one by one.
struct Download {
    socket: UdpSocket,
    bytes: Vec<u8>,
}

impl Download {
    fn begin(server: SocketAddr, name: &str) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(LIMIT)).unwrap();
        let request = [b"\0\x01", name.as_bytes(), b"\0octet\0blksize\x001428\0"].concat();
        socket.send_to(&request, server).unwrap();
        let bytes = Vec::new();
        Self { socket, bytes }
    }

    /// Receives a packet: the code of an ERROR, or what to acknowledge.
    fn receive(&mut self) -> Result<(SocketAddr, [u8; 2]), u8> {
        let mut packet = [0; 1500];
        let (length, from) = self.socket.recv_from(&mut packet).unwrap();
        match packet[1] {
            3 => self.bytes.extend(&packet[4..length]),
            6 => return Ok((from, [0, 0])),
            _ => return Err(packet[3]),
        }
        Ok((from, [packet[2], packet[3]]))
    }

    fn acknowledge(&self, (to, [high, low]): (SocketAddr, [u8; 2])) {
        self.socket.send_to(&[0, 4, high, low], to).unwrap();
    }

    /// Receives until a number of bytes; the code of an ERROR.
    fn receive_until(&mut self, bytes: usize) -> Result<(), u8> {
        while self.bytes.len() < bytes {
            let received = self.receive()?;
            self.acknowledge(received);
        }
        Ok(())
    }
}

fn get(server: SocketAddr, name: &str, range: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let request = format!("GET /{name} HTTP/1.1\r\nHost: {server}\r\n{range}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// The body of a response, as far as it came.
fn body(mut stream: TcpStream) -> Vec<u8> {
    let mut response = Vec::new();
    // An aborted response may end with a reset.
    let _ = stream.read_to_end(&mut response);
    let end = response.windows(4).position(|four| four == b"\r\n\r\n");
    response.split_off(end.unwrap() + 4)
}

fn pattern(size: u32) -> Vec<u8> {
    (0..size / 4).flat_map(u32::to_le_bytes).collect()
}

#[test]
fn parallel_transfers_of_24_files_of_200_mb_take_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (server, tftp, http) = serve(folder.path());
    // After the start, at which the firmware of a folder is verified.
    for number in 0..24 {
        let file = File::create(folder.path().join(format!("{number}"))).unwrap();
        file.set_len(200 << 20).unwrap();
    }
    let mut downloads: Vec<_> = (0..24)
        .map(|number| Download::begin(tftp, &number.to_string()))
        .collect();
    let mut streams: Vec<_> = (0..16)
        .map(|number| get(http, &number.to_string(), "Range: bytes=100000000-\r\n"))
        .collect();
    for download in &mut downloads {
        download.receive_until(200_000).unwrap();
    }
    for stream in &mut streams {
        stream.read_exact(&mut vec![0; 200_000]).unwrap();
    }
    let peak = peak(&server);
    assert!(peak < MEMORY_MAX_KB, "{peak} kB");
}

#[test]
fn a_large_file_is_served_over_tftp_and_http_in_ranges() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = pattern(400_000);
    fs::write(folder.path().join("image"), &bytes).unwrap();
    let (mut server, tftp, http) = serve(folder.path());
    let mut download = Download::begin(tftp, "image");
    download.receive_until(bytes.len()).unwrap();
    assert!(download.bytes == bytes);
    assert!(body(get(http, "image", "")) == bytes);
    // The second part completes the file, although nothing had it open between the two.
    let first = body(get(http, "image", "Range: bytes=0-123456\r\n"));
    let second = body(get(http, "image", "Range: bytes=123457-\r\n"));
    assert!([first, second].concat() == bytes);
    server.signal("INT");
    let report = server.kind("finished")["report"].clone();
    let files = report["others"][0]["files"].as_array().unwrap();
    let delivered = files.iter().filter(|file| file["outcome"] == "delivered");
    assert_eq!(delivered.count(), 3, "{files:#?}");
}

#[test]
fn the_second_engine_reads_a_large_file_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = pattern(400_000);
    fs::write(folder.path().join("image"), &bytes).unwrap();
    let (_server, tftp, _) = serve_with(folder.path(), "async-tftp");
    let mut download = Download::begin(tftp, "image");
    download.receive_until(bytes.len()).unwrap();
    assert!(download.bytes == bytes);
}

#[test]
fn a_file_that_is_cut_during_its_transfer_gives_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("image");
    fs::write(&image, vec![7; 24 << 20]).unwrap();
    let (mut server, tftp, http) = serve(folder.path());
    let mut download = Download::begin(tftp, "image");
    download.receive_until(10_000).unwrap();
    // Its buffers hold less than the file.
    let mut stream = get(http, "image", "");
    stream.read_exact(&mut [0; 500]).unwrap();
    let cut = File::options().write(true).open(&image).unwrap();
    cut.set_len(1_000_000).unwrap();
    assert_eq!(download.receive_until(2_000_000), Err(0));
    let mut rest = Vec::new();
    // An aborted response may end with a reset.
    let _ = stream.read_to_end(&mut rest);
    assert!(rest.len() < 24 << 20);
    // The next request gets the file as it is now.
    let mut again = Download::begin(tftp, "image");
    again.receive_until(1_000_000).unwrap();
    assert!(again.bytes.len() == 1_000_000 && again.bytes.iter().all(|byte| *byte == 7));
    server.signal("INT");
    let report = server.kind("finished")["report"].clone();
    let files = report["others"][0]["files"].as_array().unwrap();
    let delivered = files.iter().filter(|file| file["outcome"] == "delivered");
    assert_eq!(delivered.count(), 1, "{files:#?}");
}
