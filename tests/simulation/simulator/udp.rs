//! A fleet of simulated phones on real sockets.

use std::{
    future,
    io::ErrorKind,
    net::{SocketAddr, SocketAddrV4, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use reflash::{
    phone::{Family, LoadName},
    simulator::{
        StartState,
        fleet::{self, FleetConfig, StartMix},
    },
};

use super::{bundle, hashes, responder::Responder, staged};

/// A responder behind one socket; its thread ends when this is dropped.
struct Server {
    address: SocketAddrV4,
    off: Arc<AtomicBool>,
    thread: Option<JoinHandle<Responder>>,
}

impl Server {
    fn start(mut responder: Responder) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket on loopback");
        socket
            .set_read_timeout(Some(Duration::from_millis(20)))
            .expect("a timeout");
        let Ok(SocketAddr::V4(address)) = socket.local_addr() else {
            panic!("an IPv4 address");
        };
        let off = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&off);
        let thread = thread::spawn(move || {
            let began = Instant::now();
            let mut buffer = [0; 600];
            while !stop.load(Ordering::Relaxed) {
                let mut replies = responder.wake(began.elapsed());
                match socket.recv_from(&mut buffer) {
                    Ok((length, SocketAddr::V4(from))) => {
                        let bytes = &buffer[..length];
                        replies.extend(responder.receive(began.elapsed(), from, bytes));
                    }
                    Ok(_) => {}
                    Err(error)
                        if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                    Err(error) => panic!("{error}"),
                }
                for (_, to, bytes) in replies {
                    socket.send_to(&bytes, to).expect("loopback takes it");
                }
            }
            responder
        });
        Self {
            address,
            off,
            thread: Some(thread),
        }
    }

    fn stop(mut self) -> Responder {
        self.off.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("it is stopped once");
        thread.join().expect("the server did not panic")
    }
}

fn config(phones: usize) -> FleetConfig {
    FleetConfig {
        phones,
        models: Family::F45.models().collect(),
        start: StartMix::Mixed,
        from: None,
        call_manager: None,
        pace: 0.001,
        http: None,
        seed: 5,
        faults: Vec::new(),
        sizes: Arc::default(),
        addresses: Vec::new(),
        listed: Vec::new(),
        deadline: Duration::from_secs(20),
    }
}

fn server() -> Server {
    Server::start(Responder::new(staged(Family::F45, &bundle(Family::F45))))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_phones_on_loopback_convert() {
    let server = server();
    let config = config(3);
    let results = fleet::run(&config, server.address, future::pending())
        .await
        .expect("a fleet");
    let seen = server.stop();
    assert_eq!(results.len(), 3);
    for result in &results {
        assert_eq!(result.trouble, None);
        assert!(result.finished, "{result:?}");
        assert_eq!(result.contents.load, Some(bundle(Family::F45).load()));
        assert_eq!(result.contents.images, hashes(&bundle(Family::F45)));
        let asked = seen
            .asked
            .iter()
            .filter(|(_, from, _)| *from.ip() == result.address)
            .count();
        let expected = if result.start == StartState::Recovery {
            24
        } else {
            19
        };
        assert_eq!(asked, expected, "{}", result.mac);
    }
}

#[tokio::test]
async fn a_fleet_stops_on_request_and_returns_what_its_phones_contain() {
    let server = server();
    let mut config = config(2);
    config.faults = vec!["refuses-manifest".parse().expect("a fault")];
    config.start = StartMix::LoadInformation;
    let stop = tokio::time::sleep(Duration::from_millis(300));
    let results = fleet::run(&config, server.address, stop)
        .await
        .expect("a fleet");
    server.stop();
    for result in results {
        assert_eq!((result.finished, result.trouble), (false, None));
        assert_eq!(result.contents.load, Some(LoadName::new("SCCP45.8-5-2S")));
        assert!(result.contents.images.is_empty());
    }
}

#[tokio::test]
async fn two_fleets_at_once_do_not_share_addresses() {
    let (one, two) = (server(), server());
    let (first, second) = (config(2), config(2));
    let (first, second) = tokio::join!(
        fleet::run(&first, one.address, future::pending()),
        fleet::run(&second, two.address, future::pending()),
    );
    let (first, second) = (first.expect("a fleet"), second.expect("a fleet"));
    assert!(first.iter().chain(&second).all(|result| result.finished));
    assert_ne!(first[0].address, second[0].address);
    one.stop();
    two.stop();
}

/// Waits for a request; returns a new socket that is connected to the requester.
fn accept(server: &UdpSocket) -> UdpSocket {
    let mut buffer = [0; 600];
    let (_, peer) = server.recv_from(&mut buffer).expect("a request");
    let transfer = UdpSocket::bind("127.0.0.1:0").expect("a socket on loopback");
    transfer.connect(peer).expect("a peer");
    transfer
        .set_read_timeout(Some(Duration::from_millis(50)))
        .expect("a timeout");
    transfer
}

#[tokio::test]
async fn a_phone_without_power_has_its_port_closed() {
    let server = UdpSocket::bind("127.0.0.1:0").expect("a socket on loopback");
    server
        .set_read_timeout(Some(Duration::from_secs(5)))
        .expect("a timeout");
    let Ok(SocketAddr::V4(address)) = server.local_addr() else {
        panic!("an IPv4 address");
    };
    let (done, stop) = tokio::sync::oneshot::channel();
    let refused = thread::spawn(move || {
        let manifest = accept(&server);
        manifest
            .send(b"\0\x03\0\x01jar45sip.9-3-1ES26.sbn\r\n")
            .expect("loopback takes it");
        let image = accept(&server);
        // The first block triggers the power cut; later packets arrive at a closed port.
        let block = [&b"\0\x03\0\x01"[..], &[7; 512]].concat();
        // At this pace the phone is off for at least 1.5 s: longer than this test.
        let refused = (0..28).any(|_| {
            let sent = image.send(&block).map(|_| ());
            let came = image.recv(&mut [0; 600]).map(|_| ());
            [sent, came].into_iter().any(|result| {
                result.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
            })
        });
        let _ = done.send(());
        refused
    });
    let mut config = config(1);
    config.start = StartMix::Recovery;
    config.pace = 0.3;
    config.faults = vec!["power-cut=jar45:0".parse().expect("a fault")];
    let stop = async { stop.await.expect("the server sends") };
    let results = fleet::run(&config, address, stop).await.expect("a fleet");
    assert!(
        refused.join().expect("the server did not panic"),
        "ICMP port unreachable"
    );
    assert_eq!(
        (results[0].contents.load.clone(), results[0].finished),
        (None, false)
    );
}
