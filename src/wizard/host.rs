//! The real machine, as the steps use it.

use std::{
    collections::BTreeMap,
    fs, io,
    os::fd::AsFd as _,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::environment::{DetectedPhones, Environment, InterruptedRun};
use crate::{
    bundle::Bundle,
    discovery::watch::{ObservedPhone, PhoneList},
    failure::Failure,
    inputs::{
        bundles::{self, Trust},
        configurations::{self, ConfigurationInputs},
        extra_files,
        phone_list::InventoryFile,
    },
    journal,
    phone::LoadName,
    preflight::{self, AddressCommands, CheckOptions, CheckResult, Interface},
    privileges, provision,
    services::{runtime, watch},
    session::{Signals, wall_clock},
    stage::ExtraFile,
};

/// Endings of bundles, as Cisco publishes them.
const ENDINGS: [&str; 6] = [".zip", ".tar", ".tgz", ".tar.gz", ".cop.sgn", ".cop.sha512"];

/// How often signals are checked during a preflight.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(100);

/// How old an interrupted run may be to be offered.
const RECENT: Duration = Duration::from_hours(24);

/// A capture that is longer than this ends when Enter is pressed.
const ENTER_ENDS: Duration = Duration::from_secs(10);

/// This machine.
pub(super) struct HostEnvironment;

impl Environment for HostEnvironment {
    fn candidates(&self) -> Vec<PathBuf> {
        let mut files = bundles_in(Path::new(""));
        if let Some(home) = privileges::home() {
            let downloads = home.join("Downloads");
            let current = std::env::current_dir().ok();
            if current.as_ref() != Some(&downloads) {
                files.extend(bundles_in(&downloads));
            }
        }
        files
    }

    fn exists(&self, path: &Path) -> bool {
        path.symlink_metadata().is_ok()
    }

    fn examine(&self, paths: &[PathBuf], trust: &Trust) -> Result<Vec<Bundle>, Failure> {
        bundles::examine(paths, &trust.expectation()?, "", true)
    }

    fn listen(
        &mut self,
        interface: Option<&str>,
        seconds: u64,
        progress: &mut dyn FnMut(u64, usize),
    ) -> DetectedPhones {
        match detect(interface, Duration::from_secs(seconds), progress) {
            Ok(phones) => DetectedPhones {
                phones,
                capture_error: None,
                listened: true,
            },
            Err(failure) => DetectedPhones {
                phones: Vec::new(),
                capture_error: Some(failure.to_string()),
                listened: true,
            },
        }
    }

    fn links(&self) -> Vec<String> {
        let entries = fs::read_dir("/sys/class/net")
            .into_iter()
            .flatten()
            .flatten();
        let has_link = |entry: &fs::DirEntry| {
            // The kernel answers EINVAL for an interface that is down.
            let carrier = fs::read_to_string(entry.path().join("carrier"));
            carrier.is_ok_and(|text| text.trim() == "1")
        };
        let names = entries.filter(has_link).map(|entry| entry.file_name());
        let mut names: Vec<String> = names
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    fn interfaces(&self) -> Vec<Interface> {
        preflight::interfaces()
    }

    fn upper(&self, interface: &str) -> Option<String> {
        preflight::upper(interface)
    }

    fn address_commands(&self, interface: &str) -> AddressCommands {
        AddressCommands::of_this_machine(interface)
    }

    fn call(&self) -> String {
        privileges::call()
    }

    fn cannot_read(&self, path: &Path) -> Option<String> {
        privileges::caller_who_cannot_read(path)
    }

    fn interrupted_run(&self) -> Option<InterruptedRun> {
        let path = journal::newest_resumable(&privileges::state_folder()?).ok()??;
        let changed = path.metadata().ok()?.modified().ok()?;
        // A time in the future is recent too.
        let age = changed.elapsed().unwrap_or_default();
        let recorded = journal::read(&path).ok()?;
        let (done, phones) = recorded.fleet().done_of_total();
        let plan = recorded.header.plan();
        let listed = plan.only.or(plan.expected).map(|macs| macs.len());
        let wanted = plan.expect.or(listed).unwrap_or(phones);
        let is_begun = phones > 0 && recorded.header.command == "convert";
        let is_open = is_begun && done < wanted && age < RECENT;
        is_open.then(|| InterruptedRun {
            path,
            began: recorded.sessions.began(),
            phones,
            done,
            options: recorded.header.arguments.options.clone(),
            models: recorded
                .header
                .plan()
                .stages
                .iter()
                .flat_map(|stage| stage.models.clone())
                .collect(),
        })
    }

    fn check(&mut self, options: &CheckOptions) -> CheckResult {
        let options = options.clone();
        let none = CheckResult {
            chosen: None,
            findings: Vec::new(),
        };
        // In a thread, so that Ctrl-C need not wait for it: then the program ends.
        let (done, checked) = mpsc::channel();
        let thread = thread::spawn(move || {
            // An error means that the program is about to end.
            let _ = done.send(preflight::check(&options, |_| {}));
        });
        let Ok(mut signals) = SignalCheck::new() else {
            return checked.recv().unwrap_or(none);
        };
        loop {
            match checked.recv_timeout(SIGNAL_INTERVAL) {
                Ok(checked) => {
                    // Privileges are dropped per thread, so this thread must end before that.
                    let _ = thread.join();
                    return checked;
                }
                Err(mpsc::RecvTimeoutError::Timeout) if !signals.came() => {}
                Err(_) => return none,
            }
        }
    }

    fn extra_files(&self, paths: &[PathBuf]) -> Result<Vec<ExtraFile>, Failure> {
        extra_files::read(paths)
    }

    fn inventory(&self, path: &Path) -> Result<InventoryFile, Failure> {
        InventoryFile::read(path, None, true)
    }

    fn check_configurations(
        &self,
        inventory: Option<&InventoryFile>,
        inputs: ConfigurationInputs<'_>,
    ) -> Result<Vec<String>, Failure> {
        let selection = inputs.selection;
        extra_files::check(
            inputs.extra_files,
            &selection.targets,
            &selection.bridges,
            true,
        )?;
        configurations::make(inventory, inputs, true).map(|made| made.messages)
    }

    fn journal(&self, load: Option<&LoadName>) -> Option<PathBuf> {
        let folder = privileges::state_folder()?;
        let existing = folder.ancestors().find(|folder| folder.is_dir())?;
        // Without a home, the user cannot create folders.
        existing.parent()?;
        // An unnamed file shows whether one can be written, and leaves nothing behind.
        tempfile::tempfile_in(existing).ok()?;
        Some(journal::unused_path(&folder, wall_clock(), load))
    }

    fn secret(&self) -> Result<String, Failure> {
        let secret = provision::generate_secret(getrandom::fill).map_err(|error| {
            Failure::new(
                format!("the system provides no random numbers: {error}"),
                "Type a password",
            )
        })?;
        Ok(secret.expose().to_owned())
    }
}

/// Files in a folder whose names look like bundles, sorted.
fn bundles_in(folder: &Path) -> Vec<PathBuf> {
    let read = if folder.as_os_str().is_empty() {
        fs::read_dir(".")
    } else {
        fs::read_dir(folder)
    };
    // A folder that is missing or cannot be read has none.
    let entries = read.into_iter().flatten().flatten();
    let names = entries.map(|entry| PathBuf::from(entry.file_name()));
    let mut files: Vec<PathBuf> = names
        .filter(|name| is_bundle_name(name))
        .map(|name| folder.join(name))
        .collect();
    files.sort();
    files
}

fn is_bundle_name(name: &Path) -> bool {
    let name = name.to_string_lossy().to_ascii_lowercase();
    name.starts_with("cmterm") && ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Phones that are observed within this time, each with its interface.
fn detect(
    interface: Option<&str>,
    time: Duration,
    progress: &mut dyn FnMut(u64, usize),
) -> Result<Vec<(String, ObservedPhone)>, Failure> {
    let captures = watch::open(interface)?;
    let names: Vec<String> = captures
        .iter()
        .map(|capture| capture.interface().to_owned())
        .collect();
    let (threads, mut facts) = watch::start(captures)?;
    let mut list = PhoneList::default();
    let mut interfaces = BTreeMap::new();
    let began = Instant::now();
    let waited = runtime::runtime()?.block_on(async {
        let mut signals = runtime::signals()?;
        let end = tokio::time::sleep(time);
        tokio::pin!(end);
        let mut every_second = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                Some((at, number, fact)) = facts.recv() => {
                    list.apply(at.saturating_duration_since(began), &fact);
                    interfaces.insert(fact.mac, number);
                }
                // The prompt sees the signal too, and ends the wizard.
                _ = signals.next() => break,
                _ = every_second.tick() => {
                    if time > ENTER_ENDS && is_typed() {
                        break;
                    }
                    let left = time.saturating_sub(began.elapsed()).as_secs_f64().ceil();
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "a few minutes, and never negative"
                    )]
                    progress(left as u64, list.phones().count());
                }
                () = &mut end => break,
            }
        }
        Ok::<_, Failure>(())
    });
    threads.end();
    waited?;
    let phones = list.phones().map(|phone| {
        let number = interfaces.get(&phone.mac).copied().unwrap_or_default();
        let name = names.get(number).cloned().unwrap_or_default();
        (name, phone.clone())
    });
    Ok(phones.collect())
}

/// Whether a line was typed. The next question discards it.
fn is_typed() -> bool {
    let input = io::stdin();
    let mut fds = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}

/// Checks for signals while something else is waited for.
struct SignalCheck {
    runtime: tokio::runtime::Runtime,
    signals: Signals,
}

impl SignalCheck {
    fn new() -> Result<Self, Failure> {
        let runtime = runtime::runtime()?;
        let signals = {
            let _entered = runtime.enter();
            runtime::signals()?
        };
        Ok(Self { runtime, signals })
    }

    fn came(&mut self) -> bool {
        self.runtime.block_on(async {
            let next = self.signals.next();
            tokio::time::timeout(Duration::from_millis(1), next)
                .await
                .is_ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundles_are_recognised_by_name() {
        for name in [
            "cmterm-7945_7965-sip.9-3-1SR4-1.zip",
            "CMTERM-7911.ZIP",
            "cmterm-7975-sccp.8-5-2.cop.sgn",
        ] {
            assert!(is_bundle_name(Path::new(name)), "{name}");
        }
        for name in ["holiday.zip", "cmterm-7945.txt", "cmterm-7945.zip.part"] {
            assert!(!is_bundle_name(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn bundles_of_a_folder_are_found_and_other_files_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["cmterm-b.zip", "cmterm-a.zip", "notes.txt"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let found = bundles_in(folder.path());
        assert_eq!(
            found,
            ["cmterm-a.zip", "cmterm-b.zip"].map(|name| folder.path().join(name))
        );
        assert!(bundles_in(&folder.path().join("nowhere")).is_empty());
    }
}
