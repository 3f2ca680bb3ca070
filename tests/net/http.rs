//! HTTP over real sockets, with curl and with clients that mean no good.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddrV4, TcpStream},
    process::{Command, Output, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use reflash::{
    http::{Answer, CONNECTIONS_PER_ADDRESS, End, REQUEST_TIME, Server, Service},
    stage::StagedFile,
};
use tokio::sync::oneshot;

use crate::support::require_program;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(40);

/// More than all buffers of a connection hold.
const LARGE: usize = 64 << 20;

#[derive(Debug, PartialEq, Eq)]
enum ServerEvent {
    Requested(String),
    Ended(u64, End, u64),
}

struct FileService {
    files: Vec<StagedFile>,
    next: AtomicU64,
    events: Mutex<Sender<ServerEvent>>,
}

impl FileService {
    fn send(&self, event: ServerEvent) {
        // A test that is done no longer listens.
        let _ = self.events.lock().unwrap().send(event);
    }
}

impl Service for FileService {
    fn request(&self, _: Instant, _: SocketAddrV4, name: &str) -> Answer {
        self.send(ServerEvent::Requested(name.to_owned()));
        match self.files.iter().find(|file| &*file.name == name) {
            Some(file) => Answer::Serve(self.next.fetch_add(1, Ordering::Relaxed), file.clone()),
            None if name == "secret" => Answer::Forbidden,
            None if name == "late" => Answer::Stopping,
            None => Answer::NotFound,
        }
    }

    fn acknowledged(&self, _: Instant, _: SocketAddrV4, _: u64, bytes: u64) {
        assert!(bytes > 0);
    }

    fn ended(&self, _: Instant, _: SocketAddrV4, transfer: u64, end: End, bytes: u64) {
        self.send(ServerEvent::Ended(transfer, end, bytes));
    }
}

fn pattern(size: usize) -> Vec<u8> {
    (0_u32..)
        .flat_map(|n| n.wrapping_mul(0x9e37_79b9).to_le_bytes())
        .take(size)
        .collect()
}

struct Running {
    address: SocketAddrV4,
    events: Receiver<ServerEvent>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    fn new(files: &[(&str, usize)]) -> Self {
        let server = Server::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0), 0).unwrap();
        let address = server.local_addr();
        let (events, receiver) = channel();
        let file = |&(name, size): &(&str, usize)| StagedFile {
            name: name.into(),
            bytes: pattern(size).into(),
        };
        let service = FileService {
            files: files.iter().map(file).collect(),
            next: AtomicU64::new(0),
            events: Mutex::new(events),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let stop = async {
                let _ = stopped.await;
            };
            runtime.block_on(server.run(service, stop)).unwrap();
        });
        Self {
            address,
            events: receiver,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    fn next(&self) -> ServerEvent {
        self.events.recv_timeout(PATIENCE).expect("an event")
    }

    fn asked(&self, name: &str) {
        assert_eq!(self.next(), ServerEvent::Requested(name.to_owned()));
    }

    fn curl(&self, path: &str, arguments: &[&str]) -> Output {
        let curl = require_program("curl");
        let mut command = Command::new(curl);
        command
            .args(["-sS", "--path-as-is", "--max-time", "30"])
            .args(arguments);
        command.arg(format!("http://{}{path}", self.address));
        command.output().unwrap()
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends a request as it stands, and gives the response as it stands.
    fn raw(&self, request: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        String::from_utf8_lossy(&response).into_owned()
    }

    fn assert_alive(&self) {
        let response = self.raw(b"GET /absent HTTP/1.1\r\nhost: x\r\n\r\n");
        assert!(response.starts_with("HTTP/1.1 404 "), "{response}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server does not panic");
        }
    }
}

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
        server.asked(name);
        let whole = ServerEvent::Ended(number, End::Delivered, size as u64);
        assert_eq!(server.next(), whole, "{name}");
    }
}

#[test]
#[ignore = "needs curl"]
fn a_head_says_the_length_and_fetches_nothing() {
    let server = Running::new(&[("a", 1000), ("empty", 0)]);
    for (number, name, length) in [(0, "a", "1000"), (1, "empty", "0")] {
        let output = server.curl(&format!("/{name}"), &["-I"]);
        let head = String::from_utf8(output.stdout).unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(
            head.contains(&format!("content-length: {length}\r\n")),
            "{head}"
        );
        server.asked(name);
        assert_eq!(server.next(), ServerEvent::Ended(number, End::Part, 0));
    }
}

#[test]
#[ignore = "needs curl"]
fn ranges_are_parts_and_only_together_a_delivery() {
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
        let said = format!(
            "content-range: bytes {}-{}/1000\r\n",
            part.start,
            part.end - 1
        );
        assert!(head.contains(&said), "{head}");
        assert_eq!(body, &all[part]);
        server.asked("a");
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
    server.asked("a");
    assert_eq!(server.next(), ServerEvent::Ended(0, End::Part, 0));
}

#[test]
fn what_is_not_there_gets_404_at_once_and_what_may_not_be_had_says_so() {
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
        server.asked(name);
    }
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(201));
    assert!(server.raw(long.as_bytes()).starts_with("HTTP/1.1 404 "));
    assert!(
        server.events.try_recv().is_err(),
        "no phone asks for such a name"
    );
}

#[test]
#[ignore = "needs curl"]
fn a_client_that_is_killed_in_the_middle_has_not_got_the_file() {
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
    server.asked("large");
    let ServerEvent::Ended(0, End::Closed, bytes) = server.next() else {
        panic!("the connection was closed");
    };
    assert!(bytes > 0 && bytes < LARGE as u64, "{bytes}");
}

#[test]
fn what_only_lies_in_the_kernels_buffers_is_not_delivered() {
    let server = Running::new(&[("a", 1 << 20)]);
    let mut client = server.connect();
    client
        .write_all(b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    client.read_exact(&mut [0; 1000]).unwrap();
    // Closed with bytes unread: the peer's kernel resets the connection.
    drop(client);
    server.asked("a");
    match server.next() {
        ServerEvent::Ended(0, End::Closed, bytes) => assert!(bytes < 1 << 20, "{bytes}"),
        // Its kernel may have taken all of it before it was closed.
        ServerEvent::Ended(0, End::Delivered, bytes) => assert_eq!(bytes, 1 << 20),
        other => panic!("{other:?}"),
    }
}

#[test]
fn slow_requests_are_cut_off_and_disturb_nobody() {
    let server = Running::new(&[("a", 1000)]);
    let begin = Instant::now();
    let mut slow = server.connect();
    slow.write_all(b"GET /a HTTP/1.1\r\n").unwrap();
    let silent = server.connect();
    let trickle = std::thread::spawn(move || {
        // A header byte now and then buys no time.
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
    assert!(closed, "one more is closed at once");
    // From elsewhere it is served.
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
        // Refused until the server has seen that the others are gone.
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
fn requests_that_are_none_are_refused() {
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
    // The server may have closed before all of it is written.
    let _ = stream.write_all(&large);
    let mut response = Vec::new();
    let _ = stream.read_to_end(&mut response);
    assert!(server.events.try_recv().is_err());
    server.assert_alive();
}

#[test]
fn a_request_of_http_1_0_is_served() {
    let server = Running::new(&[("a", 10)]);
    let response = server.raw(b"GET /a HTTP/1.0\r\n\r\n");
    assert!(response.starts_with("HTTP/1.0 200 "), "{response}");
    server.asked("a");
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
    server.asked("large");
    server.stop.take();
    server.thread.take().unwrap().join().unwrap();
    assert!(matches!(
        server.next(),
        ServerEvent::Ended(0, End::Stopped, _)
    ));
    assert!(server.events.try_recv().is_err());
}
