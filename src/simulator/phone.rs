//! One phone, without sockets and clock.

mod boot;
mod config;
mod early;
mod loader;
mod loader_memory;
mod manifest_check;
mod script;
mod slot_memory;
mod slots;
mod stream;

use std::{collections::BTreeMap, fmt::Write, net::SocketAddrV4, time::Duration};

use super::{
    PhoneFault,
    action::PhoneAction,
    client::{FIRST_PORT, Fetch, port_after},
    read::ScriptManifest,
    rng::Rng,
};
use crate::phone::{Family, FirmwareRelease, LoadName, Protocol};

pub use config::{PhoneConfig, StartState};
use loader_memory::Loader;
use script::{BootStep, RESTARTS, START};
use slot_memory::SlotMemory;

/// The slowest pace: a pause of minutes takes days.
const SLOWEST: f64 = 1000.0;

/// What a phone actually has, independent of any report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PhoneContents {
    /// The running load, by the name that the phone reports: `term65.default` after a recovery.
    /// `None` in the boot loader.
    pub load: Option<LoadName>,
    /// The images in its flash that were fetched, by their requested names, with their SHA-256 in
    /// lower-case hex.
    pub images: BTreeMap<String, String>,
}

/// A running application.
#[derive(Debug, Clone)]
struct Application {
    load: LoadName,
    protocol: Protocol,
    /// The release of its images; `None` if no name has it.
    release: Option<FirmwareRelease>,
}

/// Images that are being fetched and written.
#[derive(Debug, Clone)]
struct ScriptPass {
    load: LoadName,
    manifest: ScriptManifest,
}

/// What a phone is doing.
#[derive(Debug, Clone)]
enum ScriptState {
    /// Without power.
    Off,
    /// Running, without further requests.
    Idle,
    /// The step begins at this time.
    Waiting(Duration, BootStep),
    /// The file of the step is being fetched.
    Fetching(BootStep),
}

/// What the phone did since it was first switched on, each at most once.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is something that happened or not, apart from the others"
)]
struct ScriptHistory {
    requested_sccp_locale: bool,
    /// Whether a load from the bridge release on was installed.
    is_bridged: bool,
    lost_power: bool,
    changed_address: bool,
    /// The first of the two requests for a refused manifest was sent.
    refused_once: bool,
}

/// The settings of the last configuration file.
#[derive(Debug, Default)]
struct FetchedConfig {
    /// The load to fetch, if it is another than the running one.
    load: Option<LoadName>,
    /// The folder of the locale files.
    locale: Option<String>,
}

/// A phone as seen on the wire: datagrams and time in, [`PhoneAction`]s out.
///
/// The same configuration and the same inputs give the same actions. Order and times of
/// its requests are those of real boots. Behaviour that no public record shows is marked by a comment
/// as a choice of the script.
#[derive(Debug)]
pub struct SimulatedPhone {
    config: PhoneConfig,
    script: Rng,
    /// Separate from the script's generator, so that a loss changes nothing else.
    loss: Rng,
    state: ScriptState,
    /// The file being fetched, or the last one while its socket is open.
    fetch: Option<Fetch>,
    next_port: u16,
    application: Option<Application>,
    flash: BTreeMap<String, [u8; 32]>,
    pass: Option<ScriptPass>,
    fetched_config: FetchedConfig,
    history: ScriptHistory,
    /// Of a 7940 or 7960.
    loader: Option<Loader>,
    /// Of a phone with two slots.
    slots: Option<SlotMemory>,
    /// The load that settings or XML name to firmware from before the loader.
    early_load: Option<LoadName>,
    /// How often a person still restarts it.
    early_restarts: u8,
}

impl SimulatedPhone {
    /// A phone without power.
    #[must_use]
    pub fn new(config: PhoneConfig) -> Self {
        let application = match &config.start {
            StartState::Recovery => None,
            StartState::Application(load) => Some(Application {
                load: load.clone(),
                protocol: load.protocol().unwrap_or(Protocol::Sccp),
                release: load.release(),
            }),
        };
        let mac = config
            .mac
            .bytes()
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let has_loader = config.model.family == Family::P3;
        let load = application.as_ref().map(|application| &application.load);
        Self {
            loader: has_loader.then(|| Loader::new(load)),
            slots: config.model.family.slots().map(|facts| {
                let platform = if facts.has_platforms {
                    1 + (mac & 1)
                } else {
                    1
                };
                SlotMemory::new(facts, u32::try_from(platform).unwrap_or(1))
            }),
            script: Rng::new(config.seed, mac),
            loss: Rng::new(config.seed, !mac),
            config,
            state: ScriptState::Off,
            fetch: None,
            next_port: FIRST_PORT,
            application,
            flash: BTreeMap::new(),
            pass: None,
            fetched_config: FetchedConfig::default(),
            history: ScriptHistory::default(),
            early_load: None,
            early_restarts: RESTARTS,
        }
    }

    /// Switches it on, once. Its first request follows a little later.
    pub fn power_on(&mut self, now: Duration) -> Vec<PhoneAction> {
        let pause = self.pause(START);
        self.state = ScriptState::Waiting(now + pause, BootStep::PowerOn);
        Vec::new()
    }

    /// Handles a datagram from `from` to its open `port`.
    pub fn receive(
        &mut self,
        now: Duration,
        port: u16,
        from: SocketAddrV4,
        bytes: &[u8],
    ) -> Vec<PhoneAction> {
        let mut actions = Vec::new();
        if self.loses() {
            return actions;
        }
        if let Some(fetch) = &mut self.fetch {
            let progress = fetch.receive(now, port, from, bytes, &mut actions);
            self.progressed(now, progress, &mut actions);
        }
        self.sent(actions)
    }

    /// Passes the time. Call it at [`Self::next_deadline`]; earlier calls are harmless.
    pub fn wake(&mut self, now: Duration) -> Vec<PhoneAction> {
        let mut actions = Vec::new();
        match &self.state {
            ScriptState::Waiting(until, step) if *until <= now => {
                let step = step.clone();
                self.begin(now, step, &mut actions);
            }
            ScriptState::Fetching(_) if self.open_stream().is_some() => {
                self.wake_stream(now, &mut actions);
            }
            ScriptState::Fetching(_) => {
                if let Some(fetch) = &mut self.fetch {
                    let progress = fetch.wake(now, &mut actions);
                    self.progressed(now, progress, &mut actions);
                }
            }
            ScriptState::Waiting(..) | ScriptState::Off | ScriptState::Idle => {}
        }
        self.sent(actions)
    }

    /// When [`Self::wake`] must be called next; `None`: not without a datagram.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        match &self.state {
            ScriptState::Waiting(until, _) => Some(*until),
            ScriptState::Fetching(_) => match self.open_stream() {
                Some(stream) => Some(stream.deadline()),
                None => self.fetch.as_ref().and_then(Fetch::deadline),
            },
            ScriptState::Off | ScriptState::Idle => None,
        }
    }

    /// Whether it is running and sends no more requests; never for a phone that refuses its files.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        matches!(self.state, ScriptState::Idle)
    }

    /// Its current contents.
    #[must_use]
    pub fn contents(&self) -> PhoneContents {
        PhoneContents {
            load: self
                .application
                .as_ref()
                .map(|application| application.load.clone()),
            images: self
                .flash
                .iter()
                .map(|(name, hash)| (name.clone(), hex(hash)))
                .collect(),
        }
    }

    /// Its configuration.
    #[must_use]
    pub fn config(&self) -> &PhoneConfig {
        &self.config
    }

    fn loses(&mut self) -> bool {
        let percent = self.config.faults.iter().find_map(|fault| match fault {
            PhoneFault::Loss(percent) => Some(*percent),
            _ => None,
        });
        percent.is_some_and(|percent| self.loss.percent(percent))
    }

    /// The actions without lost packets.
    fn sent(&mut self, mut actions: Vec<PhoneAction>) -> Vec<PhoneAction> {
        actions.retain(|action| !matches!(action, PhoneAction::Send { .. }) || !self.loses());
        actions
    }

    fn has(&self, fault: &PhoneFault) -> bool {
        self.config.faults.contains(fault)
    }

    /// A random time in this range, at the phone's pace.
    fn pause(&mut self, (from, to): (Duration, Duration)) -> Duration {
        let pause = self.script.between(from, to);
        let pace = match self.config.pace {
            pace if (0.0..=SLOWEST).contains(&pace) => pace,
            _ => 1.0,
        };
        pause.mul_f64(pace)
    }

    /// Requests `name`, over HTTP first if the phone does so.
    fn request(
        &mut self,
        now: Duration,
        step: BootStep,
        name: String,
        actions: &mut Vec<PhoneAction>,
    ) {
        match self.http_server() {
            Some(server) => self.request_over_http(now, step, name, server, actions),
            None => self.request_over_tftp(now, step, name, actions),
        }
    }

    /// Opens the next port and requests `name`.
    fn request_over_tftp(
        &mut self,
        now: Duration,
        step: BootStep,
        name: String,
        actions: &mut Vec<PhoneAction>,
    ) {
        self.close_port(actions);
        let keeps = step.reads_the_bytes();
        let fetch = Fetch::begin(
            now,
            name,
            self.next_port,
            self.config.server,
            keeps,
            actions,
        );
        self.fetch = Some(fetch);
        self.state = ScriptState::Fetching(step);
    }

    /// Closes the open port or connection, if there is one.
    fn close_port(&mut self, actions: &mut Vec<PhoneAction>) {
        self.end_stream(actions);
        if let Some(fetch) = self.fetch.take() {
            self.next_port = port_after(fetch.port());
            fetch.close(actions);
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
