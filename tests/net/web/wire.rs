//! The HTTP server of the live page: responses, events and limits, as a client on loopback reads them.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpStream},
    time::{Duration, Instant},
};

use reflash::{track::State, web::WebLimits};
use serde_json::Value;

use super::site::{PATIENCE, Site, quick};

#[test]
fn every_response_has_security_headers_and_allows_no_other_origin() {
    let site = Site::start(quick());
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/report.json", "application/json"),
        ("/report.html", "text/html; charset=utf-8"),
        ("/nothing", "text/plain; charset=utf-8"),
    ] {
        let answer = site.get(path);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let head = head.to_lowercase();
        assert!(head.contains(&format!("content-type: {kind}")), "{head}");
        assert!(head.contains("x-content-type-options: nosniff"), "{head}");
        assert!(head.contains("cache-control: no-store"), "{head}");
        assert!(
            head.contains("content-security-policy: default-src 'none'; "),
            "{head}"
        );
        assert!(head.contains("frame-ancestors 'none'"), "{head}");
        assert!(!head.contains("access-control"), "{head}");
        assert!(!body.is_empty());
        let headers = format!("host: {}\r\norigin: http://evil.example\r\n", site.at);
        let head_alone = site.request("HEAD", path, &headers);
        let (same, nothing) = head_alone.split_once("\r\n\r\n").unwrap();
        assert_eq!((same.lines().next(), nothing), (answer.lines().next(), ""));
        assert!(!same.to_lowercase().contains("access-control"), "{same}");
    }
    let json = site.get("/report.json");
    assert!(json.starts_with("HTTP/1.1 200 OK\r\n"), "{json}");
    assert!(
        json.contains("attachment; filename=\"reflash-report.json\""),
        "{json}"
    );
    let body: Value = serde_json::from_str(json.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(body["report"]["totals"]["failed"], 0);
    assert!(site.get("/nothing").starts_with("HTTP/1.1 404 "));
    site.end();
}

#[test]
fn foreign_hosts_sites_and_methods_are_refused() {
    let mut site = Site::start(quick());
    site.step(1, "Reception", State::Images);
    for (method, path, lines, status) in [
        ("GET", "/", "host: evil.example\r\n", "421"),
        ("GET", "/events", "host: rebound.example:8069\r\n", "421"),
        ("GET", "/report.json", "host: 192.0.2.1\r\n", "421"),
        ("GET", "/", "", "421"),
        ("GET", "/", "host: localhost\r\nhost: localhost\r\n", "421"),
        (
            "GET",
            "http://evil.example/events",
            "host: localhost\r\n",
            "421",
        ),
        (
            "POST",
            "/",
            "host: localhost\r\ncontent-length: 0\r\n",
            "405",
        ),
        ("DELETE", "/report.json", "host: localhost\r\n", "405"),
        (
            "OPTIONS",
            "/events",
            "host: localhost\r\norigin: http://a\r\n",
            "405",
        ),
        (
            "GET",
            "/events",
            "host: localhost\r\nsec-fetch-site: cross-site\r\n",
            "403",
        ),
    ] {
        let answer = site.request(method, path, lines);
        let begin = format!("HTTP/1.1 {status} ");
        assert!(
            answer.starts_with(&begin),
            "{method} {path} {lines}: {answer}"
        );
        assert_eq!(
            answer.contains("allow: GET, HEAD"),
            status == "405",
            "{answer}"
        );
        assert!(!answer.contains("Reception"), "{answer}");
    }
    // Bytes that are no HTTP get status 400 without content.
    let mut stream = site.connect();
    stream.write_all(b"\0\xff nonsense\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    site.end();
}

#[test]
fn a_late_page_gets_the_whole_state_and_then_every_change() {
    let mut site = Site::start(quick());
    site.step(1, "Reception", State::Images);
    let mut first = site.follow();
    let head = first.head().to_lowercase();
    assert!(head.starts_with("http/1.1 200 ok"), "{head}");
    assert!(head.contains("content-type: text/event-stream"), "{head}");
    assert!(
        head.contains("nosniff") && !head.contains("access-control"),
        "{head}"
    );
    let (name, whole) = first.event().unwrap();
    assert_eq!(
        (name.as_str(), &whole["phones"][0]["state"]),
        ("whole", &"images".into())
    );
    site.step(2, "Lobby", State::Seen);
    let (name, news) = first.event().unwrap();
    let phones = news["phones"].as_array().unwrap();
    assert_eq!(
        (name.as_str(), phones.len()),
        ("news", 1),
        "only the change"
    );
    assert_eq!(phones[0]["name"], "Lobby");
    // After a lost connection a new one gets the whole state.
    drop(first);
    let mut again = site.follow();
    let (name, whole) = again.event().unwrap();
    let names: Vec<_> = whole["phones"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        (name.as_str(), names),
        ("whole", vec!["Reception", "Lobby"])
    );
    site.finish();
    let (_, end) = again.until(|name, _| name == "finished");
    assert_eq!(end["finished"]["report"]["totals"]["failed"], 0);
    assert_eq!(end["finished"]["next_steps"][0], "Put option 150 back.");
    // A page that connects after the end gets the end.
    let (name, _) = site.follow().event().unwrap();
    assert_eq!(name, "finished");
    let at = site.at;
    site.end();
    assert!(again.event().is_none(), "no event follows the end");
    assert!(TcpStream::connect(at).is_err(), "the server has stopped");
}

#[test]
fn a_page_that_reads_nothing_is_dropped_and_delays_no_other() {
    let limits = WebLimits {
        followers: 2,
        stall: Duration::from_millis(300),
        send_buffer: 4096,
        ..quick()
    };
    let mut site = Site::start(limits);
    let stuck = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    stuck.set_recv_buffer_size(4096).unwrap();
    stuck.connect(&site.at.into()).unwrap();
    let mut stuck = TcpStream::from(stuck);
    stuck.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stuck, "GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    // The other page keeps reading.
    let mut reader = site.follow();
    let began = Instant::now();
    let long = "x".repeat(2000);
    let mut round = 0;
    let dropped = loop {
        assert!(
            began.elapsed() < PATIENCE,
            "it is still connected after {round} rounds"
        );
        round += 1;
        for phone in 0..40 {
            site.step(phone, &format!("{long}{round}"), State::Images);
        }
        let new = format!("{long}{round}");
        reader.until(|_, data| {
            data["phones"]
                .as_array()
                .unwrap()
                .iter()
                .any(|it| it["name"] == new.as_str())
        });
        // A place is free when the page that reads nothing has been dropped.
        let mut next = site.follow();
        if next.head().starts_with("HTTP/1.1 200 ") {
            break round;
        }
    };
    assert!(dropped > 1, "it was connected at first");
    // Its connection ended without the last chunk.
    let mut rest = Vec::new();
    let read = stuck.read_to_end(&mut rest);
    assert!(
        read.is_err() || !rest.ends_with(b"\r\n0\r\n\r\n"),
        "the response is incomplete"
    );
    site.end();
}

#[test]
fn pages_over_the_limit_get_503_until_one_disconnects() {
    let site = Site::start(WebLimits {
        followers: 1,
        ..quick()
    });
    let mut first = site.follow();
    first.event().unwrap();
    let refused = site.get("/events");
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    assert!(refused.contains("close one"), "{refused}");
    assert!(
        site.get("/").starts_with("HTTP/1.1 200 "),
        "the page itself is served"
    );
    first.stream.shutdown(Shutdown::Both).unwrap();
    drop(first);
    let began = Instant::now();
    while !site.follow().head().starts_with("HTTP/1.1 200 ") {
        assert!(began.elapsed() < PATIENCE, "the place is not free again");
    }
    site.end();
}

#[test]
fn a_heartbeat_is_sent_when_nothing_changes() {
    let site = Site::start(WebLimits {
        heartbeat: Duration::from_millis(20),
        ..quick()
    });
    let mut follower = site.follow();
    follower.event().unwrap();
    for _ in 0..3 {
        let between = follower.up_to(":\n\n").unwrap();
        assert!(!between.contains("event"), "{between}");
    }
    site.end();
}

#[test]
fn incomplete_and_oversized_requests_are_closed() {
    let site = Site::start(WebLimits {
        request: Duration::from_millis(100),
        ..quick()
    });
    let mut half = site.connect();
    half.write_all(b"GET / HTTP/1.1\r\nhost: local").unwrap();
    let mut answer = Vec::new();
    half.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, b"");
    let long = format!("host: localhost\r\nx: {}\r\n", "x".repeat(20_000));
    let mut stream = site.connect();
    // The server may close the connection before all of it is written.
    let _ = write!(stream, "GET / HTTP/1.1\r\n{long}\r\n");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(
        !answer.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    site.end();
}

#[test]
fn the_end_waits_for_followers_for_a_limited_time() {
    let mut site = Site::start(quick());
    let mut follower = site.follow();
    follower.event().unwrap();
    site.finish();
    follower.until(|name, _| name == "finished");
    // The page has the report and stays connected; the run ends all the same.
    site.end();
    assert!(follower.event().is_none());
}
