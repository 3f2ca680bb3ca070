//! The poller reads phones' web pages on loopback, at addresses that only this test uses, so that
//! port 80 is free.

use std::{
    io,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use reflash::{
    discovery::poll::{DELAYS, MAX_ATTEMPTS, PORT, Poller, REQUEST_TIMEOUT},
    phone::{LoadName, MacAddress},
    protocol::http_response::MAX_BODY,
    track::{EvidenceSource, ObservationKind, PhoneId, PollCandidate, RunTime},
};
use tokio::net::{TcpListener, TcpStream};

use crate::support::own_loopback;

const MAC: MacAddress = MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, 1]);
const TARGET: &str = "SIP45.9-3-1SR4-1S";

/// A timeout for a hanging poller; every attempt is much faster.
const PATIENCE: Duration = Duration::from_mins(1);

/// Longer than a response on loopback takes.
const MOMENT: Duration = Duration::from_millis(200);

fn page(mac: MacAddress, load: &str) -> String {
    let mac = mac.upper_hex();
    format!(
        "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><DeviceInformation>\
         <MACAddress>{mac}</MACAddress><HostName>SEP{mac}</HostName>\
         <appLoadID>jar45sip.9-3-1ES26.sbn</appLoadID><versionID>{load}</versionID>\
         <modelNumber>CP-7965G</modelNumber></DeviceInformation>"
    )
}

fn plain(body: &str) -> Vec<u8> {
    format!("HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n{body}").into_bytes()
}

/// A phone's web server, which counts requests.
#[derive(Clone, Default)]
struct Asked(Arc<AtomicU32>);

impl Asked {
    fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Sends these bytes on each connection, and closes it or keeps it open. The port needs root.
async fn serve(address: Ipv4Addr, answer: Vec<u8>, closes: bool) -> Asked {
    let listener = TcpListener::bind((address, PORT))
        .await
        .unwrap_or_else(|error| panic!("port {PORT}: {error}: run scripts/test with sudo"));
    let asked = Asked::default();
    let counted = asked.clone();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            counted.0.fetch_add(1, Ordering::Relaxed);
            if answer_one(&stream, &answer).await.is_ok() && !closes {
                kept.push(stream);
            }
        }
    });
    asked
}

async fn answer_one(stream: &TcpStream, answer: &[u8]) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        stream.readable().await?;
        let mut bytes = [0; 1024];
        match stream.try_read(&mut bytes) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => request.extend(&bytes[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    let request = String::from_utf8(request).unwrap();
    assert!(
        request.starts_with("GET /DeviceInformationX HTTP/1.0\r\n"),
        "{request}"
    );
    let mut rest = answer;
    while !rest.is_empty() {
        stream.writable().await?;
        match stream.try_write(rest) {
            Ok(count) => rest = &rest[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn phone(address: Ipv4Addr) -> PollCandidate {
    PollCandidate {
        id: PhoneId(1),
        address,
        mac: Some(MAC),
        pass: 1,
    }
}

/// Advances the run's time to the phone's next attempt, and waits for its result.
struct Site {
    poller: Poller,
    now: RunTime,
    wanted: [PollCandidate; 1],
}

impl Site {
    fn new(address: Ipv4Addr) -> Self {
        let wanted = [phone(address)];
        let mut poller = Poller::default();
        poller.update(RunTime::ZERO, &wanted);
        Self {
            poller,
            now: RunTime::ZERO,
            wanted,
        }
    }

    async fn poll_result(&mut self) -> (Vec<ObservationKind>, Option<String>) {
        self.now += DELAYS[4];
        self.poller.update(self.now, &self.wanted);
        let now = self.now;
        let result = tokio::time::timeout(PATIENCE, self.poller.next(|| now));
        let result = result.await.expect("every attempt has a result");
        for observation in &result.observations {
            assert_eq!(observation.address, self.wanted[0].address);
        }
        (
            result
                .observations
                .into_iter()
                .map(|one| one.kind)
                .collect(),
            result.notice,
        )
    }
}

#[tokio::test]
#[ignore = "needs root (port 80)"]
async fn a_web_page_reports_the_phone_and_its_load() {
    let address = own_loopback();
    let asked = serve(address, plain(&page(MAC, TARGET)), true).await;
    let mut site = Site::new(address);
    let (seen, notice) = site.poll_result().await;
    assert_eq!(notice, None);
    let named = ObservationKind::MacReported {
        mac: MAC,
        source: EvidenceSource::Web,
        sender: None,
    };
    let load = ObservationKind::Load {
        load: LoadName::new(TARGET),
        source: EvidenceSource::Web,
        detail: "jar45sip.9-3-1ES26.sbn".to_owned(),
    };
    let model = ObservationKind::Model {
        model: "7965".to_owned(),
        source: EvidenceSource::Web,
    };
    assert_eq!(seen, [named, model, load]);
    assert_eq!(asked.count(), 1);
}

#[tokio::test]
#[ignore = "needs root (port 80)"]
async fn a_response_with_a_length_is_complete_before_the_connection_closes() {
    let address = own_loopback();
    let body = page(MAC, TARGET);
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    serve(address, answer.into_bytes(), false).await;
    assert_eq!(Site::new(address).poll_result().await.0.len(), 3);
}

#[tokio::test]
#[ignore = "needs root (port 80)"]
async fn the_page_of_another_phone_is_a_conflict_and_its_content_is_ignored() {
    let address = own_loopback();
    let other = MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, 2]);
    serve(address, plain(&page(other, TARGET)), true).await;
    let disputed = ObservationKind::AddressConflict {
        mac: MAC,
        other,
        source: EvidenceSource::Web,
    };
    assert_eq!(Site::new(address).poll_result().await.0, [disputed]);
}

#[tokio::test]
async fn a_refused_connection_is_reported_once_and_not_retried_for_ever() {
    // No server listens there.
    let address = own_loopback();
    let mut site = Site::new(address);
    assert_eq!(
        site.poll_result().await,
        (vec![], None),
        "the phone may not have started its web server yet"
    );
    let (seen, notice) = site.poll_result().await;
    assert_eq!(seen, []);
    let words = notice.expect("it is off");
    assert!(
        words.contains(&format!("SEP001D45AABB01 ({address}) is off")),
        "{words}"
    );
    site.now += Duration::from_hours(24);
    site.poller.update(site.now, &site.wanted);
    let result = tokio::time::timeout(MOMENT, site.poller.next(|| site.now));
    assert!(result.await.is_err(), "no phone is polled any more");
}

#[tokio::test]
#[ignore = "needs root (port 80)"]
async fn a_page_of_another_device_is_requested_once_per_pass() {
    let long = "x".repeat(MAX_BODY + 1);
    for answer in [
        b"HTTP/1.0 401 Unauthorized\r\n\r\n".to_vec(),
        plain("<html>a printer</html>"),
        plain(&page(MAC, TARGET).replace("001D45AABB01", "")),
        b"SSH-2.0-OpenSSH\r\n\r\n".to_vec(),
        plain(&long),
    ] {
        let address = own_loopback();
        let asked = serve(address, answer, true).await;
        let mut site = Site::new(address);
        assert_eq!(site.poll_result().await, (vec![], None), "{address}");
        for _ in 0..MAX_ATTEMPTS {
            site.now += DELAYS[4];
            site.poller.update(site.now, &site.wanted);
        }
        let result = tokio::time::timeout(MOMENT, site.poller.next(|| site.now));
        assert!(
            result.await.is_err(),
            "{address}: the phone is not polled any more"
        );
        assert_eq!(asked.count(), 1, "{address}");
    }
}

#[tokio::test]
#[ignore = "needs root (port 80)"]
async fn a_phone_that_accepts_the_connection_and_sends_nothing_delays_no_other() {
    let silent = own_loopback();
    let good = own_loopback();
    serve(silent, Vec::new(), false).await;
    serve(good, plain(&page(MAC, TARGET)), true).await;
    let wanted = [
        phone(silent),
        PollCandidate {
            id: PhoneId(2),
            ..phone(good)
        },
    ];
    let mut poller = Poller::default();
    poller.update(RunTime::ZERO, &wanted);
    poller.update(DELAYS[0], &wanted);
    let began = std::time::Instant::now();
    let first = poller.next(|| DELAYS[0]).await;
    assert_eq!(first.observations[0].address, good);
    let second = poller.next(|| DELAYS[0]).await;
    assert!(second.observations.is_empty() && second.notice.is_none());
    assert!(
        began.elapsed() >= REQUEST_TIMEOUT,
        "the attempt lasted to its timeout"
    );
}

#[tokio::test]
#[ignore = "needs root (port 80)"]
async fn a_poll_ends_without_a_result_when_its_phone_starts_to_fetch() {
    let address = own_loopback();
    serve(address, b"HTTP/1.0 200 OK\r\n".to_vec(), false).await;
    let wanted = [phone(address)];
    let mut poller = Poller::default();
    poller.update(RunTime::ZERO, &wanted);
    poller.update(DELAYS[0], &wanted);
    poller.update(DELAYS[0], &[]);
    let result = tokio::time::timeout(REQUEST_TIMEOUT + MOMENT, poller.next(|| DELAYS[0]));
    assert!(result.await.is_err(), "the attempt has no result");
}
