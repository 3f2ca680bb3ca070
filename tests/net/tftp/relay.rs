//! TFTP clients of Linux distributions over a link that loses, delays, duplicates and reorders
//! packets: a relay in user space between client and server, with real sockets on both sides.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    path::Path,
    pin::Pin,
    process::Command,
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::Duration,
};

use tokio::{net::UdpSocket, sync::oneshot};

use super::support::{TestServer, pattern};
use crate::support::require_program;

/// What the link does to packets, in thousandths, each way.
#[derive(Debug, Clone, Copy)]
struct Link {
    loss: u64,
    doubling: u64,
    /// The shortest delay of a packet.
    delay: Duration,
    /// The random delay added to it, so that packets are reordered.
    jitter: Duration,
}

/// What all directions share.
struct Weather {
    link: Link,
    dice: Mutex<u64>,
}

impl Weather {
    fn roll(&self, sides: u64) -> u64 {
        let mut state = self.dice.lock().unwrap();
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        (*state >> 11) % sides.max(1)
    }

    /// Sends a packet through it.
    fn fly(&self, from: &Arc<UdpSocket>, to: SocketAddr, packet: &[u8]) {
        let copies = 1 + u64::from(self.roll(1000) < self.link.doubling);
        for _ in 0..copies {
            if self.roll(1000) < self.link.loss {
                continue;
            }
            let jitter = u64::try_from(self.link.jitter.as_micros()).unwrap();
            let late = self.link.delay + Duration::from_micros(self.roll(jitter + 1));
            let (from, packet) = (Arc::clone(from), packet.to_vec());
            tokio::spawn(async move {
                tokio::time::sleep(late).await;
                // The client may have exited already.
                let _ = from.send_to(&packet, to).await;
            });
        }
    }
}

/// Towards the clients a socket for the server's listening port, and one for each of its
/// transfer IDs; towards the server a socket for each client.
struct Relay {
    address: SocketAddrV4,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    fn start(server: SocketAddrV4, link: Link) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (send_address, address) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let asked = local();
                send_address.send(asked.local_addr().unwrap()).unwrap();
                let sides = Arc::new(Sides {
                    weather: Weather {
                        link,
                        dice: Mutex::new(0x2545_f491_4f6c_dd1d),
                    },
                    clients: Mutex::default(),
                    transfers: Mutex::default(),
                });
                tokio::select! {
                    _ = stopped => {}
                    () = sides.from_clients(asked, server.into()) => {}
                }
            });
        });
        let SocketAddr::V4(address) = address.recv().unwrap() else {
            unreachable!("bound to an IPv4 address");
        };
        Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn local() -> Arc<UdpSocket> {
    let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_nonblocking(true).unwrap();
    Arc::new(UdpSocket::from_std(socket).unwrap())
}

/// Sockets by the peer that each stands for.
type Sockets = Mutex<HashMap<SocketAddr, Arc<UdpSocket>>>;

struct Sides {
    weather: Weather,
    clients: Sockets,
    transfers: Sockets,
}

impl Sides {
    /// What clients send to this socket is forwarded to `server`, each from a socket of its own.
    fn from_clients(
        self: Arc<Self>,
        socket: Arc<UdpSocket>,
        server: SocketAddr,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            let mut packet = [0; 2048];
            while let Ok((length, client)) = socket.recv_from(&mut packet).await {
                let mut clients = self.clients.lock().unwrap();
                let on = clients.entry(client).or_insert_with(|| {
                    let on = local();
                    tokio::spawn(self.clone().from_server(on.clone(), client));
                    on
                });
                self.weather.fly(on, server, &packet[..length]);
            }
        })
    }

    /// What the server sends to this socket is forwarded to `client`, from a port for each of the
    /// server's.
    async fn from_server(self: Arc<Self>, socket: Arc<UdpSocket>, client: SocketAddr) {
        let mut packet = [0; 2048];
        while let Ok((length, server)) = socket.recv_from(&mut packet).await {
            let mut transfers = self.transfers.lock().unwrap();
            let on = transfers.entry(server).or_insert_with(|| {
                let on = local();
                tokio::spawn(self.clone().from_clients(on.clone(), server));
                on
            });
            self.weather.fly(on, client, &packet[..length]);
        }
    }
}

/// A client that gave up is started again, as a phone would retry.
const TRIES: u32 = 4;

/// Each client fetches `size` bytes over the link, all of them correct.
fn all_complete(link: Link, size: usize) {
    type Arguments = fn(&str, &str) -> Vec<String>;
    let clients: [(&str, Arguments); 3] = [
        ("tftp", |address, port| {
            words(&["-m", "binary", address, port, "-c", "get", "file"])
        }),
        ("atftp", |address, port| {
            words(&["-g", "-r", "file", "-l", "file", address, port])
        }),
        ("busybox", |address, port| {
            words(&["tftp", "-g", "-r", "file", "-l", "file", address, port])
        }),
    ];
    for (program, arguments) in clients {
        let path = require_program(program);
        let server = TestServer::new(&[("file", pattern(size))]);
        let relay = Relay::start(server.address, link);
        let folder = tempfile::tempdir().unwrap();
        let (address, port) = (
            relay.address.ip().to_string(),
            relay.address.port().to_string(),
        );
        let got =
            (0..TRIES).any(|_| fetched(&path, &arguments(&address, &port), folder.path(), size));
        assert!(got, "{program} over {link:?}");
    }
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|&word| word.to_owned()).collect()
}

/// Runs the client once, for 40 s at most, and compares the file.
fn fetched(path: &Path, arguments: &[String], folder: &Path, size: usize) -> bool {
    // The file may be incomplete, if the client gave up, but not wrong.
    let status = Command::new("timeout")
        .arg("40")
        .arg(path)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
        .status;
    let got = std::fs::read(folder.join("file")).unwrap_or_default();
    let whole = pattern(size);
    assert!(whole.starts_with(&got), "no wrong byte");
    status.success() && got == whole
}

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[test]
#[ignore = "needs atftp, busybox, curl and tftp"]
fn one_percent_of_loss_with_five_milliseconds_of_delay() {
    let link = Link {
        loss: 10,
        doubling: 0,
        delay: ms(5),
        jitter: ms(0),
    };
    all_complete(link, 60_000);
}

#[test]
#[ignore = "needs atftp, busybox, curl and tftp"]
fn five_percent_of_loss_with_doubled_and_overtaking_packets() {
    let link = Link {
        loss: 50,
        doubling: 100,
        delay: ms(0),
        jitter: ms(3),
    };
    all_complete(link, 30_000);
}

#[test]
#[ignore = "needs atftp, busybox, curl and tftp"]
fn twenty_percent_of_loss() {
    let link = Link {
        loss: 200,
        doubling: 20,
        delay: ms(1),
        jitter: ms(1),
    };
    all_complete(link, 8_000);
}
