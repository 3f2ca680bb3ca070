//! A PBX in one namespace, and phones that are registered at it in another.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::support::{
    helper,
    lan::wait_for,
    namespaces::{PHONES, SERVER, TwoHosts},
};

pub(super) const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");
pub(super) const SECRET: &str = "correct-horse-battery";

/// A PBX, and phones that are registered at it.
pub(super) struct Lab {
    pub(super) hosts: TwoHosts,
    pub(super) folder: tempfile::TempDir,
    pub(super) programs: Vec<Child>,
}

pub(super) fn mac(number: usize) -> String {
    format!("001D45AABB{:02X}", number + 1)
}

impl Lab {
    pub(super) fn new(name: &str, pbx: &[&str]) -> Self {
        let mut lab = Self {
            hosts: TwoHosts::build(name),
            folder: tempfile::tempdir().unwrap(),
            programs: Vec::new(),
        };
        let mut command = lab.hosts.on_server(helper());
        command
            .args(["restart-pbx", SERVER, "reflash", SECRET])
            .args(pbx);
        lab.start(command, "pbx.log", "ready");
        lab.write(
            "ami.toml",
            &format!("host = '127.0.0.1'\nuser = 'reflash'\nsecret = '{SECRET}'\n"),
        );
        lab
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    }

    fn start(&mut self, mut command: Command, log: &str, ready: &str) {
        let log = self.folder.path().join(log);
        let child = command
            .stdin(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        self.programs.push(child);
        wait_for(&log, ready);
    }

    /// Starts the phone with this number: extension 1001 and so on.
    pub(super) fn phone(&mut self, number: usize, options: &[&str]) {
        let user = format!("{}", 1001 + number);
        let mut command = self.hosts.on_phones(helper());
        command
            .args([
                "restarting-phone",
                PHONES[number],
                SERVER,
                &user,
                &mac(number),
            ])
            .args(options);
        self.start(command, &format!("{user}.log"), "registered");
    }

    pub(super) fn log(&self, number: usize) -> Vec<String> {
        let path = self.folder.path().join(format!("{}.log", 1001 + number));
        let text = fs::read_to_string(path).unwrap();
        text.lines().skip(1).map(str::to_owned).collect()
    }

    pub(super) fn record(&self) -> PathBuf {
        self.folder.path().join("restarts.jsonl")
    }

    /// Runs `reflash restart`; the exit code and the document.
    pub(super) fn restart(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let output = self
            .hosts
            .on_server(REFLASH)
            .current_dir(self.folder.path())
            .args(["restart", "--json", "--yes", "--record", "restarts.jsonl"])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        for shown in [
            &text,
            &errors,
            &fs::read_to_string(self.record()).unwrap_or_default(),
        ] {
            assert!(
                !shown.contains(SECRET) && !shown.contains("not-to-be-shown"),
                "{shown}"
            );
        }
        let document = serde_json::from_str(&text).unwrap_or(Value::String(errors));
        (output.status.code(), document)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for program in &mut self.programs {
            // Fails where it has ended already, which is what is wanted.
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}
