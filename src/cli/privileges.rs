//! Giving rights away: the ports are bound first, then this process becomes the user who
//! started it. Capabilities are per thread, so it happens before there is a second one.

use std::path::PathBuf;

use caps::{CapSet, CapsHashSet};
use nix::unistd::{self, Gid, Uid, User};

use super::Failure;
use crate::journal;

/// How a person gives this program its rights.
pub(crate) fn how() -> String {
    let program = std::env::current_exe()
        .map_or_else(|_| "reflash".to_owned(), |path| path.display().to_string());
    format!(
        "Run it with sudo, or give the program the right once and for all:\n    sudo setcap \
         cap_net_bind_service,cap_net_raw+ep {program}"
    )
}

/// Becomes `named`, or else the user who called sudo, if this is root; gives all
/// capabilities up in any case. Returns what a person should know of it.
pub(crate) fn drop_all(named: Option<&str>) -> Result<Vec<String>, Failure> {
    let target = target(named)?;
    let mut words = Vec::new();
    if unistd::geteuid().is_root() {
        let Some(target) = &target else {
            words.push(
                "runs as root all the time: name a user with --user, and it gives its rights \
                 away once the ports are open"
                    .to_owned(),
            );
            return Ok(words);
        };
        become_user(target).map_err(|error| {
            Failure::new(
                format!("cannot become user {}: {error}", target.name),
                "Is this a container without CAP_SETUID? Start it as that user",
            )
        })?;
        words.push(format!(
            "the ports are open; runs as {} (uid {}) from here on",
            target.name, target.uid
        ));
    } else if let Some(target) = target.filter(|target| target.uid != unistd::geteuid()) {
        let error = format!("only root can become user {}", target.name);
        return Err(Failure::usage(error, "Leave --user out, or use sudo"));
    }
    // Of file capabilities nothing is needed any more. Ambient ones go with the others.
    for set in [CapSet::Effective, CapSet::Permitted, CapSet::Inheritable] {
        caps::set(None, set, &CapsHashSet::new()).map_err(|error| {
            Failure::new(format!("capabilities cannot be given up: {error}"), "")
        })?;
    }
    Ok(words)
}

/// The home folder of the user who called sudo, or of whoever this is.
pub(crate) fn home() -> Option<PathBuf> {
    let invoker = target(None).ok().flatten();
    match invoker.filter(|_| unistd::geteuid().is_root()) {
        Some(target) => User::from_uid(target.uid)
            .ok()
            .flatten()
            .map(|user| user.dir),
        None => std::env::home_dir(),
    }
}

/// Makes a file that root wrote for the user who called sudo that user's.
pub(crate) fn give(file: &std::fs::File) -> std::io::Result<()> {
    let invoker = target(None).ok().flatten();
    match invoker.filter(|_| unistd::geteuid().is_root()) {
        Some(target) => {
            let (uid, gid) = (target.uid.as_raw(), target.gid.as_raw());
            std::os::unix::fs::fchown(file, Some(uid), Some(gid))
        }
        None => Ok(()),
    }
}

/// The folder for the journals of the user that [`drop_all`] makes of this process, or that
/// it is already. `None` where the user has no home.
pub(crate) fn state_folder(named: Option<&str>) -> Result<Option<PathBuf>, Failure> {
    let home = |uid: Uid| match User::from_uid(uid) {
        Ok(user) => user.map(|user| user.dir),
        Err(error) => {
            tracing::debug!("the table of users cannot be read: {error}");
            None
        }
    };
    let becomes = target(named)?.filter(|target| target.uid != unistd::geteuid());
    if let Some(target) = becomes.filter(|_| unistd::geteuid().is_root()) {
        // What the environment says is root's.
        return Ok(journal::state_folder(None, home(target.uid).as_deref()));
    }
    let here = std::env::var_os("HOME").filter(|home| !home.is_empty());
    let here = here.map(PathBuf::from).or_else(|| home(unistd::geteuid()));
    let state_home = std::env::var_os("XDG_STATE_HOME");
    Ok(journal::state_folder(
        state_home.as_deref(),
        here.as_deref(),
    ))
}

/// Who to become.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    name: String,
    uid: Uid,
    gid: Gid,
}

fn target(named: Option<&str>) -> Result<Option<Target>, Failure> {
    let Some(name) = named else {
        let id = |name: &str| std::env::var(name).ok();
        return Ok(invoker(id("SUDO_UID"), id("SUDO_GID")));
    };
    let user = User::from_name(name)
        .map_err(|error| Failure::new(format!("the table of users cannot be read: {error}"), ""))?;
    let Some(user) = user else {
        return Err(Failure::usage(
            format!("there is no user {name}"),
            "`getent passwd` lists them",
        ));
    };
    Ok(Some(Target {
        name: user.name,
        uid: user.uid,
        gid: user.gid,
    }))
}

/// Who called sudo, as it tells in its environment; root is nobody to become.
fn invoker(uid: Option<String>, gid: Option<String>) -> Option<Target> {
    let uid = uid?.parse().ok().filter(|uid| *uid != 0)?;
    let gid = gid?.parse().ok()?;
    Some(Target {
        name: std::env::var("SUDO_USER").unwrap_or_else(|_| "the user of sudo".to_owned()),
        uid: Uid::from_raw(uid),
        gid: Gid::from_raw(gid),
    })
}

/// Groups before the user: afterwards there is no right to change them.
fn become_user(target: &Target) -> nix::Result<()> {
    unistd::setgroups(&[target.gid])?;
    unistd::setresgid(target.gid, target.gid, target.gid)?;
    unistd::setresuid(target.uid, target.uid, target.uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_of_sudo_is_believed_when_it_is_whole_and_not_root() {
        let ids = |uid: &str, gid: &str| {
            invoker(Some(uid.to_owned()), Some(gid.to_owned()))
                .map(|target| (target.uid.as_raw(), target.gid.as_raw()))
        };
        assert_eq!(ids("1000", "100"), Some((1000, 100)));
        for (uid, gid) in [
            ("0", "0"),
            ("", "100"),
            ("1000", ""),
            ("-1", "1"),
            ("x", "y"),
        ] {
            assert_eq!(ids(uid, gid), None, "{uid} {gid}");
        }
        assert_eq!(invoker(None, Some("100".to_owned())), None);
    }

    #[test]
    fn a_user_that_is_not_there_is_a_usage_error() {
        let failure = target(Some("nobody-of-this-name")).unwrap_err();
        assert_eq!(failure.code, 2);
    }
}
