//! The default paths of journals.

use std::{
    ffi::OsStr,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::read;
use crate::phone::LoadName;

/// Characters of the load's name in a file name.
const MAX_LOAD: usize = 64;

/// How many names are tried for runs that begin in the same second.
const MAX_SAME: u32 = 100;

/// How many of the newest journals are searched for an unfinished one.
const MAX_LOOKED_AT: usize = 50;

/// The folder of journals: in `XDG_STATE_HOME` if that is an absolute path, else in the home
/// folder (XDG Base Directory Specification 0.8).
#[must_use]
pub fn state_folder(state_home: Option<&OsStr>, home: Option<&Path>) -> Option<PathBuf> {
    let named = state_home.map(Path::new).filter(|path| path.is_absolute());
    let base = match named {
        Some(named) => named.to_owned(),
        None => home?.join(".local").join("state"),
    };
    Some(base.join("reflash"))
}

/// An unused file name in this folder: the time in UTC and the load.
#[must_use]
pub fn unused_path(folder: &Path, at: Timestamp, load: Option<&LoadName>) -> PathBuf {
    let observation_line = |character: char| match character {
        'A'..='Z' | 'a'..='z' | '0'..='9' | '-' | '_' | '.' => character,
        _ => '_',
    };
    let load = load.map_or("folder", LoadName::as_str);
    let load: String = load.chars().map(observation_line).take(MAX_LOAD).collect();
    let time = at.strftime("%Y%m%dT%H%M%SZ");
    let name = |number: u32| match number {
        1 => folder.join(format!("{time}-{load}.jsonl")),
        _ => folder.join(format!("{time}-{load}-{number}.jsonl")),
    };
    let free = (1..MAX_SAME).map(name).find(|path| !path.exists());
    free.unwrap_or_else(|| name(MAX_SAME))
}

/// The newest journal in this folder that can be resumed: its run was killed, ended by a signal or
/// left a phone that is neither done nor failed, and no active run has it locked.
///
/// # Errors
///
/// If the folder cannot be read, or a journal in it cannot be checked for a lock.
pub fn newest_resumable(folder: &Path) -> io::Result<Option<PathBuf>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension() == Some(OsStr::new("jsonl")) {
            names.push(path);
        }
    }
    names.sort_unstable();
    let looked_at = names.into_iter().rev().take(MAX_LOOKED_AT);
    for path in looked_at {
        match read(&path) {
            Ok(recorded) => {
                let by_signal = recorded.end.is_some_and(|end| end.signal.is_some());
                let is_open = !recorded.finished || by_signal;
                let has_open = || !recorded.fleet().unfinished().is_empty();
                if (is_open || has_open()) && !is_locked(&path)? {
                    return Ok(Some(path));
                }
            }
            Err(error) => tracing::info!("{error}"),
        }
    }
    Ok(None)
}

fn is_locked(path: &Path) -> io::Result<bool> {
    match File::open(path)?.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_folder_follows_the_xdg_specification() {
        let home = Some(Path::new("/home/me"));
        let xdg = |text| Some(OsStr::new(text));
        let path = |xdg, home| state_folder(xdg, home).map(|path| path.display().to_string());
        assert_eq!(
            path(None, home).as_deref(),
            Some("/home/me/.local/state/reflash")
        );
        assert_eq!(path(xdg("/s"), home).as_deref(), Some("/s/reflash"));
        assert_eq!(
            path(xdg("relative"), home).as_deref(),
            Some("/home/me/.local/state/reflash")
        );
        assert_eq!(path(xdg(""), None), None);
    }

    #[test]
    fn file_names_cannot_leave_the_folder() {
        let at = Timestamp::from_second(1_784_000_000).unwrap();
        let name = |load: &str| {
            let path = unused_path(Path::new("/j"), at, Some(&LoadName::new(load)));
            assert_eq!(path.parent(), Some(Path::new("/j")));
            path.file_name().unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!(
            name("SIP45.9-3-1SR4-1S"),
            "20260714T033320Z-SIP45.9-3-1SR4-1S.jsonl"
        );
        assert_eq!(name("../../x\u{1b}"), "20260714T033320Z-.._.._x_.jsonl");
        assert!(name(&"x".repeat(500)).len() < 100);
    }
}
