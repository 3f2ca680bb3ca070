//! Phones' web pages on loopback, asked by the real poller: addresses of the test's own, so that
//! port 80 is free whatever else runs here.

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

/// Longer than any try takes; only a hang is caught by it.
const PATIENCE: Duration = Duration::from_mins(1);

/// Longer than an answer on loopback takes.
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

/// A phone's web server: how often it was asked.
#[derive(Clone, Default)]
struct Asked(Arc<AtomicU32>);

impl Asked {
    fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Answers each connection with these bytes, and closes it, or keeps it open. The
/// port needs root.
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

/// Lets the run's time pass to the phone's next try, and waits for what comes of that.
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

    async fn tried(&mut self) -> (Vec<ObservationKind>, Option<String>) {
        self.now += DELAYS[4];
        self.poller.update(self.now, &self.wanted);
        let now = self.now;
        let told = tokio::time::timeout(PATIENCE, self.poller.next(|| now));
        let told = told.await.expect("something comes of every try");
        for observation in &told.observations {
            assert_eq!(observation.address, self.wanted[0].address);
        }
        (
            told.observations.into_iter().map(|one| one.kind).collect(),
            told.notice,
        )
    }
}

#[tokio::test]
#[ignore = "needs root (port 80)"]
async fn a_page_tells_who_is_there_and_what_it_runs() {
    let address = own_loopback();
    let asked = serve(address, plain(&page(MAC, TARGET)), true).await;
    let mut site = Site::new(address);
    let (seen, notice) = site.tried().await;
    assert_eq!(notice, None);
    let named = ObservationKind::MacReported {
        mac: MAC,
        source: EvidenceSource::Web,
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
async fn an_answer_with_a_length_is_not_waited_on_to_the_end_of_the_connection() {
    let address = own_loopback();
    let body = page(MAC, TARGET);
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    serve(address, answer.into_bytes(), false).await;
    assert_eq!(Site::new(address).tried().await.0.len(), 3);
}

#[tokio::test]
#[ignore = "needs root (port 80)"]
async fn the_page_of_another_phone_is_a_dispute_and_nothing_in_it_counts() {
    let address = own_loopback();
    let other = MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, 2]);
    serve(address, plain(&page(other, TARGET)), true).await;
    let disputed = ObservationKind::AddressConflict {
        mac: MAC,
        other,
        source: EvidenceSource::Web,
    };
    assert_eq!(Site::new(address).tried().await.0, [disputed]);
}

#[tokio::test]
async fn a_refused_connection_is_told_once_and_not_tried_for_ever() {
    // Nobody listens there.
    let address = own_loopback();
    let mut site = Site::new(address);
    assert_eq!(site.tried().await, (vec![], None), "it may not be up yet");
    let (seen, notice) = site.tried().await;
    assert_eq!(seen, []);
    let words = notice.expect("it is off");
    assert!(
        words.contains(&format!("SEP001D45AABB01 ({address}) is off")),
        "{words}"
    );
    site.now += Duration::from_hours(24);
    site.poller.update(site.now, &site.wanted);
    let told = tokio::time::timeout(MOMENT, site.poller.next(|| site.now));
    assert!(told.await.is_err(), "nobody is asked any more");
}

#[tokio::test]
#[ignore = "needs root (port 80)"]
async fn what_is_no_phones_page_is_asked_for_once_in_a_pass() {
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
        assert_eq!(site.tried().await, (vec![], None), "{address}");
        for _ in 0..MAX_ATTEMPTS {
            site.now += DELAYS[4];
            site.poller.update(site.now, &site.wanted);
        }
        let told = tokio::time::timeout(MOMENT, site.poller.next(|| site.now));
        assert!(told.await.is_err(), "{address}: nobody is asked any more");
        assert_eq!(asked.count(), 1, "{address}");
    }
}

#[tokio::test]
#[ignore = "needs root (port 80)"]
async fn a_phone_that_takes_the_connection_and_says_nothing_holds_up_nobody() {
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
    assert!(began.elapsed() >= REQUEST_TIMEOUT, "it had its time");
}

#[tokio::test]
#[ignore = "needs root (port 80)"]
async fn who_begins_to_fetch_is_given_up_in_the_middle() {
    let address = own_loopback();
    serve(address, b"HTTP/1.0 200 OK\r\n".to_vec(), false).await;
    let wanted = [phone(address)];
    let mut poller = Poller::default();
    poller.update(RunTime::ZERO, &wanted);
    poller.update(DELAYS[0], &wanted);
    poller.update(DELAYS[0], &[]);
    let told = tokio::time::timeout(REQUEST_TIMEOUT + MOMENT, poller.next(|| DELAYS[0]));
    assert!(told.await.is_err(), "nothing comes of it");
}
