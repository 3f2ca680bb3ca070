//! The wizard with invalid files, going back, and Ctrl-C at every page and during work.

use std::{fs, process::Command};

use super::{
    REFLASH,
    workspace::{BRIDGE, TARGET, Workspace, wait_for_page},
};
use crate::support::terminal::Terminal;

/// The files of a working folder at the start.
const BEFORE: [&str; 2] = [TARGET, "key.pem"];

#[test]
#[ignore = "needs tmux"]
fn a_damaged_bundle_is_explained_and_going_back_keeps_the_answers() {
    let workspace = Workspace::with_bridge();
    let mut bytes = fs::read(workspace.path(TARGET)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::write(workspace.path("cmterm-7945_7965-sip.damaged.zip"), bytes).unwrap();
    let size = (120, 40);
    let terminal = workspace.wizard(size, str::to_owned, &workspace.loopback());
    workspace.page(&terminal, "step 1", "Leave the wizard", "bundle-120x40");
    terminal.keys(&["Down", "Enter"]);
    terminal.wait_for("is damaged");
    workspace.page(&terminal, "step 1", "Leave the wizard", "damaged-120x40");
    // A missing path, then an SCCP bundle, then back to the list.
    terminal.keys(&["Down", "Down", "Down", "Enter"]);
    terminal.wait_for("Path (< to go back)");
    terminal.types("/nowhere/bundle.zip");
    terminal.keys(&["Enter"]);
    terminal.wait_for("cannot read /nowhere/bundle.zip");
    wait_for_page(&terminal, "step 1", "Leave the wizard");
    terminal.keys(&["Down", "Down", "Enter"]);
    terminal.wait_for("contains SCCP firmware");
    wait_for_page(&terminal, "step 1", "Leave the wizard");
    terminal.keys(&["Enter"]);
    workspace.page(&terminal, "step 4", "  Back", "way-120x40");
    // Without the bridge, then back by Esc and by the menu: the answer is kept.
    terminal.keys(&["Down", "Down", "Enter"]);
    wait_for_page(&terminal, "step 5", "  Back");
    terminal.keys(&["Escape"]);
    wait_for_page(&terminal, "step 4", "  Back");
    terminal.keys(&["Up", "Enter"]);
    wait_for_page(&terminal, "step 1", "Leave the wizard");
    terminal.keys(&["Enter"]);
    wait_for_page(&terminal, "step 4", "  Back");
    terminal.keys(&["Enter"]);
    wait_for_page(&terminal, "step 5", "  Back");
    terminal.keys(&["Enter"]);
    workspace.page(&terminal, "step 6", "nothing was changed", "summary-120x40");
    terminal.keys(&["Up", "Enter"]);
    terminal.wait_for("Nothing was changed.");
    assert_eq!(terminal.code(), 1);
    assert!(workspace.names().contains(&BRIDGE.to_owned()));
    assert!(!workspace.path("state").exists(), "no journal was written");
}

/// How the flags of a page depend on the working folder.
type Flags<'a> = &'a dyn Fn(&Workspace) -> String;

#[test]
#[ignore = "needs tmux"]
fn ctrl_c_ends_it_at_every_page_and_leaves_nothing() {
    let loopback = |workspace: &Workspace| workspace.loopback();
    let bundle = |workspace: &Workspace| format!("{TARGET} {}", workspace.loopback());
    let pages: [(Flags<'_>, usize, &str, &str); 5] = [
        (&loopback, 0, "step 1", "Leave the wizard"),
        (&|_| format!("{TARGET} --interface lo"), 0, "step 2", "s …"),
        (&bundle, 0, "step 4", "  Back"),
        (&bundle, 1, "step 5", "  Back"),
        (&bundle, 2, "step 6", "nothing was changed"),
    ];
    for (flags, enters, title, last) in pages {
        let workspace = Workspace::new();
        let terminal = workspace.here(&flags(&workspace));
        for step in 0..enters {
            wait_for_page(&terminal, ["step 4", "step 5"][step], "  Back");
            terminal.keys(&["Enter"]);
        }
        wait_for_page(&terminal, title, last);
        terminal.keys(&["C-c"]);
        let screen = terminal.wait_for("Nothing was changed.");
        assert_eq!(terminal.code(), 130, "{screen}");
        assert!(terminal.has_cursor(), "{title}");
        assert_eq!(workspace.names(), BEFORE, "{title}");
    }
}

#[test]
#[ignore = "needs tmux"]
fn a_kill_at_a_question_gives_the_cursor_back() {
    let workspace = Workspace::new();
    let within = |program: &str| format!("sh -c 'echo $$ > pid; exec {program}'");
    let terminal = workspace.wizard((80, 24), within, &workspace.loopback());
    wait_for_page(&terminal, "step 1", "Leave the wizard");
    let process = fs::read_to_string(workspace.path("pid")).unwrap();
    let killed = Command::new("kill").arg(process.trim()).status().unwrap();
    assert!(killed.success());
    terminal.wait_for("Nothing was changed.");
    assert_eq!(terminal.code(), 143);
    assert!(terminal.has_cursor());
}

#[test]
#[ignore = "needs tmux"]
fn ctrl_c_in_the_middle_of_a_line_ends_it_too() {
    let workspace = Workspace::new();
    let terminal = workspace.here(&format!("nowhere.zip {}", workspace.loopback()));
    terminal.wait_for("cannot read nowhere.zip");
    wait_for_page(&terminal, "step 1", "Leave the wizard");
    terminal.keys(&["Down", "Enter"]);
    terminal.wait_for("Path (< to go back)");
    terminal.types("half a na");
    terminal.keys(&["C-c"]);
    terminal.wait_for("Nothing was changed.");
    assert_eq!(terminal.code(), 130);
    assert!(terminal.has_cursor());
    assert_eq!(workspace.names(), BEFORE);
}

#[test]
#[ignore = "needs tmux"]
fn alone_in_a_terminal_the_program_is_the_wizard() {
    let workspace = Workspace::new();
    let folder = workspace.path("");
    let command = format!("cd {}; {REFLASH}", folder.display());
    let terminal = Terminal::start((80, 24), &[("NO_COLOR", "1")], &command);
    wait_for_page(&terminal, "step 1 of 6: firmware", "Leave the wizard");
    terminal.keys(&["C-c"]);
    assert_eq!(terminal.code(), 130);
    // A terminal without cursor movement has no menus.
    let command = format!("export TERM=dumb; {REFLASH}; {REFLASH} wizard");
    let terminal = Terminal::start((100, 50), &[], &command);
    terminal.wait_for("Usage: reflash [OPTIONS] <COMMAND>");
    terminal.wait_for("the wizard needs a terminal to ask its questions");
    assert_eq!(terminal.code(), 2);
}

fn usage(arguments: &[&str]) -> String {
    let output = Command::new(REFLASH).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn without_a_terminal_the_wizard_names_the_command_to_use() {
    let message = usage(&["wizard"]);
    assert!(message.contains("reflash convert BUNDLE"), "{message}");
    let message = usage(&["wizard", "my bundle.zip", "--expect", "2"]);
    assert!(
        message.contains("reflash convert 'my bundle.zip' --expect 2"),
        "{message}"
    );
    assert!(usage(&["--json", "wizard"]).contains("--json"));
    assert!(usage(&["wizard", "--quiet"]).contains("--quiet"));
    let message = usage(&["wizard", "--resume"]);
    assert!(message.contains("reflash convert --resume"), "{message}");
    // Without arguments it prints its help.
    assert!(usage(&[]).contains("Usage: reflash"));
}

/// Enter pressed during the capture, and pasted lines, are no answers.
#[test]
#[ignore = "needs tmux"]
fn keys_typed_before_a_question_do_not_answer_it() {
    let workspace = Workspace::new();
    let flags = format!(
        "--listen 127.0.0.1 --tftp-port {} --http-port 0 --sip-port 0 --sccp-port 0",
        workspace.port
    );
    let terminal = workspace.here(&flags);
    wait_for_page(&terminal, "step 1", "Leave the wizard");
    terminal.keys(&["Enter"]);
    terminal.wait_for("Listening for phones");
    terminal.keys(&["Enter", "Enter"]);
    wait_for_page(&terminal, "step 2", "  Back");
    terminal.keys(&["Escape"]);
    wait_for_page(&terminal, "step 1", "Leave the wizard");
    terminal.keys(&["C-c"]);
    assert_eq!(terminal.code(), 130);
}

#[test]
#[ignore = "needs root (the ids of sudo) and tmux"]
fn a_bundle_that_the_user_of_sudo_cannot_read_is_rejected_on_page_1() {
    let workspace = Workspace::new();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(workspace.path(TARGET), private).unwrap();
    let sudo = "env SUDO_UID=65534 SUDO_GID=65534 SUDO_USER=nobody";
    let within = |program: &str| format!("{sudo} {program}");
    let terminal = workspace.wizard((80, 24), within, &workspace.loopback());
    wait_for_page(&terminal, "step 1", "Leave the wizard");
    terminal.keys(&["Enter"]);
    let screen = terminal.wait_for("cannot be read by nobody");
    assert!(screen.contains("step 1"), "{screen}");
    wait_for_page(&terminal, "sudo chmod a+r", "Leave the wizard");
    terminal.keys(&["C-c"]);
    assert_eq!(terminal.code(), 130);
    // `convert` says the same before it opens a port.
    let output = Command::new("env")
        .args(sudo.split(' ').skip(1))
        .args([REFLASH, "convert", TARGET, "--trust-key", "key.pem"])
        .args([
            "--listen",
            "127.0.0.1",
            "--tftp-port",
            "0",
            "--http-port",
            "0",
        ])
        .current_dir(workspace.path(""))
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("cannot be read by nobody"), "{errors}");
}

#[test]
#[ignore = "needs tmux"]
fn a_start_that_fails_keeps_the_answers() {
    let workspace = Workspace::new();
    let terminal = workspace.here(&format!("{TARGET} {}", workspace.loopback()));
    for (page, last) in [("step 4", "  Back"), ("step 5", "  Back")] {
        wait_for_page(&terminal, page, last);
        terminal.keys(&["Enter"]);
    }
    wait_for_page(&terminal, "step 6", "nothing was changed");
    let port = std::net::UdpSocket::bind(("127.0.0.1", workspace.port)).unwrap();
    terminal.keys(&["Enter"]);
    assert_eq!(terminal.code(), 1, "{}", terminal.everything());
    let screen = terminal.everything();
    let (_, command) = screen
        .split_once("starts the wizard again with your answers:")
        .unwrap_or_else(|| panic!("{screen}"));
    for word in ["reflash wizard --model 7965", TARGET, "--expect 1"] {
        assert!(command.contains(word), "{word}:\n{screen}");
    }
    drop(port);
    // Only what is not an option is asked again.
    let command = command.replace(" \\\n", " ").replace('\n', " ");
    let (_, flags) = command.trim().split_once("wizard ").unwrap();
    let terminal = workspace.here(flags.trim());
    wait_for_page(&terminal, "step 4", "  Back");
    terminal.keys(&["C-c"]);
    assert_eq!(terminal.code(), 130);
}
