//! Whose permissions count when this process opens files.

use std::{fs::File, io, path::Path};

use caps::{CapSet, Capability};
use nix::unistd::{self, AccessFlags, Uid, access};

use super::user::{TargetUser, caller, runs_as};
use crate::failure::Failure;

/// Where temporary files go if the user that a run becomes may not write to `TMPDIR`.
const TEMPORARY_FOLDER: &str = "/tmp";

/// Capabilities that open files of others by way of `/proc`, whatever the ids: the folders of their
/// processes, and the addresses of the kernel.
const BEYOND_IDS: [Capability; 2] = [Capability::CAP_SYS_PTRACE, Capability::CAP_SYSLOG];

/// Opens every file from now on as the user who started this program, e.g. through sudo, while this process is still root:
/// that user may be allowed to call this program only, and names the files. Threads that are
/// started later inherit it; programs that are started do not.
///
/// # Errors
/// This process may not do that.
pub fn open_files_as_caller() -> Result<(), Failure> {
    let Some(caller) = caller() else {
        return Ok(());
    };
    // Other groups of root would count too.
    let groups = unistd::setgroups(&[caller.gid]);
    unistd::setfsgid(caller.gid);
    unistd::setfsuid(caller.uid);
    // These two report no errors, but return the former value.
    let is_caller = unistd::setfsuid(caller.uid) == caller.uid;
    let is_lowered = BEYOND_IDS
        .iter()
        .all(|right| caps::drop(None, CapSet::Effective, *right).is_ok());
    if groups.is_ok() && is_caller && unistd::setfsgid(caller.gid) == caller.gid && is_lowered {
        return Ok(());
    }
    Err(Failure::new(
        format!("cannot open files as {}, who started reflash", caller.name),
        "In a container without CAP_SETUID and CAP_SETGID, start the program as that user",
    ))
}

/// Calls `read` with root's access to files again, as far as this process is root. Never for a file
/// that the command line names.
///
/// # Panics
///
/// If a capability that was raised cannot be lowered again: files would be opened with it.
pub fn with_access_of_root<T>(read: impl FnOnce() -> T) -> T {
    let before = unistd::setfsuid(unistd::geteuid());
    let mut raised = Vec::new();
    for right in BEYOND_IDS {
        let is_lowered = !caps::has_cap(None, CapSet::Effective, right).unwrap_or(true);
        if is_lowered && caps::raise(None, CapSet::Effective, right).is_ok() {
            raised.push(right);
        }
    }
    let found = read();
    for right in raised {
        caps::drop(None, CapSet::Effective, right).expect("a capability that was raised");
    }
    unistd::setfsuid(before);
    found
}

/// The user who started this program, by name, if this process is root and opens files as that user.
#[must_use]
pub fn files_opened_as() -> Option<String> {
    caller().map(|caller| caller.name)
}

/// The user who started this program, if that user may not read this file or folder.
#[must_use]
pub fn caller_who_cannot_read(path: &Path) -> Option<String> {
    let caller = caller()?;
    let is_folder = path.is_dir();
    let opened = if is_folder {
        path.read_dir().map(|_| ())
    } else {
        File::open(path).map(|_| ())
    };
    let is_denied = opened.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
    is_denied.then_some(caller.name)
}

/// Whether this user may list and enter this folder.
pub(super) fn may_read_folder(user: &TargetUser, folder: &Path) -> bool {
    let wanted = AccessFlags::R_OK | AccessFlags::X_OK;
    as_real_user(user, || access(folder, wanted).is_ok()).unwrap_or(false)
}

/// Uses another folder for temporary files if the user that this process becomes, who removes them
/// at the end, may not write to `TMPDIR`. Returns a message for the operator then.
///
/// # Errors
/// No such user.
pub fn choose_temporary_folder(user: Option<&str>) -> Result<Option<String>, Failure> {
    let Some(runner) = other_than_root(user)? else {
        return Ok(None);
    };
    let folder = tempfile::env::temp_dir();
    let wanted = AccessFlags::W_OK | AccessFlags::X_OK;
    let may_write = as_real_user(&runner, || access(&folder, wanted).is_ok()).unwrap_or(true);
    if may_write || !folder.is_dir() {
        return Ok(None);
    }
    // An error means that this was called before.
    let _ = tempfile::env::override_temp_dir(Path::new(TEMPORARY_FOLDER));
    Ok(Some(format!(
        "{} may not write to {}: temporary files are in {TEMPORARY_FOLDER}",
        runner.name,
        folder.display()
    )))
}

/// The user that plain root becomes, unless that is root.
fn other_than_root(user: Option<&str>) -> Result<Option<TargetUser>, Failure> {
    let is_root = unistd::geteuid().is_root() && caller().is_none();
    Ok(runs_as(user)?.filter(|runner| is_root && !runner.uid.is_root()))
}

/// Calls `create` in a way that the files which it creates belong to the user that this process
/// becomes, who removes them at the end. It reads with the access of the user who started the
/// program.
///
/// # Errors
/// No such user.
pub fn creating_as_runner<T>(user: Option<&str>, create: impl FnOnce() -> T) -> Result<T, Failure> {
    let Some(runner) = other_than_root(user)? else {
        return Ok(create());
    };
    unistd::setfsgid(runner.gid);
    unistd::setfsuid(runner.uid);
    if let Some(right) = right_to_read() {
        // An error means that bundles which only root may read are not read.
        let _ = caps::raise(None, CapSet::Effective, right);
    }
    let created = create();
    unistd::setfsuid(unistd::geteuid());
    unistd::setfsgid(unistd::getegid());
    Ok(created)
}

/// The capability to read any file: the first that this process has. The second, which some
/// containers give instead, is also that to write any file.
pub(super) fn right_to_read() -> Option<Capability> {
    [
        Capability::CAP_DAC_READ_SEARCH,
        Capability::CAP_DAC_OVERRIDE,
    ]
    .into_iter()
    .find(|right| caps::has_cap(None, CapSet::Permitted, *right).unwrap_or(false))
}

/// Calls `check` with the real user and groups of `target`, which is what access(2) checks, and the
/// effective ones of root.
fn as_real_user<T>(target: &TargetUser, check: impl FnOnce() -> T) -> nix::Result<T> {
    let groups = unistd::getgroups()?;
    let (user, group) = (unistd::getuid(), unistd::getgid());
    let root = Uid::from_raw(0);
    let effective = unistd::getegid();
    let change = || {
        unistd::setgroups(&[target.gid])?;
        unistd::setresgid(target.gid, effective, effective)?;
        unistd::setresuid(target.uid, root, root)
    };
    let checked = change().map(|()| check());
    unistd::setresuid(user, root, root)?;
    unistd::setresgid(group, effective, effective)?;
    unistd::setgroups(&groups)?;
    checked
}
