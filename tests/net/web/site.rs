//! A live page that is served, and clients that fetch and follow it.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddrV4, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

use jiff::Timestamp;
use reflash::{
    reporter::{Reporter, Started, TeeReporter, Tick},
    track::{Event, PhoneId, PhoneRef, PhoneStep, Report, State, StepDetails, Totals},
    web::{SharedView, WebLimits, WebServer},
};
use serde_json::Value;
use tokio::sync::oneshot;

/// A timeout for a hanging server; every response is much faster.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A reporter that does nothing.
struct SilentReporter;

impl Reporter for SilentReporter {
    fn started(&mut self, _: Timestamp, _: &Started) {}
    fn event(&mut self, _: Timestamp, _: &Event) {}
    fn finding(&mut self, _: Timestamp, _: &reflash::diagnose::Finding) {}
    fn tick(&mut self, _: Tick) {}
    fn notice(&mut self, _: &str) {}
    fn finished(&mut self, _: Timestamp, _: &Report, _: &[String]) {}
}

/// A page that is served, and the run that reports to it.
pub(crate) struct Site {
    pub(crate) at: SocketAddrV4,
    pub(crate) tee: TeeReporter,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

pub(crate) fn report() -> Report {
    Report {
        phones: Vec::new(),
        others: Vec::new(),
        totals: Totals::default(),
        missing: Vec::new(),
        registrations: None,
    }
}

impl Site {
    pub(crate) fn start(limits: WebLimits) -> Self {
        Self::start_at(0, limits)
    }

    pub(crate) fn start_at(port: u16, limits: WebLimits) -> Self {
        let server = WebServer::bind(port, limits).unwrap();
        let at = server.local_addr();
        let view = Arc::new(SharedView::new(Timestamp::now, report));
        let tee = TeeReporter::new(Box::new(Arc::clone(&view)), Box::new(SilentReporter));
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            let stop = async {
                let _ = stopped.await;
            };
            server.run_here(view, stop).unwrap();
        });
        Self {
            at,
            tee,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Reports that a phone has entered a state.
    pub(crate) fn step(&mut self, id: u32, name: &str, state: State) {
        let step = PhoneStep {
            phone: PhoneRef {
                id: PhoneId(id),
                mac: None,
                address: Ipv4Addr::new(192, 0, 2, 1),
                model: None,
                family: None,
                name: Some(name.to_owned()),
            },
            done: matches!(state, State::Confirmed | State::Already),
            up: false,
            state,
            pass: 1,
            details: StepDetails::default(),
        };
        self.tee.event(Timestamp::now(), &Event::Step(step));
    }

    pub(crate) fn finish(&mut self) {
        let next_steps = ["Put option 150 back.".to_owned()];
        self.tee.finished(Timestamp::now(), &report(), &next_steps);
    }

    pub(crate) fn connect(&self) -> TcpStream {
        connect(self.at)
    }

    /// Sends a request with these header lines; returns the whole response.
    pub(crate) fn request(&self, method: &str, path: &str, lines: &str) -> String {
        request(self.at, method, path, lines)
    }

    pub(crate) fn get(&self, path: &str) -> String {
        get(self.at, path)
    }

    pub(crate) fn follow(&self) -> Follower {
        Follower::at(self.at)
    }

    /// Ends the run and waits until the server has stopped.
    pub(crate) fn end(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        self.thread.take().unwrap().join().unwrap();
    }
}

fn connect(at: SocketAddrV4) -> TcpStream {
    let stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn request(at: SocketAddrV4, method: &str, path: &str, lines: &str) -> String {
    let mut stream = connect(at);
    write!(stream, "{method} {path} HTTP/1.1\r\n{lines}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The whole response to a valid request.
pub(crate) fn get(at: SocketAddrV4, path: &str) -> String {
    request(at, "GET", path, &format!("host: {at}\r\n"))
}

/// A client that reads events.
pub(crate) struct Follower {
    pub(crate) stream: TcpStream,
    /// Text that was read and not yet parsed. Chunk sizes are lines of their own.
    text: String,
}

impl Follower {
    pub(crate) fn at(at: SocketAddrV4) -> Self {
        let mut stream = connect(at);
        write!(stream, "GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        Self {
            stream,
            text: String::new(),
        }
    }

    /// The text before the next of these marks, or `None` if the stream ends first.
    pub(crate) fn up_to(&mut self, mark: &str) -> Option<String> {
        loop {
            if let Some(at) = self.text.find(mark) {
                let rest = self.text.split_off(at + mark.len());
                let mut before = std::mem::replace(&mut self.text, rest);
                before.truncate(at);
                return Some(before);
            }
            let mut bytes = [0; 4096];
            match self.stream.read(&mut bytes) {
                Ok(0) => return None,
                Ok(count) => self.text += str::from_utf8(&bytes[..count]).unwrap(),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("{error}"),
            }
        }
    }

    pub(crate) fn head(&mut self) -> String {
        self.up_to("\r\n\r\n").unwrap()
    }

    /// The next event and its data.
    pub(crate) fn event(&mut self) -> Option<(String, Value)> {
        self.up_to("event: ")?;
        let name = self.up_to("\ndata: ")?;
        let data = self.up_to("\n\n")?;
        // A message that was written in several chunks has chunk sizes in it.
        let data = serde_json::from_str(&data).expect("one message, one chunk");
        Some((name, data))
    }

    /// Reads on to an event that `accepts` returns true for.
    pub(crate) fn until(
        &mut self,
        mut accepts: impl FnMut(&str, &Value) -> bool,
    ) -> (String, Value) {
        loop {
            let (name, data) = self.event().unwrap();
            if accepts(&name, &data) {
                return (name, data);
            }
        }
    }
}

pub(crate) fn quick() -> WebLimits {
    WebLimits {
        pace: Duration::from_millis(1),
        linger: Duration::from_millis(300),
        ..WebLimits::default()
    }
}
