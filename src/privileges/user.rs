//! Who started this program, and which user it becomes.

use nix::unistd::{self, Gid, Uid, User};

use crate::failure::Failure;

/// Accounts that a run of plain root becomes, the first that exists: one made for this program, or
/// else the one that owns no files.
const SERVICE_USERS: [&str; 2] = ["reflash", "nobody"];

/// The user and group of a machine that has no such account, and the id that the kernel shows for
/// users that it cannot map (/proc/sys/kernel/overflowuid).
const OVERFLOW_ID: u32 = 65534;

/// A user, with the primary group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TargetUser {
    pub(super) name: String,
    pub(super) uid: Uid,
    pub(super) gid: Gid,
}

impl From<User> for TargetUser {
    fn from(user: User) -> Self {
        Self {
            name: user.name,
            uid: user.uid,
            gid: user.gid,
        }
    }
}

/// The user who started this program through sudo, doas, pkexec or a set-user-ID file. `None`: the
/// user of this process, also after this process has become the caller.
pub(super) fn caller() -> Option<TargetUser> {
    if !unistd::geteuid().is_root() {
        return None;
    }
    let real = unistd::getuid();
    if !real.is_root() {
        // Then anyone may have set the environment.
        return Some(TargetUser {
            name: name_of(real),
            uid: real,
            gid: unistd::getgid(),
        });
    }
    let variable = |name: &str| std::env::var(name).ok();
    let is_other = |caller: &TargetUser| !caller.uid.is_root();
    // Root's own sudo under doas or pkexec: the outer caller counts.
    of_sudo(variable("SUDO_UID"), variable("SUDO_GID"))
        .filter(is_other)
        .or_else(|| of_pkexec(&variable("PKEXEC_UID")?))
        .or_else(|| Some(User::from_name(&variable("DOAS_USER")?).ok()??.into()))
        .filter(is_other)
}

/// The user that this process becomes; `user`: that of `--user`. `None`: it stays as it is.
pub(super) fn runs_as(user: Option<&str>) -> Result<Option<TargetUser>, Failure> {
    let caller = caller();
    let Some(name) = user else {
        let is_root = unistd::geteuid().is_root();
        return Ok(caller.or_else(|| is_root.then(service_user)));
    };
    let user = User::from_name(name)
        .map_err(|error| Failure::new(format!("cannot read the user database: {error}"), ""))?;
    let Some(user) = user.map(TargetUser::from) else {
        return Err(Failure::usage(
            format!("no such user: {name}"),
            "`getent passwd` lists the users",
        ));
    };
    match caller {
        Some(caller) if caller.uid != user.uid => Err(Failure::usage(
            format!(
                "--user {name} is not possible for {}, who started reflash: it would open files as \
                 {name}",
                caller.name
            ),
            format!(
                "Remove --user, to run as {}. Only root itself may name another user: start \
                 reflash in a shell of `su -`",
                caller.name
            ),
        )),
        _ => Ok(Some(user)),
    }
}

/// Checks that this process can become the user of `--user`, as far as the user database shows.
///
/// # Errors
/// No such user, or not one that the user who started this program may name.
pub fn check_user(user: Option<&str>) -> Result<(), Failure> {
    runs_as(user).map(|_| ())
}

/// What plain root becomes.
fn service_user() -> TargetUser {
    let known = SERVICE_USERS.iter().find_map(|name| {
        let user = User::from_name(name).ok().flatten();
        user.filter(|user| !user.uid.is_root())
    });
    known.map_or_else(
        || TargetUser {
            name: format!("user {OVERFLOW_ID}"),
            uid: Uid::from_raw(OVERFLOW_ID),
            gid: Gid::from_raw(OVERFLOW_ID),
        },
        TargetUser::from,
    )
}

fn of_sudo(uid: Option<String>, gid: Option<String>) -> Option<TargetUser> {
    let uid = Uid::from_raw(uid?.parse().ok()?);
    Some(TargetUser {
        name: name_of(uid),
        uid,
        gid: Gid::from_raw(gid?.parse().ok()?),
    })
}

fn of_pkexec(uid: &str) -> Option<TargetUser> {
    let user = User::from_uid(Uid::from_raw(uid.parse().ok()?));
    Some(user.ok()??.into())
}

fn name_of(uid: Uid) -> String {
    let user = User::from_uid(uid).ok().flatten();
    user.map_or_else(|| format!("user {uid}"), |user| user.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sudo_sets_both_ids_as_numbers() {
        let ids = |uid: &str, gid: &str| {
            of_sudo(Some(uid.to_owned()), Some(gid.to_owned()))
                .map(|caller| (caller.uid.as_raw(), caller.gid.as_raw()))
        };
        assert_eq!(ids("1000", "100"), Some((1000, 100)));
        for (uid, gid) in [("", "100"), ("1000", ""), ("-1", "1"), ("x", "y")] {
            assert_eq!(ids(uid, gid), None, "{uid} {gid}");
        }
        assert_eq!(of_sudo(None, Some("100".to_owned())), None);
    }

    #[test]
    fn unknown_user_is_a_usage_error() {
        let failure = runs_as(Some("nobody-of-this-name")).unwrap_err();
        assert_eq!(failure.code, 2);
    }

    #[test]
    fn the_service_user_is_not_root() {
        let user = service_user();
        assert!(!user.uid.is_root(), "{user:?}");
        assert!(!user.name.is_empty());
    }
}
