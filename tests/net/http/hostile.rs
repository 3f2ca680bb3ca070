//! Slow, malformed and too many HTTP connections.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddrV4, TcpStream},
    time::{Duration, Instant},
};

use reflash::http::{CONNECTIONS_PER_ADDRESS, REQUEST_TIME};

use super::{PATIENCE, Running, ServerEvent};

#[test]
fn slow_requests_are_closed_and_other_clients_are_served() {
    let server = Running::new(&[("a", 1000)]);
    let begin = Instant::now();
    let mut slow = server.connect();
    slow.write_all(b"GET /a HTTP/1.1\r\n").unwrap();
    let silent = server.connect();
    let trickle = std::thread::spawn(move || {
        // An occasional header byte does not extend the time.
        while slow.write_all(b"x").is_ok() && begin.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(300));
        }
        begin.elapsed()
    });
    server.assert_alive();
    let mut byte = [0];
    let closed = { &silent }.read(&mut byte).map_or(true, |count| count == 0);
    assert!(closed && begin.elapsed() >= REQUEST_TIME);
    let elapsed = trickle.join().unwrap();
    assert!(elapsed < PATIENCE, "{elapsed:?}");
    assert!(
        !server
            .events
            .try_iter()
            .any(|event| event == ServerEvent::Requested("a".into()))
    );
}

#[test]
fn one_address_has_sixteen_connections_and_gives_them_back() {
    let server = Running::new(&[]);
    let held: Vec<_> = (0..CONNECTIONS_PER_ADDRESS)
        .map(|_| server.connect())
        .collect();
    let mut further = server.connect();
    let closed = further.read(&mut [0]).map_or(true, |count| count == 0);
    assert!(closed, "a further connection is closed at once");
    // A connection from another address is served.
    let elsewhere =
        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let from = SocketAddrV4::new(Ipv4Addr::new(127, 8, 0, 1), 0);
    elsewhere.bind(&from.into()).unwrap();
    elsewhere.connect(&server.address.into()).unwrap();
    let mut elsewhere = TcpStream::from(elsewhere);
    elsewhere
        .write_all(b"GET /x HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    let mut response = String::new();
    elsewhere.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 404 "), "{response}");
    drop(held);
    let begin = Instant::now();
    loop {
        let mut again = server.connect();
        let mut response = String::new();
        // Refused until the server has noticed that the others are closed.
        let sent = again.write_all(b"GET /x HTTP/1.1\r\nhost: x\r\n\r\n");
        if sent.is_ok()
            && again
                .read_to_string(&mut response)
                .is_ok_and(|count| count > 0)
        {
            assert!(response.starts_with("HTTP/1.1 404 "), "{response}");
            break;
        }
        assert!(begin.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn malformed_requests_are_refused() {
    let server = Running::new(&[("a", 10)]);
    for (request, status) in [
        (
            &b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc"[..],
            "405",
        ),
        (
            b"PUT /a HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n",
            "405",
        ),
        (b"nonsense\r\n\r\n", "400"),
        (b"GET /a b c HTTP/1.1\r\n\r\n", "400"),
        (b"\0\x01a\0octet\0\r\n\r\n", "400"),
    ] {
        let response = server.raw(request);
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status} ")),
            "{}: {response}",
            request.escape_ascii()
        );
    }
    let many = format!("GET /a HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(100));
    assert!(server.raw(many.as_bytes()).starts_with("HTTP/1.1 431 "));
    let large = [b"GET /a HTTP/1.1\r\nx: ".as_slice(), &vec![b'y'; 100_000]].concat();
    let mut stream = server.connect();
    // The server may close the connection before all of it is written.
    let _ = stream.write_all(&large);
    let mut response = Vec::new();
    let _ = stream.read_to_end(&mut response);
    assert!(server.events.try_recv().is_err());
    server.assert_alive();
}

#[test]
fn foreign_hosts_and_requests_of_other_sites_are_refused() {
    let server = Running::new(&[("a", 10)]);
    let get = |version: &str, headers: &str| {
        let request = format!("GET /a HTTP/{version}\r\n{headers}\r\n");
        let response = server.raw(request.as_bytes());
        response[9..12].to_owned()
    };
    let own = format!("host: {}\r\n", server.address);
    assert_eq!(get("1.0", ""), "200");
    assert_eq!(get("1.1", ""), "200");
    assert_eq!(get("1.1", &own), "200");
    assert_eq!(get("1.1", "host: tftp\r\n"), "200");
    let delivered = server.events.try_iter().count();
    assert_eq!(delivered, 8, "a request and a delivery each");
    assert_eq!(get("1.1", "host: evil.example:6970\r\n"), "421");
    assert_eq!(get("1.0", "host: evil.example\r\n"), "421");
    for header in [
        "sec-fetch-site: cross-site",
        "sec-fetch-site: same-site",
        "origin: http://evil.example",
    ] {
        assert_eq!(get("1.1", &format!("{own}{header}\r\n")), "403", "{header}");
    }
    assert_eq!(server.events.try_iter().count(), 0, "no file was looked up");
}

#[test]
fn a_request_that_is_not_decided_is_answered_later() {
    let server = Running::new(&[]);
    let begin = Instant::now();
    let response = server.raw(b"GET /slow HTTP/1.1\r\n\r\n");
    assert!(response.starts_with("HTTP/1.1 403 "), "{response}");
    assert!(begin.elapsed() >= Duration::from_millis(100));
    let asked = server.events.try_iter().count();
    assert!((2..=6).contains(&asked), "{asked} decisions");
}
