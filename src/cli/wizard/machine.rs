//! This machine, as the steps ask of it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::{
    super::{
        Failure, add,
        add::AddArgs,
        bundles::{self, TrustArgs},
        configurations::{self, Beside},
        convert,
        inventory::{InventoryArgs, ListFile},
        privileges, run, watch,
    },
    QUIET,
    world::{Near, World},
};
use crate::{
    bundle::Bundle,
    discovery::watch::PhoneList,
    journal,
    phone::LoadName,
    preflight::{self, CheckOptions, CheckResult, Interface},
    provision,
    session::{Signals, wall_clock},
    stage::ExtraFile,
};

/// How bundles end, as Cisco publishes them and people keep them.
const ENDINGS: [&str; 6] = [".zip", ".tar", ".tgz", ".tar.gz", ".cop.sgn", ".cop.sha512"];

/// How often it is looked for a signal while something else goes on.
const LOOK: Duration = Duration::from_millis(100);

/// The real one.
pub(super) struct Machine;

impl World for Machine {
    fn candidates(&self) -> Vec<PathBuf> {
        let mut files = bundles_in(Path::new(""));
        if let Some(home) = privileges::home() {
            let downloads = home.join("Downloads");
            let here = std::env::current_dir().ok();
            if here.as_ref() != Some(&downloads) {
                files.extend(bundles_in(&downloads));
            }
        }
        files
    }

    fn exists(&self, path: &Path) -> bool {
        path.symlink_metadata().is_ok()
    }

    fn examine(&self, paths: &[PathBuf], trust: &TrustArgs) -> Result<Vec<Bundle>, Failure> {
        bundles::looked_at(paths, &trust.expectation()?, "", true)
    }

    fn listen(&mut self, interface: Option<&str>, seconds: u64) -> Near {
        match heard(interface, Duration::from_secs(seconds)) {
            Ok(phones) => Near {
                phones,
                deaf: None,
                listened: true,
            },
            Err(failure) => Near {
                phones: Vec::new(),
                deaf: Some(super::steps::words(&failure)),
                listened: true,
            },
        }
    }

    fn interfaces(&self) -> Vec<Interface> {
        preflight::interfaces()
    }

    fn check(&mut self, wanted: &CheckOptions) -> CheckResult {
        let wanted = wanted.clone();
        let none = CheckResult {
            chosen: None,
            findings: Vec::new(),
        };
        // A thread of its own, so that Ctrl-C need not wait for it: then the program ends.
        let (done, checked) = mpsc::channel();
        let thread = thread::spawn(move || {
            // Nobody waits any more: the program is about to end.
            let _ = done.send(preflight::check(&wanted, |_| {}));
        });
        let Ok(mut waiting) = Waiting::new() else {
            return checked.recv().unwrap_or(none);
        };
        loop {
            match checked.recv_timeout(LOOK) {
                Ok(checked) => {
                    // Rights are given away by thread: this one must be gone by then.
                    let _ = thread.join();
                    return checked;
                }
                Err(mpsc::RecvTimeoutError::Timeout) if !waiting.is_over() => {}
                Err(_) => return none,
            }
        }
    }

    fn own_files(&self, paths: &[PathBuf]) -> Result<Vec<ExtraFile>, Failure> {
        let files = paths.to_vec();
        AddArgs { files }.read()
    }

    fn list(&self, path: &Path) -> Result<ListFile, Failure> {
        let inventory = Some(path.to_owned());
        let list = InventoryArgs { inventory }.read_whole(&QUIET)?;
        list.ok_or_else(|| Failure::new("no list of phones was named", String::new()))
    }

    fn judge(&self, list: Option<&ListFile>, beside: Beside<'_>) -> Result<Vec<String>, Failure> {
        add::judge(beside.added, &[beside.targets, beside.bridges], &QUIET)?;
        configurations::made(list, beside, &QUIET).map(|made| made.words)
    }

    fn journal(&self, args: &convert::Args, load: Option<&LoadName>) -> Option<PathBuf> {
        let folder = args.network.state_folder().ok().flatten()?;
        let there = folder.ancestors().find(|folder| folder.is_dir())?;
        // Without a home there is nothing below which a user could make folders.
        there.parent()?;
        // A file without a name: whether one can be written is seen, and nothing is left.
        tempfile::tempfile_in(there).ok()?;
        Some(journal::unused_path(&folder, wall_clock(), load))
    }

    fn secret(&self) -> Result<String, Failure> {
        let secret = provision::make_secret(getrandom::fill).map_err(|error| {
            Failure::new(
                format!("the system gives no random numbers: {error}"),
                "Type a password yourself",
            )
        })?;
        Ok(secret.expose().to_owned())
    }
}

/// Files of a folder that could be bundles, by name.
fn bundles_in(folder: &Path) -> Vec<PathBuf> {
    let read = if folder.as_os_str().is_empty() {
        fs::read_dir(".")
    } else {
        fs::read_dir(folder)
    };
    // A folder that is not there, or not to be read, has none.
    let entries = read.into_iter().flatten().flatten();
    let names = entries.map(|entry| PathBuf::from(entry.file_name()));
    let mut files: Vec<PathBuf> = names
        .filter(|name| is_bundle(name))
        .map(|name| folder.join(name))
        .collect();
    files.sort();
    files
}

fn is_bundle(name: &Path) -> bool {
    let name = name.to_string_lossy().to_ascii_lowercase();
    name.starts_with("cmterm") && ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Whom one hears within this time.
fn heard(
    interface: Option<&str>,
    time: Duration,
) -> Result<Vec<(String, crate::discovery::watch::ObservedPhone)>, Failure> {
    let captures = watch::open(interface)?;
    let names: Vec<String> = captures
        .iter()
        .map(|capture| capture.interface().to_owned())
        .collect();
    let (threads, mut heard) = watch::start(captures)?;
    let mut list = PhoneList::default();
    let mut places = BTreeMap::new();
    let began = Instant::now();
    let waited = run::runtime()?.block_on(async {
        let mut signals = run::signals()?;
        let end = tokio::time::sleep(time);
        tokio::pin!(end);
        loop {
            tokio::select! {
                Some((at, number, fact)) = heard.recv() => {
                    list.apply(at.saturating_duration_since(began), &fact);
                    places.insert(fact.mac, number);
                }
                // Whoever asks next is told of it.
                _ = signals.next() => break,
                () = &mut end => break,
            }
        }
        Ok::<_, Failure>(())
    });
    threads.end();
    waited?;
    let phones = list.phones().map(|phone| {
        let number = places.get(&phone.mac).copied().unwrap_or_default();
        let name = names.get(number).cloned().unwrap_or_default();
        (name, phone.clone())
    });
    Ok(phones.collect())
}

/// Looks for signals while something else is waited for.
struct Waiting {
    runtime: tokio::runtime::Runtime,
    signals: Signals,
}

impl Waiting {
    fn new() -> Result<Self, Failure> {
        let runtime = run::runtime()?;
        let signals = {
            let _here = runtime.enter();
            run::signals()?
        };
        Ok(Self { runtime, signals })
    }

    fn is_over(&mut self) -> bool {
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
    fn bundles_are_known_by_their_names() {
        for name in [
            "cmterm-7945_7965-sip.9-3-1SR4-1.zip",
            "CMTERM-7911.ZIP",
            "cmterm-7975-sccp.8-5-2.cop.sgn",
        ] {
            assert!(is_bundle(Path::new(name)), "{name}");
        }
        for name in ["holiday.zip", "cmterm-7945.txt", "cmterm-7945.zip.part"] {
            assert!(!is_bundle(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn the_bundles_of_a_folder_are_found_and_others_are_not() {
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
