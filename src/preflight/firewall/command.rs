//! Runs other programs, within limits of time and output.

use std::{
    env,
    io::Read as _,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// How long a program may run. They read tables; one that waits for a lock or a password is killed.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often to poll for the exit of a program that closed its output.
const EXIT_POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Maximum number of bytes of output that are read; the rules of a machine with many containers take
/// a few MB.
const MAX_OUTPUT: u64 = 16 * 1024 * 1024;

/// Where the programs are. They run as root, so the PATH of the user who called sudo does not count:
/// it could name a program of that user.
const FOLDERS: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:\
                       /run/current-system/sw/bin";

/// The program's output. `None` if it is not installed, refuses, fails, or takes too long.
pub(super) fn output_of(program: &str, arguments: &[&str]) -> Option<String> {
    let mut child = Command::new(find(program)?)
        .args(arguments)
        .env_clear()
        .env("PATH", FOLDERS)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut out = child.stdout.take()?.take(MAX_OUTPUT);
    let (send, read) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let whole = out.read_to_end(&mut bytes).is_ok();
        // The receiver is gone if it took too long.
        let _ = send.send(whole.then_some(bytes));
    });
    let end = Instant::now() + PATIENCE;
    let bytes = read.recv_timeout(PATIENCE).ok().flatten();
    let status = ended(&mut child, end)?;
    let bytes = bytes.filter(|_| status.success())?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Its exit status; kills it if it has not ended by then.
fn ended(child: &mut Child, end: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < end => thread::sleep(EXIT_POLL_INTERVAL),
            _ => {
                // An error means that it has ended meanwhile.
                let _ = child.kill();
                return child.wait().ok();
            }
        }
    }
}

/// Whether the program is installed.
pub(super) fn is_installed(program: &str) -> bool {
    find(program).is_some()
}

/// Its path.
fn find(program: &str) -> Option<PathBuf> {
    env::split_paths(FOLDERS)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_counts_only_if_the_program_succeeds() {
        assert_eq!(
            output_of("sh", &["-c", "echo rules"]).as_deref(),
            Some("rules\n")
        );
        assert_eq!(output_of("sh", &["-c", "echo rules; exit 1"]), None);
        assert_eq!(output_of("sh", &["-c", "kill -9 $$"]), None);
        assert_eq!(output_of("no-program-of-this-name", &[]), None);
        assert!(is_installed("sh"));
    }

    #[test]
    fn a_program_that_does_not_end_is_killed() {
        let began = std::time::Instant::now();
        assert_eq!(output_of("sh", &["-c", "exec sleep 600"]), None);
        assert!(began.elapsed() < PATIENCE * 5);
    }
}
