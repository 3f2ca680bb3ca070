//! A private folder that is removed at the end of the run.
//!
//! A locked file inside shows whether the run is alive: the kernel releases the lock when the
//! process ends for any reason. So the next run can distinguish an orphaned folder from one
//! in use without relying on process ids.

use std::{
    collections::hash_map::RandomState,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    hash::{BuildHasher, Hasher},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// The name is this prefix, the process id, a dash and 16 random hex digits.
const PREFIX: &str = "reflash-";
/// The file inside that is locked during the run.
const LOCK: &str = ".lock";
/// A root is created under a hidden name within microseconds. One that still has it after
/// this time was left by a killed run.
const UNFINISHED_AGE: Duration = Duration::from_hours(1);

/// A folder of mode 0700 that is removed when this value is dropped.
#[derive(Debug)]
pub(super) struct TransientRoot {
    path: PathBuf,
    /// Closing it releases the lock.
    _lock: File,
    removed: bool,
}

impl TransientRoot {
    /// Creates a root in `base` and removes those of the user's killed runs.
    pub(super) fn create(base: &Path) -> io::Result<Self> {
        let random = RandomState::new().build_hasher().finish();
        let name = format!("{PREFIX}{}-{random:016x}", std::process::id());
        let hidden = base.join(format!(".{name}"));
        let path = base.join(name);
        DirBuilder::new().mode(0o700).create(&hidden)?;
        // The root is locked before it gets its final name, so that another run never sees
        // it unlocked.
        let locked = lock_new(&hidden).and_then(|lock| {
            fs::rename(&hidden, &path)?;
            Ok(lock)
        });
        let lock = match locked {
            Ok(lock) => lock,
            Err(error) => {
                remove(&hidden).unwrap_or_else(|left| log_not_removed(&hidden, &left));
                return Err(error);
            }
        };
        let root = Self {
            path,
            _lock: lock,
            removed: false,
        };
        sweep(base, root.path.symlink_metadata()?.uid());
        Ok(root)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the root. Dropping it does the same but only logs errors.
    pub(super) fn close(mut self) -> io::Result<()> {
        self.removed = true;
        remove(&self.path)
    }
}

impl Drop for TransientRoot {
    fn drop(&mut self) {
        if !self.removed {
            remove(&self.path).unwrap_or_else(|error| log_not_removed(&self.path, &error));
        }
    }
}

fn log_not_removed(path: &Path, error: &io::Error) {
    tracing::warn!(path = %path.display(), %error, "cannot remove a temporary folder");
}

fn lock_new(root: &Path) -> io::Result<File> {
    let lock = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(root.join(LOCK))?;
    lock.try_lock().map_err(io::Error::from)?;
    Ok(lock)
}

/// The lock file is removed last: if the removal is killed, the next run still recognises
/// the folder as orphaned.
fn remove(root: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name() == LOCK {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    ignore_missing(fs::remove_file(root.join(LOCK)))?;
    // A run that starts now may remove the empty folder first.
    ignore_missing(fs::remove_dir(root))
}

/// Another run may have removed it.
fn ignore_missing(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Removes the orphaned roots of `user` in `base`. Errors are logged only.
fn sweep(base: &Path, user: u32) {
    let entries = match fs::read_dir(base) {
        Ok(entries) => entries,
        Err(error) => return log_not_removed(base, &error),
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let (plain, hidden) = match name.strip_prefix('.') {
            Some(plain) => (plain, true),
            None => (name, false),
        };
        if !is_root_name(plain) || !is_private_folder(&path, user) {
            continue;
        }
        let swept = if hidden {
            sweep_unfinished(&path)
        } else {
            sweep_one(&path)
        };
        match swept {
            Ok(true) => {
                tracing::info!(path = %path.display(), "removed a temporary folder of a killed run");
            }
            Ok(false) => {}
            // Another run removed it first.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => log_not_removed(&path, &error),
        }
    }
}

fn is_root_name(name: &str) -> bool {
    let Some((pid, random)) = name
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.split_once('-'))
    else {
        return false;
    };
    !pid.is_empty()
        && pid.bytes().all(|byte| byte.is_ascii_digit())
        && random.len() == 16
        && random.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// In a world-writable folder, other users can create names and links: only real folders of
/// this user, with mode 0700, are removed.
fn is_private_folder(path: &Path, user: u32) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| {
        metadata.is_dir() && metadata.uid() == user && metadata.mode() & 0o777 == 0o700
    })
}

fn sweep_one(root: &Path) -> io::Result<bool> {
    let lock = OpenOptions::new()
        .write(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(root.join(LOCK));
    match lock {
        Ok(lock) => match lock.try_lock() {
            Ok(()) => remove(root).map(|()| true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        },
        // A live root always has its lock file. An empty folder is what a killed removal
        // left; a folder with other content is not ours.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(fs::remove_dir(root).is_ok()),
        Err(error) => Err(error),
    }
}

fn sweep_unfinished(root: &Path) -> io::Result<bool> {
    let age = SystemTime::now().duration_since(root.symlink_metadata()?.modified()?);
    // A time stamp in the future proves nothing.
    if age.is_ok_and(|age| age > UNFINISHED_AGE) {
        sweep_one(root)
    } else {
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader},
        process::{Command, Stdio},
    };

    use super::*;

    fn names(base: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(base)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// What `kill -9` leaves: the folder, its files, and a lock file that no process has locked.
    fn orphan(base: &Path, name: &str) -> PathBuf {
        let root = base.join(name);
        DirBuilder::new().mode(0o700).create(&root).unwrap();
        fs::write(root.join(LOCK), "").unwrap();
        fs::create_dir(root.join("0")).unwrap();
        fs::write(root.join("0/jar45sip.sbn"), "image").unwrap();
        root
    }

    #[test]
    fn root_is_private_and_removed_on_drop() {
        let base = tempfile::tempdir().unwrap();
        let root = TransientRoot::create(base.path()).unwrap();
        let path = root.path().to_owned();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o700);
        fs::write(path.join("file"), "bytes").unwrap();
        drop(root);
        assert_eq!(names(base.path()), [""; 0]);

        let root = TransientRoot::create(base.path()).unwrap();
        root.close().unwrap();
        assert_eq!(names(base.path()), [""; 0]);
    }

    #[test]
    fn orphan_is_removed_and_live_root_is_kept() {
        let base = tempfile::tempdir().unwrap();
        let orphan = orphan(base.path(), "reflash-4242-0123456789abcdef");
        let living = TransientRoot::create(base.path()).unwrap();
        assert!(!orphan.exists(), "swept at the start of the first run");
        let next = TransientRoot::create(base.path()).unwrap();
        assert!(living.path().join(LOCK).exists() && next.path().exists());
    }

    /// Set for the process that [`root_of_a_killed_process_is_removed`] kills.
    const CHILD: &str = "REFLASH_TEST_ROOT_BASE";

    #[test]
    fn root_of_a_killed_process_is_removed() {
        if let Some(base) = std::env::var_os(CHILD) {
            let root = TransientRoot::create(Path::new(&base)).unwrap();
            fs::write(root.path().join("image"), "bytes").unwrap();
            println!("\nready");
            // Waits to be killed. If its parent ends first, the pipe closes and this returns.
            io::stdin().read_line(&mut String::new()).unwrap();
            return;
        }
        let base = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture"])
            .arg("stage::transient_root::tests::root_of_a_killed_process_is_removed")
            .env(CHILD, base.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap)
            .find(|line| line == "ready");
        assert!(said.is_some(), "the child made its root");
        let left = names(base.path());
        assert_eq!(left.len(), 1);

        drop(TransientRoot::create(base.path()).unwrap());
        assert_eq!(names(base.path()), left, "its process lives");
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(names(base.path()), left, "a killed process leaves its root");
        drop(TransientRoot::create(base.path()).unwrap());
        assert_eq!(names(base.path()), [""; 0]);
    }

    #[test]
    fn concurrent_runs_do_not_disturb_each_other() {
        let base = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    for _ in 0..40 {
                        let root = TransientRoot::create(base.path()).unwrap();
                        fs::write(root.path().join("image"), "bytes").unwrap();
                        let other = TransientRoot::create(base.path()).unwrap();
                        assert!(root.path().join("image").exists());
                        other.close().unwrap();
                        assert!(root.path().join(LOCK).exists());
                        root.close().unwrap();
                    }
                });
            }
        });
        assert_eq!(names(base.path()), [""; 0]);
    }

    #[test]
    fn similar_folders_are_not_removed() {
        let base = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let target = orphan(elsewhere.path(), "reflash-1-0123456789abcdef");
        std::os::unix::fs::symlink(&target, base.path().join("reflash-1-0123456789abcdef"))
            .unwrap();
        orphan(base.path(), "reflash-notes");
        orphan(base.path(), "reflash-12-0123");
        // A folder without a lock file, to which other users may write.
        let foreign = base.path().join("reflash-2-0123456789abcdef");
        DirBuilder::new().mode(0o700).create(&foreign).unwrap();
        fs::write(foreign.join("thesis.txt"), "").unwrap();
        let open = orphan(base.path(), "reflash-3-0123456789abcdef");
        fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        let before = names(base.path());
        drop(TransientRoot::create(base.path()).unwrap());
        assert_eq!(names(base.path()), before);
        assert!(target.join("0/jar45sip.sbn").exists());
    }

    #[test]
    fn incomplete_roots_are_removed() {
        let base = tempfile::tempdir().unwrap();
        let emptied = base.path().join("reflash-7-0123456789abcdef");
        DirBuilder::new().mode(0o700).create(&emptied).unwrap();
        let old = orphan(base.path(), ".reflash-8-0123456789abcdef");
        File::open(&old)
            .unwrap()
            .set_modified(SystemTime::now() - 2 * UNFINISHED_AGE)
            .unwrap();
        let starting = orphan(base.path(), ".reflash-9-0123456789abcdef");
        drop(TransientRoot::create(base.path()).unwrap());
        assert!(!emptied.exists() && !old.exists());
        assert!(starting.exists(), "a run that starts now is not disturbed");
    }
}
