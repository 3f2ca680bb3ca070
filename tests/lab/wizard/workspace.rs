//! A working folder with bundles, a terminal, and the expected screens.

use std::{
    fs,
    net::UdpSocket,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use expect_test::expect_file;
use reflash::{
    phone::{Family, Protocol},
    simulator::{Release, Sizes, SyntheticBundle},
};

use super::REFLASH;
use crate::support::terminal::Terminal;

pub(crate) const TARGET: &str = "cmterm-7945_7965-sip.9-3-1SR4-1.zip";
pub(crate) const BRIDGE: &str = "cmterm-7945_7965-sccp.8-5-2.zip";

/// The simulated phone of seed 1.
pub(crate) const PHONE: &str = "025245480000";

/// A timeout for the longest run: a phone is settled after a minute.
const PATIENCE: Duration = Duration::from_secs(100);

fn small() -> SyntheticBundle {
    SyntheticBundle::new(Family::F45, 7)
        .unwrap()
        .sizes(Sizes::Small)
}

/// A folder whose name has the same length on every machine, so that lines break at the same
/// places.
pub(crate) struct Workspace {
    folder: tempfile::TempDir,
    pub(crate) port: u16,
}

impl Workspace {
    /// With the bundle and its key.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("rf-").tempdir_in("/tmp");
        let free = UdpSocket::bind("127.0.0.1:0").unwrap();
        let workspace = Self {
            folder: folder.unwrap(),
            port: free.local_addr().unwrap().port(),
        };
        small().write_zip(&workspace.path(TARGET)).unwrap();
        let key = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/test-key.pem");
        fs::copy(key, workspace.path("key.pem")).unwrap();
        workspace
    }

    /// With the bridge too.
    pub(crate) fn with_bridge() -> Self {
        let workspace = Self::new();
        let old = small().protocol(Protocol::Sccp).release(Release {
            load: "8-5-2S".to_owned(),
            images: "8-5-2TH1-9".to_owned(),
        });
        old.write_zip(&workspace.path(BRIDGE)).unwrap();
        workspace
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The names in the folder.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap().flatten();
        let mut names: Vec<_> = entries
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The flags that keep a run on loopback, with simulated phones on this machine.
    pub(crate) fn loopback(&self) -> String {
        format!(
            "--listen 127.0.0.1 --tftp-port {} --http-port 0 --sip-port 0 --sccp-port 0 --expect 1 \
             --model 7965",
            self.port
        )
    }

    /// The wizard with these flags on a screen of this size. `within` wraps the command.
    pub(crate) fn wizard(
        &self,
        size: (u16, u16),
        within: impl Fn(&str) -> String,
        flags: &str,
    ) -> Terminal {
        let folder = self.folder.path().to_str().unwrap();
        let program = within(&format!("{REFLASH} wizard --trust-key key.pem {flags}"));
        let state = format!("{folder}/state");
        // Without the download folder of the user who runs the tests.
        let variables = [
            ("NO_COLOR", "1"),
            ("XDG_STATE_HOME", state.as_str()),
            ("HOME", folder),
            ("LANG", "C.UTF-8"),
        ];
        // Ctrl-C is for the program, not for the shell that waits for its exit code.
        Terminal::start(
            size,
            &variables,
            &format!("trap : INT; cd {folder}; {program}"),
        )
    }

    /// The same on the usual screen and on this machine.
    pub(crate) fn here(&self, flags: &str) -> Terminal {
        self.wizard((80, 24), str::to_owned, flags)
    }

    /// Waits for the page with this title and this last line, and compares it with the expected
    /// screen.
    pub(crate) fn page(&self, terminal: &Terminal, title: &str, last: &str, name: &str) {
        let screen = wait_for_page(terminal, title, last);
        expect_file![format!("screens/{name}.txt")].assert_eq(&self.still(&screen));
    }

    /// A screen without what differs from run to run; everything keeps its length.
    fn still(&self, screen: &str) -> String {
        let folder = self.folder.path().to_str().unwrap();
        let screen = screen
            .replace(folder, "/tmp/rf-FOLDER")
            .replace(&self.port.to_string(), "PPPPP");
        let characters: Vec<char> = screen.trim_end().chars().collect();
        let mut still = String::new();
        let mut at = 0;
        while at < characters.len() {
            let time = characters.get(at..at + 16).filter(|text| is_time(text));
            if time.is_some() {
                still.push_str("YYYYMMDDTHHMMSSZ");
                at += 16;
            } else {
                still.push(characters[at]);
                at += 1;
            }
        }
        still + "\n"
    }

    /// Simulated phones for the server of this folder.
    pub(crate) fn phones(&self, count: &str, more: &[&str]) -> Phones {
        let against = format!("127.0.0.1:{}", self.port);
        let mut command = Command::new(REFLASH);
        command.args(["rehearse", "--against", &against, "--phones", count]);
        command
            .args(["--model", "7965", "--timeout", "2m"])
            .args(more);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Phones(command.stderr(Stdio::null()).spawn().unwrap())
    }
}

/// `20261123T045700Z`.
fn is_time(text: &[char]) -> bool {
    let of = |at: usize| match at {
        8 => 'T',
        15 => 'Z',
        _ => '0',
    };
    text.iter().enumerate().all(|(at, character)| match of(at) {
        '0' => character.is_ascii_digit(),
        letter => *character == letter,
    })
}

/// Waits until the screen has this title and this last line; returns the screen.
pub(crate) fn wait_for_page(terminal: &Terminal, title: &str, last: &str) -> String {
    let until = Instant::now() + PATIENCE;
    loop {
        let screen = terminal.screen();
        let is_there = screen.contains(title) && screen.trim_end().ends_with(last);
        if is_there {
            return screen;
        }
        assert!(
            Instant::now() < until,
            "never shown: {title} … {last}\n{screen}"
        );
        thread::sleep(Duration::from_millis(50));
    }
}

/// Phones in a process of their own; killed when dropped.
pub(crate) struct Phones(Child);

impl Drop for Phones {
    fn drop(&mut self) {
        // Fails if they have finished already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
