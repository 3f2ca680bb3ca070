//! The file of AMI credentials: only its owner may read it, and no output shows its content.

use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use toml::de::{DeTable, DeValue};

use crate::{
    inventory::Secret,
    text::{quoted, read_failure},
};

/// Maximum size of the file in bytes.
pub const MAX_CREDENTIALS: u64 = 4096;

/// AMI's TCP port.
pub const DEFAULT_PORT: u16 = 5038;

/// Maximum length of user and secret in bytes: Asterisk cuts longer ones.
const MAX_VALUE: usize = 79;

/// Access to the manager interface of one Asterisk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmiCredentials {
    /// Its address or name.
    pub host: String,
    /// Its TCP port.
    pub port: u16,
    /// The user in `manager.conf`.
    pub user: Secret,
    /// That user's secret.
    pub secret: Secret,
}

/// Why the file cannot be used. No message contains a part of its content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// The file cannot be read.
    #[error("cannot read the AMI credentials {}: {}", path.display(), read_failure(source))]
    Io {
        /// The file.
        path: PathBuf,
        /// The file system's error.
        source: io::Error,
    },
    /// Others than the owner may read or write the file.
    #[error("others than its owner may read or write {}, which contains a secret (mode {mode:04o}; 0600 was expected)", path.display())]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is not a regular file, or too large.
    #[error("{} is not a regular file of at most {MAX_CREDENTIALS} bytes", path.display())]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// It has another form.
    #[error("{} is not a file of AMI credentials: TOML with host, user, secret and optionally port was expected", path.display())]
    Form {
        /// The file.
        path: PathBuf,
    },
    /// A value cannot be sent.
    #[error("{}: {key} must have 1 to {MAX_VALUE} visible ASCII characters", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
    },
}

impl CredentialsError {
    /// What to do next.
    #[must_use]
    pub fn cure(&self) -> String {
        match self {
            Self::Mode { path, .. } => format!("chmod 600 {}", quoted(path.as_os_str())),
            Self::Io { .. } => {
                "Name the ami.toml of a folder that `reflash provision` wrote".to_owned()
            }
            _ => "Write it as `reflash provision` does: host = \"127.0.0.1\", user = \"reflash\", \
                  secret = \"…\", each on a line of its own"
                .to_owned(),
        }
    }
}

impl AmiCredentials {
    /// Credentials that are in no file.
    #[must_use]
    pub fn new(host: &str, port: u16, user: &str, secret: &str) -> Self {
        Self {
            host: host.to_owned(),
            port,
            user: Secret::new(user.to_owned()),
            secret: Secret::new(secret.to_owned()),
        }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read, others may read it, or it has another form.
    pub fn read(path: &Path) -> Result<Self, CredentialsError> {
        let owned = || path.to_owned();
        let failed = |source| CredentialsError::Io {
            path: owned(),
            source,
        };
        // The rights of the file that was opened count, not those of what has its name later.
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() || metadata.len() > MAX_CREDENTIALS {
            return Err(CredentialsError::NotAFile { path: owned() });
        }
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(CredentialsError::Mode {
                path: owned(),
                mode,
            });
        }
        let mut bytes = Vec::new();
        file.take(MAX_CREDENTIALS)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        Self::parse(path, &bytes)
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self, CredentialsError> {
        let form = || CredentialsError::Form {
            path: path.to_owned(),
        };
        let text = std::str::from_utf8(bytes).map_err(|_| form())?;
        let document = DeTable::parse(text).map_err(|_| form())?;
        let (mut host, mut user, mut secret, mut port) = (None, None, None, DEFAULT_PORT);
        for (key, value) in document.get_ref() {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("host", DeValue::String(text)) => host = Some(text.to_string()),
                ("user", DeValue::String(text)) => user = Some(text.to_string()),
                ("secret", DeValue::String(text)) => secret = Some(text.to_string()),
                ("port", DeValue::Integer(number)) => {
                    port = number.as_str().parse().map_err(|_| form())?;
                }
                _ => return Err(form()),
            }
        }
        let is_visible = |text: &str| {
            (1..=MAX_VALUE).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let checked = |key, value: Option<String>| match value {
            Some(value) if is_visible(&value) => Ok(value),
            Some(_) => Err(CredentialsError::Value {
                path: path.to_owned(),
                key,
            }),
            None => Err(form()),
        };
        Ok(Self {
            host: checked("host", host)?,
            port,
            user: Secret::new(checked("user", user)?),
            secret: Secret::new(checked("secret", secret)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    const GOOD: &str = "host = \"127.0.0.1\"\nuser = \"reflash\"\nsecret = \"correct-horse\"\n";

    fn written(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ami.toml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn credentials_that_others_may_read_are_refused_with_the_command_that_helps() {
        for mode in [0o644, 0o640, 0o660, 0o604] {
            let (_folder, path) = written(GOOD, mode);
            let error = AmiCredentials::read(&path).unwrap_err();
            assert!(matches!(error, CredentialsError::Mode { .. }), "{error}");
            assert_eq!(error.cure(), format!("chmod 600 {}", path.display()));
            assert!(
                error.to_string().contains(&format!("{mode:04o}")),
                "{error}"
            );
        }
        for mode in [0o600, 0o400] {
            let (_folder, path) = written(GOOD, mode);
            let read = AmiCredentials::read(&path).unwrap();
            assert_eq!(
                (read.port, read.secret.expose()),
                (DEFAULT_PORT, "correct-horse")
            );
        }
    }

    #[test]
    fn no_error_and_no_debug_output_shows_the_secret() {
        for text in [
            "host = \"h\"\nuser = \"u\"\nsecret = \"correct-horse\"\nmore = 1\n",
            "secret = \"correct-horse",
            "host = \"h\"\nuser = \"u\"\nsecret = \"correct-horse\\r\\n\"\n",
            "correct-horse",
        ] {
            let (_folder, path) = written(text, 0o600);
            let error = AmiCredentials::read(&path).unwrap_err();
            let shown = format!("{error} {error:?} {}", error.cure());
            assert!(!shown.contains("correct-horse"), "{shown}");
        }
        let (_folder, path) = written(GOOD, 0o600);
        let shown = format!("{:?}", AmiCredentials::read(&path).unwrap());
        assert!(!shown.contains("correct-horse"), "{shown}");
    }

    #[test]
    fn a_folder_and_a_large_file_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = AmiCredentials::read(folder.path()).unwrap_err();
        assert!(
            matches!(error, CredentialsError::NotAFile { .. }),
            "{error}"
        );
        let (_folder, path) = written(&"#".repeat(5000), 0o600);
        let error = AmiCredentials::read(&path).unwrap_err();
        assert!(
            matches!(error, CredentialsError::NotAFile { .. }),
            "{error}"
        );
    }
}
