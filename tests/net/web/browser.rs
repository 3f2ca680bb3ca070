//! A headless browser, controlled over a pipe (the Chrome `DevTools` Protocol).

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead as _, BufReader, Write as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::require_program;

/// A timeout for a hanging browser; every response is much faster.
const PATIENCE: Duration = Duration::from_mins(1);

/// Seconds after which the browser exits, even if the test has failed.
const LIFE: &str = "170";

/// A browser with one page open.
pub(crate) struct Browser {
    child: Child,
    to: File,
    answers: Receiver<Value>,
    /// The page's session; empty before there is one.
    session: String,
    number: u64,
    /// Console messages and exceptions of the page.
    pub(crate) complaints: Vec<Value>,
    folder: tempfile::TempDir,
}

impl Browser {
    /// Starts it.
    pub(crate) fn start() -> Self {
        let program = require_program("chromium");
        let folder = tempfile::tempdir().unwrap();
        let (to, from) = (folder.path().join("to"), folder.path().join("from"));
        let made = Command::new("mkfifo").args([&to, &from]).status().unwrap();
        assert!(made.success());
        let child = Command::new("sh")
            .args([
                "-c",
                "exec timeout -s KILL \"$@\" 3<\"$TO\" 4>\"$FROM\"",
                "sh",
            ])
            .arg(LIFE)
            .arg(program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
            ])
            .args(["--no-first-run", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync"])
            .args(["--disable-dev-shm-usage", "--hide-scrollbars"])
            .arg("--remote-debugging-pipe")
            .arg(format!("--user-data-dir={}", folder.path().display()))
            .env("TO", &to)
            .env("FROM", &from)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        // Each open waits for the other end, in the order of the shell.
        let to = OpenOptions::new().write(true).open(&to).unwrap();
        let from = BufReader::new(File::open(&from).unwrap());
        let (send, answers) = channel();
        thread::spawn(move || {
            for message in from.split(0).map_while(Result::ok) {
                let value = serde_json::from_slice(&message).unwrap();
                if send.send(value).is_err() {
                    break;
                }
            }
        });
        let mut browser = Self {
            child,
            to,
            answers,
            session: String::new(),
            number: 0,
            complaints: Vec::new(),
            folder,
        };
        let saved = browser.folder.path().join("saved");
        let saved = json!({"behavior": "allow", "downloadPath": saved});
        browser.call("Browser.setDownloadBehavior", &saved);
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}));
        let target = &target["targetId"];
        let session = json!({"targetId": target, "flatten": true});
        let session = browser.call("Target.attachToTarget", &session);
        session["sessionId"]
            .as_str()
            .unwrap()
            .clone_into(&mut browser.session);
        browser.call("Runtime.enable", &json!({}));
        browser.call("Log.enable", &json!({}));
        browser.call("Page.enable", &json!({}));
        browser
    }

    /// Sends one command and waits for its response.
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Value {
        self.number += 1;
        let mut command = json!({"id": self.number, "method": method, "params": params});
        if !self.session.is_empty() {
            command["sessionId"] = json!(self.session);
        }
        self.to
            .write_all(format!("{command}\0").as_bytes())
            .unwrap();
        loop {
            let answer = self.answers.recv_timeout(PATIENCE).unwrap();
            if answer["id"] == self.number {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
            let method = answer["method"].as_str().unwrap_or_default();
            if [
                "Runtime.exceptionThrown",
                "Runtime.consoleAPICalled",
                "Log.entryAdded",
            ]
            .contains(&method)
            {
                self.complaints.push(answer["params"].clone());
            }
        }
    }

    /// Opens a page.
    pub(crate) fn open(&mut self, address: &str) {
        let went = self.call("Page.navigate", &json!({ "url": address }));
        assert!(went["errorText"].is_null(), "{went}");
        self.until("document.readyState === 'complete'");
    }

    /// Sets the size of the window, in CSS pixels.
    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.call("Emulation.setDeviceMetricsOverride", &size);
    }

    /// The value of an expression on the page.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true});
        let answer = self.call("Runtime.evaluate", &asked);
        assert!(
            answer["exceptionDetails"].is_null(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true on the page.
    pub(crate) fn until(&mut self, expression: &str) {
        let began = Instant::now();
        while self.value(expression) != json!(true) {
            assert!(began.elapsed() < 2 * PATIENCE, "never: {expression}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Clicks on a link that saves a file of this name; returns its content.
    pub(crate) fn save(&mut self, link: &str, name: &str) -> String {
        self.value(&format!("document.getElementById('{link}').click()"));
        // The browser gives the file its name when it is complete.
        let path = self.folder.path().join("saved").join(name);
        let began = Instant::now();
        while !path.exists() {
            assert!(began.elapsed() < PATIENCE, "{name} was not saved");
            thread::sleep(Duration::from_millis(50));
        }
        fs::read_to_string(path).unwrap()
    }

    /// A screenshot: PNG, in base64. It is also written to the folder `PAGE_PICTURES`, if set.
    pub(crate) fn picture(&mut self, name: &str) -> String {
        let answer = self.call("Page.captureScreenshot", &json!({}));
        let picture = answer["data"].as_str().unwrap().to_owned();
        if let Some(folder) = std::env::var_os("PAGE_PICTURES") {
            let file = File::create(Path::new(&folder).join(name)).unwrap();
            let mut decoder = Command::new("base64")
                .arg("-d")
                .stdin(Stdio::piped())
                .stdout(file)
                .spawn()
                .unwrap();
            let mut input = decoder.stdin.take().unwrap();
            input.write_all(picture.as_bytes()).unwrap();
            drop(input);
            assert!(decoder.wait().unwrap().success());
        }
        picture
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser is several processes in one group: all are killed.
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.child.wait();
    }
}
