//! The HTTP server over real sockets.

mod files;
mod hostile;

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddrV4, TcpStream},
    process::{Command, Output},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use reflash::{
    http::{End, HttpAnswer, HttpRequest, HttpServer, HttpService},
    stage::StagedFile,
};
use tokio::sync::oneshot;

use crate::support::require_program;

/// How long a test waits for an expected event.
const PATIENCE: Duration = Duration::from_secs(40);

/// More than the buffers of a connection hold.
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
        // The test may have dropped the receiver.
        let _ = self.events.lock().unwrap().send(event);
    }
}

impl HttpService for FileService {
    fn request(&self, _: Instant, request: &HttpRequest<'_>) -> HttpAnswer {
        let name = request.name;
        self.send(ServerEvent::Requested(name.to_owned()));
        match self.files.iter().find(|file| &*file.name == name) {
            Some(file) => {
                let id = self.next.fetch_add(1, Ordering::Relaxed);
                HttpAnswer::Serve(id, file.clone().into())
            }
            None if name == "secret" => HttpAnswer::Forbidden,
            None if name == "slow" && request.waited < Duration::from_millis(100) => {
                HttpAnswer::Later
            }
            None if name == "slow" => HttpAnswer::Forbidden,
            None if name == "late" => HttpAnswer::Stopping,
            None => HttpAnswer::NotFound,
        }
    }

    fn is_for_phones(&self) -> bool {
        true
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
        let server = HttpServer::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0), 0).unwrap();
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

    fn expect_request(&self, name: &str) {
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

    /// Sends these bytes; returns the response as text.
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
