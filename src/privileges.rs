//! Whose rights this process uses. Files that the command line names are opened as the user who
//! started the program; the ports are bound first, then the process becomes a user without
//! privileges. Capabilities are per thread, so this happens before a second thread starts.

mod drop;
mod files;
mod user;

use std::{
    fs,
    path::{Path, PathBuf},
};

use nix::unistd::{self, Uid, User};

pub use self::{
    drop::{become_caller, drop_all},
    files::{
        caller_who_cannot_read, choose_temporary_folder, creating_as_runner, files_opened_as,
        open_files_as_caller, with_access_of_root,
    },
    user::check_user,
};
use crate::journal;

/// How the operator gives this program its privileges.
#[must_use]
pub fn how_to_grant() -> String {
    let program = std::env::current_exe()
        .map_or_else(|_| "reflash".to_owned(), |path| path.display().to_string());
    format!(
        "Run it with sudo, or grant the privileges permanently:\n    sudo setcap \
         cap_net_bind_service,cap_net_raw+ep {program}"
    )
}

/// The home folder of the user who started this program.
#[must_use]
pub fn home() -> Option<PathBuf> {
    match user::caller() {
        Some(caller) => home_of(caller.uid),
        None => std::env::home_dir(),
    }
}

/// Who opens the files of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The user's name, or number if it has none.
    pub name: String,
    /// The user's number.
    pub uid: u32,
    /// The user called sudo, and this process is root.
    pub is_caller: bool,
}

/// Who opens the files of the command line.
#[must_use]
pub fn reader() -> Reader {
    if let Some(caller) = user::caller() {
        return Reader {
            name: caller.name,
            uid: caller.uid.as_raw(),
            is_caller: true,
        };
    }
    let uid = unistd::geteuid();
    let known = User::from_uid(uid).ok().flatten();
    Reader {
        name: known.map_or_else(|| uid.to_string(), |user| user.name),
        uid: uid.as_raw(),
        is_caller: false,
    }
}

/// The home folder in the user database.
fn home_of(uid: Uid) -> Option<PathBuf> {
    match User::from_uid(uid) {
        Ok(user) => user.map(|user| user.dir),
        Err(error) => {
            tracing::debug!("cannot read the user database: {error}");
            None
        }
    }
}

/// How this program is called again in the same way: with `sudo` if sudo started it, and with its
/// path if it is not in the `PATH` (sudo has a `PATH` of its own, without ~/.cargo/bin).
#[must_use]
pub fn call() -> String {
    let with_sudo = unistd::geteuid().is_root() && std::env::var_os("SUDO_UID").is_some();
    let program = std::env::current_exe().ok();
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&folders).collect();
    call_of(program.as_deref(), &folders, with_sudo)
}

fn call_of(program: Option<&Path>, folders: &[PathBuf], with_sudo: bool) -> String {
    let name = program
        .and_then(Path::file_name)
        .unwrap_or("reflash".as_ref());
    let is_program = |folder: &PathBuf| {
        let found = fs::canonicalize(folder.join(name)).ok();
        found.is_some() && found.as_deref() == program
    };
    let called = match program {
        Some(program) if !folders.iter().any(is_program) => program.display().to_string(),
        _ => name.to_string_lossy().into_owned(),
    };
    if with_sudo {
        format!("sudo {called}")
    } else {
        called
    }
}

/// The journal folder of the user who started this program. `None`: that user has no home.
#[must_use]
pub fn state_folder() -> Option<PathBuf> {
    if let Some(caller) = user::caller() {
        // HOME and XDG_STATE_HOME are those of root here.
        return journal::state_folder(None, home_of(caller.uid).as_deref());
    }
    let home_folder = std::env::var_os("HOME").filter(|home| !home.is_empty());
    let home_folder = home_folder
        .map(PathBuf::from)
        .or_else(|| home_of(unistd::geteuid()));
    let state_home = std::env::var_os("XDG_STATE_HOME");
    journal::state_folder(state_home.as_deref(), home_folder.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_outside_the_path_is_called_by_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(folder.path()).unwrap();
        let program = folder.join("reflash");
        fs::write(&program, "").unwrap();
        let call = |folders: &[PathBuf], with_sudo| call_of(Some(&program), folders, with_sudo);
        let elsewhere = [PathBuf::from("/nonexistent")];
        let path = program.display().to_string();
        assert_eq!(call(std::slice::from_ref(&folder), false), "reflash");
        assert_eq!(call(std::slice::from_ref(&folder), true), "sudo reflash");
        assert_eq!(call(&elsewhere, false), path);
        assert_eq!(call(&elsewhere, true), format!("sudo {path}"));
        assert_eq!(call_of(None, &elsewhere, true), "sudo reflash");
    }
}
