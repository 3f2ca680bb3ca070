//! Dropping privileges: the ports are bound first, then the process becomes the user who
//! started it. Capabilities are per thread, so this happens before a second thread starts.

use std::path::PathBuf;

use caps::{CapSet, CapsHashSet};
use nix::unistd::{self, Gid, Uid, User};

use crate::{failure::Failure, journal};

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

/// Drops all capabilities and, if this process is root, switches to `user` or to the user who
/// called sudo. Returns messages for the operator.
///
/// # Errors
/// The user does not exist, this process may not switch to it, or the capabilities cannot be
/// dropped.
pub fn drop_all(user: Option<&str>) -> Result<Vec<String>, Failure> {
    let target = target(user)?;
    let mut messages = Vec::new();
    if unistd::geteuid().is_root() {
        let Some(target) = &target else {
            messages.push(
                "running as root for the whole run; with --user NAME it drops root once the ports \
                 are open"
                    .to_owned(),
            );
            return Ok(messages);
        };
        become_user(target).map_err(|error| {
            Failure::new(
                format!("cannot become user {}: {error}", target.name),
                "In a container without CAP_SETUID, start the program as that user",
            )
        })?;
        messages.push(format!(
            "ports are open; running as {} (uid {}) from now on",
            target.name, target.uid
        ));
    } else if let Some(target) = target.filter(|target| target.uid != unistd::geteuid()) {
        let error = format!("only root can switch to user {}", target.name);
        return Err(Failure::usage(error, "Remove --user, or use sudo"));
    }
    // The capabilities were only needed to bind. Ambient ones go with the permitted ones.
    for set in [CapSet::Effective, CapSet::Permitted, CapSet::Inheritable] {
        caps::set(None, set, &CapsHashSet::new())
            .map_err(|error| Failure::new(format!("cannot drop capabilities: {error}"), ""))?;
    }
    Ok(messages)
}

/// The home folder of the user who called sudo, or else of the current user.
#[must_use]
pub fn home() -> Option<PathBuf> {
    let invoker = target(None).ok().flatten();
    match invoker.filter(|_| unistd::geteuid().is_root()) {
        Some(target) => User::from_uid(target.uid)
            .ok()
            .flatten()
            .map(|user| user.dir),
        None => std::env::home_dir(),
    }
}

/// Changes the owner of a file that root wrote to the user who called sudo.
///
/// # Errors
/// The owner cannot be changed.
pub fn give_to_invoker(file: &std::fs::File) -> std::io::Result<()> {
    let invoker = target(None).ok().flatten();
    match invoker.filter(|_| unistd::geteuid().is_root()) {
        Some(target) => {
            let (uid, gid) = (target.uid.as_raw(), target.gid.as_raw());
            std::os::unix::fs::fchown(file, Some(uid), Some(gid))
        }
        None => Ok(()),
    }
}

/// The journal folder of the user that [`drop_all`] switches to, or else of the current user.
/// `None` if the user has no home.
///
/// # Errors
/// No such user.
pub fn state_folder(user: Option<&str>) -> Result<Option<PathBuf>, Failure> {
    let home = |uid: Uid| match User::from_uid(uid) {
        Ok(user) => user.map(|user| user.dir),
        Err(error) => {
            tracing::debug!("cannot read the user database: {error}");
            None
        }
    };
    let becomes = target(user)?.filter(|target| target.uid != unistd::geteuid());
    if let Some(target) = becomes.filter(|_| unistd::geteuid().is_root()) {
        // HOME and XDG_STATE_HOME are those of root here.
        return Ok(journal::state_folder(None, home(target.uid).as_deref()));
    }
    let home_folder = std::env::var_os("HOME").filter(|home| !home.is_empty());
    let home_folder = home_folder
        .map(PathBuf::from)
        .or_else(|| home(unistd::geteuid()));
    let state_home = std::env::var_os("XDG_STATE_HOME");
    Ok(journal::state_folder(
        state_home.as_deref(),
        home_folder.as_deref(),
    ))
}

/// The user to switch to.
#[derive(Debug, PartialEq, Eq)]
struct TargetUser {
    name: String,
    uid: Uid,
    gid: Gid,
}

fn target(user: Option<&str>) -> Result<Option<TargetUser>, Failure> {
    let Some(name) = user else {
        let id = |name: &str| std::env::var(name).ok();
        return Ok(invoker(id("SUDO_UID"), id("SUDO_GID")));
    };
    let user = User::from_name(name)
        .map_err(|error| Failure::new(format!("cannot read the user database: {error}"), ""))?;
    let Some(user) = user else {
        return Err(Failure::usage(
            format!("no such user: {name}"),
            "`getent passwd` lists the users",
        ));
    };
    Ok(Some(TargetUser {
        name: user.name,
        uid: user.uid,
        gid: user.gid,
    }))
}

/// The user who called sudo, from its environment variables; `None` for root.
fn invoker(uid: Option<String>, gid: Option<String>) -> Option<TargetUser> {
    let uid = uid?.parse().ok().filter(|uid| *uid != 0)?;
    let gid = gid?.parse().ok()?;
    Some(TargetUser {
        name: std::env::var("SUDO_USER").unwrap_or_else(|_| "the user of sudo".to_owned()),
        uid: Uid::from_raw(uid),
        gid: Gid::from_raw(gid),
    })
}

/// Sets the groups first: a normal user may not change them.
fn become_user(target: &TargetUser) -> nix::Result<()> {
    unistd::setgroups(&[target.gid])?;
    unistd::setresgid(target.gid, target.gid, target.gid)?;
    unistd::setresuid(target.uid, target.uid, target.uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sudo_user_needs_both_ids_and_must_not_be_root() {
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
    fn unknown_user_is_a_usage_error() {
        let failure = target(Some("nobody-of-this-name")).unwrap_err();
        assert_eq!(failure.code, 2);
    }
}
