//! A private folder that ends with the run that made it.
//!
//! Its name says whose it is, and a lock on a file inside says whether that run lives:
//! the kernel lets go of the lock when the process dies, however it dies. So the next
//! run can tell an orphan from a folder in use without trusting process ids.

use std::{
    collections::hash_map::RandomState,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    hash::{BuildHasher, Hasher},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// Before the process id and 16 random hex digits.
const PREFIX: &str = "reflash-";
/// The file inside that is locked for the life of the run.
const LOCK: &str = ".lock";
/// A root is made under a hidden name in microseconds; one that still has it after this
/// long was left there by a killed run.
const UNFINISHED_AGE: Duration = Duration::from_hours(1);

/// A folder of mode 0700 that is removed with this value.
#[derive(Debug)]
pub(super) struct TemporaryRoot {
    path: PathBuf,
    /// Held, never read: closing it lets go of the lock.
    _lock: File,
    removed: bool,
}

impl TemporaryRoot {
    /// Makes a root in `base` and removes those of killed runs of the same user.
    pub(super) fn create(base: &Path) -> io::Result<Self> {
        let random = RandomState::new().build_hasher().finish();
        let name = format!("{PREFIX}{}-{random:016x}", std::process::id());
        let hidden = base.join(format!(".{name}"));
        let path = base.join(name);
        DirBuilder::new().mode(0o700).create(&hidden)?;
        // Under its final name the root is locked from its first moment, so a run that
        // starts now and sweeps never sees it without its lock.
        let locked = lock_new(&hidden).and_then(|lock| {
            fs::rename(&hidden, &path)?;
            Ok(lock)
        });
        let lock = match locked {
            Ok(lock) => lock,
            Err(error) => {
                remove(&hidden).unwrap_or_else(|left| complain(&hidden, &left));
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

    /// Removes the root and says what could not be removed; dropping it only logs that.
    pub(super) fn close(mut self) -> io::Result<()> {
        self.removed = true;
        remove(&self.path)
    }
}

impl Drop for TemporaryRoot {
    fn drop(&mut self) {
        if !self.removed {
            remove(&self.path).unwrap_or_else(|error| complain(&self.path, &error));
        }
    }
}

fn complain(path: &Path, error: &io::Error) {
    tracing::warn!(path = %path.display(), %error, "a temporary folder could not be removed");
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

/// The lock goes last: a removal that is itself killed leaves a root that the next run
/// still knows as an orphan.
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
    gone(fs::remove_file(root.join(LOCK)))?;
    // A run that starts between these two lines takes the empty folder for an orphan.
    gone(fs::remove_dir(root))
}

/// Somebody else's removal is as good as ours.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Removes the roots in `base` that belong to `user` and to no living run. A root that
/// cannot be removed keeps nobody from working: it is logged and left.
fn sweep(base: &Path, user: u32) {
    let entries = match fs::read_dir(base) {
        Ok(entries) => entries,
        Err(error) => return complain(base, &error),
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
            Ok(true) => tracing::info!(path = %path.display(), "removed what a killed run left"),
            Ok(false) => {}
            // Another run that starts now was quicker.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => complain(&path, &error),
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

/// In a folder that everybody may write to, anybody can put a name or a link: only a real
/// folder of our own that nobody else can write to is touched.
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
        // No living root lacks its lock. An empty one was killed in its last step; one
        // that holds something is not ours.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(fs::remove_dir(root).is_ok()),
        Err(error) => Err(error),
    }
}

fn sweep_unfinished(root: &Path) -> io::Result<bool> {
    let age = SystemTime::now().duration_since(root.symlink_metadata()?.modified()?);
    // A stamp from the future is no reason to remove anything.
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

    /// What `kill -9` leaves: the folder, its files, and a lock that nobody holds.
    fn orphan(base: &Path, name: &str) -> PathBuf {
        let root = base.join(name);
        DirBuilder::new().mode(0o700).create(&root).unwrap();
        fs::write(root.join(LOCK), "").unwrap();
        fs::create_dir(root.join("0")).unwrap();
        fs::write(root.join("0/jar45sip.sbn"), "image").unwrap();
        root
    }

    #[test]
    fn a_root_is_private_and_goes_with_its_value() {
        let base = tempfile::tempdir().unwrap();
        let root = TemporaryRoot::create(base.path()).unwrap();
        let path = root.path().to_owned();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o700);
        fs::write(path.join("file"), "bytes").unwrap();
        drop(root);
        assert_eq!(names(base.path()), [""; 0]);

        let root = TemporaryRoot::create(base.path()).unwrap();
        root.close().unwrap();
        assert_eq!(names(base.path()), [""; 0]);
    }

    #[test]
    fn an_orphan_is_swept_and_a_living_root_is_kept() {
        let base = tempfile::tempdir().unwrap();
        let orphan = orphan(base.path(), "reflash-4242-0123456789abcdef");
        let living = TemporaryRoot::create(base.path()).unwrap();
        assert!(!orphan.exists(), "swept at the start of the first run");
        let next = TemporaryRoot::create(base.path()).unwrap();
        assert!(living.path().join(LOCK).exists() && next.path().exists());
    }

    /// Set for the process that [`the_root_of_a_killed_process_is_swept`] kills.
    const CHILD: &str = "REFLASH_TEST_ROOT_BASE";

    #[test]
    fn the_root_of_a_killed_process_is_swept() {
        if let Some(base) = std::env::var_os(CHILD) {
            let root = TemporaryRoot::create(Path::new(&base)).unwrap();
            fs::write(root.path().join("image"), "bytes").unwrap();
            println!("\nready");
            // Until it is killed; or its parent dies, and the pipe closes.
            io::stdin().read_line(&mut String::new()).unwrap();
            return;
        }
        let base = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture"])
            .arg("stage::root::tests::the_root_of_a_killed_process_is_swept")
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

        drop(TemporaryRoot::create(base.path()).unwrap());
        assert_eq!(names(base.path()), left, "its process lives");
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(names(base.path()), left, "nobody could clean up");
        drop(TemporaryRoot::create(base.path()).unwrap());
        assert_eq!(names(base.path()), [""; 0]);
    }

    #[test]
    fn runs_that_start_and_end_at_once_leave_each_other_alone() {
        let base = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    for _ in 0..40 {
                        let root = TemporaryRoot::create(base.path()).unwrap();
                        fs::write(root.path().join("image"), "bytes").unwrap();
                        let other = TemporaryRoot::create(base.path()).unwrap();
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
    fn what_only_looks_like_a_root_is_left_alone() {
        let base = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let target = orphan(elsewhere.path(), "reflash-1-0123456789abcdef");
        std::os::unix::fs::symlink(&target, base.path().join("reflash-1-0123456789abcdef"))
            .unwrap();
        orphan(base.path(), "reflash-notes");
        orphan(base.path(), "reflash-12-0123");
        // Without our lock file, and others may write to it.
        let foreign = base.path().join("reflash-2-0123456789abcdef");
        DirBuilder::new().mode(0o700).create(&foreign).unwrap();
        fs::write(foreign.join("thesis.txt"), "").unwrap();
        let open = orphan(base.path(), "reflash-3-0123456789abcdef");
        fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        let before = names(base.path());
        drop(TemporaryRoot::create(base.path()).unwrap());
        assert_eq!(names(base.path()), before);
        assert!(target.join("0/jar45sip.sbn").exists());
    }

    #[test]
    fn a_root_half_made_or_half_removed_is_swept_too() {
        let base = tempfile::tempdir().unwrap();
        let emptied = base.path().join("reflash-7-0123456789abcdef");
        DirBuilder::new().mode(0o700).create(&emptied).unwrap();
        let old = orphan(base.path(), ".reflash-8-0123456789abcdef");
        File::open(&old)
            .unwrap()
            .set_modified(SystemTime::now() - 2 * UNFINISHED_AGE)
            .unwrap();
        let starting = orphan(base.path(), ".reflash-9-0123456789abcdef");
        drop(TemporaryRoot::create(base.path()).unwrap());
        assert!(!emptied.exists() && !old.exists());
        assert!(starting.exists(), "a run that starts now is not disturbed");
    }
}
