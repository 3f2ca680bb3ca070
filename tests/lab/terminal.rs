//! The program on a real terminal.

use crate::support::terminal::Terminal;

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

#[test]
#[ignore = "needs tmux"]
fn a_rehearsal_on_a_terminal_ends_with_its_report() {
    let state = tempfile::tempdir().unwrap();
    let state = state.path().to_str().unwrap();
    let command = format!("{REFLASH} rehearse --phones 3 --seed 5");
    let terminal = Terminal::start((80, 24), &[("XDG_STATE_HOME", state)], &command);
    terminal.wait_for("3 phones: 3 confirmed");
    assert_eq!(terminal.code(), 0);
}
