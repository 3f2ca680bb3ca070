//! Files over HTTP: whole, in parts, absent or refused, and when each counts as delivered.

use std::{
    io::{Read, Write},
    process::{Command, Stdio},
};

use reflash::http::End;

use super::{LARGE, Running, ServerEvent, pattern};
use crate::support::require_program;

#[test]
#[ignore = "needs curl"]
fn curl_gets_every_file_and_its_last_acknowledged_byte_is_the_delivery() {
    let files = [
        ("empty", 0),
        ("one", 1),
        ("odd", 12_345),
        ("large", 10 << 20),
    ];
    let server = Running::new(&files);
    for (number, (name, size)) in (0..).zip(files) {
        let output = server.curl(&format!("/{name}"), &["-f"]);
        assert!(output.stdout == pattern(size), "{name}: {output:?}");
        server.expect_request(name);
        let whole = ServerEvent::Ended(number, End::Delivered, size as u64);
        assert_eq!(server.next(), whole, "{name}");
    }
}

#[test]
#[ignore = "needs curl"]
fn a_head_request_returns_the_length_and_no_body() {
    let server = Running::new(&[("a", 1000), ("empty", 0)]);
    for (number, name, length) in [(0, "a", "1000"), (1, "empty", "0")] {
        let output = server.curl(&format!("/{name}"), &["-I"]);
        let head = String::from_utf8(output.stdout).unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(
            head.contains(&format!("content-length: {length}\r\n")),
            "{head}"
        );
        server.expect_request(name);
        assert_eq!(server.next(), ServerEvent::Ended(number, End::Part, 0));
    }
}

#[test]
#[ignore = "needs curl"]
fn ranges_are_parts_and_count_as_a_delivery_only_together() {
    let server = Running::new(&[("a", 1000)]);
    let all = pattern(1000);
    for (number, (range, part, end, bytes)) in (0..).zip([
        ("0-99", 0..100, End::Part, 100),
        ("-100", 900..1000, End::Part, 200),
        ("50-99", 50..100, End::Part, 200),
        ("100-899", 100..900, End::Delivered, 1000),
        ("0-", 0..1000, End::Delivered, 1000),
    ]) {
        let output = server.curl("/a", &["-f", "-i", "-r", range]);
        let at = output
            .stdout
            .windows(4)
            .position(|w| w == b"\r\n\r\n")
            .unwrap()
            + 4;
        let (head, body) = output.stdout.split_at(at);
        let head = String::from_utf8_lossy(head);
        assert!(head.starts_with("HTTP/1.1 206 "), "{head}");
        let content_range = format!(
            "content-range: bytes {}-{}/1000\r\n",
            part.start,
            part.end - 1
        );
        assert!(head.contains(&content_range), "{head}");
        assert_eq!(body, &all[part]);
        server.expect_request("a");
        assert_eq!(
            server.next(),
            ServerEvent::Ended(number, end, bytes),
            "{range}"
        );
    }
}

#[test]
fn a_range_outside_gets_416_and_delivers_nothing() {
    let server = Running::new(&[("a", 1000)]);
    let response = server.raw(b"GET /a HTTP/1.1\r\nhost: x\r\nrange: bytes=1000-\r\n\r\n");
    assert!(response.starts_with("HTTP/1.1 416 "), "{response}");
    assert!(
        response.contains("content-range: bytes */1000\r\n"),
        "{response}"
    );
    server.expect_request("a");
    assert_eq!(server.next(), ServerEvent::Ended(0, End::Part, 0));
}

#[test]
fn absent_files_get_404_and_refused_ones_403_or_503() {
    let server = Running::new(&[("a", 1)]);
    for (path, name, status) in [
        ("/absent", "absent", 404),
        ("/../etc/passwd", "../etc/passwd", 404),
        ("/%2e%2e%2fetc%2fpasswd", "../etc/passwd", 404),
        ("//etc/passwd", "/etc/passwd", 404),
        ("/", "", 404),
        ("/%00%1b%ff", "\0\u{1b}\u{fffd}", 404),
        ("/secret", "secret", 403),
        ("/late", "late", 503),
    ] {
        let response = server.raw(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes());
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status} ")),
            "{response}"
        );
        assert!(response.contains("content-length: 0\r\n"), "{response}");
        server.expect_request(name);
    }
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(201));
    assert!(server.raw(long.as_bytes()).starts_with("HTTP/1.1 404 "));
    assert!(
        server.events.try_recv().is_err(),
        "the service gets no request for such a name"
    );
}

#[test]
#[ignore = "needs curl"]
fn a_transfer_to_a_client_that_is_killed_ends_as_closed() {
    let curl = require_program("curl");
    let server = Running::new(&[("large", LARGE)]);
    let mut client = Command::new(curl)
        .args(["-s", "--limit-rate", "1M"])
        .arg(format!("http://{}/large", server.address))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut some = [0; 4096];
    client
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut some)
        .unwrap();
    client.kill().unwrap();
    client.wait().unwrap();
    server.expect_request("large");
    let ServerEvent::Ended(0, End::Closed, bytes) = server.next() else {
        panic!("the connection was closed");
    };
    assert!(bytes > 0 && bytes < LARGE as u64, "{bytes}");
}

#[test]
fn bytes_in_kernel_buffers_are_not_delivered() {
    let server = Running::new(&[("a", 1 << 20)]);
    let mut client = server.connect();
    client
        .write_all(b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    client.read_exact(&mut [0; 1000]).unwrap();
    // Closed with unread bytes: the client's kernel resets the connection.
    drop(client);
    server.expect_request("a");
    match server.next() {
        ServerEvent::Ended(0, End::Closed, bytes) => assert!(bytes < 1 << 20, "{bytes}"),
        // The client's kernel may have received all of it before the close.
        ServerEvent::Ended(0, End::Delivered, bytes) => assert_eq!(bytes, 1 << 20),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_of_http_1_0_is_served() {
    let server = Running::new(&[("a", 10)]);
    let response = server.raw(b"GET /a HTTP/1.0\r\n\r\n");
    assert!(response.starts_with("HTTP/1.0 200 "), "{response}");
    server.expect_request("a");
    assert_eq!(server.next(), ServerEvent::Ended(0, End::Delivered, 10));
}

#[test]
fn a_stop_ends_every_transfer_once() {
    let mut server = Running::new(&[("large", LARGE)]);
    let mut client = server.connect();
    client
        .write_all(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    client.read_exact(&mut [0; 1000]).unwrap();
    server.expect_request("large");
    server.stop.take();
    server.thread.take().unwrap().join().unwrap();
    assert!(matches!(
        server.next(),
        ServerEvent::Ended(0, End::Stopped, _)
    ));
    assert!(server.events.try_recv().is_err());
}
