//! Giving up privileges: identity, capabilities, and the way back to either.

use std::path::Path;

use caps::{CapSet, CapsHashSet};
use nix::{sys::prctl, unistd};

use super::{
    files::{may_read_folder, right_to_read},
    user::{TargetUser, caller, runs_as},
};
use crate::failure::Failure;

/// Drops all privileges, and if this process is root, becomes the user who started it through sudo,
/// or `user`, or else a user without files of its own. No program that it starts gets a privilege
/// back. Call it before a second thread starts. Returns messages for the operator.
///
/// `folder`: one that root named and that is read for the whole run. If the user without files
/// cannot read it, the capability to read any file stays.
///
/// # Errors
/// The user does not exist or may not read the folder, this process may not become that user, or the
/// capabilities cannot be dropped.
pub fn drop_all(user: Option<&str>, folder: Option<&Path>) -> Result<Vec<String>, Failure> {
    let target = runs_as(user)?;
    let mut messages = Vec::new();
    let mut kept = CapsHashSet::new();
    if unistd::geteuid().is_root() {
        let Some(target) = target else {
            return Ok(messages);
        };
        if let Some(folder) = folder.filter(|_| caller().is_none()) {
            kept = kept_to_read(folder, &target, user, &mut messages)?;
        }
        clear_bounding_set();
        let is_default = user.is_none() && caller().is_none();
        match become_user(&target, !kept.is_empty()) {
            Ok(()) => messages.insert(0, running_as(&target, is_default)),
            // A container may map no other user.
            Err(error) if is_default => messages.insert(
                0,
                format!(
                    "ports are open; running as root without its capabilities from now on: cannot \
                     become {} ({error})",
                    target.name
                ),
            ),
            Err(error) => {
                return Err(Failure::new(
                    format!("cannot become user {}: {error}", target.name),
                    "In a container without CAP_SETUID, start the program as that user",
                ));
            }
        }
    } else if let Some(target) = target.filter(|target| target.uid != unistd::geteuid()) {
        let error = format!("only root can switch to user {}", target.name);
        return Err(Failure::usage(error, "Remove --user, or use sudo"));
    }
    keep_only(&kept)?;
    Ok(messages)
}

/// Becomes the user who started this program through sudo, for a command that needs no privilege.
///
/// # Errors
/// This process may not become that user.
pub fn become_caller() -> Result<(), Failure> {
    if caller().is_none() {
        return Ok(());
    }
    drop_all(None, None).map(|_| ())
}

fn running_as(target: &TargetUser, is_default: bool) -> String {
    let TargetUser { name, uid, .. } = target;
    let choice = if is_default {
        "; --user NAME names another user, --user root keeps root"
    } else {
        ""
    };
    format!("ports are open; running as {name} (uid {uid}) from now on{choice}")
}

/// The capability without which `target` could not read the folder.
fn kept_to_read(
    folder: &Path,
    target: &TargetUser,
    user: Option<&str>,
    messages: &mut Vec<String>,
) -> Result<CapsHashSet, Failure> {
    // Without capabilities, root reads what its user and group may read.
    if !target.uid.is_root() && may_read_folder(target, folder) {
        return Ok(CapsHashSet::new());
    }
    let shown = folder.display();
    let name = &target.name;
    let Some(right) = right_to_read() else {
        return Ok(CapsHashSet::new());
    };
    match user {
        Some(_) if !target.uid.is_root() => {
            return Err(Failure::new(
                format!("{name} may not read {shown}"),
                format!(
                    "Make it readable (`chmod a+rx {shown}`, and the folders that it is in), or \
                     name another user"
                ),
            ));
        }
        Some(_) => {}
        None => messages.push(format!(
            "{name} may not read {shown}: this process keeps the capability to read any file \
             ({right}). To do without it: `chmod a+rx {shown}`, and the folders that it is in"
        )),
    }
    Ok(CapsHashSet::from([right]))
}

/// Without a bounding set, a program that this process starts gets no capability from its file.
fn clear_bounding_set() {
    if let Err(error) = caps::clear(None, CapSet::Bounding) {
        // In a container without CAP_SETPCAP. No new privileges are gained anyway.
        tracing::info!("cannot clear the capability bounding set: {error}");
    }
}

/// Sets the groups first: a normal user may not change them.
fn become_user(target: &TargetUser, keeps_capabilities: bool) -> nix::Result<()> {
    prctl::set_keepcaps(keeps_capabilities)?;
    unistd::setgroups(&[target.gid])?;
    unistd::setresgid(target.gid, target.gid, target.gid)?;
    unistd::setresuid(target.uid, target.uid, target.uid)
}

/// Drops all other capabilities, for good.
fn keep_only(kept: &CapsHashSet) -> Result<(), Failure> {
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        Failure::new(format!("cannot drop {what}: {error}"), "")
    };
    let none = CapsHashSet::new();
    // Ambient capabilities end with the permitted ones.
    for (set, value) in [
        (CapSet::Effective, kept),
        (CapSet::Permitted, kept),
        (CapSet::Inheritable, &none),
    ] {
        caps::set(None, set, value).map_err(|error| failed("capabilities", &error))?;
    }
    prctl::set_no_new_privs().map_err(|error| failed("the right to new privileges", &error))
}
