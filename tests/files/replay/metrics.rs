//! The metrics of a running server, read over HTTP.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream, UdpSocket},
    process::{Child, Stdio},
    time::Duration,
};

/// A page of a server on loopback; `None` while the port is closed.
fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    Some(text)
}

/// A port that is free now.
fn free(udp: bool) -> u16 {
    if udp {
        UdpSocket::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port()
    } else {
        TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port()
    }
}

/// One file by TFTP, or the ERROR's code.
fn fetch(port: u16, name: &str) -> Result<usize, u16> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let request = [b"\x00\x01", name.as_bytes(), b"\x00octet\x00"].concat();
    socket.send_to(&request, ("127.0.0.1", port)).unwrap();
    let mut all = 0;
    loop {
        let mut packet = [0; 600];
        let (length, from) = socket.recv_from(&mut packet).unwrap();
        if packet[1] == 5 {
            return Err(u16::from_be_bytes([packet[2], packet[3]]));
        }
        all += length - 4;
        socket.send_to(&[0, 4, packet[2], packet[3]], from).unwrap();
        if length < 516 {
            return Ok(all);
        }
    }
}

/// Ends the server, whatever the test does.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_metrics_of_a_running_server_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("dialplan.xml"), [b'x'; 1500]).unwrap();
    let (tftp, metrics) = (free(true), free(false));
    let child = std::process::Command::new(assert_cmd::cargo::cargo_bin("reflash"))
        .arg("serve")
        .arg(folder.path())
        .args(["--listen", "127.0.0.1", "--http-port", "0"])
        .args(["--tftp-port", &tftp.to_string()])
        .args(["--metrics", &format!("127.0.0.1:{metrics}")])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut server = Server(child);
    let lines = BufReader::new(server.0.stdout.take().unwrap()).lines();
    let expected = format!("metrics: http://127.0.0.1:{metrics}/metrics");
    let announced = lines
        .map_while(Result::ok)
        .find(|line| line.contains(&expected));
    assert!(announced.is_some(), "the address is printed");
    assert_eq!(fetch(tftp, "dialplan.xml"), Ok(1500));
    assert_eq!(fetch(tftp, "CTLSEP001D45AABB0C.tlv"), Err(1));
    // The engine counts the last ACK before it answers the next request.
    let page = get(metrics, "/metrics").unwrap();
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    assert!(
        page.contains("content-type: text/plain; version=0.0.4"),
        "{page}"
    );
    for line in [
        "reflash_phones{state=\"configuring\"} 1",
        "reflash_transfers_started_total{transport=\"tftp\"} 1",
        "reflash_transfers_ended_total{outcome=\"delivered\"} 1",
        "reflash_transfers_running 0",
        "reflash_not_found_total 1",
        "reflash_tftp_errors_sent_total{code=\"1\"} 1",
        "reflash_acknowledged_bytes_total 1500",
    ] {
        assert!(page.contains(&format!("\n{line}\n")), "{line}: {page}");
    }
    assert!(
        get(metrics, "/dialplan.xml")
            .unwrap()
            .starts_with("HTTP/1.1 404")
    );
}
