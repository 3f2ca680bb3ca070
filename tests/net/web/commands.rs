//! `--web` of `convert`, `serve` and `rehearse`.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddrV4, TcpListener},
    process::Command,
};

use reflash::{
    phone::Family,
    simulator::{Sizes, SyntheticBundle},
};

use super::site::{Follower, get};
use crate::support::process::Running;

const SECRET: &str = "hunter2";

fn reflash() -> Command {
    Command::new(assert_cmd::cargo::cargo_bin("reflash"))
}

#[test]
fn a_page_receives_the_run_and_none_of_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("office.toml");
    let phone = |at| {
        format!(
            "[[phone]]\nmac = \"02524548000{at}\"\nmodel = 7965\nextension = 100{at}\n\
             name = \"Desk {at}\"\nsecret = \"{SECRET}\"\n"
        )
    };
    let site = "[site]\npbx = \"192.0.2.77\"\ntime_zone = \"UTC\"\ndial_plan = \"internal\"\n";
    fs::write(&list, [site, &phone(0), &phone(1)].concat()).unwrap();
    let mut run = Running::start(
        reflash()
            .args(["rehearse", "--phones", "2", "--model", "7965", "--json"])
            .args(["--web", "0", "--inventory"])
            .arg(&list),
    );
    let started = run.kind("started");
    let at: SocketAddrV4 = started["web"].as_str().unwrap().parse().unwrap();
    assert_eq!(*at.ip(), Ipv4Addr::LOCALHOST);
    let mut follower = Follower::at(at);
    let mut events = String::new();
    let (_, first) = follower.event().unwrap();
    assert_eq!(
        first["head"]["run"]["stages"][0]["load"],
        "SIP45.9-3-1SR4-1S"
    );
    let (_, end) = follower.until(|name, data| {
        events += &data.to_string();
        name == "finished"
    });
    // The run waits for the page to read the last events.
    let (page, json) = (get(at, "/"), get(at, "/report.json"));
    let paper = get(at, "/report.html");
    drop(follower);
    let report = run.kind("finished")["report"].clone();
    assert_eq!(end["finished"]["report"], report);
    let (_, body) = json.split_once("\r\n\r\n").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["report"], report);
    assert_eq!(paper.matches("<article ").count(), 2);
    assert!(events.contains("Desk 1") && paper.contains("Desk 1"));
    for text in [&events, &page, &json, &paper] {
        assert!(!text.contains(SECRET));
    }
    assert_eq!(run.end(), Some(0));
}

#[test]
fn convert_and_serve_have_a_page_until_their_end_and_only_with_web() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("dialplan.xml"), "<DIALTEMPLATE/>").unwrap();
    let made = SyntheticBundle::new(Family::F45, 7)
        .unwrap()
        .sizes(Sizes::Small);
    let bundle = folder.path().join(made.file_name());
    made.write_zip(&bundle).unwrap();
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/test-key.pem");
    let begin = |verb: &str, web: &[&str]| {
        let mut command = reflash();
        command.args([verb, "--json", "--listen", "127.0.0.1"]);
        command.args(["--http-port", "0", "--tftp-port", "0"]);
        match verb {
            "convert" => command.arg(&bundle).args(["--trust-key", key]),
            _ => command.arg(folder.path()),
        };
        Running::start(command.args(web))
    };
    for verb in ["convert", "serve"] {
        let mut run = begin(verb, &["--web", "0"]);
        let started = run.kind("started");
        let at: SocketAddrV4 = started["web"].as_str().unwrap().parse().unwrap();
        assert!(get(at, "/").starts_with("HTTP/1.1 200 "));
        let mut follower = Follower::at(at);
        let (_, first) = follower.event().unwrap();
        assert_eq!(first["head"]["run"]["tftp"], started["tftp"]);
        run.signal("TERM");
        let (_, end) = follower.until(|name, _| name == "finished");
        drop(follower);
        assert_eq!(end["finished"]["report"], run.kind("finished")["report"]);
        assert_eq!(run.end(), Some(143));
        let mut run = begin(verb, &[]);
        assert!(run.kind("started").get("web").is_none());
        run.signal("TERM");
        assert_eq!(run.end(), Some(143));
    }
}

#[test]
fn a_web_port_in_use_prevents_the_start() {
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = other.local_addr().unwrap().port().to_string();
    let output = reflash()
        .args(["rehearse", "--web", &port])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains(&format!("cannot listen on 127.0.0.1 port {port}")),
        "{message}"
    );
    assert!(
        message.contains("Or choose another port for the page: --web PORT"),
        "{message}"
    );
}

#[test]
fn the_opening_names_the_address_of_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let mut serve = reflash();
    serve.arg("serve").arg(folder.path());
    serve.args(["--listen", "127.0.0.1", "--http-port", "0"]);
    serve.args(["--tftp-port", "0", "--web", "0"]);
    let mut run = Running::start(&mut serve);
    let words = "web page, on this machine only: http://127.0.0.1:";
    run.wait_for(|line| line.as_str().is_some_and(|line| line.contains(words)));
    run.signal("TERM");
    assert_eq!(run.end(), Some(143));
}
